"""What one process reads: a log file, or a part of a large one that has a record a line."""

from __future__ import annotations

import io
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from sigmaproof.batch import Batch, Report
from sigmaproof.batches import is_record, read_batches, size_of
from sigmaproof.diagnostics import STDIN, Diagnostic, Place, shown_path
from sigmaproof.envelopes import opened_batch
from sigmaproof.limits import Limits
from sigmaproof.lines import line_batches
from sigmaproof.unpacking import BLOCK, Blocks

if TYPE_CHECKING:
    from sigmaproof.remote import Remote

__all__ = ["Slice", "slices_of"]

SIZE = 32 << 20
"""Bytes of a part of a file."""
_PACKED = 8
"""How much larger a packed log's text is, guessed."""


@dataclass(frozen=True, slots=True)
class Slice:
    """A file, or the lines of it that begin in some of its bytes. size: its bytes; end: None for a whole file."""

    file: Path | Remote
    size: int = 0
    start: int = 0
    end: int | None = None
    is_last: bool = True

    @property
    def shown(self) -> str:
        """The file as it is shown."""
        return shown_path(self.file)

    @property
    def guess(self) -> int:
        """Bytes of its text, roughly."""
        return (
            self.size if self.end is not None or self.file.suffix in ("", ".json", ".ndjson") else self.size * _PACKED
        )

    def batches(self, report: Report, limits: Limits | None = None) -> Generator[Batch, None, int]:
        """Its record texts; the lines of a part count from 1. Returns how many lines a part has."""
        if self.end is None:
            yield from read_batches(self.file, report, limits)
            return 0
        try:
            with self.file.open("rb") as stream:
                blocks = Blocks(_bounded(stream, self.start, self.end), BLOCK)
                return (yield from _opened(line_batches(next(blocks, b""), blocks, 1, self.shown, report)))
        except OSError as error:
            report(
                Diagnostic("log-unreadable", "error", Place(self.shown), f"can't be read: {error.strerror or error}")
            )
            return 0

    def lines(self) -> int:
        """How many lines a part has, for the numbers of those behind it where it can't be evaluated."""
        if self.end is None:
            return 0
        with suppress(OSError), self.file.open("rb") as stream:
            return sum(block.count(b"\n") for block in Blocks(_bounded(stream, self.start, self.end), BLOCK))
        return 0


def _opened(batches: Generator[Batch, None, int]) -> Generator[Batch, None, int]:
    """Envelopes of JSON texts as the batches of these. Returns what the generator does."""
    while True:
        try:
            yield opened_batch(next(batches))
        except StopIteration as stop:
            return int(stop.value)


def slices_of(file: Path | Remote) -> Iterator[Slice]:
    """A file as one, or in parts."""
    try:
        size = 0 if file == STDIN else size_of(file)
        parts = range(0, size, SIZE) if size >= 2 * SIZE and _has_lines(file) else ()
    except OSError:  # said when it is read
        size, parts = 0, ()
    if not parts:
        yield Slice(file, size)
    for start in parts:
        end = min(start + SIZE, size)
        yield Slice(file, end - start, start, end, end == size)


def _has_lines(file: Path | Remote) -> bool:
    """Whether a file begins with a record that is a line; one that is packed, or remote, does not."""
    if not isinstance(file, Path):
        return False
    with file.open("rb") as stream:
        head = stream.read(BLOCK)
        return b"\n" in head and is_record(head.partition(b"\n")[0])


def _line_at(stream: BinaryIO, at: int) -> int:
    """Where the first line begins that does so at this byte or after it."""
    if at == 0:
        return 0
    stream.seek(at - 1)
    while piece := stream.readline(BLOCK):
        if piece.endswith(b"\n"):
            break
    return stream.tell()


def _bounded(stream: BinaryIO, start: int, end: int) -> BinaryIO:
    """The lines that begin in these bytes."""
    low, high = _line_at(stream, start), _line_at(stream, end)
    stream.seek(low)
    return cast(BinaryIO, _Bounded(stream, high - low))


class _Bounded(io.RawIOBase):
    """So many bytes of a stream."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream, self._left = stream, size

    def read1(self, size: int = -1) -> bytes:
        """Some of them."""
        piece = self._stream.read(min(size, self._left))
        self._left -= len(piece)
        return piece
