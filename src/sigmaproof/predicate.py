"""The tree that every target is made from: And, Or, Not, and tests on one field.

Frozen and printable. Nothing is folded, escaped or expanded here: what a test means is in `matching`, how a
query spells it is in the backends, where it comes from is in `lower`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from enum import Enum
from typing import Any, TypeAlias

__all__ = [
    "TESTS",
    "And",
    "Boolean",
    "Cidr",
    "Compare",
    "Exists",
    "FieldRef",
    "FieldTest",
    "Keyword",
    "Not",
    "Null",
    "Number",
    "Or",
    "Part",
    "Pattern",
    "Predicate",
    "Regex",
    "Test",
    "Text",
    "TimePart",
    "Wild",
    "assume",
    "describe",
    "field_of",
    "fields_of",
    "plain",
    "tests",
    "to_json",
]  # fmt: skip

FORMAT_VERSION = 1


class Wild(Enum):
    """A wildcard in a pattern: any text, also none; or exactly one character."""

    ANY = "*"
    ONE = "?"


Part: TypeAlias = "str | Wild"
Pattern: TypeAlias = tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class And:
    """All of them; of none: true."""

    parts: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of them; of none: false."""

    parts: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The other verdict (two-valued: a missing field makes the negation true)."""

    part: Predicate


@dataclass(frozen=True, slots=True)
class Text:
    """Some value's text has this pattern, as a whole."""

    field: str
    pattern: Pattern
    cased: bool = False


@dataclass(frozen=True, slots=True)
class Number:
    """Some value is this number, or a string with its text."""

    field: str
    value: int | float


@dataclass(frozen=True, slots=True)
class Boolean:
    """Some value is this boolean, or a string with its text."""

    field: str
    value: bool


@dataclass(frozen=True, slots=True)
class Compare:
    """Some numeric value is less than, at most, greater than or at least this number. op: lt lte gt gte."""

    field: str
    op: str
    value: int | float


@dataclass(frozen=True, slots=True)
class Null:
    """No value other than null is found at the path."""

    field: str


@dataclass(frozen=True, slots=True)
class Exists:
    """The key is there, whatever its value."""

    field: str


@dataclass(frozen=True, slots=True)
class Regex:
    """The expression is found somewhere in some value. flags: a subset of `i`, `m`, `s`, sorted."""

    field: str
    source: str
    flags: str = ""


@dataclass(frozen=True, slots=True)
class Cidr:
    """Some value is an IP address in this network."""

    field: str
    network: str


@dataclass(frozen=True, slots=True)
class FieldRef:
    """Some pair of values of the two fields is equal; with starts or ends, the other one is its start or end."""

    field: str
    other: str
    starts: bool = False
    ends: bool = False


@dataclass(frozen=True, slots=True)
class TimePart:
    """A part of some time value in UTC (minute, hour, day, week, month, year) compares so with this number.

    op: eq lt lte gt gte.
    """

    field: str
    part: str
    value: int
    op: str = "eq"


@dataclass(frozen=True, slots=True)
class Keyword:
    """The pattern is found somewhere in the text of any leaf value of the record."""

    pattern: Pattern
    cased: bool = False


Test: TypeAlias = "Text | Number | Boolean | Compare | Null | Exists | Regex | Cidr | FieldRef | TimePart | Keyword"
FieldTest: TypeAlias = "Text | Number | Boolean | Compare | Null | Exists | Regex | Cidr | FieldRef | TimePart"
Predicate: TypeAlias = "And | Or | Not | Test"
# The kinds of test, for those who must handle or refuse every one of them.
TESTS: tuple[type, ...] = (
    Text, Number, Boolean, Compare, Null, Exists, Regex, Cidr, FieldRef, TimePart, Keyword,
)  # fmt: skip


def plain(pattern: Pattern) -> str | None:
    """The text of a pattern without wildcards, otherwise None."""
    if any(isinstance(part, Wild) for part in pattern):
        return None
    return "".join(part for part in pattern if isinstance(part, str))


def tests(tree: Predicate, negated: bool = False) -> Iterator[tuple[Test, bool]]:
    """Each test with whether it stands under an odd number of negations, left to right."""
    if isinstance(tree, And | Or):
        for part in tree.parts:
            yield from tests(part, negated)
    elif isinstance(tree, Not):
        yield from tests(tree.part, not negated)
    else:
        yield tree, negated


def assume(tree: Predicate, field: str, truth: bool) -> Predicate:
    """The same tree with every test of a field taken as true, or as false; "" is that of the keywords."""
    if isinstance(tree, And | Or):
        return replace(tree, parts=tuple(assume(part, field, truth) for part in tree.parts))
    if isinstance(tree, Not):
        return Not(assume(tree.part, field, truth))
    if field_of(tree) != field:
        return tree
    return And(()) if truth else Or(())


def field_of(test: Test) -> str:
    """The field of a test; of a keyword, which has none, the empty text."""
    return "" if isinstance(test, Keyword) else test.field


def fields_of(test: Test) -> tuple[str, ...]:
    """The fields that a test reads: none, one, or the two that it compares."""
    if isinstance(test, Keyword):
        return ()
    return (test.field, test.other) if isinstance(test, FieldRef) else (test.field,)


def to_json(tree: Predicate) -> dict[str, Any]:
    """The tree as plain data. In a pattern, {"any": true} and {"one": true} are the wildcards."""
    name = type(tree).__name__.lower()
    if isinstance(tree, And | Or):
        return {name: [to_json(part) for part in tree.parts]}
    if isinstance(tree, Not):
        return {name: to_json(tree.part)}
    values = {field.name: getattr(tree, field.name) for field in fields(tree)}
    if "pattern" in values:
        values["pattern"] = [_part_json(part) for part in values["pattern"]]
    return {name: values}


def _part_json(part: Part) -> str | dict[str, bool]:
    return part if isinstance(part, str) else {part.name.lower(): True}


def describe(test: Test) -> str:
    """A test in one line of Sigma-like words, for people."""
    match test:
        case Keyword():
            return f"any value contains {_shown(test.pattern)}"
        case Text():
            return f"{test.field}{'|cased' if test.cased else ''} is {_shown(test.pattern)}"
        case Number() | Boolean():
            return f"{test.field} is {str(test.value).lower()}"
        case Compare():
            return f"{test.field}|{test.op} {test.value}"
        case Null():
            return f"{test.field} is null"
        case Exists():
            return f"{test.field} exists"
        case Regex():
            return f"{test.field}|{'|'.join(['re', *test.flags])} {test.source!r}"
        case Cidr():
            return f"{test.field}|cidr {test.network}"
        case TimePart():
            return f"{test.field}|{test.part}{'' if test.op == 'eq' else f'|{test.op}'} {test.value}"
        case FieldRef():
            how = "starts with" if test.starts else "ends with" if test.ends else "equals"
            return f"{test.field} {how} the field {test.other}"


def _shown(pattern: Pattern) -> str:
    return repr("".join(part if isinstance(part, str) else part.value for part in pattern))
