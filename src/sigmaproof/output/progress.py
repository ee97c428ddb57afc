"""How far a run over files is: counted always, and shown as a bar on a terminal.

The bar is drawn by rich, which is imported only when a run takes longer than a moment. It is shown on stderr, only
where that is a terminal, and not where data comes to the same terminal line by line.
"""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import Progress as Drawn

    from sigmaproof.evaluate.files import Progress

__all__ = ["Bar", "Reading", "size_text"]

AFTER = 0.5
"""Seconds before a bar is shown."""
EVERY = 0.25
"""Seconds between two pictures of it."""


class Reading:
    """What has been read, for the last message. files: how many there are. bytes: of them, as they lie on the disk.

    Called as `FileJudge.matches` calls its progress. bar: is told the same.
    """

    def __init__(self, files: int, bar: Progress) -> None:
        self.files = files
        self.bytes = 0
        self._bar = bar
        self._began = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        """Takes how many bytes of the files have been read, and how many there are."""
        self.bytes = done
        self._bar(done, total)

    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self._began


class Bar:
    """The bar, a context. Called as Progress. wanted: whether there is to be one, which needs a terminal too.

    It is drawn when it is called, so there is no thread: other processes may be forked from this one at any time.
    """

    def __init__(self, wanted: bool) -> None:
        self._wanted = wanted and sys.stderr.isatty()
        self._next = time.monotonic() + AFTER
        self._drawn: Drawn | None = None

    def __call__(self, done: int, total: int) -> None:
        """Shows how far it is."""
        if not self._wanted or time.monotonic() < self._next:
            return
        if self._drawn is None:
            self._drawn = _drawn()
        self._drawn.update(self._drawn.task_ids[0], completed=done, total=total or None, refresh=True)
        self._next = time.monotonic() + EVERY

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._drawn is not None:
            self._drawn.stop()


def _drawn() -> Drawn:
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    from sigmaproof.output.consoles import err

    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    # stdout is data and never goes through the bar's console; messages on stderr are printed above the bar.
    progress = Progress(*columns, console=err(), transient=True, redirect_stdout=False, auto_refresh=False)
    progress.add_task("read", total=None)
    progress.start()
    return progress


def size_text(count: int) -> str:
    """`999 bytes`, `1.3 kB`, `1.26 GB`."""
    for size, unit in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if count >= size:
            return f"{count / size:.3g} {unit}" if count < 1000 * size else f"{count / size:,.0f} {unit}"
    return f"{count} bytes"
