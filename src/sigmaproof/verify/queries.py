"""What the engine is asked: a target's query as it is, or as the Query DSL that Elasticsearch would make of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sigmaproof.fidelity import Conversion
from sigmaproof.fields import table
from sigmaproof.keywords import keyword_homes
from sigmaproof.verify.engines import Eql

__all__ = ["Question", "questions"]


STAND_INS = 3


@dataclass(frozen=True, slots=True)
class Question:
    """A query to ask. unmapped: the field that no index maps in this question; then only documents without it count.
    error: why Elasticsearch refuses the query, in words; then there is no query."""

    query: Mapping[str, Any] | Eql | None
    unmapped: str | None = None
    error: str | None = None


def questions(
    conversion: Conversion, has_eql: bool = False, types: Mapping[str, Any] | None = None
) -> Iterator[Question]:
    """The query on the mapping of the integration; for EQL also on one that does not map a field yet.

    has_eql: the engine runs EQL itself. Its index maps every field, so the questions about one that is not mapped
    are lowered all the same. types: the fields of the index, where it is not the field table that made it.

    Fields that no document had yet are in no mapping, and EQL refuses or folds them (facts: optional fields), while
    query_string takes them as missing.
    """
    if conversion.target == "lucene":
        yield Question({"query_string": {"query": conversion.query}})
        return
    types = _types(conversion.integration) if types is None else types
    yield Question(Eql(conversion.query)) if has_eql else _eql(conversion.query, None, types)
    for field in _to_unmap(conversion):
        yield _eql(conversion.query, field, types)


def _to_unmap(conversion: Conversion) -> list[str]:
    """The fields of a query, each of which no index may map yet. Of the many that a keyword is searched in, whose
    atoms are all made alike, a few stand for the others."""
    if all(reason.code != "scope" for reason in conversion.reasons):
        return list(conversion.fields)
    homes = {
        home.name for form in ("flattened", "rendered") for home in keyword_homes(table(conversion.integration), form)
    }
    alike = [name for name in conversion.fields if name in homes]
    return [name for name in conversion.fields if name not in alike[STAND_INS:]]


def _eql(query: str, unmapped: str | None, mapped: Mapping[str, Any]) -> Question:
    from sigmaproof.verify.eql import EqlError, lower

    types = {name: kind for name, kind in mapped.items() if name != unmapped}
    try:
        return Question(lower(query, types), unmapped)
    except EqlError as error:
        return Question(None, unmapped, str(error))


@cache
def _types(integration: str) -> Mapping[str, Any]:
    from sigmaproof.verify.engines.mapping import mapping
    from sigmaproof.verify.eql import types_of

    return types_of(mapping(table(integration)))
