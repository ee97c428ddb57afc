"""The engine of a running cluster: any Elasticsearch from 8 on, any OpenSearch from 2 on, by its URL.

It makes one index of its own, with a random name, and removes it at the end, whatever the end is; it changes nothing
else on the cluster. How it is reached is in `access.py`, what is asked in `index.py` and `eqlsearch.py`, and where the
cluster's own pipeline or template is used, in `pipeline.py` and `template.py`. Here is the order of it, and what to do
about errors.
"""

from __future__ import annotations

import ssl
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Any, Self

from sigmaproof.fields import FieldTable, table
from sigmaproof.verify.engines import (
    OURS,
    Answer,
    Document,
    EngineUnavailable,
    Eql,
    Loaded,
    Own,
    Query,
    dialects,
    eqlsearch,
    made,
    signals,
)
from sigmaproof.verify.engines.access import CA_FILE, HOW, Access
from sigmaproof.verify.engines.client import Client, Refused, escape
from sigmaproof.verify.engines.index import BARE, SETTINGS, Index, fresh_name, only_dsl
from sigmaproof.verify.engines.pipeline import Pipeline
from sigmaproof.verify.engines.template import Template, resolve

__all__ = ["Cluster"]

LONGEST = 300.0
"""Seconds without any byte before a request fails."""
REMOVAL = 20.0
"""The same, for removing the index: the user may have asked us to end."""
REMOVAL_PAUSES = (0.5, 2.0, 4.0)
"""Seconds before removing is tried again, when the connection failed."""
_NOTHING_MADE = (400, 401, 403, 404, 405, 413)
"""What a cluster answers when it did not even begin to make an index."""
_NOTE = "A temporary index of `sigmaproof verify`. It can be deleted when no run is under way."


