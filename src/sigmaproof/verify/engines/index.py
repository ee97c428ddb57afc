"""One temporary index: documents in by `_bulk`, answers out by `_msearch`. For any Elasticsearch or OpenSearch.

Every document and every query gets a verdict: documents that the server rejects and queries that it refuses
are told apart from those that don't match, and an answer that is not complete is an error, never a miss.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sigmaproof.normalize.jsontext import document_json
from sigmaproof.verify.engines import Answer, Document, EngineUnavailable, Eql, Loaded, Query
from sigmaproof.verify.engines.client import BUSY, PAUSES, Client, Refused, describe, escape
from sigmaproof.verify.engines.dialects import ELASTICSEARCH, Dialect

__all__ = ["BARE", "PAGE", "SETTINGS", "Index", "fresh_name", "only_dsl"]

BULK_BYTES = 5_000_000
BULK_DOCUMENTS = 2_000
SEARCHES = 64
"""Queries in one request: bounds the size of an answer, with PAGE hits each."""
PAGE = 10_000
"""Hits in one page: index.max_result_window, as every index has it unless it is changed."""
KEEP_ALIVE = "5m"

_FILTER = ",".join(
    f"responses.{part}"
    for part in ("hits.hits._id", "hits.hits.sort", "hits.total", "error", "status", "_shards", "timed_out")
)
# What is set wins over an index template of the cluster, so the settings that would change verdicts are set.
BARE: Mapping[str, Any] = {
    "number_of_shards": 1,
    "number_of_replicas": 0,
    "refresh_interval": "-1",
    "translog.durability": "async",
    "default_pipeline": "_none",
    "final_pipeline": "_none",
}
"""Settings that every index of ours has, whatever its mapping."""
SETTINGS: Mapping[str, Any] = {**BARE, "mapping.total_fields.limit": 100_000, "mapping.ignore_malformed": False}
"""Those of an index with our mapping."""


@dataclass(slots=True)
class _Question:
    """A query on its way: what is found so far, where the next page begins, and the answer at the end."""

    query: Query
    found: list[int] = field(default_factory=list)
    after: list[Any] | None = None
    answer: Answer | None = None


def only_dsl(queries: Sequence[Query | Eql]) -> list[Query]:
    """The queries, for an engine without EQL. Raises ValueError when one is EQL."""
    in_eql = [query.text for query in queries if isinstance(query, Eql)]
    if in_eql:
        raise ValueError(f"this engine has no EQL to run {in_eql[0]!r}; lower it to Query DSL")
    return [query for query in queries if not isinstance(query, Eql)]


def fresh_name() -> str:
    """A name that no index has."""
    return f"sigmaproof-{secrets.token_hex(8)}"


class Index:
    """A fresh index with a random name (or `name`, of `fresh_name`), filled, and filled anew by `swap`.

    Inside, a document's id is its place in the order of loading: short, whatever the caller's ids are. settings: those
    of the index, without the prefix `index.`. dialect: whose API it is.
    """

    def __init__(
        self,
        client: Client,
        mappings: Mapping[str, Any],
        name: str | None = None,
        *,
        settings: Mapping[str, Any] = SETTINGS,
        dialect: Dialect = ELASTICSEARCH,
    ) -> None:
        self._client = client
        self._dialect = dialect
        self._name = name or fresh_name()
        self._path = "/" + escape(self._name)
        self._ids: list[str] = []
        try:
            client.request("PUT", self._path, {"settings": {"index": settings}, "mappings": mappings})
        except Refused as refused:
            # Only a repeated request can meet the name: its first sending did work.
            if "resource_already_exists_exception" not in refused.reason:
                raise

    @property
    def path(self) -> str:
        """Where it is in the API."""
        return self._path

    @property
    def ids(self) -> Sequence[str]:
        """The callers' ids; a document's id in the index is its place here."""
        return self._ids

    def load(self, docs: Iterable[tuple[str, Document]]) -> Loaded:
        """Index these (id, document) pairs and make them searchable. Raises ValueError for an id that
        occurs twice, EngineUnavailable when the server can't take them."""
        rejected: dict[int, str] = {}
        for chunk in _chunks(self._lines(docs, rejected)):
            self._send(chunk, rejected)
        shards = self._client.request("POST", f"{self._path}/_refresh").get("_shards", {})
        if shards.get("failed"):
            raise EngineUnavailable(f"{self._client.where} did not make the documents searchable: {shards}")
        kept = tuple(name for place, name in enumerate(self._ids) if place not in rejected)
        return Loaded(kept, {self._ids[place]: reason for place, reason in sorted(rejected.items())})

    def swap(self, docs: Iterable[tuple[str, Document]]) -> Loaded:
        """The same with the documents that are there replaced: a document takes the place of an earlier one."""
        before, self._ids = len(self._ids), []
        loaded = self.load(docs)
        taken = set(loaded.ids)
        gone = [place for place, name in enumerate(self._ids) if name not in taken]
        gone += range(len(self._ids), before)
        if gone:
            lines = b"".join(b'{"delete":{"_id":"%d"}}\n' % place for place in gone)
            if self._client.request("POST", f"{self._path}/_bulk?refresh=true&filter_path=errors", lines).get("errors"):
                raise EngineUnavailable(f"{self._client.where} did not remove the documents before")
        return loaded

    def search(self, queries: Sequence[Query]) -> list[Answer]:
        """One answer for each query, in order. Raises EngineUnavailable when the server can't be used."""
        questions = [_Question(query) for query in queries]
        dialect = self._dialect
        pit = self._client.request("POST", f"{self._path}/{dialect.pit}?keep_alive={KEEP_ALIVE}")[dialect.pit_id]
        try:
            for start in range(0, len(questions), SEARCHES):
                self._ask(questions[start : start + SEARCHES], pit)
        except BaseException:
            with suppress(EngineUnavailable):  # it would hide what went wrong; the server ends it after KEEP_ALIVE
                self._client.request("DELETE", f"/{dialect.pit}", dialect.closing(pit))
            raise
        self._client.request("DELETE", f"/{dialect.pit}", dialect.closing(pit))
        return [question.answer for question in questions if question.answer is not None]

    def drop(self) -> None:
        """Delete the index."""
        self._client.request("DELETE", self._path)

    # loading

    def _lines(self, docs: Iterable[tuple[str, Document]], rejected: dict[int, str]) -> Iterator[tuple[int, bytes]]:
        seen: set[str] = set()
        for name, doc in docs:
            if name in seen:
                raise ValueError(f'two documents have the id "{name}"; each needs one of its own')
            seen.add(name)
            place = len(self._ids)
            self._ids.append(name)
            try:
                yield place, b'{"index":{"_id":"%d"}}\n%s\n' % (place, document_json(doc).encode("ascii"))
            except RecursionError:
                rejected[place] = "nested too deeply to be written as JSON"

    def _send(self, chunk: dict[int, bytes], rejected: dict[int, str]) -> None:
        """Send a chunk; again, after a pause, what the server was too busy for."""
        for pause in (*PAUSES, None):
            busy = self._bulk(chunk, rejected)
            if not busy:
                return
            if pause is not None:
                time.sleep(pause)
                chunk = {place: chunk[place] for place in busy}
        raise EngineUnavailable(f"{self._client.where} is too busy to take documents: {next(iter(busy.values()))}")

    def _bulk(self, chunk: dict[int, bytes], rejected: dict[int, str]) -> dict[int, str]:
        """Send once. Rejections are noted; returned are the items to send again, each with the reason."""
        path = f"{self._path}/_bulk?filter_path=items.*._id,items.*.status,items.*.error"
        try:
            items = self._client.request("POST", path, b"".join(chunk.values())).get("items", [])
        except Refused as refused:
            if refused.status in BUSY:
                raise EngineUnavailable(
                    f"{self._client.where} is too busy to take documents: {refused.reason}"
                ) from None
            if refused.status == 413 and len(chunk) == 1:  # larger than http.max_content_length
                rejected[next(iter(chunk))] = refused.reason
                return {}
            raise
        results = {int(item["index"]["_id"]): item["index"] for item in items}
        if results.keys() != chunk.keys():
            raise EngineUnavailable(f"{self._client.where} did not say what became of every document")
        failed = {place: result for place, result in results.items() if result["status"] >= 300}
        busy = {p: describe(r.get("error")) for p, r in failed.items() if r["status"] in BUSY}
        rejected |= {p: self._reason(p, r.get("error")) for p, r in failed.items() if p not in busy}
        return busy

    def _reason(self, place: int, error: object) -> str:
        """Why a document was rejected, with the caller's id where the server names its own."""
        return describe(error).replace(f"with id '{place}'", f"with id '{self._ids[place]}'")

    # searching

    def _ask(self, questions: list[_Question], pit: str) -> None:
        """Ask until every question has its answer: all its pages, or an error.

        A body that can't even be parsed makes the server refuse the whole request: then each half is asked
        alone, down to the query that is to blame. Queries that the server was too busy for are asked again.
        """
        pauses = iter(PAUSES)
        while questions:
            try:
                replies = self._round(questions, pit)
            except Refused as refused:
                if refused.status != 400:
                    raise
                self._divide(questions, pit, refused)
                return
            busy = [reply for reply in replies if reply.get("status") in BUSY]
            for question, reply in zip(questions, replies, strict=True):
                question.answer = None if reply in busy else self._take(question, reply)
            questions = [question for question in questions if question.answer is None]
            if busy:
                self._rest(next(pauses, None), busy[0])

    def _rest(self, pause: float | None, reply: Mapping[str, Any]) -> None:
        if pause is None:
            reason = describe(reply.get("error"))
            raise EngineUnavailable(f"{self._client.where} is too busy to search: {reason}")
        time.sleep(pause)

    def _divide(self, questions: list[_Question], pit: str, refused: Refused) -> None:
        half = len(questions) // 2
        if half == 0:
            questions[0].answer = Answer(error=refused.reason)
            return
        self._ask(questions[:half], pit)
        self._ask(questions[half:], pit)

    def _round(self, questions: Sequence[_Question], pit: str) -> list[dict[str, Any]]:
        lines = [
            b"{}\n%s\n" % json.dumps(_body(question, pit, self._dialect.order)).encode("ascii")
            for question in questions
        ]
        replies = self._client.request("POST", f"/_msearch?filter_path={_FILTER}", b"".join(lines))
        found: list[dict[str, Any]] = replies.get("responses", [])
        if len(found) != len(questions):
            raise EngineUnavailable(f"{self._client.where} answered {len(found)} of {len(questions)} queries")
        return found

    def _take(self, question: _Question, reply: dict[str, Any]) -> Answer | None:
        """Add a page to what is found; the answer when it is complete, None when there are more pages."""
        problem = _problem(reply)
        if problem is not None:
            return Answer(error=problem)
        hits = reply["hits"].get("hits", [])
        question.found += [int(hit["_id"]) for hit in hits]
        total = reply["hits"]["total"]["value"]
        if hits and len(question.found) < total:
            question.after = hits[-1]["sort"]
            return None
        matched = frozenset(self._ids[place] for place in question.found)
        if len(matched) != total:
            return Answer(error=f"incomplete: {len(matched)} documents came back of {total} that match")
        return Answer(matched)


