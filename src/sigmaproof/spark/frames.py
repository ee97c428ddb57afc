"""Spark's DataFrames: what is read of files and tables, by which function, and the columns that come out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sigmaproof.evaluate.batchjudge import BatchJudge
from sigmaproof.events import LOG_SUFFIXES
from sigmaproof.packing import PACKED
from sigmaproof.rules import Rule
from sigmaproof.spark.names import Names, names_of
from sigmaproof.spark.rows import COLUMNS, MATCH, PROBLEM, READ, ddl
from sigmaproof.spark.work import Job, Work, lines_of_files, record_texts, too_large, whole_files

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

    from sigmaproof.limits import Limits

__all__ = ["CONTRACT", "Evaluation", "of_files", "of_texts"]

CONTRACT = ("rule_id", "title", "level", "event_id", "time", "file", "event")
LARGE = 64 << 20
"""Bytes from which on a file of lines is read in parts."""
LARGEST = 1 << 30
"""Bytes of a file that is handed over in one piece. Spark reads up to 2 GB so; it holds them several times over."""
_LOGS = f"({'|'.join(map(re.escape, LOG_SUFFIXES))})({'|'.join(map(re.escape, PACKED))})?$"
_LINES = r"\.(jsonl|ndjson|log)$"
_NO_LOGS = r"/CloudTrail-Digest/"
_PATH, _SIZE, _START = "_metadata.file_path", "_metadata.file_size", "_metadata.file_block_start"
_MAGIC = "\\*?[]{}"


@dataclass(frozen=True)
class Evaluation:
    """What one pass over the logs gives, as DataFrames. Nothing is read before Spark is asked for a result.

    rows: all of it, in the form of `rows`. Each of the others is made of it: `persist()` where several are wanted, else
    the logs are read for each.
    """

    rows: DataFrame

    def persist(self) -> Evaluation:
        """The same, kept by Spark once it has been made (`rows.unpersist()` lets it go)."""
        return Evaluation(self.rows.persist())

    @cached_property
    def matches(self) -> DataFrame:
        """The columns of `evaluate --format json`; the event is a JSON text."""
        from pyspark.sql import functions as F

        found = self.rows.where(F.col("kind") == MATCH)
        return found.select(*CONTRACT[:5], _place().alias("file"), "event")

    @cached_property
    def problems(self) -> DataFrame:
        """What could not be read, and rules that can't judge ECS documents: file, level, code, message, help."""
        from pyspark.sql import functions as F

        found = self.rows.where(F.col("kind") == PROBLEM)
        of_rules = F.col("code").startswith("rule-")
        columns = (_problem_place().alias("file"), "level", "code", "message", "help")
        # every process says the same of a rule
        return found.where(~of_rules).select(*columns).unionByName(found.where(of_rules).select(*columns).distinct())

    @cached_property
    def read(self) -> DataFrame:
        """How many records were read, and how many could not be: file, records, lost."""
        from pyspark.sql import functions as F

        lost = F.sum(F.when(F.col("code") == "log-record", 1).otherwise(0))
        counted = self.rows.where((F.col("kind") == READ) | F.col("code").startswith("log-"))
        return counted.groupBy("file").agg(F.sum("records").alias("records"), lost.alias("lost"))

    def with_problems(self) -> DataFrame:
        """The matches, and a row with a text in `problem` for everything that could not be read; in one pass."""
        from pyspark.sql import functions as F

        is_match = F.col("kind") == MATCH
        problem = F.when(is_match, F.lit(None)).otherwise(F.concat_ws(": ", "level", "message"))
        kept = self.rows.where(is_match | ((F.col("kind") == PROBLEM) & (F.col("level") == "error")))
        level = F.when(is_match, F.col("level"))
        file = F.when(is_match, _place()).otherwise(_problem_place())
        return kept.select(
            "rule_id", "title", level.alias("level"), "event_id", "time", file.alias("file"),
            F.when(is_match, F.col("event")).alias("event"), problem.alias("problem"),
        )  # fmt: skip

    def ordered(self) -> DataFrame:
        """All rows in the order of the local run, in one partition: a sort over several would read the logs twice."""
        from pyspark.sql import functions as F

        return self.rows.repartition(1).sortWithinPartitions("rank", F.split("file", "/"), "block", "seq")


