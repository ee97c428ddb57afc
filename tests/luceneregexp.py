r"""Lucene's RegExp for the model of Query DSL, run by RE2. Shares nothing with `sigmaproof.regex`.

Whole values, `.` is any character. The operators that only some flags turn on (`" # @ & < > ~`) are unknown here
unless they are escaped: a query that uses one of them is an error, as our targets never mean them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

import re2

__all__ = ["UnknownRegExp", "matcher"]

LONGEST = 1000  # index.max_regex_length
_COUNT = re.compile(r"\{([0-9]+)(,([0-9]*))?\}")
_FLAGGED = frozenset('"#@&<>~]}{')


class UnknownRegExp(ValueError):
    """An expression outside of the subset: Lucene would take it for something that nobody wrote, or refuse it."""


def matcher(source: str) -> Callable[[str], bool]:
    """A function from a term to whether the whole of it is matched. Raises UnknownRegExp."""
    if len(source) > LONGEST:
        raise UnknownRegExp(f"{len(source)} characters; index.max_regex_length is {LONGEST}")
    compiled = _compiled(source)
    return lambda term: compiled.fullmatch(term) is not None


@cache
def _compiled(source: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 64 << 20
    try:
        return re2.compile(_Reader(source).union(), options)
    except re2.error as error:
        raise UnknownRegExp(f"{source!r}: {error}") from error


class _Reader:
    """Reads an expression from left to right and spells it for RE2, every character by its number."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0

    def union(self, closing: str = "") -> str:
        """Branches up to the closing parenthesis, or to the end."""
        branches = [self.branch()]
        while self.take("|"):
            branches.append(self.branch())
        if self.source[self.at :][:1] != closing:
            raise self.unknown()
        self.at += len(closing)
        return "|".join(branches)

    def branch(self) -> str:
        parts: list[str] = []
        while self.at < len(self.source) and self.source[self.at] not in "|)":
            atom = self.atom()
            while found := self.repetition():
                atom = f"(?:{atom}){found}"
            parts.append(atom)
        return "".join(parts)

    def repetition(self) -> str:
        for sign in "*+?":
            if self.take(sign):
                return sign
        found = _COUNT.match(self.source, self.at)
        if not found:
            return ""
        self.at = found.end()
        return found[0]

    def atom(self) -> str:
        if self.take("("):
            return f"(?:{self.union(')')})"
        if self.take("["):
            return self.set()
        if self.take("."):
            return "(?s:.)"
        if self.source[self.at] in "*+?":
            raise self.unknown()
        return self.char(_FLAGGED)

    def set(self) -> str:
        found = "[^" if self.take("^") else "["
        first = True
        while first or not self.take("]"):
            escaped = self.source[self.at :][:1] == "\\"
            found += self.char(frozenset("]^"))
            if not escaped and self.source[self.at :][:1] == "-" and self.source[self.at + 1 :][:1] != "]":
                self.at += 1
                found += "-" + self.char(frozenset("]^"))
            first = False
        return found + "]"

    def char(self, unknown: frozenset[str]) -> str:
        """One literal character, escaped or not."""
        escaped = self.take("\\")
        char = self.source[self.at :][:1]
        if not char or (escaped and char.isascii() and char.isalnum()) or (not escaped and char in unknown):
            raise self.unknown()
        self.at += 1
        if "\ud800" <= char <= "\udfff":
            raise UnknownRegExp(f"{self.source!r}: a lone surrogate")
        return f"\\x{{{ord(char):x}}}"

    def take(self, sign: str) -> bool:
        if not self.source.startswith(sign, self.at):
            return False
        self.at += len(sign)
        return True

    def unknown(self) -> UnknownRegExp:
        return UnknownRegExp(f"{self.source!r} at {self.at}: not in the subset of Lucene's RegExp that is modelled")
