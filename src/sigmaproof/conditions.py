"""Reads a condition: names of selections, `1 of x*`, `all of them`, not, and, or, parentheses.

The specification's grammar (Sigma 2.1, Condition), read here and not by pySigma, whose versions differ: below 2 a
selector of nothing is dropped, `notable` is read as `not able`, and deep nesting ends in a crash. What a selection
means is in `lower`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence

from sigmaproof.predicate import And, Not, Or, Predicate
from sigmaproof.wildcards import pattern_of, whole_match

__all__ = ["ConditionError", "bracketed", "condition_tree", "used_names"]

DEEPEST = 50
_TOKEN = re.compile(r"[()]|[\w*-]+|\S", re.ASCII)
_NAME = re.compile(r"[\w-]+", re.ASCII)
_PATTERN = re.compile(r"[\w*-]+", re.ASCII)
_OPERATORS = frozenset({"and", "or", "not"})
_QUANTIFIERS: dict[str, type[And | Or]] = {"1": Or, "any": Or, "all": And}


class ConditionError(ValueError):
    """A condition without a meaning; the message says where it goes wrong and what to write instead."""


def condition_tree(text: str, names: Sequence[str], selection: Callable[[str], Predicate]) -> Predicate:
    """The tree of a condition. names: the rule's selections, in order. selection: the tree of one of them.

    Raises ConditionError for a condition that can't be read, an unknown name and a selector of nothing.
    """
    if "|" in text:
        raise ConditionError("a `|` in a condition is not Sigma any more: an aggregation is a correlation now")
    reader = _Reader(_TOKEN.findall(text), names, selection)
    tree = reader.either(0)
    if reader.token:
        raise reader.expected("`and`, `or` or the end")
    return tree


def bracketed(text: str) -> str | None:
    """A condition with brackets around each `and` that stands without them beside an `or`; None where none does so.

    Its meaning is the same: `and` binds closer. text: a condition that can be read.
    """
    found = _bracketed(_TOKEN.findall(text)[::-1])
    return found[0] if found[1] else None


def _bracketed(tokens: list[str]) -> tuple[str, bool]:
    """The text up to a closing parenthesis, and whether brackets were put into it. tokens: what is left, last first."""
    parts: list[list[str]] = [[]]
    changed = False
    while tokens and (word := tokens.pop()) != ")":
        if word == "or":
            parts.append([])
            continue
        if word == "(":
            inner, deeper = _bracketed(tokens)
            word, changed = f"({inner})", changed or deeper
        parts[-1].append(word)
    mixed = len(parts) > 1 and any("and" in part for part in parts)
    texts = [" ".join(part) for part in parts]
    if mixed:
        texts = [f"({text})" if "and" in part else text for text, part in zip(texts, parts, strict=True)]
    return " or ".join(texts), changed or mixed


def used_names(condition: str | Sequence[str], names: Sequence[str]) -> set[str]:
    """The selections that a condition, or a list of conditions, uses. Raises ConditionError."""
    used: set[str] = set()

    def selection(name: str) -> Predicate:
        used.add(name)
        return And(())

    for text in [condition] if isinstance(condition, str) else condition:
        condition_tree(text, names, selection)
    return used


class _Reader:
    """One pass over the tokens; every level of precedence is a method."""

    def __init__(self, tokens: list[str], names: Sequence[str], selection: Callable[[str], Predicate]) -> None:
        self.tokens = tokens
        self.names = names
        self.selection = selection
        self.at = 0

    @property
    def token(self) -> str:
        """The token to be read next, empty at the end."""
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, token: str) -> bool:
        found = self.token == token
        self.at += found
        return found

    def either(self, depth: int) -> Predicate:
        parts = [self.both(depth)]
        while self.take("or"):
            parts.append(self.both(depth))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def both(self, depth: int) -> Predicate:
        parts = [self.negated(depth)]
        while self.take("and"):
            parts.append(self.negated(depth))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def negated(self, depth: int) -> Predicate:
        if depth > DEEPEST:
            raise ConditionError(f"nested deeper than {DEEPEST} levels")
        if self.take("not"):
            return Not(self.negated(depth + 1))
        if not self.take("("):
            return self.operand()
        tree = self.either(depth + 1)
        if not self.take(")"):
            raise self.expected("a closing parenthesis")
        return tree

    def operand(self) -> Predicate:
        word = self.token
        if not _NAME.fullmatch(word) or word in _OPERATORS:
            raise self.expected("the name of a selection")
        self.at += 1
        if word in _QUANTIFIERS and self.take("of"):
            return self.selector(word)
        if word not in self.names:
            raise self.unknown(word)
        return self.selection(word)

    def unknown(self, word: str) -> ConditionError:
        if self.take("of"):
            said = f"`{word} of`"
        elif word in _QUANTIFIERS:
            said = f"`{word}` without `of`"
        else:
            return ConditionError(f'there is no selection "{word}"{_meant(word, self.names)}')
        return ConditionError(f"{said} is none of Sigma's quantifiers; write `1 of`, `any of` or `all of`")

    def selector(self, quantifier: str) -> Predicate:
        pattern = self.token
        if not _PATTERN.fullmatch(pattern):
            raise self.expected("`them` or a pattern of names such as `selection_*`")
        self.at += 1
        selected = self.selected(pattern)
        if not selected:
            raise ConditionError(f"`{quantifier} of {pattern}` selects nothing: no selection has such a name")
        parts = tuple(map(self.selection, selected))
        return parts[0] if len(parts) == 1 else _QUANTIFIERS[quantifier](parts)

    def selected(self, pattern: str) -> list[str]:
        """The names that a pattern means; those that begin with `_` only if it does too (specification)."""
        wanted = whole_match(pattern_of("*" if pattern == "them" else pattern))
        hidden = pattern.startswith("_")
        return [name for name in self.names if wanted(name) and (hidden or not name.startswith("_"))]

    def expected(self, what: str) -> ConditionError:
        found = f"`{self.token}`" if self.token else "the end"
        lower = self.token.lower()
        hint = f"; write `{lower}` in lower case" if lower != self.token and lower in _OPERATORS else ""
        if self.token in {"'", '"'}:
            hint = "; write the names of selections without quotes"
        return ConditionError(f"expected {what}, found {found}{hint}")


def _meant(word: str, names: Sequence[str]) -> str:
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    return f'; did you mean "{close[0]}"?' if close else f"; the selections are {', '.join(names[:10])}"