def _chunks(lines: Iterable[tuple[int, bytes]]) -> Iterator[dict[int, bytes]]:
    """Lines in chunks of at most BULK_BYTES and BULK_DOCUMENTS; a larger document has its own."""
    chunk: dict[int, bytes] = {}
    size = 0
    for place, line in lines:
        if chunk and (size + len(line) > BULK_BYTES or len(chunk) >= BULK_DOCUMENTS):
            yield chunk
            chunk, size = {}, 0
        chunk[place] = line
        size += len(line)
    if chunk:
        yield chunk


def _body(question: _Question, pit: str, order: str) -> dict[str, Any]:
    """One search: a page of ids in the order of the shard, which costs no scores and can be continued."""
    body = {
        "query": question.query,
        "size": PAGE,
        "_source": False,
        "track_total_hits": True,
        "sort": [order],
        "pit": {"id": pit, "keep_alive": KEEP_ALIVE},
    }
    return body if question.after is None else {**body, "search_after": question.after}


def _problem(reply: Mapping[str, Any]) -> str | None:
    """Why this reply is no full answer, or None."""
    if "error" in reply:
        return describe(reply["error"])
    if reply.get("timed_out") is not False:
        return "the engine ran out of time, so its answer is not complete"
    shards = reply.get("_shards", {})
    if shards.get("failed") != 0:
        reasons = [describe(failure.get("reason")) for failure in shards.get("failures", ())]
        return f"{shards.get('failed')} of {shards.get('total')} shards failed: " + "; ".join(reasons)
    if "total" not in reply.get("hits", {}):
        return "the engine answered without a number of hits"
    return None
