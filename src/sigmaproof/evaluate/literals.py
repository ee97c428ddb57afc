"""The literals without which a rule can't match: a necessary condition that a search over the bytes of a log decides.

Soundness
    `needed(tree)` is a set of literals, or None. If the tree is true on a record, then the JSON text that it was
    parsed from contains one of them, its ASCII letters in either case, or contains one of `ESCAPES`. So a text with
    none of both is no match, and need not be parsed. It holds, by induction over the tree:

    * `and` needs what any one of its parts needs (the cheapest is taken); `or` what one of its parts needs, so all of
      them, and nothing if a part needs nothing; `not` is moved down to the tests (De Morgan). An empty `or` is never
      true: it needs one of no literals.
    * Most tests are true only of a value that is there, so the last key of the path is there; a path of several steps
      can be one key with dots, so only the end of the key and its quote are needed. `not null` too says that a value is
      there. `null`, `not exists` and any other negated test need nothing: what they want may be missing.
    * A pattern, and an expression, needs each of its constant parts in the value's text. Of those only runs of `SAFE`
      characters count. Not safe are what JSON escapes (quotes, backslashes, control characters), what writers of JSON
      escape for HTML (`< > & = '`), and what stands between the parts of an object's text (`{ } [ ] ,`), beside which a
      log may have blanks. A colon there stands behind a quote, so one in a run that doesn't begin with it is part of a
      string; so is a blank, as the text of an object has none outside of strings.
    * The text of a number is not what the log says (`1.50`, `1e2`), so a run counts only if it has a character that
      no number has. true and false are the same in both.
    * The character beside a run at an end of the pattern is a quote, if the value must be a string: the text does not
      start (or end) as an object's, is no number (see above) and neither true nor false.
    * If both ends have a quote, the value is that string, or an element of a list. So the text has the key, a colon,
      and the string or a bracket, with nothing but blanks between them (`Literal.key`).
    * Case: ASCII letters fold among themselves only, and no other character folds to one (`folding`), so a search that
      ignores ASCII case finds what any test, cased or not, finds.
    * An escape in a log can stand for a safe character, or for a control character that the text of an object writes
      in a short form (`\\n`), whose letter a run can begin with. These are `ESCAPES`.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from sigmaproof.folding import fold_char
from sigmaproof.matching import pattern_test
from sigmaproof.predicate import (
    And,
    FieldRef,
    Keyword,
    Not,
    Null,
    Or,
    Part,
    Pattern,
    Predicate,
    Regex,
    Test,
    Text,
    Wild,
)

if TYPE_CHECKING:
    from sigmaproof.regex.tree import Node

__all__ = ["ESCAPES", "SAFE", "Literal", "Need", "needed"]


class Literal(NamedTuple):
    """Bytes of a record's text, ASCII letters in lower case. key: after which they are the value, or `[` or `{` is."""

    text: bytes
    key: bytes = b""


Need = frozenset[Literal] | None
SAFE = frozenset(string.printable) - frozenset(string.whitespace) - frozenset("\"\\<>&='{}[],`") | {" "}
ESCAPES = r"\\(?:/|u00(?:[01][0-9a-f]|" + "|".join(f"{ord(char):02x}" for char in sorted(SAFE)) + "))"
"""An expression, without case, for the escapes that can hide a literal."""

_LONGEST = 1_000
"""Bytes of a literal's text, and of its key: Hyperscan takes no expression of 16,000. A longer run is several."""
_RUN = re.compile("(?!:)[" + re.escape("".join(sorted(SAFE))) + f"]{{1,{_LONGEST}}}")
_OF_NUMBERS = frozenset("0123456789+-.eE")
# How common literals are, roughly: the share of records that a key or a value is in. Only the choice depends on it.
_KEYS = frozenset(
    "eventVersion userIdentity eventTime eventSource eventName awsRegion sourceIPAddress userAgent requestParameters "
    "responseElements requestID eventID eventType recipientAccountId type principalId arn accountId readOnly "
    "managementEvent eventCategory tlsDetails".split()
)
_WORDS = frozenset("aws arn amazonaws.com amazonaws com iam sts true false root user role name id assumedrole".split())
_VALUES = {"eventName": 0.005, "eventSource": 0.1, "eventType": 0.9, "awsRegion": 0.5, "userIdentity.type": 0.4}


def needed(tree: Predicate) -> Need:
    """One of these is in the JSON text of every record on which the tree is true; None: that can't be said."""
    found = _need(tree, False)
    return None if found is None else frozenset(found)


