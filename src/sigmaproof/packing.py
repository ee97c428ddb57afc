"""What packs files of logs: told by the first bytes, whatever the name. Who reads the bytes is in `unpacking`.

Of the packers only gzip's is loaded when it isn't needed: CloudTrail writes it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self, cast

from isal import igzip

__all__ = ["PACKED", "is_gzip", "unpacked"]

PACKED = (".gz", ".zst", ".bz2", ".xz")
"""The extensions that packed files have; a packed file may have another, or none."""


def unpacked(stream: BinaryIO) -> BinaryIO:
    """A buffered stream, unpacked if it begins as one of the packed forms does.

    Raises OSError where its first bytes can't be read.
    """
    if not hasattr(stream, "peek"):
        return stream
    first = stream.peek(4)[:4]
    unpack = next((unpack for magic, unpack in _UNPACK.items() if first.startswith(magic)), None)
    return stream if unpack is None else cast(BinaryIO, _Unpacked(unpack(stream), stream))


def is_gzip(file: Path) -> bool:
    """Whether a file begins as a gzip file does. Raises OSError."""
    with file.open("rb") as stream:
        return stream.read(2) == _GZIP


class _Unpacked:
    """An unpacked stream. Closing it closes the packed one too, which the packers leave open. What it raises for broken
    data is an OSError, an EOFError, or zlib's."""

    def __init__(self, inner: Any, packed: BinaryIO) -> None:
        self._inner, self._packed = inner, packed

    def read1(self, size: int = -1) -> bytes:
        """Some of its bytes."""
        try:
            return cast(bytes, self._inner.read1(size))
        except Exception as error:
            if type(error).__name__ in _OTHER_FAULTS:
                raise OSError(str(error)) from error
            raise

    def close(self) -> None:
        """Closes both."""
        self._inner.close()
        self._packed.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()


def _gzip(stream: BinaryIO) -> Any:
    return igzip.open(stream, "rb")  # type: ignore[no-untyped-call]


def _bz2(stream: BinaryIO) -> Any:
    import bz2

    return bz2.BZ2File(stream)


def _xz(stream: BinaryIO) -> Any:
    import lzma

    return lzma.LZMAFile(stream)


def _zst(stream: BinaryIO) -> Any:
    if sys.version_info >= (3, 14):
        from compression.zstd import ZstdFile
    else:
        from backports.zstd import ZstdFile
    return ZstdFile(stream)


_GZIP = b"\x1f\x8b"
_UNPACK: dict[bytes, Callable[[BinaryIO], Any]] = {
    _GZIP: _gzip,  # RFC 1952
    b"BZh": _bz2,
    b"\xfd7zX": _xz,
    b"\x28\xb5\x2f\xfd": _zst,  # RFC 8878, 3.1.1
}
_OTHER_FAULTS = frozenset({"ZstdError", "LZMAError"})
