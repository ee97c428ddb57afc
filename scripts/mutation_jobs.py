"""Judges mutants in several processes at once, each with an engine of its own; what was learned before is shared.

SIGMAPROOF_JOBS: how many, 1 by default. Each process is a fork of this one, which has the tests and the records.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import queue
import time
from collections.abc import Callable
from multiprocessing.context import ForkProcess
from typing import Any

from mutation_judge import Judge, Outcome
from mutation_patch import Source
from mutation_sites import Mutant

from sigmaproof.verify.engines.elasticsearch import EmbeddedElasticsearch

__all__ = ["judged"]

Judged = tuple[Mutant, Outcome]
Make = Callable[[EmbeddedElasticsearch], Judge]
Told = Callable[[float, Mutant, Outcome], None]
LOOK = 10.0
"""Seconds without an outcome after which it is looked whether all processes are alive."""


def judged(make: Make, mutants: list[tuple[str, Source, Mutant]], tell: Told) -> list[Judged]:
    """The outcomes, in the order of the mutants. make: the judge that uses an engine, called once in each process.
    tell: called with each outcome and the seconds that it took."""
    fork = multiprocessing.get_context("fork")
    results: Any = fork.Queue()
    following = fork.Value("i", 0)
    gc.freeze()  # what is shared is not looked through, and so not copied, in each process
    jobs = [
        fork.Process(target=_work, args=(make, mutants, following, results))
        for _ in range(min(len(mutants), int(os.environ.get("SIGMAPROOF_JOBS") or 1)))
    ]
    for job in jobs:
        job.start()
    outcomes: dict[int, Outcome] = {}
    while len(outcomes) < len(mutants):
        at, seconds, outcomes[at] = _next(results, jobs)
        tell(seconds, mutants[at][2], outcomes[at])
    for job in jobs:
        job.join()
    return [(mutant, outcomes[at]) for at, (_, _, mutant) in enumerate(mutants)]


def _next(results: Any, jobs: list[ForkProcess]) -> tuple[int, float, Outcome]:
    """The next outcome. Raises RuntimeError when a process has failed: its traceback is on stderr."""
    while True:
        try:
            found: tuple[int, float, Outcome] = results.get(timeout=LOOK)
        except queue.Empty:
            if any(job.exitcode for job in jobs):
                for job in jobs:
                    job.terminate()
                raise RuntimeError("a process that judges mutants has failed") from None
        else:
            return found


def _work(make: Make, mutants: list[tuple[str, Source, Mutant]], following: Any, results: Any) -> None:
    with EmbeddedElasticsearch() as engine:
        judge = make(engine)
        while True:
            with following:
                at = following.value
                following.value += 1
            if at >= len(mutants):
                return
            side, source, mutant = mutants[at]
            before = time.monotonic()
            outcome = judge.judge(source, mutant, side)
            results.put((at, time.monotonic() - before, Outcome(outcome.kind, outcome.by)))
