"""The evaluator in Apache Spark, for logs that are too many for one machine. Same matches as the local run.

    from sigmaproof.spark import matches
    matches(spark, "s3a://bucket/AWSLogs/", rules="sigma_rules").show()

Documented in docs/spark.md. Needs the extra `spark` and, where the session runs, Java 17 or newer; PySpark is imported
when something is called.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sigmaproof.diagnostics import InputError, Place
from sigmaproof.fields import DEFAULT
from sigmaproof.rules import Rule

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from sigmaproof.limits import Limits
    from sigmaproof.spark.frames import Evaluation

__all__ = ["evaluate", "matches"]


def matches(
    spark: SparkSession,
    source: DataFrame | str | Path | Sequence[str | Path],
    rules: str | Path | Iterable[str | Path | Rule],
    **options: object,
) -> DataFrame:
    """A row for each match: rule_id, title, level, event_id, time, file, event (a JSON text), problem.

    `problem` is null, but for the rows that say what could not be read: those have nothing else but `file`, so that
    nothing is lost silently. source, rules, options: see `evaluate`.
    """
    return evaluate(spark, source, rules, **options).with_problems()  # type: ignore[arg-type]


def evaluate(
    spark: SparkSession,
    source: DataFrame | str | Path | Sequence[str | Path],
    rules: str | Path | Iterable[str | Path | Rule],
    *,
    column: str | None = None,
    place: str | None = None,
    form: str = "auto",
    integration: str = DEFAULT,
    limits: Limits | None = None,
) -> Evaluation:
    """Goes over logs with rules; gives the matches, the problems and the counts as DataFrames.

    source: URLs or paths of files and directories, which Spark reads, or a DataFrame with a record's JSON text in each
    row. column: its column with the texts, needed where it has several. place: its column that says where a row is
    from. rules: files, directories, or loaded rules. form: `raw`, `ecs`, or `auto` for each record by itself.
    integration: the profile by which ECS documents were made. limits: for packed files.

    Raises InputError for a rule that can't be used, SparkUnavailable without PySpark, and ValueError for a column that
    is not there or holds no texts.
    """
    _check(spark)
    from sigmaproof.evaluate.batchjudge import BatchJudge
    from sigmaproof.spark.frames import of_files, of_texts
    from sigmaproof.spark.session import use_this_python

    loaded = _loaded(rules)
    judge = BatchJudge(loaded, form, integration)
    place = None if isinstance(source, str | Path | Sequence) else _known(source, place)
    use_this_python(spark)
    if not isinstance(source, str | Path | Sequence):
        return of_texts(source, _text_column(source, column), loaded, judge, place)
    roots = [source] if isinstance(source, str | Path) else list(source)
    return of_files(spark, [_root(one) for one in roots], loaded, judge, limits)


def _check(spark: SparkSession) -> None:
    """A session is here, so Java is too; what its DataFrames need may not be."""
    from importlib.util import find_spec

    from sigmaproof.spark.session import SparkUnavailable

    if find_spec("pyarrow") is None or find_spec("pandas") is None:
        raise SparkUnavailable("Spark's mapInArrow needs pyarrow and pandas: pip install 'sigmaproof[spark]'")
    if type(spark).__module__.startswith("pyspark.sql.connect"):
        raise SparkUnavailable("a session of Spark Connect has no broadcasts: use one on the cluster's own driver")


def _root(one: str | Path) -> str:
    """A path as a URL; a text is one already, or a path of Spark's default file system."""
    return one if isinstance(one, str) else f"file://{one.absolute()}"


def _loaded(rules: str | Path | Iterable[str | Path | Rule]) -> list[Rule]:
    from sigmaproof.api import load

    given = [rules] if isinstance(rules, str | Path) else list(rules)
    paths = [one for one in given if not isinstance(one, Rule)]
    found = load(*paths) if paths else None
    for finding in found.findings if found else ():
        if finding.level == "error":
            raise InputError(finding.code, finding.place, finding.message, finding.help)
    loaded = [one for one in given if isinstance(one, Rule)] + (found.rules if found else [])
    if not loaded:
        raise InputError("path-empty", Place("rules"), "no rules given")
    return loaded


def _text_column(table: DataFrame, named: str | None) -> str:
    """The name of the column that has the texts."""
    kinds = dict(table.dtypes)
    if named is None and len(kinds) > 1:
        raise ValueError(f"say with column= which column has the records' JSON texts: {', '.join(kinds)}")
    name = _known(table, named) or next(iter(kinds))
    if kinds[name] not in ("string", "binary"):
        help = "give texts: table.select(to_json(struct('*')).alias('record'))"
        raise ValueError(f"column {name} is {kinds[name]}, not a JSON text; {help}")
    return name


def _known(table: DataFrame, named: str | None) -> str | None:
    if named is not None and named not in table.columns:
        raise ValueError(f"there is no column {named}; there are {', '.join(table.columns)}")
    return named
