"""Opens a file of logs for reading: unpacked by what its first bytes say, whatever its name; local, remote or stdin.

What the bytes mean is in `batches`. Of the packers only gzip's is loaded when it isn't needed: CloudTrail writes it.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from isal import igzip, isal_zlib

from sigmaproof.diagnostics import STDIN

if TYPE_CHECKING:
    from sigmaproof.remote import Remote

__all__ = ["PACKED", "opened", "unpacked"]

PACKED = (".gz", ".zst", ".bz2", ".xz")
"""The extensions that packed files have; a packed file may have another, or none."""


@contextmanager
def opened(file: Path | Remote) -> Iterator[BinaryIO]:
    """The stream of what a file holds, unpacked; `-` is standard input. Raises OSError, also for what can't be unpacked
    while it is read."""
    if file == STDIN:
        with _as_os_error():
            yield unpacked(sys.stdin.buffer)
        return
    with cast(BinaryIO, file.open("rb")) as stream, _as_os_error():
        yield unpacked(stream)


def unpacked(stream: BinaryIO) -> BinaryIO:
    """A buffered stream, unpacked if it begins as one of the packed forms does. Closing that leaves the given one open.

    Raises OSError where the first bytes can't be read, or the packer is not installed."""
    first = stream.peek(4)[:4]  # type: ignore[attr-defined]  # every stream here is buffered
    unpack = next((unpack for magic, unpack in _UNPACK.items() if first.startswith(magic)), None)
    return stream if unpack is None else unpack(stream)


def _gzip(stream: BinaryIO) -> BinaryIO:
    return cast(BinaryIO, igzip.open(stream, "rb"))  # type: ignore[no-untyped-call]


def _bz2(stream: BinaryIO) -> BinaryIO:
    import bz2

    return cast(BinaryIO, bz2.BZ2File(stream))


def _xz(stream: BinaryIO) -> BinaryIO:
    import lzma

    return cast(BinaryIO, lzma.LZMAFile(stream))


def _zst(stream: BinaryIO) -> BinaryIO:
    if sys.version_info >= (3, 14):
        from compression.zstd import ZstdFile
    else:
        from backports.zstd import ZstdFile
    return cast(BinaryIO, ZstdFile(stream))


_UNPACK: dict[bytes, Callable[[BinaryIO], BinaryIO]] = {
    b"\x1f\x8b": _gzip,  # RFC 1952
    b"BZh": _bz2,
    b"\xfd7zX": _xz,
    b"\x28\xb5\x2f\xfd": _zst,  # RFC 8878, 3.1.1
}


@contextmanager
def _as_os_error() -> Iterator[None]:
    """What an unpacker raises for broken data, as OSError: not all of these are one."""
    try:
        yield
    except (zlib.error, isal_zlib.error) as error:  # type: ignore[misc]
        raise OSError(str(error)) from error
    except Exception as error:
        if type(error).__name__ in {"ZstdError", "LZMAError"}:
            raise OSError(str(error)) from error
        raise
