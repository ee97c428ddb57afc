"""Files that appear whole or not at all: written beside their place, moved there at the end.

What can't be written is an InputError with the file's name, whatever library did the writing. What stands in a file
is not known here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from sigmaproof.diagnostics import InputError, Place

__all__ = ["Draft", "told", "write_whole"]


class Draft:
    """A file in the making. stream: where its bytes go.

    A link is followed, and its file replaced. What is there and no plain file (a pipe, a device) is written as it
    comes, as it can't be replaced. Raises InputError.
    """

    def __init__(self, target: Path) -> None:
        self.target = target
        with told(target):
            self._is_plain = _is_plain(target)
            self._place = Path(os.path.realpath(target)) if self._is_plain else target
            name = f".{self._place.name[:40]}.{os.urandom(4).hex()}.part"
            self._part = self._place.with_name(name) if self._is_plain else target
            flags = os.O_CREAT | os.O_EXCL if self._is_plain else 0
            self.stream: BinaryIO = os.fdopen(os.open(self._part, os.O_WRONLY | flags, 0o666), "wb", 1 << 16)

    def finish(self, synced: bool = True) -> None:
        """Writes all that is left. synced: to the disk, and not only to the system. Raises InputError."""
        with told(self.target):
            self.stream.flush()
            if self._is_plain and synced:
                os.fsync(self.stream.fileno())
            self.stream.close()

    def publish(self) -> None:
        """Moves the finished file to its place; one that stood there leaves its permissions. Raises InputError."""
        with told(self.target):
            if self._is_plain:
                if self._place.exists():
                    self._part.chmod(self._place.stat().st_mode & 0o7777)
                self._part.replace(self._place)

    def discard(self) -> None:
        """Removes what was written; after `publish` there is nothing to remove."""
        with suppress(OSError, ValueError):
            self.stream.close()
        if self._is_plain:
            self._part.unlink(missing_ok=True)


def write_whole(target: Path, content: bytes, synced: bool = True) -> None:
    """Puts content in the place of a file in one step. synced: on the disk too, which takes time for each file.

    Raises InputError; what stood there then stands there still.
    """
    draft = Draft(target)
    try:
        with told(target):
            draft.stream.write(content)
        draft.finish(synced)
        draft.publish()
    finally:
        draft.discard()


def _is_plain(target: Path) -> bool:
    """Whether the file can be replaced by another one: not what /dev names, even where that leads to a file."""
    return not target.is_relative_to("/dev") and (not target.exists() or target.is_file())


@contextmanager
def told(target: Path) -> Iterator[None]:
    """Makes of an error of the system one that names the file as the user did."""
    try:
        yield
    except OSError as error:
        message = f"can't be written: {error.strerror or error}"
        raise InputError("output-failed", Place(str(target)), message) from None
