"""What PATH… on the command line means: which files are rules, which are logs, what a directory counts as.

How files are found is in `listing`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TypeVar, cast

from sigmaproof.diagnostics import STDIN, InputError, Place
from sigmaproof.events import LOG_SUFFIXES
from sigmaproof.listing import File, Left, Listing, as_file, is_pattern
from sigmaproof.packing import PACKED
from sigmaproof.remote import Remote
from sigmaproof.selection import Selection

__all__ = ["Inputs", "sort_paths"]

F = TypeVar("F", Path, File)
RULE_SUFFIXES = (".yml", ".yaml")
_LOGS = ".json .jsonl .ndjson .log .csv (also packed: .gz .zst .bz2 .xz)"


@dataclass
class Inputs:
    """Files by what they are, in the order given, each once. left: logs that are not to be read, counted."""

    rules: list[Path] = field(default_factory=list)
    logs: list[File] = field(default_factory=list)
    left: Left = field(default_factory=Left)


def sort_paths(
    paths: Sequence[str | File],
    rules: Iterable[str | File] = (),
    logs: Iterable[str | File] = (),
    stdin: str = "rules",
    selection: Selection | None = None,
) -> Inputs:
    """Sorts paths, patterns and URLs by their extension. rules, logs: directories or files whose meaning the user
    named.
    selection: which records are asked for; logs that can't hold one are left out.

    Raises InputError for a path that doesn't exist, a file of an unknown kind, and a directory that holds both.
    """
    return _Sorting(Listing(selection or Selection()), stdin).all(paths, rules, logs)


def is_rule(path: File) -> bool:
    """Whether a file name is that of a rule; tests beside rules are none."""
    return path.suffix in RULE_SUFFIXES and not is_test(path)


def is_test(path: File) -> bool:
    """Whether a file name is that of the test file of a rule."""
    return path.suffix in RULE_SUFFIXES and PurePosixPath(path.name).stem.endswith(".test")


def is_log(path: File) -> bool:
    """Whether a file name is that of a log, packed or not."""
    name = PurePosixPath(path.name)
    plain = name.with_suffix("") if name.suffix in PACKED else name
    return plain.suffix in LOG_SUFFIXES


class _Sorting:
    """Sorts what is named into rules and logs."""

    def __init__(self, listing: Listing, stdin: str) -> None:
        self.listing, self.stdin = listing, stdin
        self.inputs = Inputs(left=listing.left)

    def all(self, paths: Iterable[str | File], rules: Iterable[str | File], logs: Iterable[str | File]) -> Inputs:
        """Sorts all that is named."""
        for path in map(as_file, paths):
            self._add(path)
        for path in map(as_file, rules):
            self.inputs.rules += _local(self._named(path, is_rule, "rules (.yml, .yaml)", logs=False))
        for path in map(as_file, logs):
            self.inputs.logs += self._named(path, is_log, f"logs ({_LOGS})", logs=True)
        self.inputs.rules = _once(self.inputs.rules, links=True)
        self.inputs.logs = _once(self.inputs.logs, links=False)
        return self.inputs

    def _add(self, path: File) -> None:
        if path == STDIN:
            (self.inputs.rules if self.stdin == "rules" else self.inputs.logs).append(STDIN)
        elif is_pattern(path):
            self._add_matching(path)
        elif _kind(path) == "directory":
            self._add_directory(path)
        elif not _kind(path):
            raise _missing(path)
        elif not self._add_file(path):
            raise _unknown(path)

    def _add_file(self, path: File) -> bool:
        """Whether a file is a rule or a log; it is then added, or left out."""
        if is_rule(path):
            self.inputs.rules += _local([path])
        elif is_log(path):
            self.inputs.logs += [path] if self.listing.is_asked(path) else []
        else:
            return False
        return True

    def _add_matching(self, pattern: File) -> None:
        """What a shell would have given; files of other kinds are passed over, as in a directory."""
        found = False
        for path in self.listing.matching(pattern):
            if _kind(path) == "directory":
                self._add_directory(path)
                found = True
            else:
                found = self._add_file(path) or found
        if not found:
            raise InputError("path-missing", Place(str(pattern)), f"matches neither rules (.yml) nor logs: {_LOGS}")

    def _add_directory(self, path: File) -> None:
        """Its rules, or its logs. Hidden directories count for logs; beside rules they are those of a repository."""
        left = self.listing.left
        before, hidden = _total(left), left.hidden
        rules = self.listing.below(path, is_rule, logs=False, all=False) if isinstance(path, Path) else []
        logs = self.listing.below(path, is_log, all=not rules)
        has_logs = logs or _total(left) > before
        if rules and has_logs:
            help = f"say which: --rules {path} or --logs {path}"
            raise InputError("path-mixed", Place(str(path)), "holds rules and logs", help)
        if not rules and not has_logs:
            message = f"holds neither rules (.yml) nor logs: {_LOGS}"
            raise InputError("path-empty", Place(str(path)), message, _look_into(left.hidden - hidden))
        left.hidden = left.hidden if rules else hidden
        self.inputs.rules += _local(rules)
        self.inputs.logs += logs

    def _named(self, path: File, wanted: Callable[[File], bool], what: str, logs: bool) -> list[File]:
        """The files of a path that the user named with --rules or --logs; a file whatever its extension."""
        if path == STDIN:
            return [path]
        before, hidden = _total(self.listing.left), self.listing.left.hidden
        paths = self.listing.matching(path) if is_pattern(path) else [path]
        found: list[File] = []
        for one in paths:
            if not _kind(one):
                raise _missing(one)
            if is_test(one):
                raise _unknown(one)
            if _kind(one) == "directory":
                found += self.listing.below(one, wanted, logs, all=logs)
            elif not logs or self.listing.is_asked(one):
                found.append(one)
        if not found and _total(self.listing.left) == before:
            help = _look_into(self.listing.left.hidden - hidden)
            raise InputError("path-empty", Place(str(path)), f"holds no {what}", help)
        return found


def _look_into(hidden: int) -> str:
    return "rules in hidden directories, site-packages and node_modules count when you name these" if hidden else ""


def _once(files: Sequence[F], links: bool) -> list[F]:
    """The files without those that stand before by another name. links: whether a link to a file is one: that is asked
    of the system for each, and a log has many; the file is then taken rather than the link."""
    folders: dict[str, str] = {}
    found: dict[str, F] = {}
    for file in files:
        key = _real(str(file), folders, links) if isinstance(file, Path) else str(file)
        before = found.get(key)
        if before is None or (isinstance(before, Path) and before.is_symlink()):
            found[key] = file
    return list(found.values())


def _real(file: str, folders: dict[str, str], links: bool) -> str:
    """The file without links in its path. folders: those that are known."""
    folder, name = os.path.split(file)
    if folder not in folders:
        folders[folder] = os.path.realpath(folder)
    whole = f"{folders[folder]}{os.sep}{name}"
    return os.path.realpath(whole) if links and os.path.islink(whole) else whole  # noqa: PTH114


def _total(left: Left) -> int:
    return left.files + left.directories + left.skipped.total()


def _kind(path: File) -> str:
    """`directory`, another word for any other that exists, nothing for what doesn't."""
    if isinstance(path, Remote):
        return path.kind()
    return "directory" if path.is_dir() else "file" if path.exists() else ""


def _local(rules: list[File]) -> list[Path]:
    for rule in rules:
        if isinstance(rule, Remote):
            raise InputError("path-remote", Place(str(rule)), "rules are read from files only", "copy it here first")
    return cast(list[Path], rules)


def _missing(path: File) -> InputError:
    return InputError("path-missing", Place(str(path)), "no such file or directory")


def _unknown(path: File) -> InputError:
    if is_test(path):
        help = "name the rule: `sigmaproof test` finds its test file by itself"
        return InputError("path-test", Place(str(path)), "the test file of a rule is no rule", help)
    help = f".yml and .yaml are rules, {_LOGS} are logs; or name it with --rules, --logs"
    return InputError("path-unknown", Place(str(path)), "neither a rule nor a log by its extension", help)
