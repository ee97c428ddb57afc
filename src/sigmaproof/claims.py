"""Why a test can have another verdict in an index than on the raw record: limits, pruning, shared fields, text.

Only what follows from where a field lies; what follows from a language (folding, for one) is in its backend.
Each claim is a code, the direction of the positive test, and a detail for people.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from sigmaproof.fidelity import Refusal, flip
from sigmaproof.fields import Field, FieldTable, Home, Located, Writes
from sigmaproof.matching import pattern_test, value_test, value_text
from sigmaproof.predicate import Pattern, Regex, Wild, plain
from sigmaproof.regex import longest_match, parse

__all__ = [
    "Claim",
    "Spot",
    "exists_claims",
    "null_claims",
    "number_candidates",
    "object_directions_of",
    "regex_claims",
    "text_claims",
]

Claim: TypeAlias = tuple[str, str, str]
_JSON_SIGNS = re.compile(r'":|,"|\{"|\["')


@dataclass(frozen=True)
class Spot:
    """Where a test's field lies: its entry in the table, the home that the ECS name is, and what AWS writes."""

    fields: FieldTable
    name: str
    located: Located
    home: Home
    writes: Writes
    leaf: Field | None = None
    calls: frozenset[str] = frozenset()

    @property
    def raw(self) -> str:
        """The raw path."""
        return self.located.raw

    @property
    def is_part(self) -> bool:
        """Whether it is a part of an open object."""
        return bool(self.located.sub)

    @property
    def pruned(self) -> frozenset[str]:
        """The texts that are removed before indexing."""
        return self.fields.pruned or frozenset()

    @cached_property
    def kind(self) -> str:
        """What the backends tell apart: keyword, boolean, ip, date, changed, whole, part."""
        if self.is_part:
            return "part"
        if self.home.form == "rendered":
            return "whole"
        return self.home.form if self.home.form != "value" else self.home.type

    def largest(self, text: str | None) -> int | None:
        """Characters of the longest rendered text of the object in which this value can stand."""
        if self.leaf and self.leaf.longest_object:
            sizes = dict(self.leaf.longest_object)
            return sizes.get(text or "*", sizes.get("*"))
        return self.located.field.writes.longest


def regex_claims(where: Spot, test: Regex) -> Iterator[Claim]:
    """Claims for an expression on a keyword: it can match anything, also what is too long to be kept."""
    yield from _shared(where)
    holds = value_test(test)
    if where.writes.empty and any(map(holds, where.pruned)):
        yield _pruned_text(where)
    longest = longest_match(parse(test.source, test.flags))
    if _over(where.home.ignore_above, longest) and _over(where.home.ignore_above, where.writes.longest):
        yield _limit(where.home, "misses")


def text_claims(where: Spot, home: Home, pattern: Pattern, cased: bool = False) -> Iterator[Claim]:
    """Claims for a test of texts, searched in this home of the field."""
    yield from _shared(where)
    holds = pattern_test(pattern, cased)
    if where.kind == "whole":
        yield from _whole_claims(where, home, pattern, cased)
        return
    empties = {"{}"} if where.is_part and where.pruned and "object" in where.writes.types else set()
    if where.writes.empty and any(map(holds, where.pruned | empties)):
        yield _pruned_text(where)
    if home.form == "value":
        if _can_be_longer(pattern, home.ignore_above) and _over(home.ignore_above, where.writes.longest):
            yield _limit(home, "misses")
    else:
        yield from _object_limit(where, home, plain(pattern), "misses")


def exists_claims(where: Spot, home: Home) -> Iterator[Claim]:
    """Claims for a test that a key is there."""
    yield from _shared(where, of_text=False)
    if where.writes.empty and where.pruned:
        yield "pruned", "misses", "a key with null or an empty value is removed before indexing"
    elif where.writes.empty and not (where.is_part and home.form == "rendered"):
        yield "pruned", "misses", "a key with null has no value in the index"
    yield from _there_claims(where, home, "misses")


def null_claims(where: Spot, home: Home) -> Iterator[Claim]:
    """Claims for a test that no value is there."""
    yield from ((code, flip(direction), detail) for code, direction, detail in _shared(where, of_text=False))
    if where.writes.empty and where.pruned:
        yield "pruned", "extra", f"a value {_listed(where.pruned, '{}')} is removed before indexing"
    elif where.writes.empty and where.kind == "flattened":
        yield "pruned", "extra", "an empty object has no value in the index"
    yield from _there_claims(where, home, "extra")