_Costs = dict[Literal, float]


def _need(tree: Predicate, negated: bool) -> _Costs | None:
    if isinstance(tree, Not):
        return _need(tree.part, not negated)
    if isinstance(tree, And | Or):
        parts = [_need(part, negated) for part in tree.parts]
        return _of_all(parts) if isinstance(tree, And) is not negated else _of_any(parts)
    if negated:
        return _of_key(tree.field) if isinstance(tree, Null) else None
    return _of_test(tree)


def _of_all(parts: Iterable[_Costs | None]) -> _Costs | None:
    return min((part for part in parts if part is not None), key=_cost, default=None)


def _of_any(parts: Iterable[_Costs | None]) -> _Costs | None:
    union: _Costs = {}
    for part in parts:
        if part is None:
            return None
        union |= part
    return union


def _cost(costs: _Costs) -> float:
    return sum(costs.values())


def _of_test(test: Test) -> _Costs | None:
    if isinstance(test, Null):
        return None
    if isinstance(test, Keyword):
        return _of_pattern((Wild.ANY, *test.pattern, Wild.ANY), test.cased, "")
    found = [_of_key(test.field)]
    if isinstance(test, Text):
        found.append(_of_pattern(test.pattern, test.cased, test.field))
    elif isinstance(test, Regex):
        found.append(_of_pattern(_constant(test), False, test.field))
    elif isinstance(test, FieldRef):
        found.append(_of_key(test.other))
    return _of_all(found)


def _of_key(field: str) -> _Costs | None:
    """The last key of a path, with both quotes where there is one step only."""
    key = _key(field)
    return {Literal(key): 1.0 if field.rpartition(".")[2] in _KEYS else 0.2} if key else None


def _key(field: str) -> bytes:
    before, _, last = field.rpartition(".")
    if not last or len(last) > _LONGEST or not SAFE.issuperset(last):
        return b""
    return (f'{last}"' if before else f'"{last}"').lower().encode()


def _constant(test: Regex) -> Pattern:
    """The constant parts of an expression, with any text before, between and after them; case is left out."""
    from sigmaproof.regex import parse

    parts: list[Part] = [Wild.ANY]
    for node in _in_sequence(parse(test.source, test.flags)):
        char = _one_char(node)
        if char is None:
            parts.append(Wild.ANY)
        elif isinstance(parts[-1], str):
            parts[-1] += char
        else:
            parts.append(char)
    return (*parts, Wild.ANY)


def _in_sequence(node: Node) -> Iterator[Node]:
    from sigmaproof.regex.tree import Sequence

    if isinstance(node, Sequence):
        for part in node.parts:
            yield from _in_sequence(part)
    else:
        yield node


def _one_char(node: Node) -> str | None:
    """The character, folded, of a set that has only that one or its two cases; no text for what has no width."""
    from sigmaproof.regex.tree import Anchor, Chars

    if isinstance(node, Anchor):
        return ""
    if not isinstance(node, Chars) or len(node.ranges) > 2 or any(low != high for low, high in node.ranges):
        return None
    folded = {fold_char(chr(low)) for low, _ in node.ranges}
    return folded.pop() if len(folded) == 1 else None


def _of_pattern(pattern: Pattern, cased: bool, field: str) -> _Costs | None:
    """The least common run of a pattern."""
    parts = [part if isinstance(part, str) else None for part in pattern]
    runs = [(index, match) for index, part in enumerate(parts) if part for match in _RUN.finditer(part)]
    runs = [(index, match) for index, match in runs if not _OF_NUMBERS.issuperset(match[0])]
    if not runs:
        return None
    is_string = not any(map(pattern_test(pattern, cased), ("true", "false")))
    last = len(parts) - 1
    found = []
    for index, match in runs:
        starts = is_string and index == 0 and match.start() == 0
        ends = is_string and index == last and match.end() == len(match.string)
        text = ('"' * starts + match[0].lower() + '"' * ends).encode()
        whole = starts and ends
        found.append({Literal(text, _key(field) if whole else b""): _commonness(match[0].lower(), field, whole)})
    return _of_all(found)


def _commonness(run: str, field: str, is_whole: bool) -> float:
    if is_whole and field in _VALUES:
        return _VALUES[field]
    return 0.5 if run in _WORDS or run.endswith(".amazonaws.com") else max(0.5 ** (len(run) / 2), 0.0005)
