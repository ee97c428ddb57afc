"""How far a run over files is: counted always, and shown as a bar on a terminal.

The bar is drawn by rich, which is imported only when a run takes longer than a moment. It is shown on stderr, only
where that is a terminal, and not where data comes to the same terminal line by line.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeAlias

from sigmaproof.diagnostics import STDIN

if TYPE_CHECKING:
    from rich.progress import Progress

__all__ = ["Bar", "OnBytes", "Reading", "size_text"]

OnBytes: TypeAlias = Callable[[int, int | None], None]
"""Told how many bytes of the files are done, and of how many; None where nobody knows."""
AFTER = 0.5
"""Seconds before a bar is shown."""


class Reading:
    """What has been read. files, bytes: how many files, and their size as they lie on the disk.

    progress: told after each file; whoever knows more can call it with more bytes in between.
    """

    def __init__(self, files: Sequence[Path], progress: OnBytes | None = None) -> None:
        self._files = files
        self._progress = progress
        self._began = time.monotonic()
        self.files = 0
        self.bytes = 0

    def __iter__(self) -> Iterator[Path]:
        """The files, each counted as read when the next one is asked for."""
        total = None
        if self._progress is not None and STDIN not in self._files:
            total = sum(map(_size, self._files))
        for file in self._files:
            yield file
            self.files += 1
            self.bytes += _size(file)
            if self._progress is not None:
                self._progress(self.bytes, total)

    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self._began


def _size(file: Path) -> int:
    try:
        return 0 if file == STDIN else file.stat().st_size
    except OSError:  # whoever reads it says what is wrong
        return 0


class Bar:
    """The bar, a context. Called as OnBytes. wanted: whether there is to be one, which needs a terminal too."""

    def __init__(self, wanted: bool) -> None:
        self.wanted = wanted and sys.stderr.isatty()
        self._began = time.monotonic()
        self._drawn: Progress | None = None

    def __call__(self, done: int, total: int | None) -> None:
        """Shows how far it is."""
        if not self.wanted or time.monotonic() - self._began < AFTER:
            return
        if self._drawn is None:
            self._drawn = _drawn()
        self._drawn.update(self._drawn.task_ids[0], completed=done, total=total)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Removes the bar; it is not shown again."""
        self.wanted = False
        if self._drawn is not None:
            self._drawn.stop()
            self._drawn = None


def _drawn() -> Progress:
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    from sigmaproof.output.consoles import err

    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    # stdout is data and never goes through the bar's console; messages on stderr are printed above the bar.
    progress = Progress(*columns, console=err(), transient=True, redirect_stdout=False, refresh_per_second=4)
    progress.add_task("read", total=None)
    progress.start()
    return progress


def size_text(count: int) -> str:
    """`999 bytes`, `1.3 kB`, `1.26 GB`."""
    for size, unit in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if count >= size:
            return f"{count / size:.3g} {unit}" if count < 1000 * size else f"{count / size:,.0f} {unit}"
    return f"{count} bytes"
