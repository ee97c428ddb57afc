"""The settings of `check` in files: `[tool.sigmaproof.check]` of pyproject.toml, or `[check]` of sigmaproof.toml.

For each rule the nearest file above it counts, and only that one; a pyproject.toml without the table is passed over.
What can't be used is an error with its line: settings that are not understood are never passed over.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sigmaproof.check.registry import fault_of
from sigmaproof.diagnostics import STDIN, InputError, Place, shown_path

__all__ = ["Settings", "settings_of"]

NAMES = ("sigmaproof.toml", "pyproject.toml")
KEYS = ("select", "ignore", "targets")
TABLES = ("check",)
"""The tables that there may be. Those of other commands belong here when they have settings."""
COMMANDS = "convert evaluate normalize verify test explain diff coverage fields targets".split()
"""Those that have none."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a file sets; None for what it doesn't."""

    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] | None = None
    targets: tuple[str, ...] | None = None


@dataclass(frozen=True)
class _File:
    """A settings file with its text, in which the line of a key is looked for."""

    path: Path
    text: str

    def table(self, name: str) -> str:
        """The head of a table, as this file has to write it."""
        return f"[tool.sigmaproof.{name}]" if self.path.name == "pyproject.toml" else f"[{name}]"

    def error(self, message: str, word: str, help: str = "") -> InputError:
        """At the line on which a word stands first."""
        lines = self.text.splitlines()
        line = next((at for at, one in enumerate(lines, 1) if re.search(rf"(?<![\w-]){re.escape(word)}", one)), 1)
        return InputError("config-form", Place(shown_path(self.path), line), message, help)


def settings_of(file: Path) -> Settings:
    """The settings for a rule's file; for standard input those of the working directory. Raises InputError."""
    return _above(Path.cwd() if file == STDIN else file.absolute().parent)


@cache
def _above(folder: Path) -> Settings:
    for name in NAMES:
        found = _read(folder / name)
        if found is not None:
            return found
    return Settings() if folder.parent == folder else _above(folder.parent)


def _read(path: Path) -> Settings | None:
    """The settings of a file; None when it isn't there or has none."""
    if not path.is_file():
        return None
    try:
        text = path.read_text(encoding="utf-8")
        data: Any = tomllib.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("config-form", Place(shown_path(path)), f"can't be read: {error}") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        line = re.search(r"line (\d+), column (\d+)", str(error))
        place = Place(shown_path(path), int(line[1]), int(line[2])) if line else Place(shown_path(path))
        raise InputError("config-form", place, f"not TOML: {error}") from None
    if path.name == "pyproject.toml":
        tool = data.get("tool")
        data = tool.get("sigmaproof") if isinstance(tool, dict) else None
        if data is None:
            return None
    return _settings(data, _File(path, text))


def _settings(data: Any, file: _File) -> Settings:
    if not isinstance(data, Mapping):
        raise file.error("sigmaproof's settings are a table", "sigmaproof", "write [tool.sigmaproof.check]")
    for key in data:
        if key not in TABLES:
            raise file.error(f"unknown setting {key!r}", key, _help_outside(key, file))
    table = data.get("check", {})
    if not isinstance(table, Mapping):
        raise file.error("check is a table", "check", f"write {file.table('check')}")
    for key in table:
        if key not in KEYS:
            raise file.error(f"unknown setting {key!r}", key, _meant(key))
    return Settings(**{key: _words(key, value, file) for key, value in table.items()})


def _help_outside(key: str, file: _File) -> str:
    """What to do with a key that is none of the tables."""
    if key in KEYS:
        return f"it belongs under {file.table('check')}"
    if key in COMMANDS:
        return f"`sigmaproof {key}` has options only: take this out; settings are for `check`, in {file.table('check')}"
    close = difflib.get_close_matches(key, [*TABLES, *KEYS], n=1)
    if close and close[0] in TABLES:
        return f"did you mean {file.table(close[0])}?"
    meant = f"did you mean {close[0]}? " if close else ""
    return f"{meant}{', '.join(KEYS)} belong under {file.table('check')}, and nothing else is set"


def _meant(key: str) -> str:
    close = difflib.get_close_matches(key, KEYS, n=1)
    return f"did you mean {close[0]}?" if close else f"the settings are {', '.join(KEYS)}"


def _words(key: str, value: Any, file: _File) -> tuple[str, ...]:
    from sigmaproof.targets import TARGETS

    if not isinstance(value, Sequence) or isinstance(value, str) or not all(isinstance(one, str) for one in value):
        raise file.error(f"{key} is a list of texts", key, f'write {key} = ["…"]')
    for word in value:
        if key == "targets" and word not in TARGETS:
            raise file.error(f"unknown target {word!r}", key, f"the targets are {', '.join(TARGETS)}")
        if key != "targets":
            fault = fault_of(word, ignoring=key == "ignore")
            if fault:
                raise file.error(fault[0], key, fault[1])
    return tuple(value)
