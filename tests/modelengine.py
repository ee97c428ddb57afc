"""The model of Query DSL as an engine: what `verify` asks a real Elasticsearch, it can ask the model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from dslmodel import Model, ModelError, Rejected
from luceneregexp import UnknownRegExp
from querystring import QueryStringError

from sigmaproof.fields import FieldTable, table
from sigmaproof.verify.engines import OURS, Answer, Document, Eql, Loaded, Query
from sigmaproof.verify.engines.index import only_dsl
from sigmaproof.verify.engines.mapping import mapping

__all__ = ["ModelEngine"]


class ModelEngine:
    """An Engine (see sigmaproof.verify.engines). A query that the model does not know is answered with its error."""

    name = "model of Query DSL"
    has_eql = False
    remarks: tuple[str, ...] = ()
    own = OURS

    def __init__(self) -> None:
        self.model = Model(mapping(table()))
        self.fields: FieldTable | None = None

    def meet(self) -> None:
        pass

    def load(self, docs: Iterable[tuple[str, Document]], fields: FieldTable | None = None) -> Loaded:
        self.fields = fields
        self.model = Model(mapping(fields or table()))
        kept: list[str] = []
        rejected: dict[str, str] = {}
        for name, document in docs:
            try:
                self.model.index(name, document)
                kept.append(name)
            except Rejected as error:
                rejected[name] = str(error)
        return Loaded(tuple(kept), rejected)

    def swap(self, docs: Iterable[tuple[str, Document]]) -> Loaded:
        return self.load(docs, self.fields)

    def search(self, queries: Sequence[Query | Eql]) -> list[Answer]:
        return [self._answer(query) for query in only_dsl(queries)]

    def _answer(self, query: Mapping[str, Any]) -> Answer:
        try:
            return Answer(frozenset(self.model.matched(query)))
        except (ModelError, UnknownRegExp, QueryStringError) as error:
            return Answer(error=str(error))

    def close(self) -> None:
        self.model = Model(mapping(table()))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
