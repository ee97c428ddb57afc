"""The text that Java's maps and lists have, for values parsed from JSON.

Elastic's pipeline keeps `requestParameters` and its like as `java.util.Map.toString()`: `{a=1, b=[x, y]}`,
without quotes or escapes, the keys in the order of `java.util.HashMap`. Here live that order, the text of
each JSON value, and its length as Java counts it. Crowded buckets, which Java turns into trees, live in
`treebin`; what the pipeline deletes from a map before it is rendered lives in `prune`.

Source of the rules: the documented behaviour of `java.util.HashMap`, `String.hashCode` and
`Double.toString` (JDK 19 and later: shortest decimal), checked against a real Java by
tests/test_javamap.py.
"""

from __future__ import annotations

import math
import struct
from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

__all__ = ["hash_order", "java_double", "java_length", "java_text", "render", "spread_hash"]

_MASK = 0xFFFFFFFF
_FIRST_TABLE = 16
_TREEIFY_NODES = 8
_TREEIFY_TABLE = 64
# A map with this many keys or fewer never has a bucket crowded enough to matter beyond its own order.
_SMALL = 8
# Real records repeat a few thousand sets of short keys. Others, hostile ones or ids, would fill the memory.
_CACHED_KEYS = 40
_CACHED_UNITS = 1000
_CACHED_ORDERS = 1 << 13
_ORDERS: dict[tuple[str, ...], tuple[str, ...]] = {}


def java_text(value: Any) -> str:
    """The text that Java's `toString` gives for a parsed JSON value, maps in the order of `HashMap`.

    Takes what `json.loads` returns. Raises ValueError for anything else, and for nesting too deep to walk.
    """
    try:
        return _text(_ordered(value))
    except RecursionError:
        raise ValueError("the value is nested too deeply to be rendered") from None


def render(value: Any) -> str:
    """As `java_text`, but each dict keeps its own order: for values that are in Java's order already."""
    return value if type(value) is str else _text(value)


def java_length(text: str) -> int:
    """The length of a text in UTF-16 units, which is what Java and Elasticsearch's limits count."""
    return len(text) if text.isascii() else len(text) + sum(char > "\uffff" for char in text)


def hash_order(keys: Mapping[str, Any]) -> tuple[str, ...]:
    """The keys of a map in the order in which a `HashMap`, filled in the given order, would list them."""
    names = tuple(keys)
    if len(names) < 2:
        return names
    known = _ORDERS.get(names)
    if known is not None:
        return known
    try:
        order = _order(names)
    except (TypeError, AttributeError):
        raise ValueError("an object has a key that is not text; records must come from a JSON parser") from None
    if len(names) <= _CACHED_KEYS and sum(map(len, names)) <= _CACHED_UNITS:
        if len(_ORDERS) >= _CACHED_ORDERS:
            _ORDERS.clear()
        _ORDERS[names] = order
    return order


def spread_hash(key: str) -> int:
    """`String.hashCode` over UTF-16 units, its upper half mixed in as `HashMap` does; unsigned 32 bits."""
    units: Iterable[int] = key.encode() if key.isascii() else _utf16(key)
    code = 0
    for unit in units:
        code = (31 * code + unit) & _MASK
    return code ^ (code >> 16)


def _utf16(text: str) -> tuple[int, ...]:
    data = text.encode("utf-16-le", "surrogatepass")
    return struct.unpack(f"<{len(data) // 2}H", data)


def java_double(number: float) -> str:
    """`Double.toString`: at least one digit after the point; an exponent below 1e-3 and from 1e7 on."""
    if math.isnan(number):
        return "NaN"
    sign = "-" if repr(number).startswith("-") else ""
    number = abs(number)
    if number in (0.0, float("inf")):
        return sign + ("0.0" if number == 0 else "Infinity")
    digits, power = _shortest(number)
    if 1e-3 <= number < 1e7:
        return sign + _plain(digits, power)
    return f"{sign}{digits[0]}.{digits[1:] or '0'}E{power}"


def _shortest(number: float) -> tuple[str, int]:
    """The shortest decimal digits that give the number back, and the power of ten of the first.

    Java chooses among decimals of two digits even where one would do, the closest: 4.9E-324, not 5E-324.
    """
    found = Decimal(repr(number)).normalize().as_tuple()
    if len(found.digits) == 1 and float(closest := f"{number:.1e}") == number:
        found = Decimal(closest).normalize().as_tuple()
    return "".join(map(str, found.digits)), int(found.exponent) + len(found.digits) - 1


def _plain(digits: str, power: int) -> str:
    if power < 0:
        return "0." + "0" * (-power - 1) + digits
    digits = digits.ljust(power + 1, "0")
    return f"{digits[: power + 1]}.{digits[power + 1 :] or '0'}"


def _ordered(value: Any) -> Any:
    """A copy of the value with every dict in Java's order."""
    if isinstance(value, dict):
        return {key: _ordered(value[key]) for key in hash_order(value)}
    if isinstance(value, list):
        return [_ordered(item) for item in value]
    return value


def _text(value: Any) -> str:
    kind = type(value)
    if kind is str:
        return value  # type: ignore[no-any-return]
    if kind is dict:
        # Plain loops: a comprehension would cost a second frame for each level of a deeply nested value.
        parts = []
        for key, item in value.items():
            parts.append(f"{key}={item if type(item) is str else _text(item)}")
        return "{" + ", ".join(parts) + "}"
    if kind is list:
        parts = []
        for item in value:
            parts.append(_text(item))
        return "[" + ", ".join(parts) + "]"
    if kind is bool:
        return "true" if value else "false"
    if kind is int:
        return str(value)
    if kind is float:
        return java_double(value)
    if value is None:
        return "null"
    raise ValueError(f"not a JSON value: {kind.__name__}; records must come from a JSON parser")


def _order(names: tuple[str, ...]) -> tuple[str, ...]:
    """Keys by bucket, in a bucket as they came. `sorted` is stable, and so is Java's split on a resize."""
    codes = {name: spread_hash(name) for name in names}
    size = _FIRST_TABLE if len(names) <= _SMALL else _table_size(list(codes.values()))
    if not size:
        from sigmaproof.normalize.treebin import tree_order

        return tree_order(names)
    return tuple(sorted(names, key=lambda name: codes[name] & (size - 1)))


def _table_size(codes: list[int]) -> int:
    """The size of the table after all keys went in; 0 when a bucket became a tree, whose order differs.

    Past 75 % the table doubles; it also doubles, while smaller than 64, when a bucket gets its ninth key.
    """
    size, counts = _FIRST_TABLE, Counter[int]()
    for index, code in enumerate(codes):
        counts[code & (size - 1)] += 1
        doubled = size
        if counts[code & (size - 1)] > _TREEIFY_NODES:
            if size >= _TREEIFY_TABLE:
                return 0
            doubled *= 2
        if index + 1 > doubled * 3 // 4:
            doubled *= 2
        if doubled != size:
            size = doubled
            counts = Counter(earlier & (size - 1) for earlier in codes[: index + 1])
    return size
