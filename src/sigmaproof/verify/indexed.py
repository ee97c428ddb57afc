"""How the fields of a query are indexed where that is not what its claim is about: for the reader of a difference.

A conversion's claims are about the integration's mapping in Elasticsearch. A cluster's own template can map a field in
another way, and OpenSearch has flat_object for flattened. No difference is explained away here: it is only told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from sigmaproof.fidelity import Conversion
from sigmaproof.fields import FieldTable, Home, table

if TYPE_CHECKING:
    from sigmaproof.verify.eql import FieldType

__all__ = ["otherwise_indexed"]


def otherwise_indexed(
    conversion: Conversion, types: Mapping[str, FieldType] | None, stand_ins: Mapping[str, str]
) -> tuple[str, ...]:
    """For each field that the query searches and that is indexed in another way than the claim is about: both, in
    words. types: the fields of the index; None, when our mapping made it, but for `stand_ins` (see `Own`)."""
    if types is None and not stand_ins:
        return ()
    homes = dict(_homes(conversion, table(conversion.integration)))
    return tuple(text for name, home in homes.items() if (text := _other(name, home, types, stand_ins)))


def _homes(conversion: Conversion, fields: FieldTable) -> Iterator[tuple[str, Home]]:
    """The mapped fields that a query searches: its own, or the flattened ones that they lie in."""
    known = {home.name: home for field in fields.fields for home in field.homes if home.within is None}
    known |= {home.name: home for home in fields.derived}
    for name in conversion.fields:
        parts = name.split(".")
        found = (".".join(parts[:end]) for end in range(len(parts), 0, -1))
        nearest = next((one for one in found if one in known), None)
        if nearest is not None:
            yield nearest, known[nearest]


def _other(name: str, home: Home, types: Mapping[str, FieldType] | None, stand_ins: Mapping[str, str]) -> str | None:
    wanted = f"{home.type}{_limit(home.ignore_above)}"
    if types is None:
        found = stand_ins.get(home.type)
        return f"{name} is a {found} here; the claim is about {wanted}" if found else None
    kind = types.get(name)
    if kind is None:
        return f"{name} is not mapped here; the claim is about {wanted}"
    if home.type in (kind.type, kind.name) and kind.ignore_above == home.ignore_above:
        return None
    return f"{name} is a {kind.type}{_limit(kind.ignore_above)} here; the claim is about {wanted}"


def _limit(ignore_above: int | None) -> str:
    return "" if ignore_above is None else f" of at most {ignore_above:,} characters"
