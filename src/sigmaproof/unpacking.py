"""Reads the bytes of log files, unpacked, in blocks, as far as a broken file can be read. What they hold: `batches`."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from isal import isal_zlib

from sigmaproof.diagnostics import STDIN
from sigmaproof.packing import is_gzip, unpacked

if TYPE_CHECKING:
    from sigmaproof.remote import Remote

__all__ = ["BLOCK", "Blocks", "opened"]

BLOCK = 1 << 17
"""Bytes of a block: small enough that it stays in a core's cache while it is searched and split."""
FAULTS: tuple[type[Exception], ...] = (OSError, EOFError, zlib.error, isal_zlib.error)  # type: ignore[assignment]
_STEP = 1


def opened(file: Path | Remote) -> BinaryIO:
    """The bytes of a file (`-` is standard input), unpacked as its first bytes say. Raises OSError."""
    stream = sys.stdin.buffer if file == STDIN else cast(BinaryIO, file.open("rb"))
    try:
        return unpacked(stream)
    except BaseException:
        stream.close()
        raise


@dataclass
class Blocks:
    """The bytes of a stream in blocks of at least `block` bytes, but for the last one.

    fault: what ended it before its end, afterwards. file: to be read once more, in small steps, up to the fault.
    """

    stream: BinaryIO
    block: int = BLOCK
    file: Path | None = None
    limit: int | None = None
    read: int = 0
    fault: str = ""
    _pieces: Iterator[bytes] | None = field(default=None, repr=False)

    def __iter__(self) -> Iterator[bytes]:
        """Itself: a stream is read once."""
        return self

    def __next__(self) -> bytes:
        """The next block."""
        self._pieces = self._pieces or self._read_pieces()
        pieces, size = [], 0
        while size < self.block and (piece := next(self._pieces, b"")):
            pieces.append(piece)
            size += len(piece)
        if not pieces:
            raise StopIteration
        self.read += size
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _read_pieces(self) -> Iterator[bytes]:
        at = 0
        try:
            while piece := self.stream.read1(BLOCK):  # type: ignore[attr-defined]  # every stream here is buffered
                at += len(piece)
                if self.limit is not None and at > self.limit:
                    self.fault = f"it unpacks to more than {self.limit:,} bytes; --max-ratio and --max-size allow more"
                    return
                yield piece
        except FAULTS as error:
            self.fault = getattr(error, "strerror", None) or str(error)
            if self.file is not None and self.file.is_file() and is_gzip(self.file):  # a pipe can't be read again
                yield from _up_to_the_fault(self.file, at)


def _up_to_the_fault(file: Path, at: int) -> Iterator[bytes]:
    """What of a packed file can be unpacked from this byte of its text on."""
    unpacked = 0
    for piece in _in_steps(file, at):
        unpacked += len(piece)
        if unpacked > at:
            yield piece[-(unpacked - at) :]


def _in_steps(file: Path, at: int) -> Iterator[bytes]:
    """The text of a packed file; a fault loses what would have come in its step, so they are small from there on.

    By zlib: isal unpacks up to 64 kB ahead of what it gives, and with a fault gives none of them.
    """
    unpacked, packed, piece = 0, b"", b""
    member = zlib.decompressobj(31)
    try:
        with file.open("rb") as stream:
            while (packed := packed or stream.read(BLOCK)) or piece:  # what has gone in may not all have come out
                piece = member.decompress(packed, _STEP if unpacked + BLOCK > at else BLOCK)
                packed = member.unused_data if member.eof else member.unconsumed_tail
                if member.eof:
                    member = zlib.decompressobj(31)
                unpacked += len(piece)
                yield piece
    except FAULTS:
        return