class Cluster:
    """An Engine (see the package). Nothing is asked before the first `load`.

    Where the cluster refuses a type of Elastic's distribution, the nearest one stands for it, and a remark says so.
    access: see `access.access`. pipeline: the name of an ingest pipeline of the cluster, which makes the documents.
    template: the name of an index template of the cluster, whose mappings and settings the index gets. Used with
    `with`, it also removes its index when SIGTERM or SIGHUP ends the process.
    """

    def __init__(self, access: Access, pipeline: str | None = None, template: str | None = None) -> None:
        self._access = access
        self._wanted = (pipeline, template)
        self._dialect = dialects.ELASTICSEARCH
        self._template: Template | None = None
        self.own = OURS
        self._client = self._client_for(access, LONGEST)
        self.name = f"elasticsearch at {self._client.where}"
        self.has_eql = False
        self.remarks: tuple[str, ...] = ()
        self._said: tuple[str, ...] = ()
        self._known = False
        self._index: Index | None = None
        self._fields: FieldTable | None = None
        self._to_remove: dict[str, bool] = {}  # name of an index -> whether the cluster has said that it made it
        self._guard = ExitStack()

    def meet(self) -> None:
        """Find out what it is, and what of its own is to be used; see Engine.meet."""
        with self._helpful():
            if not self._known:
                self._meet()

    def load(self, docs: Iterable[tuple[str, Document]], fields: FieldTable | None = None) -> Loaded:
        """Replace all documents by these; see Engine.load."""
        self.meet()
        if self._index is not None and fields is self._fields:
            return self.swap(docs)  # one index is all that is made on somebody's cluster
        with self._helpful():
            self._fields = fields
            self._index = None
            self._remove()
            index = self._made(fields or table())
            loaded = index.load(docs)
            self.has_eql = self._dialect.has_eql and eqlsearch.is_there(self._client, index)
            self._index = index
        return loaded

    def swap(self, docs: Iterable[tuple[str, Document]]) -> Loaded:
        """Replace all documents in the index that is there; see Engine.swap."""
        if self._index is None:
            raise ValueError("no documents to replace; call load first")
        with self._helpful():
            return self._index.swap(docs)

    def search(self, queries: Sequence[Query | Eql]) -> list[Answer]:
        """The answers to the queries; see Engine.search."""
        index = self._index
        if index is None:
            raise ValueError("nothing is loaded to search in; call load first")
        if not self.has_eql:
            only_dsl(queries)
        with self._helpful():
            in_dsl = iter(index.search([query for query in queries if not isinstance(query, Eql)]))
            in_eql = iter(eqlsearch.ask(self._client, index, [query for query in queries if isinstance(query, Eql)]))
        return [next(in_eql if isinstance(query, Eql) else in_dsl) for query in queries]

    def close(self) -> None:
        """Remove the index and close the connection. Raises EngineUnavailable, with its name, when it can't."""
        try:
            with signals.held():
                self._index = None
                self._client.close()
                self._remove()
        finally:
            self._guard.close()

    def __enter__(self) -> Self:
        self._guard.enter_context(signals.as_exceptions())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.close()
        except EngineUnavailable as left:
            if error is None:
                raise
            print(f"sigmaproof: {left}", file=sys.stderr)  # beside the error that ended it, which goes its way

    @staticmethod
    def _client_for(access: Access, timeout: float) -> Client:
        return Client(
            access.url, headers=access.headers, context=access.context, secrets=access.secrets, timeout=timeout
        )

    # what it is

    def _meet(self) -> None:
        """Raises EngineUnavailable for anything but a server that can be used, and for what it should have and has
        not."""
        root, where = self._root(), self._client.where
        self._dialect, number = dialects.recognised(root, self._client.product, where)
        self.name = f"{self._dialect.key} {number} at {where}" if number else f"{self._dialect.key} at {where}"
        remarks = list(self._dialect.remarks)
        pipeline, template = self._wanted
        maker = Pipeline(self._client, pipeline, fresh_name()) if pipeline else None
        self._template = resolve(self._client, template) if template else None
        if maker is not None:
            remarks.append(f"Documents: made of the raw records by the cluster's ingest pipeline {maker.told}.")
        if self._template is not None:
            remarks.append(self._template.told)
        self.remarks = self._said = tuple(remarks)
        self.own = Own(maker.documents if maker else None, self._types if template else None, self._dialect.stand_ins)
        self._known = True

    def _types(self) -> Mapping[str, Any]:
        """The fields that the index has now, documents included."""
        from sigmaproof.verify.eql import types_of

        if self._index is None:
            raise ValueError("nothing is loaded to have fields; call load first")
        name = self._index.path.strip("/")
        with self._helpful():
            return types_of(self._client.request("GET", f"{self._index.path}/_mapping")[name])

    def _root(self) -> Mapping[str, Any]:
        """What it says of itself; nothing where that may not be asked (403), or where it has no such page (405)."""
        try:
            return self._client.request("GET", "/")
        except Refused as refused:
            if refused.status in (403, 405) and self._client.product == "Elasticsearch":
                return {}
            raise

    # the index

    def _made(self, fields: FieldTable) -> Index:
        """A fresh index: as the template says, or with the types of Elastic's distribution, or with the nearest ones
        where it refuses those."""
        from sigmaproof.verify.engines.mapping import ELASTIC_TYPES, mapping

        if self._template is not None:
            return self._make(self._template.mappings, {**self._template.settings, **BARE})
        stand_ins = self._dialect.stand_ins
        try:
            return self._make(mapping(fields, elastic=True, stand_ins=stand_ins))
        except Refused as refused:
            of_types = refused.reason.startswith("mapper_parsing_exception")
            if not of_types or not any(kind in refused.reason for kind in ELASTIC_TYPES):
                raise
        types = ", ".join(sorted(ELASTIC_TYPES))
        self.remarks = (*self._said, f"The cluster has not all of the types {types}: keyword and text stand for them.")
        return self._make(mapping(fields, stand_ins=stand_ins))

    def _make(self, mappings: Mapping[str, Any], settings: Mapping[str, Any] = SETTINGS) -> Index:
        """Make an index, and see that it is the one that was asked for. Its name is noted first: when the answer is
        cut off, the cluster can have made it all the same."""
        name = fresh_name()
        noted = {**mappings, "_meta": {**mappings.get("_meta", {}), "made_by": _NOTE}}
        self._to_remove[name] = False
        try:
            index = Index(self._client, noted, name, settings=settings, dialect=self._dialect)
        except Refused as refused:
            if refused.status in _NOTHING_MADE:
                del self._to_remove[name]
            raise
        self._to_remove[name] = True
        got = self._client.request("GET", index.path).get(name, {})
        extra = made.foreign({"settings": {"index": settings}, "mappings": noted}, got)
        if extra is not None:
            raise EngineUnavailable(
                f"{self._client.where} makes another index than it was asked for: {extra} comes from elsewhere, as an "
                "index template; give the template a pattern that does not fit sigmaproof-*"
            )
        return index

    def _remove(self) -> None:
        """Remove what was made, with a connection of its own: the other may be in any state."""
        if not self._to_remove:
            return
        client = self._client_for(self._access, REMOVAL)
        left = {name: reason for name in self._to_remove if (reason := self._why_left(client, name))}
        self._to_remove = dict.fromkeys(left, True)
        client.close()
        if left:
            names = ", ".join(left)
            reason = next(iter(left.values()))
            raise EngineUnavailable(
                f"THE INDEX {names} IS LEFT ON {client.where}, it could not be removed ({reason}); "
                f"remove it: DELETE /{names}"
            )

    def _why_left(self, client: Client, name: str) -> str | None:
        """Remove an index: None when it is gone. One whose making was cut off can appear after we have asked."""
        reason: str | None = None
        for pause in (*REMOVAL_PAUSES, None):
            try:
                client.request("DELETE", f"/{escape(name)}")
            except Refused as refused:
                if refused.status != 404:
                    return str(refused)
                reason = None
                if self._to_remove[name]:
                    return None
            except EngineUnavailable as error:
                reason = str(error)
                if isinstance(error.__cause__, TimeoutError):
                    return reason
            else:
                return None
            if pause is not None:
                time.sleep(pause)
        return reason

    # errors

    @contextmanager
    def _helpful(self) -> Iterator[None]:
        """Errors that the user can help say how."""
        try:
            yield
        except Refused as refused:
            advice = self._advice(refused.status)
            if advice is None:
                raise
            raise EngineUnavailable(f"{self._client.where}: {refused}; {advice}") from refused
        except EngineUnavailable as error:
            if isinstance(error.__cause__, ssl.SSLCertVerificationError):
                raise EngineUnavailable(
                    f"{error}; for an authority of your own set {CA_FILE} to its certificate (PEM)"
                ) from error
            raise

    def _advice(self, status: int) -> str | None:
        if status == 401 and self._access.given:
            return f"it does not accept the credentials in {self._access.given}"
        if status == 401:
            return f"it wants credentials: {HOW} in the environment"
        if status == 403:
            whose = f"the credentials in {self._access.given} need" if self._access.given else "a user needs"
            more = [privilege for privilege, name in zip(self._dialect.privileges, self._wanted, strict=True) if name]
            also = f", and of the cluster {' and '.join(more)}" if more else ""
            return f"{whose} the privilege `all` on the indices sigmaproof-*{also}"
        return None
