"""Which files a path, a pattern or a URL stands for, without those that hold no records or none that is asked for.

What makes a file a rule or a log is in `inputs`; what a path proves is in `layout`.
"""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from sigmaproof.layout import no_log
from sigmaproof.remote import Remote, is_url
from sigmaproof.selection import Selection

__all__ = ["File", "Left", "Listing", "as_file", "is_pattern"]

File: TypeAlias = Path | Remote


@dataclass
class Left:
    """What was left out. skipped: files without records, by what they are. files, directories: pruned by their path.

    hidden: directories in which no rules were looked for, see `_is_foreign`.
    """

    skipped: Counter[str] = field(default_factory=Counter)
    files: int = 0
    directories: int = 0
    hidden: int = 0

    def __bool__(self) -> bool:
        return bool(self.skipped or self.files or self.directories)


def as_file(named: str | Path | Remote) -> File:
    """What the user named: a path or a URL."""
    if isinstance(named, str):
        return Remote(named) if is_url(named) else Path(named)
    return named


def is_pattern(file: File) -> bool:
    """Whether a path that doesn't exist as it is stands for the files that it matches."""
    if isinstance(file, Remote):
        return any(sign in file.url for sign in "*[") and file.scheme not in {"http", "https"}
    return glob.has_magic(str(file)) and not file.exists()


@dataclass
class Listing:
    """Finds files, and counts what it leaves out."""

    selection: Selection = field(default_factory=Selection)
    left: Left = field(default_factory=Left)

    def below(self, directory: File, wanted: Callable[[File], bool], logs: bool = True, all: bool = True) -> list[File]:
        """The files of a directory and all below it, in order. logs: leave out what `is_asked` does.

        all: also of directories in which no rules are looked for, which are counted otherwise.
        """
        if logs and isinstance(directory, Path) and not self._is_open(directory):
            return []
        found = self._walk(directory, logs, all)
        return [file for file in found if wanted(file) and (not logs or self.is_asked(file))]

    def matching(self, pattern: File) -> list[File]:
        """The files and directories that match a pattern, in order; none that is below another one."""
        if isinstance(pattern, Remote):
            return list(pattern.matching())
        found = sorted(Path(name) for name in glob.iglob(str(pattern), recursive=True))  # noqa: PTH207 - `**` and hidden
        directories = {one for one in found if one.is_dir()}
        return [one for one in found if directories.isdisjoint(one.parents)]

    def is_asked(self, file: File) -> bool:
        """Whether a log has to be read; counts it if not."""
        path = _full(file)
        what = no_log(path)
        if what:
            self.left.skipped[what] += 1
        elif not self.selection.may_hold(path):
            self.left.files += 1
        else:
            return True
        return False

    def _is_open(self, directory: File) -> bool:
        is_open = self.selection.may_hold(_full(directory))
        self.left.directories += not is_open
        return is_open

    def _walk(self, directory: File, logs: bool, all: bool) -> Iterator[File]:
        if isinstance(directory, Remote):
            for file, is_directory in directory.children():
                if not is_directory:
                    yield file
                elif self._is_open(file):
                    yield from self._walk(file, logs, all)
            return
        with os.scandir(directory) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
        for entry in found:
            path = Path(entry.path)
            if not entry.is_dir(follow_symlinks=False):
                # a link to itself or to nothing counts, so that whoever reads it can say so
                # (is_file of the entry raises for a loop)
                if path.is_file() or (entry.is_symlink() and not path.exists()):
                    yield path
            elif not all and _is_foreign(entry.name):
                self.left.hidden += not logs and entry.name != ".git"
            elif not logs or self._is_open(path):
                yield from self._walk(path, logs, all)


def _is_foreign(name: str) -> bool:
    """Whether a directory of this name holds settings of programs and packages, and not the rules of a repository."""
    return name.startswith(".") or name in {"site-packages", "node_modules"}


def _full(file: File) -> str:
    """A path from the root, with `/` between names: what it proves must not depend on where one stands."""
    return file.url if isinstance(file, Remote) else Path(os.path.abspath(file)).as_posix()  # noqa: PTH100
