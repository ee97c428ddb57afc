"""What a match means: the one home of folding, wildcards, types, lists, networks and expressions.

Every function here makes a test of one value, or of one record, from a node of the predicate tree; `evaluate`
joins them, the backends spell the same meaning in a query language. The judge is Sigma's specification 2.1;
where it is silent about JSON, the decisions are in docs/semantics.md.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias

from sigmaproof import paths
from sigmaproof.folding import fold
from sigmaproof.predicate import (
    Boolean,
    Cidr,
    Compare,
    Exists,
    FieldRef,
    Keyword,
    Null,
    Number,
    Pattern,
    Regex,
    Test,
    Text,
    TimePart,
    Wild,
)
from sigmaproof.wildcards import whole_match

__all__ = [
    "MAPPED",
    "ValueTest",
    "Verdict",
    "as_network",
    "as_time",
    "matcher",
    "number_text",
    "pattern_test",
    "value_test",
    "value_text",
]

Record: TypeAlias = Mapping[str, Any]
Verdict: TypeAlias = Callable[[Record], bool]
ValueTest: TypeAlias = Callable[[Any], bool]
TextTest: TypeAlias = Callable[[str], bool]

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def matcher(test: Test) -> Verdict:
    """A function from a record (raw or ECS) to whether this test is true on it."""
    match test:
        case Null():
            values = paths.getter(test.field)
            return lambda record: all(value is None for value in values(record))
        case Exists():
            return paths.found(test.field)
        case FieldRef():
            return _field_ref(test)
        case Keyword():
            is_in = pattern_test((Wild.ANY, *test.pattern, Wild.ANY), test.cased)
            return lambda record: any(value is not None and is_in(value_text(value)) for value in paths.leaves(record))
    return _any_value(test.field, value_test(test))


def _any_value(field: str, holds: ValueTest) -> Verdict:
    values = paths.getter(field)

    def verdict(record: Record) -> bool:
        return any(map(holds, values(record)))

    return verdict


def value_test(test: Text | Number | Boolean | Compare | Regex | Cidr | TimePart) -> ValueTest:
    """A function from one value found at the path to whether it satisfies the test."""
    match test:
        case Text():
            return _on_text(pattern_test(test.pattern, test.cased))
        case Number():
            return _number(test.value)
        case Boolean():
            return _boolean(test.value)
        case Compare():
            return _compare(test)
        case Regex():
            return _on_text(_regex(test))
        case Cidr():
            return _cidr(test)
    return _time_part(test)


def value_text(value: Any) -> str:
    """The text of a value: an object's compact JSON in its own key order, a number's and boolean's JSON text."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def number_text(value: float) -> str:
    """The text of a number, as JSON spells it."""
    return json.dumps(value)


def _on_text(holds: TextTest) -> ValueTest:
    return lambda value: value is not None and holds(value_text(value))


def pattern_test(pattern: Pattern, cased: bool) -> TextTest:
    """A function from a text to whether it has the pattern as a whole, ignoring case unless cased."""
    spelled: Pattern = pattern if cased else tuple(p if isinstance(p, Wild) else fold(p) for p in pattern)
    holds = whole_match(spelled)
    return holds if cased else lambda text: holds(fold(text))


def storable(text: str) -> str:
    """The text with lone surrogates as U+FFFD: RE2 and every index hold UTF-8, which has none."""
    return text if text.isascii() else re.sub("[\ud800-\udfff]", "\ufffd", text)


def _regex(test: Regex) -> TextTest:
    from sigmaproof.regex import searcher

    search = searcher(test.source, test.flags)
    return lambda text: search(storable(text))


def _number(wanted: float) -> ValueTest:
    text = number_text(wanted)

    def holds(value: Any) -> bool:
        if isinstance(value, str):
            return value == text
        return not isinstance(value, bool) and isinstance(value, int | float) and value == wanted

    return holds


def _boolean(wanted: bool) -> ValueTest:
    text = "true" if wanted else "false"
    return lambda value: value is wanted or (isinstance(value, str) and fold(value) == text)


_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "eq": lambda one, other: one == other,
    "lt": lambda one, other: one < other,
    "lte": lambda one, other: one <= other,
    "gt": lambda one, other: one > other,
    "gte": lambda one, other: one >= other,
}


def _compare(test: Compare) -> ValueTest:
    holds = _COMPARISONS[test.op]

    def compare(value: Any) -> bool:
        number = _as_number(value)
        return number is not None and holds(number, test.value)

    return compare


def _as_number(value: Any) -> float | None:
    if isinstance(value, str):
        if not _NUMBER.fullmatch(value):
            return None
        return float(value) if "." in value else _whole(value)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _whole(text: str) -> float:
    """An integer of any length: Python refuses to convert more than 4,300 digits, those compare as infinite."""
    try:
        return int(text)
    except ValueError:
        return float(text)


# The IPv6 addresses that stand for IPv4 ones (RFC 4291, 2.5.5.2): an address is the same in both forms.
MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")


def as_network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """The network of a CIDR text; one of IPv4-mapped addresses is the IPv4 network. Raises ValueError."""
    network = ipaddress.ip_network(text, strict=False)
    if network.version == 6 and network.subnet_of(MAPPED):
        start = int(network.network_address) & 0xFFFFFFFF
        return ipaddress.IPv4Network((start, network.prefixlen - 96))
    return network


def _cidr(test: Cidr) -> ValueTest:
    network = as_network(test.network)

    def holds(value: Any) -> bool:
        address = _as_address(value)
        return address is not None and address in network

    return holds


def _as_address(value: Any) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    # a zone (fe80::1%eth0) names an interface of the host: no index takes it as an address
    if not isinstance(value, str) or "%" in value:
        return None
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if address.version == 6 else address


def _field_ref(test: FieldRef) -> Verdict:
    mine, others = paths.getter(test.field), paths.getter(test.other)

    def verdict(record: Record) -> bool:
        texts = [fold(value_text(value)) for value in others(record) if value is not None]
        values = [fold(value_text(value)) for value in mine(record) if value is not None]
        return any(_refers(value, text, test) for value in values for text in texts)

    return verdict


def _refers(value: str, text: str, test: FieldRef) -> bool:
    if test.starts and test.ends:
        return text in value
    if test.starts:
        return value.startswith(text)
    return value.endswith(text) if test.ends else value == text


_TIME_PARTS: dict[str, Callable[[datetime], int]] = {
    "minute": lambda time: time.minute,
    "hour": lambda time: time.hour,
    "day": lambda time: time.day,
    "week": lambda time: time.isocalendar().week,
    "month": lambda time: time.month,
    "year": lambda time: time.year,
}


def _time_part(test: TimePart) -> ValueTest:
    part, compare = _TIME_PARTS[test.part], _COMPARISONS[test.op]

    def holds(value: Any) -> bool:
        time = as_time(value)
        return time is not None and compare(part(time), test.value)

    return holds


def as_time(value: Any) -> datetime | None:
    """The time of a text in ISO 8601, in UTC; None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        return None
    try:
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except OverflowError:
        return None
