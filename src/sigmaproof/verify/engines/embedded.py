"""An embedded engine: a real server, started by us, without Docker or a system Java.

This module only puts the parts together: the jars (`jars.py`), the process (`process.py`), the connection
(`client.py`), the index (`index.py`) and its mapping (`mapping.py`). The server listens on 127.0.0.1 without a
password while it runs. Which servers there are is in `elasticsearch.py` and `opensearch.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from sigmaproof.verify.engines import Answer, Document, EngineUnavailable, Eql, Loaded, Own, Query, archive, jars, jvm
from sigmaproof.verify.engines.client import Client
from sigmaproof.verify.engines.dialects import DIALECTS
from sigmaproof.verify.engines.index import Index, only_dsl
from sigmaproof.verify.engines.process import Server
from sigmaproof.verify.engines.products import Product

if TYPE_CHECKING:
    from sigmaproof.fields import FieldTable

__all__ = ["Embedded"]

LONGEST = 600.0
"""Seconds for one request, which can hold many slow queries. A server that dies is noticed at once anyway."""


class Embedded:
    """An Engine (see the package). It starts when it is first needed, or by `start`.

    product: the server. elastic: whether it has the types of Elastic's distribution. mappings: the index's `mappings`
    object, by default that of the field table. timeout: seconds that the server has to start.
    """

    has_eql = False

    def __init__(
        self,
        product: Product,
        *,
        elastic: bool = False,
        mappings: Mapping[str, Any] | None = None,
        timeout: float = 60.0,
    ) -> None:
        self.name = product.key
        self.remarks = DIALECTS[product.key].remarks
        self.own = Own(stand_ins=DIALECTS[product.key].stand_ins)
        self._product = product
        self._dialect = DIALECTS[product.key]
        self._elastic = elastic
        self._mappings = mappings
        self._timeout = timeout
        self._server: Server | None = None
        self._client: Client | None = None
        self._index: Index | None = None

    @property
    def server(self) -> Server | None:
        """The process, while it runs."""
        return self._server

    def start(self) -> None:
        """Start the server unless it runs; the very first time its jars are fetched.

        Raises EngineUnavailable when that fails.
        """
        if self._server is None:
            jvm.require(self._product)
            self._server = archive.start(jars.ensure(product=self._product), self._timeout, self._product)
            self._client = Client(f"http://127.0.0.1:{self._server.port}", timeout=LONGEST)

    def meet(self) -> None:
        """Nothing has to be found out; see Engine.meet."""

    def version(self) -> str:
        """The version, as the server says it."""
        with self._running() as client:
            nodes = client.request("GET", "/_nodes/_local?filter_path=nodes.*.version")["nodes"]
        return str(next(iter(nodes.values()))["version"])

    def load(self, docs: Iterable[tuple[str, Document]], fields: FieldTable | None = None) -> Loaded:
        """Replace all documents by these; see Engine.load."""
        with self._running() as client:
            if self._index is not None:
                self._index.drop()
                self._index = None
            index = Index(client, self._mapping(fields), dialect=self._dialect)
            loaded = index.load(docs)
            self._index = index
        return loaded

    def swap(self, docs: Iterable[tuple[str, Document]]) -> Loaded:
        """Replace all documents in the index that is there; see Engine.swap."""
        if self._index is None:
            raise ValueError("no documents to replace; call load first")
        with self._running():
            return self._index.swap(docs)

    def search(self, queries: Sequence[Query | Eql]) -> list[Answer]:
        """The answers to the queries; see Engine.search."""
        if self._index is None:
            raise ValueError("nothing is loaded to search in; call load first")
        with self._running():
            return self._index.search(only_dsl(queries))

    def close(self) -> None:
        """Stop the server and remove all that it wrote."""
        if self._client is not None:
            self._client.close()
        if self._server is not None:
            self._server.close()
        self._server = self._client = self._index = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _mapping(self, fields: FieldTable | None) -> Mapping[str, Any]:
        from sigmaproof.fields import table
        from sigmaproof.verify.engines.mapping import mapping

        if self._mappings is not None:
            return self._mappings
        return mapping(fields or table(), elastic=self._elastic, stand_ins=self._dialect.stand_ins)

    @contextmanager
    def _running(self) -> Iterator[Client]:
        """The connection. When it fails, the error also shows the end of the server's log."""
        self.start()
        assert self._client is not None
        assert self._server is not None
        try:
            yield self._client
        except EngineUnavailable as error:
            log = self._server.log_tail()
            if log:
                error.add_note(f"The end of its log:\n{log}")
            raise
