"""The time that something takes, in seconds of a quiet machine: other jobs, tracing and a full heap don't count.

Tests with a limit on time look for what explodes; a limit is far above what is measured, and what a busy machine
does to it is taken out by a reference that runs in the same minute.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

QUIET = 0.05
"""Seconds that the reference takes on the machine that the limits were set on."""


def within(limit: float, run: Callable[[], object], attempts: int = 3) -> bool:
    """Whether `run` takes less than `limit` seconds of processor time, in one of some attempts."""
    gc.collect()
    return any(_measured(run) < limit for _ in range(attempts))


def _measured(run: Callable[[], object]) -> float:
    before = _time(_reference)
    spent = _time(run)
    return spent * QUIET / max(before, _time(_reference), QUIET)


def _time(run: Callable[[], object]) -> float:
    started = time.process_time()
    run()
    return time.process_time() - started


def _reference() -> int:
    return sum(len(str(number)) for number in range(250_000))
