"""`evaluate` somewhere else than in this process: which engines there are, and the paths that only they can read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from sigmaproof.commands.given import usage
from sigmaproof.diagnostics import STDIN

if TYPE_CHECKING:
    from sigmaproof.evaluate.files import FileJudge

__all__ = ["Evaluator", "apart", "judge_class"]

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


def apart(engine: Evaluator, given: Sequence[str] | None) -> tuple[list[str], list[str]]:
    """The URLs that the engine reads by itself, which are not listed here, and the other paths."""
    urls: list[str] = []
    others: list[str] = []
    for one in given or ():
        if engine is Evaluator.spark and one == str(STDIN):
            usage("--engine spark reads files and URLs, not stdin")
        (urls if engine is Evaluator.spark and _URL.match(one) else others).append(one)
    return urls, others