def _pruned_text(where: Spot) -> Claim:
    return "pruned", "misses", f"a value {_listed(where.pruned)} is removed before indexing"


def _listed(texts: frozenset[str], *others: str) -> str:
    *more, last = [*(f'"{text}"' for text in sorted(texts)), *others]
    return f"{', '.join(more)} or {last}" if more else last


def _there_claims(where: Spot, home: Home, direction: str) -> Iterator[Claim]:
    if home.form == "value":
        if _over(home.ignore_above, where.writes.longest):
            yield _limit(home, direction)
    else:
        yield from _object_limit(where, home, None, direction)
    if where.is_part and home.form == "flattened" and "object" in where.writes.types:
        yield "object", direction, "an object's own name is not indexed, only its leaves"


def _shared(where: Spot, of_text: bool = True) -> Iterator[Claim]:
    """of_text: the test reads a text, in which a part is missing that the integration moved; its object stays."""
    if where.located.field.shared:
        yield "shared", where.located.field.shared, f"{where.name} is not filled from {where.raw} alone"
    yield from _moved(where, of_text)


def _moved(where: Spot, of_text: bool) -> Iterator[Claim]:
    for raw, event in where.fields.moved.items():
        inside = where.raw == raw or (of_text and where.kind == "whole" and raw.startswith(f"{where.raw}."))
        if inside and (not where.calls or any(call.endswith((f"/{event}", "/*")) for call in where.calls)):
            yield "shared", "misses", f"the integration moves {raw} of {event} events to another field"


def _limit(home: Home, direction: str) -> Claim:
    return "limit", direction, f"{home.name} keeps values of at most {home.ignore_above} characters"


def _object_limit(where: Spot, home: Home, text: str | None, direction: str) -> Iterator[Claim]:
    longest = where.largest(text)
    if home.form == "rendered" and _over(home.ignore_above, longest):
        yield _limit(home, direction)
    elif home.dropped_from and _over(home.dropped_from - 1, longest):
        yield "limit", direction, f"{home.name} is left out when its text has {home.dropped_from} characters"


def _over(limit: int | None, longest: int | None) -> bool:
    return limit is not None and (longest is None or longest > limit)


def _can_be_longer(pattern: Pattern, limit: int | None) -> bool:
    """Whether a text with this pattern can be longer than that."""
    return Wild.ANY in pattern or (limit is not None and sum(map(_part_length, pattern)) > limit)


def _part_length(part: str | Wild) -> int:
    return len(part) if isinstance(part, str) else 1


def _whole_claims(where: Spot, home: Home, pattern: Pattern, cased: bool) -> Iterator[Claim]:
    """An object is JSON text for the rule and {a=b} text in the index: both are tried on made-up objects."""
    from sigmaproof.normalize.javamap import java_text
    from sigmaproof.normalize.prune import prune

    holds = pattern_test(pattern, cased)
    matching = [candidate for candidate in object_candidates(pattern) if holds(value_text(candidate))]
    if not matching:
        raise Refusal(f"{where.raw}: no JSON text of an object that we can make has this pattern")
    pruned = where.fields.pruned
    emptied = pruned is not None and {} in matching
    if emptied or any(not holds(java_text(prune(one, pruned))) and holds(java_text(one)) for one in matching):
        yield "pruned", "misses", "a key with null or an empty value is removed before indexing"
    padded = [{**one, "zz": "y"} for one in matching]
    if any(holds(value_text(one)) and holds(java_text(prune(one, pruned))) for one in padded):
        yield from _object_limit(where, home, None, "misses")
    directions = _text_directions(where, pattern, cased)
    if directions:
        direction = "both" if len(directions) == 2 else directions.pop()
        signs = ", where signs of JSON stand only inside of a value" if _has_json(pattern) else ""
        yield "rendered-text", direction, f"the rule sees the object as JSON, the index as {{a=b}}{signs}"


def _has_json(pattern: Pattern) -> bool:
    """Whether a text asks for the signs between the parts of JSON."""
    return any(isinstance(part, str) and _JSON_SIGNS.search(part) for part in pattern)


