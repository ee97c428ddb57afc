"""The evaluation in Spark in the form of the local one (`evaluate.files.FileJudge`), for the command line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sigmaproof.batch import Report
from sigmaproof.diagnostics import Diagnostic, InputError, Place
from sigmaproof.evaluate.run import Match
from sigmaproof.events import Event
from sigmaproof.fields import DEFAULT
from sigmaproof.rules import Rule
from sigmaproof.spark.rows import MATCH, PROBLEM, diagnostic_in, event_in
from sigmaproof.spark.session import SparkUnavailable, started

if TYPE_CHECKING:
    from sigmaproof.unpacking import Limits

__all__ = ["SparkJudge"]

_MISSING = ("PATH_NOT_FOUND", "FILE_NOT_EXIST")


class SparkJudge:
    """Rules that go over files in Spark. records, foreign, report, jobs: see FileJudge."""

    def __init__(
        self,
        rules: Sequence[Rule],
        report: Report,
        form: str = "auto",
        integration: str = DEFAULT,
        *,
        jobs: int | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.rules, self.report = list(rules), report
        self.form, self.integration, self.jobs, self.limits = form, integration, jobs, limits
        self.records = 0
        self.foreign: Event | None = None
        self._of_rules: set[Diagnostic] = set()

    def matches(self, roots: Sequence[str | Path]) -> Iterator[Match]:
        """Every match, in the order of the files, records and rules. roots: URLs, and local files as Paths.

        Raises InputError for a URL where there is no log, SparkUnavailable for a job that fails.
        """
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException

        parts = 0
        try:
            for row in self._rows(roots):
                if row["kind"] == MATCH:
                    yield Match(self.rules[row["rule"]], event_in(row), row["is_ecs"])
                elif row["kind"] == PROBLEM:
                    self._report(diagnostic_in(row))
                else:
                    parts += 1
                    self.records += row["records"]
                    if self.foreign is None and row["event"] is not None:
                        self.foreign = event_in(row)
        except (PySparkException, Py4JError) as error:
            raise _as_ours(error) from error
        if not parts:
            raise InputError("path-empty", Place(", ".join(map(str, roots))), "holds no logs (.json, .ndjson, .gz)")

    def _rows(self, roots: Sequence[str | Path]) -> Iterator[dict[str, Any]]:
        from sigmaproof.spark.frames import of_files

        session = started(self.jobs)
        done = of_files(session, roots, self.rules, self.form, self.integration, self.limits)
        for row in done.ordered().toLocalIterator():
            yield row.asDict()

    def _report(self, problem: Diagnostic) -> None:
        if problem.code.startswith("rule-"):  # every process says so
            if problem in self._of_rules:
                return
            self._of_rules.add(problem)
        self.report(problem)


def _as_ours(error: Exception) -> Exception:
    """What Spark raises, in a few words: a path that is not there, or a job that failed."""
    said = str(error)
    first = next((line.strip() for line in said.splitlines() if line.strip()), type(error).__name__)
    if any(name in said for name in _MISSING):
        return InputError("path-missing", Place("spark"), first)
    causes = [line.strip() for line in said.splitlines() if line.startswith("Caused by:")]
    words = f"Spark: {first}" + (f" ({causes[-1]})" if causes else "")
    if "ClassNotFoundException" in said or "No FileSystem for scheme" in said:
        words += (
            "\n  help: the file system of this URL is not in Spark: for s3a, set"
            " PYSPARK_SUBMIT_ARGS='--packages org.apache.hadoop:hadoop-aws:VERSION pyspark-shell'"
            " with the version of Hadoop that Spark has"
        )
    return SparkUnavailable(words)
