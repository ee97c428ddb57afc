"""What a directory must change to hold the wanted queries, and the change itself.

Only what the manifest of the directory lists is ever replaced or removed; a path that leaves the directory through a
symbolic link is an error. Each file is replaced at once, never half written, the manifest last.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sigmaproof.diagnostics import InputError, Place
from sigmaproof.drafts import write_whole
from sigmaproof.queryfiles.manifest import MANIFEST, Made, listed_files
from sigmaproof.queryfiles.names import SUFFIXES

__all__ = ["Change", "apply", "changes"]

MISSING, STALE, EXTRA = "missing", "stale", "extra"


@dataclass(frozen=True, slots=True)
class Change:
    """A file that is not as it must be. state: missing, stale or extra. ours: written here, so it may be removed."""

    file: str
    state: str
    old: bytes | None
    new: bytes | None
    ours: bool = True


def changes(made: Made, directory: Path) -> list[Change]:
    """What is missing, stale or extra in a directory, by file; the manifest last.

    Raises InputError for a manifest that is none, and for a path that leaves the directory; OSError.
    """
    _check_directory(directory)
    listed = listed_files(directory)
    wanted, known = _Names(made.files, directory), _Names([*listed, *made.files], directory)
    ours = _Names([*listed, MANIFEST], directory)
    found = [change for file in made.files if (change := _difference(file, made.files[file], directory, ours))]
    removed = [
        Change(file, EXTRA, old, None) for file in set(listed) if file not in wanted if (old := _old(directory, file))
    ]
    strange = [Change(file, EXTRA, None, None, ours=False) for file in _query_files(directory) if file not in known]
    return sorted([*found, *removed, *strange], key=lambda change: (change.file == MANIFEST, change.file))


def apply(wanted: list[Change], directory: Path) -> None:
    """Makes these changes. Raises InputError, before anything is done, where a file that isn't ours is in the way; and
    for one that can't be written. OSError."""
    for change in wanted:
        if change.new is not None and not change.ours:
            place = Place(str(directory / change.file))
            help = "move it away, or name another directory"
            raise InputError("output-foreign", place, "exists, and the manifest doesn't list it", help)
    for change in wanted:
        path = directory / change.file
        if change.new is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, change.new, synced=False)  # they can be made again
        elif change.ours:
            path.unlink(missing_ok=True)


class _Names:
    """File names, to ask whether a name is one of them, also by another case where the file system ignores case."""

    def __init__(self, names: Iterable[str], directory: Path) -> None:
        self._directory = directory
        self._spelled: dict[str, set[str]] = {}
        for name in names:
            self._spelled.setdefault(name.lower(), set()).add(name)

    def __contains__(self, file: str) -> bool:
        spelled = self._spelled.get(file.lower(), set())
        return file in spelled or any(self._same(file, name) for name in spelled)

    def _same(self, one: str, other: str) -> bool:
        try:
            return (self._directory / one).samefile(self._directory / other)
        except FileNotFoundError:
            return False


def _difference(file: str, new: bytes, directory: Path, ours: _Names) -> Change | None:
    old = _old(directory, file)
    if old is None:
        return Change(file, MISSING, None, new)
    return None if _is_same(old, new) else Change(file, STALE, old, new, ours=file in ours)


def _is_same(old: bytes, new: bytes) -> bool:
    """Whether a file holds this text, with `\\n` or, as git checks out for Windows, `\\r\\n` at the ends of lines."""
    return old == new or (b"\r" not in new and old.replace(b"\r\n", b"\n") == new)


def _old(directory: Path, file: str) -> bytes | None:
    """What a file of the directory holds; None when there is none."""
    path = directory / file
    if not _stays(path, directory):
        raise InputError("output-link", Place(str(path)), "leaves the directory by a symbolic link", "remove the link")
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _stays(path: Path, directory: Path) -> bool:
    try:
        return not path.is_symlink() and path.resolve().is_relative_to(directory.resolve())
    except (OSError, RuntimeError):  # a loop of links
        return False


def _query_files(directory: Path) -> Iterator[str]:
    """The files that stand where queries do."""
    for target, suffix in SUFFIXES.items():
        room = directory / target
        if room.is_dir() and not room.is_symlink():
            yield from (f"{target}/{path.name}" for path in room.iterdir() if path.suffix == suffix)


def _check_directory(directory: Path) -> None:
    if directory.exists() and not directory.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(directory))
