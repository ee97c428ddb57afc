"""The evaluation in Spark in the form of the local one (`evaluate.files`), for the command line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sigmaproof.diagnostics import InputError, Place
from sigmaproof.evaluate.files import FileJudge, Progress
from sigmaproof.evaluate.run import Match
from sigmaproof.remote import Remote
from sigmaproof.spark.rows import MATCH, PROBLEM, diagnostic_in, event_in
from sigmaproof.spark.session import SparkUnavailable, started

__all__ = ["SparkJudge"]

_MISSING = ("PATH_NOT_FOUND", "FILE_NOT_EXIST")
_NO_SYSTEM = (
    "\n  help: Spark has no file system for this URL. For s3a, name a package in PYSPARK_SUBMIT_ARGS, with Hadoop's"
    " version in Spark: '--packages org.apache.hadoop:hadoop-aws:VERSION pyspark-shell'"
)


class SparkJudge(FileJudge):
    """Rules that go over files in Spark. files: how many were read. The rest is as in FileJudge."""

    files = 0

    def matches(self, files: Iterable[str | Path | Remote], progress: Progress | None = None) -> Iterator[Match]:
        """Every match, in the order of the files, records and rules. files: URLs of files and directories, which Spark
        lists, and local files as Paths.

        Raises InputError for a URL where there is no log, SparkUnavailable for a job that fails.
        """
        roots, size = [str(one) if isinstance(one, Remote) else one for one in files], 0
        for row in self._rows(roots):
            if row["kind"] == MATCH:
                yield Match(self.rules[row["rule"]], event_in(row), row["is_ecs"])
            elif row["kind"] == PROBLEM:
                self._report(diagnostic_in(row), 0)
            else:
                self._count(row)
                size += row["size"]
        if not self.files:
            raise InputError("path-empty", Place(", ".join(map(str, roots))), "holds no logs (.json, .ndjson, .gz)")
        if progress:
            progress(size, size)

    def _count(self, row: dict[str, Any]) -> None:
        self.files += row["block"] == 0
        self.records += row["records"]
        if self.foreign is None and row["event"] is not None:
            self.foreign = event_in(row)

    def _rows(self, roots: list[str | Path]) -> Iterator[dict[str, Any]]:
        session = started(self.jobs)
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException

        from sigmaproof.spark.frames import of_files

        try:
            done = of_files(session, roots, self.rules, self.judge, self.limits)
            for row in done.ordered().toLocalIterator():
                yield row.asDict()
        except (PySparkException, Py4JError) as error:
            raise _as_ours(error) from error


def _as_ours(error: Exception) -> Exception:
    """What Spark raises, in a few words: a path that is not there, or a job that failed."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    first, said = (lines or [type(error).__name__])[0], " ".join(lines)
    if any(name in said for name in _MISSING):
        return InputError("path-missing", Place("spark"), first)
    cause = next((line for line in reversed(lines) if line.startswith("Caused by:")), "")
    has_no_system = "ClassNotFoundException" in said or "No FileSystem for scheme" in said
    return SparkUnavailable(f"Spark: {first} {cause}".rstrip() + (_NO_SYSTEM if has_no_system else ""))
