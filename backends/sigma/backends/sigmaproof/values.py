"""Values of a rule as an index holds them: the texts of a number, the booleans that a text can mean."""

from __future__ import annotations

import re

from sigmaproof.fidelity import Refusal
from sigmaproof.fields import Writes
from sigmaproof.matching import MAPPED, as_network, number_text, pattern_test
from sigmaproof.predicate import Text, describe

__all__ = ["boolean_values", "has_other_spellings", "index_network", "text_of_number"]

_NUMBER = re.compile(r"-?\d{1,300}(\.\d{1,300})?([eE][+-]?\d{1,3})?")


def has_other_spellings(value: float, writes: Writes) -> bool:
    """Whether AWS can write an equal number with another text in the index: 1 is also 1.0, and Java writes 1.0E10."""
    from sigmaproof.normalize.javamap import java_text

    forms = {number_text(float(value)), java_text(float(value))} - {number_text(value)}
    return "number" in writes.types and any(writes.longest is None or len(f) <= writes.longest for f in forms)


def text_of_number(text: str) -> tuple[str, ...]:
    """Where a text is that of a number: the directions in which JSON's and Java's spelling make a difference."""
    from sigmaproof.normalize.javamap import java_text

    if not _NUMBER.fullmatch(text):
        return ()
    value = float(text)
    json, java = number_text(value), java_text(value)
    return () if json == java else tuple(way for way, form in (("misses", json), ("extra", java)) if form == text)


def boolean_values(name: str, test: Text) -> list[bool]:
    """The booleans whose text has the pattern. Raises Refusal when there is none."""
    holds = pattern_test(test.pattern, test.cased)
    values = [value for value in (True, False) if holds(str(value).lower())]
    if not values:
        raise Refusal(f"{describe(test)}: {name} is a boolean, which is only ever true or false")
    return values


def index_network(text: str) -> str:
    """A network as an index of type ip takes it. There an IPv4 address is an IPv6 one (::ffff:a.b.c.d).

    Raises Refusal for an IPv6 network in which all IPv4 addresses lie there, though they don't for the rule.
    """
    network = as_network(text)
    if network.version == 6 and MAPPED.subnet_of(network):
        raise Refusal(f"{text}: in the index every IPv4 address lies in this network; name its IPv6 parts")
    return str(network)
