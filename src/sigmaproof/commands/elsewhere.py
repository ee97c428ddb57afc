"""`evaluate` somewhere else than in this process: which engines there are, and the paths that only they can read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from sigmaproof.commands.given import usage
from sigmaproof.diagnostics import STDIN

if TYPE_CHECKING:
    from sigmaproof.evaluate.files import FileJudge

__all__ = ["Evaluator", "apart", "judge_class"]

P = TypeVar("P", str, Path)
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/")


class Evaluator(StrEnum):
    """What evaluates: this program, in processes of its own, or Apache Spark."""

    native = "native"
    spark = "spark"


def judge_class(engine: Evaluator) -> type[FileJudge]:
    """What goes over files with this engine."""
    if engine is Evaluator.spark:
        from sigmaproof.spark.judge import SparkJudge

        return SparkJudge
    from sigmaproof.evaluate.files import FileJudge

    return FileJudge


def apart(engine: Evaluator, given: Sequence[P] | None) -> tuple[list[str], list[P]]:
    """The URLs that the engine reads by itself, which are not listed here, and the other paths."""
    urls: list[str] = []
    others: list[P] = []
    for one in given or ():
        if engine is Evaluator.spark and str(one) == str(STDIN):
            usage("--engine spark reads files and URLs, not stdin")
        if engine is Evaluator.spark and _URL.match(str(one)):
            urls.append(one if isinstance(one, str) else _restored(one))
        else:
            others.append(one)
    return urls, others


def _restored(url: Path) -> str:
    """A URL that was taken for a path, in which `://` has become `:/`."""
    text = str(url)
    return text if text.startswith("file:") else _URL.sub(r"\1://", text, count=1)
