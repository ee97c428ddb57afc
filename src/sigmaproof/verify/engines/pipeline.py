"""The cluster's own ingest pipeline: the documents that it makes of raw records.

Only `_simulate` is asked, which runs a pipeline and stores nothing: so a pipeline that sends documents elsewhere, as
`reroute` does, can't. What it makes is indexed by `index.py` without any pipeline.

Sources of the facts: Elasticsearch's page "Simulate pipeline API"; the answers were seen on OpenSearch 3.8.0, whose
API is the same. A dropped document is answered with null, a failed one with its error.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sigmaproof.fields import FieldTable
from sigmaproof.normalize.jsontext import document_json
from sigmaproof.verify.engines import EngineUnavailable, Unmade
from sigmaproof.verify.engines.client import Client, Refused, describe, escape

__all__ = ["Pipeline"]

BATCH = 200
"""Records in one request."""
BATCH_BYTES = 5_000_000
# What the agent adds to every event, in words of the integration's base fields; the rest is the pipeline's work.
_AGENT = (
    *("data_stream.type", "data_stream.dataset", "data_stream.namespace", "event.module", "event.dataset"),
    *("fileset.name", "service.type"),
)


class Pipeline:
    """An ingest pipeline of a cluster, by its name. index: the name that its documents are said to be for.

    version: as the pipeline says it, empty when it says nothing. Raises EngineUnavailable when there is no such
    pipeline.
    """

    def __init__(self, client: Client, name: str, index: str) -> None:
        self.name = name
        self._client = client
        self._index = index
        self._path = f"/_ingest/pipeline/{escape(name)}"
        try:
            found = client.request("GET", self._path).get(name)
        except Refused as refused:
            if refused.status != 404:
                raise
            found = None
        if not isinstance(found, Mapping):
            raise EngineUnavailable(f"{client.where} has no ingest pipeline {name} (--ingest-pipeline)")
        self.version = str(found.get("version", ""))

    @property
    def told(self) -> str:
        """Its name, and its version when it says one."""
        return f"{self.name} (version {self.version})" if self.version else f"{self.name} (it says no version)"

    def documents(
        self, records: Sequence[tuple[str, Mapping[str, Any]]], fields: FieldTable
    ) -> dict[str, dict[str, Any] | Unmade]:
        """The document of each record by its id, or why there is none. fields: the profile, for what an agent adds.

        Raises EngineUnavailable when a document is sent to another index: what is searched there can't be told here.
        """
        made: dict[str, dict[str, Any] | Unmade] = {}
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        agent = _nested({name: fields.constants[name] for name in _AGENT if name in fields.constants})
        for batch in _batches(self._messages(records, made)):
            sources = [{"@timestamp": now, **agent, "message": message} for _, message in batch]
            made |= zip((id for id, _ in batch), self._simulated(sources), strict=True)
        return made

    @staticmethod
    def _messages(
        records: Sequence[tuple[str, Mapping[str, Any]]], made: dict[str, dict[str, Any] | Unmade]
    ) -> Iterator[tuple[str, str]]:
        """Each record as the line that AWS wrote."""
        for id, record in records:
            try:
                yield id, document_json(record)
            except RecursionError:
                made[id] = Unmade("nested too deeply to be written as JSON")

    def _simulated(self, sources: Sequence[Mapping[str, Any]]) -> list[dict[str, Any] | Unmade]:
        """What becomes of each; a request that fails as a whole is divided until the one is found that is at fault."""
        docs = [{"_index": self._index, "_id": str(place), "_source": source} for place, source in enumerate(sources)]
        try:
            results = self._client.request("POST", f"{self._path}/_simulate", {"docs": docs}).get("docs", [])
        except Refused as refused:
            if refused.status not in (400, 413, 500):
                raise
            if len(sources) == 1:
                return [Unmade(f"the pipeline {self.name} fails: {refused.reason}")]
            half = len(sources) // 2
            return self._simulated(sources[:half]) + self._simulated(sources[half:])
        if len(results) != len(sources):
            raise EngineUnavailable(f"{self._client.where} answered {len(results)} of {len(sources)} documents")
        return [self._made(result) for result in results]

    def _made(self, result: Any) -> dict[str, Any] | Unmade:
        if result is None:
            return Unmade(f"the pipeline {self.name} drops it")
        if "error" in result:
            return Unmade(f"the pipeline {self.name} fails: {describe(result['error'])}")
        doc = result.get("doc")
        if not isinstance(doc, Mapping) or not isinstance(doc.get("_source"), dict):
            raise EngineUnavailable(f"{self._client.where} answered no document: {json.dumps(result)[:300]}")
        if doc.get("_index") != self._index:
            raise EngineUnavailable(
                f"the pipeline {self.name} sends a document to the index {doc.get('_index')}, where other mappings "
                "hold; nothing was indexed. Give the pipeline that is used there, and its template"
            )
        source: dict[str, Any] = doc["_source"]
        return source


def _nested(values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Names of two parts as objects."""
    made: dict[str, dict[str, Any]] = {}
    for name, value in values.items():
        group, _, key = name.partition(".")
        made.setdefault(group, {})[key] = value
    return made


def _batches(messages: Iterator[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    """In batches of at most BATCH and BATCH_BYTES; a longer message has its own."""
    batch: list[tuple[str, str]] = []
    size = 0
    for id, message in messages:
        if batch and (len(batch) >= BATCH or size + len(message) > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append((id, message))
        size += len(message)
    if batch:
        yield batch