def object_directions_of(where: Spot, pattern: Pattern, cased: bool) -> set[str]:
    """The same for a part of an object that can be an object itself."""
    text = plain(pattern)
    if "object" not in where.writes.types or (text is not None and not text.startswith("{")):
        return set()
    return _text_directions(where, pattern, cased)


def _text_directions(where: Spot, pattern: Pattern, cased: bool) -> set[str]:
    """In which directions the JSON text and the {a=b} text of an object can differ for this pattern."""
    from sigmaproof.normalize.javamap import java_text
    from sigmaproof.normalize.prune import prune

    holds = pattern_test(pattern, cased)
    found = set()
    for candidate in object_candidates(pattern):
        if prune(candidate, where.fields.pruned) == candidate:
            raw, rendered = holds(value_text(candidate)), holds(java_text(candidate))
            if raw != rendered:
                found.add("misses" if raw else "extra")
    return found


def object_candidates(pattern: Pattern) -> Iterator[dict[str, Any]]:
    """Small objects on which the two texts, or what pruning leaves of them, may differ for this pattern."""
    for text in dict.fromkeys(_filled(pattern, star, one) for star in ("", "x") for one in 'x"\n'):
        yield from _text_candidates(text)
    yield {}


def _filled(pattern: Pattern, star: str, one: str) -> str:
    """The pattern as a text, with these for its wildcards (stars at its ends stand for nothing)."""
    inner = pattern[pattern[:1] == (Wild.ANY,) : len(pattern) - (pattern[-1:] == (Wild.ANY,))]
    return "".join(part if isinstance(part, str) else star if part is Wild.ANY else one for part in inner)


def _text_candidates(text: str) -> Iterator[dict[str, Any]]:
    yield from _parsed(text)
    bare = text.replace('"', "").replace("\\", "")
    inner = bare.strip("{}[], ")
    quoted = text.strip("{}[], ")  # a quote can stand in a key or a value: JSON escapes it, the index does not
    if quoted != inner and quoted:
        yield from ({"a": quoted}, {quoted: 1})
    for value in _candidate_values(text, bare, inner):
        yield {"a": value}
        yield {"a": value, "b": value}
    for sign in ("=", ":"):
        key, found, value = (piece.strip("{}[], ") for piece in bare.partition(sign))
        if key and found:
            yield {key: value or "x"}
            yield {"a": {key: value or "x"}, "b": 1}
    for key in dict.fromkeys((inner, bare, text)):
        if key:
            yield from ({key: 1}, {"a": 1, key: 1, "b": 2}, {"a": 1, key: ""}, {key: ""})


def _parsed(text: str) -> Iterator[dict[str, Any]]:
    """Objects whose JSON text holds this one, found by completing it."""
    for before in ("", "{", '{"a":', '{"a"', '{"a":[', '{"a":"', '{"a":{'):
        for after in ("", "}", '"}', "1}", '"b":1}', ":1}", "]}", "1]}", "}}", "1}}", '"]}'):
            with suppress(ValueError, RecursionError):
                value = json.loads(f"{before}{text}{after}")
                if isinstance(value, dict):
                    yield value


def _candidate_values(text: str, bare: str, inner: str) -> Iterator[Any]:
    yield from (text, bare, inner, f"x{text}x", [1, 2], [text, text], [inner, inner], *number_candidates(text))
    for control in "\n\t\r\b\f":
        yield f"x{control}{text[1:]}"
    yield f"x\x1f{text[4:]}"


def number_candidates(text: str) -> Iterator[float]:
    """Fractions whose text holds this one's digits, on which JSON's and Java's spelling can differ."""
    yield from (1e10, 1e-5)
    for exponent in re.findall(r"[eE]\+?(-?\d{1,2})", text):
        yield float(f"1e{exponent}")
    for digits in dict.fromkeys(re.findall(r"\d{1,15}", text)):
        yield from (float(f"{digits}{more}") for more in ("0000000", "5678901.0", "e8", "e-8", ".5e7"))
        yield from (
            float(f"0.{digits}"),
            float(f"0.0000{digits}"),
            float(f"12{digits}5678.0"),
            float(f"{digits[0]}.{digits[1:] or 0}e7"),
        )
    with suppress(ValueError, OverflowError):
        if math.isfinite(float(text)):
            yield float(text)
