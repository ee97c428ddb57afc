"""EQL as a cluster runs it: `_eql/search`, with every answer complete or an error.

The API has no pages: `size` bounds an answer, and the index bounds `size`. So documents are asked for in parts of
that many, each with a filter on their ids, and no part can have more matches than fit. A search that waits for
completion without a time limit, as these do, stores nothing on the cluster.

Sources of the facts: Elasticsearch's page "EQL search API" (parameters and response) and its RestEqlSearchAction,
EqlSearchRequest and LogicalPlanBuilder. An unknown parameter is an error, so only those that every 8.x has are sent.
Events are sorted by time, and a document without a time is an event too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sigmaproof.verify.engines import Answer, EngineUnavailable, Eql
from sigmaproof.verify.engines.client import Client, Refused, describe
from sigmaproof.verify.engines.index import PAGE, Index

__all__ = ["ask", "is_there"]

_PARTS = ("is_partial", "is_running", "timed_out", "shard_failures", "hits.total", "hits.events._id", "hits.sequences")
_FILTER = "filter_path=" + ",".join(_PARTS)
"""What of an answer is sent: ids, and all that tells whether it is complete. Errors come whole."""
_MISSING = ("no handler found for uri", "Incorrect HTTP method for uri")
"""How Elasticsearch answers for an API that it does not have (RestController)."""
_QUERY_AT_FAULT = (400, 500)
"""Parsing and verification answer 400, the planner's refusals (ql_illegal_argument_exception) 500."""


def is_there(client: Client, index: Index) -> bool:
    """Whether the cluster has EQL. Raises EngineUnavailable when it answers anything else than yes or no."""
    try:
        client.request("POST", f"{index.path}/_eql/search?{_FILTER}", _body("any where true", 1, None))
    except Refused as refused:
        if refused.status in (400, 404, 405) and refused.reason.startswith(_MISSING):
            return False
        raise
    return True


def ask(client: Client, index: Index, queries: Sequence[Eql]) -> list[Answer]:
    """The answers to the queries, sent as they are, in order. A query that the cluster refuses, and an answer that is
    not complete, is an Answer with an error. Raises EngineUnavailable when the cluster can't be used."""
    return [_answer(client, index, query.text) for query in queries]


def _answer(client: Client, index: Index, text: str) -> Answer:
    found: set[int] = set()
    for part in _parts(len(index.ids)):
        try:
            reply = client.request("POST", f"{index.path}/_eql/search?{_FILTER}", _body(text, PAGE, part))
        except Refused as refused:
            if refused.status in _QUERY_AT_FAULT:
                return Answer(error=refused.reason)
            raise
        problem = _problem(reply)
        if problem is not None:
            return Answer(error=problem)
        found |= _places(reply, len(index.ids), client.where)
    return Answer(frozenset(index.ids[place] for place in found))


def _parts(count: int) -> Iterator[range | None]:
    """The documents in parts of at most PAGE, which is also how many matches are asked for. One part alone is None:
    it needs no filter."""
    if count <= PAGE:
        yield None
        return
    for start in range(0, count, PAGE):
        yield range(start, min(start + PAGE, count))


def _body(text: str, size: int, part: range | None) -> dict[str, Any]:
    body: dict[str, Any] = {
        "query": text,
        "size": size,
        "timestamp_field": "@timestamp",
        "event_category_field": "event.category",
        "keep_on_completion": False,
    }
    return body if part is None else {**body, "filter": {"ids": {"values": [str(place) for place in part]}}}


def _problem(reply: Mapping[str, Any]) -> str | None:
    """Why this reply is no full answer, or None. A cluster can be set to answer with the shards that work; then the
    others are told in `shard_failures`."""
    failures = reply.get("shard_failures") or ()
    if failures:
        reasons = [describe(failure.get("reason")) for failure in failures]
        return f"{len(failures)} shards failed: " + "; ".join(reasons)
    if reply.get("timed_out") is not False:
        return "the engine ran out of time, so its answer is not complete"
    if reply.get("is_partial") is not False or reply.get("is_running") is not False:
        return "the engine's answer is partial"
    hits = reply.get("hits", {})
    if "sequences" in hits:
        return "a query for sequences has no verdict on one document"
    if "total" not in hits:
        return "the engine answered without a number of hits"
    total, came = hits["total"], len(hits.get("events", ()))
    if came < total["value"] or (came > total["value"] and total.get("relation") == "eq"):
        return f"incomplete: {came} documents came back of {total['value']} that match"
    return None


def _places(reply: Mapping[str, Any], count: int, where: str) -> set[int]:
    """The places of the documents that match."""
    ids = [str(event.get("_id")) for event in reply["hits"].get("events", ())]
    places = {int(id) for id in ids if id.isdecimal() and int(id) < count}
    if len(places) != len(ids):
        raise EngineUnavailable(f"{where} answered with documents that are not ours, or twice with one")
    return places