def _place() -> Column:
    """`file:line` or `file#element`; what a row of a table is named."""
    from pyspark.sql import functions as F

    sign = F.when(F.col("in_lines"), F.lit(":")).otherwise(F.lit("#"))
    placed = F.concat("file", sign, F.col("number").cast("string"), "inner")
    return F.when(F.col("number").isNull(), F.col("file")).otherwise(placed)


def _problem_place() -> Column:
    from pyspark.sql import functions as F

    numbers = [F.when(F.col(name) > 0, F.col(name).cast("string")) for name in ("line", "column")]
    of_log = F.col("code").startswith("log-")
    named = F.when(of_log, F.concat(F.coalesce("file", F.lit("")), F.col("place"))).otherwise(F.col("place"))
    return F.when(named != "", F.concat_ws(":", named, *numbers))


def of_files(
    spark: SparkSession,
    roots: Sequence[str | Path],
    rules: Sequence[Rule],
    judge: BatchJudge,
    limits: Limits | None = None,
) -> Evaluation:
    """The evaluation of log files. roots: URLs of files and directories, which are listed by Spark, and local files as
    Paths. judge: of these rules."""
    held = spark.sparkContext.broadcast(Job(rules, judge, names_of(roots), limits))
    every = all(isinstance(root, Path) for root in roots)
    places = [_literal(root) if isinstance(root, Path) else root for root in roots]
    return Evaluation(reduce(lambda one, two: one.unionByName(two), _parts(spark, places, every, held)))


def _parts(spark: SparkSession, places: list[str], every: bool, held: Any) -> list[DataFrame]:
    """The rows of whole files, of those too large for that, and of large ones that have lines.

    The conditions are about the metadata of files only, so that Spark opens none of the others.
    """
    from pyspark.sql import functions as F

    path, size = F.col(_PATH), F.col(_SIZE)
    wanted = F.lit(True) if every else path.rlike(_LOGS) & ~path.rlike(_NO_LOGS)
    in_parts = (size >= LARGE) & path.rlike(_LINES)
    files = spark.read.format("binaryFile").option("recursiveFileLookup", "true").load(places).where(wanted & ~in_parts)
    lines = spark.read.option("recursiveFileLookup", "true").option("lineSep", "\n").text(places)
    named = path.alias("path")
    whole = files.where(size <= LARGEST).select(named, "content")
    large = files.where(size > LARGEST).select(named, "length")
    parts = lines.where(wanted & in_parts).select(
        F.col("value").cast("binary").alias("value"), named, F.col(_START).alias("block")
    )
    return [
        whole.mapInArrow(Work(held, whole_files), ddl()),
        large.mapInArrow(Work(held, too_large), ddl()),
        _numbered(parts.mapInArrow(Work(held, lines_of_files), ddl())),
    ]


def _numbered(rows: DataFrame) -> DataFrame:
    """Rows whose lines count from the start of their file: those of the blocks before it are added."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    before = Window.partitionBy("file").orderBy("block", "seq").rowsBetween(Window.unboundedPreceding, -1)
    base = F.coalesce(F.sum("lines").over(before), F.lit(0))
    of_log = F.col("code").startswith("log-") & (F.col("line") > 0)
    line = F.when(of_log, F.col("line") + F.col("_base")).otherwise(F.col("line"))
    counted = rows.withColumn("_base", base)
    return counted.withColumns({"number": F.col("number") + F.col("_base"), "line": line}).select(*COLUMNS)


def of_texts(
    table: DataFrame, column: str, rules: Sequence[Rule], judge: BatchJudge, place: str | None = None
) -> Evaluation:
    """The evaluation of a table that has a record's JSON text in each row. place: the column that says where a row is
    from."""
    from pyspark.sql import functions as F

    held = table.sparkSession.sparkContext.broadcast(Job(rules, judge, Names()))
    where = F.lit(None).cast("string") if place is None else F.col(place).cast("string")
    texts = table.select(F.col(column).cast("binary").alias("value"), where.alias("place"))
    return Evaluation(texts.mapInArrow(Work(held, record_texts), ddl()))


def _literal(path: Path) -> str:
    """A local path as Spark takes it, with the signs escaped that would make it a pattern."""
    return "file://" + "".join(f"\\{sign}" if sign in _MAGIC else sign for sign in str(path.absolute()))
