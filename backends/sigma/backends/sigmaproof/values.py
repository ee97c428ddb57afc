"""Values of a rule as an index holds them: the texts of a number, the booleans that a text can mean."""

from __future__ import annotations

import json

from sigmaproof.claims import Spot, number_candidates
from sigmaproof.fidelity import Refusal
from sigmaproof.fields import Writes
from sigmaproof.matching import MAPPED, as_network, number_text, pattern_test
from sigmaproof.predicate import Pattern, Text, TimePart, describe, plain

__all__ = [
    "boolean_values",
    "has_other_spellings",
    "index_network",
    "number_directions",
    "starts_as_object",
    "year_bounds",
]


def has_other_spellings(value: float, writes: Writes) -> bool:
    """Whether AWS can write an equal number with another text in the index: 1 is also 1.0, and Java writes 1.0E10."""
    from sigmaproof.normalize.javamap import java_text

    forms = {number_text(float(value)), java_text(float(value))} - {number_text(value)}
    return "number" in writes.types and any(writes.longest is None or len(f) <= writes.longest for f in forms)


def number_directions(pattern: Pattern) -> set[str]:
    """In which directions a pattern tells JSON's spelling of a number from Java's: 10000000000.0 and 1.0E10."""
    from sigmaproof.normalize.javamap import java_text

    holds = pattern_test(pattern, cased=False)
    text = "".join(part for part in pattern if isinstance(part, str))
    verdicts = {(holds(number_text(value)), holds(java_text(value))) for value in number_candidates(text)}
    return {"misses" if json else "extra" for json, java in verdicts if json != java}


def starts_as_object(pattern: Pattern) -> bool:
    """Whether an object's JSON can have this pattern: a text that is one, or the start of a text that begins as one.

    Compact JSON of an object is `{}`, or begins with `{"`.
    """
    if not pattern or not isinstance(pattern[0], str) or not pattern[0].startswith("{"):
        return False
    text = plain(pattern)
    if text is None:
        return pattern[0][:2] in ("{", '{"', "{}")
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def boolean_values(name: str, test: Text) -> list[bool]:
    """The booleans whose text has the pattern. Raises Refusal when there is none."""
    holds = pattern_test(test.pattern, test.cased)
    values = [value for value in (True, False) if holds(str(value).lower())]
    if not values:
        raise Refusal(f"{describe(test)}: {name} is a boolean, which is only ever true or false")
    return values


def year_bounds(where: Spot, test: TimePart) -> list[tuple[str, str]]:
    """The range of a year: the signs >= and <, each with a time. Raises Refusal for any other part of a time."""
    if test.part != "year" or where.home.type != "date":
        raise Refusal(f"{describe(test)}: only the year of a date can be searched, as a range; a script is needed here")
    first, after = (f"{year:04d}-01-01T00:00:00.000Z" for year in (test.value, test.value + 1))
    least = {"eq": first, "gte": first, "gt": after}.get(test.op)
    most = {"eq": after, "lte": after, "lt": first}.get(test.op)
    return [(sign, time) for sign, time in ((">=", least), ("<", most)) if time is not None]


def index_network(text: str) -> str:
    """A network as an index of type ip takes it. There an IPv4 address is an IPv6 one (::ffff:a.b.c.d).

    Raises Refusal for an IPv6 network in which all IPv4 addresses lie there, though they don't for the rule.
    """
    network = as_network(text)
    if network.version == 6 and MAPPED.subnet_of(network):
        raise Refusal(f"{text}: in the index every IPv4 address lies in this network; name its IPv6 parts")
    return str(network)
