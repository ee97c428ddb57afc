"""Files of rules as they were read in an earlier run, so that `evaluate` starts without pySigma and a reader of YAML.

Soundness
    What is kept of a file is what was read of its bytes: only where all that is in it is rules of which there is
    nothing to report, and without the filters and pipelines of the user. It is found by a hash of these bytes and of
    what reads them: this Python, and the name, size and time of each file of the packages in `_READERS`, so that
    neither a new version nor a line that somebody changes in them meets what the old one has read.

What is kept is data: its reader makes the tests of `predicate` and plain values, and refuses anything else. A cache
that can't be read or written is left aside, as all can be read anew.
"""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from datetime import date, datetime, timedelta, timezone
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from sigmaproof.cachefolder import cache_folder
from sigmaproof.diagnostics import STDIN, InputError
from sigmaproof.predicate import TESTS, And, Not, Or, Wild
from sigmaproof.rules import AT_ONCE, MANY, Loaded, Rule, field_warnings, load_files, load_text, read_file
from sigmaproof.safeyaml import Document

__all__ = ["Kept", "RuleCache", "load_cached"]

_READERS = ("sigmaproof", "sigma", "pyparsing", "yaml", "jsonschema", "re2")
_LARGEST = 200 << 20
"""Bytes from which on the cache is begun anew."""
_PATIENCE = 1.0
"""Seconds to wait for another process that writes."""
_DATES = (date, datetime, timedelta, timezone)  # which YAML has
_ALLOWED: dict[tuple[str, str], type] = {
    (one.__module__, one.__name__): one for one in (And, Or, Not, *TESTS, Wild, *_DATES)
}
_Text = tuple[str, bytes]
"""What a file is called in messages, and its content."""


class Kept(NamedTuple):
    """The rules of a file. warns: whether `field_warnings` says something of one of them."""

    rules: list[Rule]
    warns: bool


def load_cached(files: Sequence[Path], known: RuleCache) -> Loaded:
    """As `rules.load_files`, without pipelines and filters: what was read before is taken from the cache.

    The findings have the warnings of `rules.field_warnings` too, for which a table would have to be read.
    """
    try:
        texts = [read_file(file) for file in files] if STDIN not in files else []
    except InputError:
        texts = []
    if not texts:  # what can't be read is said there, and what can be read only once is read there
        return _with_warnings(load_files(files))
    keys = [_key(content) for _, content in texts]
    found = known.found(list(zip(keys, (shown for shown, _ in texts), strict=True)))
    missing = [number for number, kept in enumerate(found) if kept is None]
    read = dict(zip(missing, _load([texts[number] for number in missing]), strict=True))
    if any(one.filters for one in read.values()):  # they are for the rules of all files
        return _with_warnings(load_files(files))
    sound = {number for number, one in read.items() if not one.findings}
    parts = [_with_warnings(read[n]) if kept is None else _of_kept(kept) for n, kept in enumerate(found)]
    known.keep([(keys[number], Kept(parts[number].rules, bool(parts[number].findings))) for number in sorted(sound)])
    return Loaded([rule for one in parts for rule in one.rules], [finding for one in parts for finding in one.findings])


def _with_warnings(loaded: Loaded) -> Loaded:
    warnings = [warning for rule in loaded.rules for warning in field_warnings(rule)]
    return Loaded(loaded.rules, [*loaded.findings, *warnings], loaded.filters)


def _of_kept(kept: Kept) -> Loaded:
    return _with_warnings(Loaded(kept.rules)) if kept.warns else Loaded(kept.rules)


def _load(texts: Sequence[_Text]) -> list[Loaded]:
    """Each text by itself. Many are loaded by several processes: a rule costs some milliseconds."""
    from sigmaproof.processes import processors, shared_out

    return shared_out(_load_some, texts, MANY, AT_ONCE, processors())


def _load_some(texts: Sequence[_Text]) -> list[Loaded]:
    return [load_text(content, shown) for shown, content in texts]


class RuleCache:
    """What was read in earlier runs, in a database in a folder: by default, where all is that is kept."""

    def __init__(self, folder: Path | None = None) -> None:
        self._file = (folder or cache_folder()) / "rules.sqlite"

    def found(self, files: Sequence[tuple[bytes, str]]) -> list[Kept | None]:
        """What there is of each file, given by its key and as it is shown."""
        known: list[Kept | None] = []
        with suppress(sqlite3.Error, OSError), closing(self._opened("ro")) as database:
            for key, shown in files:
                row = database.execute("SELECT content FROM rules WHERE key = ?", (key,)).fetchone()
                known.append(_read(row[0], shown) if row else None)
        return known + [None] * (len(files) - len(known))

    def keep(self, files: Sequence[tuple[bytes, Kept]]) -> None:
        """Keeps what was read of files, by their keys."""
        rows = [(key, _written(kept)) for key, kept in files]
        if not rows:
            return
        with suppress(sqlite3.Error, OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            if self._file.exists() and self._file.stat().st_size > _LARGEST:
                self._file.unlink()
            with closing(self._opened("rwc")) as database, database:
                self._file.chmod(0o600)
                database.execute("CREATE TABLE IF NOT EXISTS rules (key BLOB PRIMARY KEY, content BLOB) WITHOUT ROWID")
                database.executemany("INSERT OR REPLACE INTO rules VALUES (?, ?)", rows)

    def _opened(self, mode: str) -> sqlite3.Connection:
        return sqlite3.connect(f"{self._file.as_uri()}?mode={mode}", timeout=_PATIENCE, uri=True)


def _written(kept: Kept) -> bytes:
    parts = [(one.document.line, one.data, one.document.lines, one.document.columns, one.tree) for one in kept.rules]
    return pickle.dumps((kept.warns, parts), pickle.HIGHEST_PROTOCOL)


def _read(content: bytes, shown: str) -> Kept | None:
    """What `_written` has written; None for anything else, as a broken database would give."""
    try:
        warns, parts = _Reader(io.BytesIO(content)).load()
        rules = [
            Rule.of_tree(Document(data, shown, line, lines, [], columns), tree)
            for line, data, lines, columns, tree in parts
        ]
    except (pickle.UnpicklingError, EOFError, AttributeError, ValueError, TypeError, LookupError):
        return None
    return Kept(rules, bool(warns))


class _Reader(pickle.Unpickler):
    """Makes plain values and the tests of trees (Python's documentation of pickle, "Restricting Globals")."""

    def find_class(self, module: str, name: str) -> Any:
        """One of these classes. Raises UnpicklingError for any other."""
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name} is no part of a rule")
        return _ALLOWED[module, name]


def _key(content: bytes) -> bytes:
    return hashlib.sha256(_readers() + content).digest()


@cache
def _readers() -> bytes:
    """A hash of what reads rules."""
    found = hashlib.sha256(sys.version.encode())
    for name in _READERS:
        spec = find_spec(name)
        for folder in (spec.submodule_search_locations if spec else None) or ():
            for line in sorted(_files(folder)):
                found.update(line.encode("utf-8", "surrogateescape"))
    return found.digest()


def _files(folder: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if not entry.is_dir():
                status = entry.stat()
                yield f"{entry.path}\0{status.st_size}\0{status.st_mtime_ns}\n"
            elif entry.name != "__pycache__":
                yield from _files(entry.path)
