"""Makes Query DSL of a target's query text, as Elasticsearch itself would: what the engine is asked."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from sigmaproof.fields import table

__all__ = ["query_dsl"]


def query_dsl(target: str, query: str) -> Mapping[str, Any] | str:
    """The query object, or in words why Elasticsearch refuses the query."""
    if target == "lucene":
        return {"query_string": {"query": query}}
    from sigmaproof.verify.eql import EqlError, lower

    try:
        return lower(query, _types())
    except EqlError as error:
        return str(error)


@cache
def _types() -> Mapping[str, Any]:
    from sigmaproof.verify.engines.mapping import mapping
    from sigmaproof.verify.eql import types_of

    return types_of(mapping(table()))
