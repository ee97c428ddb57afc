r"""The few things EQL's optimizer must know of a Lucene regular expression: is it one string, or
everything?

EQL turns a regex that matches exactly one string into an equality (and `.*` into an existence check).
On a keyword this changes a verdict only for `regex~`, because a term folds ASCII and a regexp folds
Unicode. Everything else about regular expressions is left to the engine. What this reader doesn't
recognise it calls "not one string", and the engine gets the regexp.
"""

from __future__ import annotations

import re

_TOTAL = re.compile(r"(?:\.\*|@)+")
_REPEAT = re.compile(r"\{([0-9]{1,3})(?:,\1)?\}")
_OPERATORS = frozenset('.?*+{#@&<~"()[|')
_MAX_LENGTH = 1000
_MAX_GROUPS = 50


def matches_all(pattern: str) -> bool:
    """Is it `.*` or `@`, possibly repeated, which matches every value?"""
    return _TOTAL.fullmatch(pattern) is not None


def single_string(pattern: str) -> str | None:
    r"""The only string the regex matches (`net\.exe` -> `net.exe`), or None if it matches others too."""
    if not pattern:
        return ""
    reader = _Reader(pattern)
    found = reader.union(0)
    return found if reader.at == len(pattern) else None


class _Reader:
    """A recursive reader that gives up (None) at the first thing that isn't a fixed text."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0

    def union(self, depth: int) -> str | None:
        first = self.concat(depth)
        while first is not None and self.peek() == "|":
            self.at += 1
            if self.concat(depth) != first:
                return None
        return first

    def concat(self, depth: int) -> str | None:
        parts: list[str] = []
        while self.peek() not in ("", "|", ")"):
            atom = self.atom(depth)
            atom = self.repeated(atom) if atom is not None else None
            if atom is None:
                return None
            parts.append(atom)
        return "".join(parts) if parts and sum(map(len, parts)) <= _MAX_LENGTH else None

    def peek(self) -> str:
        return self.pattern[self.at : self.at + 1]

    def repeated(self, atom: str) -> str:
        """The atom as often as a fixed count says; any other repetition is no atom, at which the reader gives up."""
        found = _REPEAT.match(self.pattern, self.at)
        if found:
            self.at = found.end()
            return atom * int(found[1])
        return atom

    def atom(self, depth: int) -> str | None:
        special = {"\\": self.escaped, '"': self.quoted, "[": self.one_character}
        char = self.peek()
        if char in special:
            return special[char]()
        if char == "(":
            return self.group(depth)
        self.at += 1
        return None if char in _OPERATORS else char

    def escaped(self) -> str | None:
        char = self.pattern[self.at + 1 : self.at + 2]
        self.at += 2
        return None if not char or (char.isascii() and char.isalpha()) else char

    def quoted(self) -> str | None:
        end = self.pattern.find('"', self.at + 1)
        if end < 0:
            return None
        text, self.at = self.pattern[self.at + 1 : end], end + 1
        return text

    def one_character(self) -> str | None:
        found = re.compile(r"\[(?:([^\^\]\\])|\\([^a-zA-Z]))\]").match(self.pattern, self.at)
        if not found:
            return None
        self.at = found.end()
        return found[1] or found[2]

    def group(self, depth: int) -> str | None:
        if depth >= _MAX_GROUPS:
            return None
        self.at += 1
        if self.peek() == ")":
            self.at += 1
            return ""
        inner = self.union(depth + 1)
        if inner is None or self.peek() != ")":
            return None
        self.at += 1
        return inner
