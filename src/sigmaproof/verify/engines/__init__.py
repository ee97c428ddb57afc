"""What an engine is: it takes documents and queries, and says which documents each query matches.

Here live the protocol, its value types and the one error of an engine that can't be used. Each engine has a
module of its own beside this one. How documents are made and how verdicts are compared is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

if TYPE_CHECKING:
    from sigmaproof.fields import FieldTable

__all__ = ["OURS", "Answer", "Document", "Engine", "EngineUnavailable", "Eql", "Loaded", "Own", "Query", "Unmade"]

Document = Mapping[str, object]
"""An ECS document, as JSON would give it."""

Query = Mapping[str, object]
"""One query object of the Query DSL, such as `{"query_string": {"query": "event.action:CreateRole"}}`."""


@dataclass(frozen=True, slots=True)
class Eql:
    """A query in EQL, for an engine that has it."""

    text: str


class EngineUnavailable(RuntimeError):
    """The engine can't be used, or stopped working. The message says what to do; the exit code is 3."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of the documents.

    ids: those that can be found now, in the order of loading. rejected: the others, each with the reason
    as the engine said it. A rejected document is not one that does not match: no query can judge it.
    """

    ids: tuple[str, ...] = ()
    rejected: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unmade:
    """Why no document was made of a record: a verdict of its own, as a rejected document is."""

    reason: str


Documents = Callable[[Sequence[tuple[str, Mapping[str, Any]]], "FieldTable"], Mapping[str, dict[str, Any] | Unmade]]
"""Makes the documents of raw records, each with an id. Raises EngineUnavailable."""


@dataclass(frozen=True, slots=True)
class Own:
    """What an engine has that is not ours. documents: makes the documents, in place of our normalizer. types: the
    fields that its index has now, by name, for lowering EQL, in place of those of the field table. stand_ins: types
    of our mapping that the product does not have, each with what stands for it."""

    documents: Documents | None = None
    types: Callable[[], Mapping[str, Any]] | None = None
    stand_ins: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_other(self) -> bool:
        """Whether documents or mapping are not those that the claims of a conversion are about."""
        return self.documents is not None or self.types is not None


OURS = Own()
"""Our normalizer, our mapping, Elasticsearch's types."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one query: the ids that match. error: the engine refused the query, in its words;
    `matched` is empty then and says nothing."""

    matched: frozenset[str] = frozenset()
    error: str | None = None


class Engine(Protocol):
    """A place where documents are searched. One engine holds one set of documents at a time.

    name: what it is, for the report. has_eql: it runs EQL itself (`Eql`), as known once documents are loaded.
    remarks: what the reader of a report must know of it, each a sentence. own: what of it is not ours, as known once
    it has been opened (`meet`).
    """

    name: str
    has_eql: bool
    remarks: tuple[str, ...]
    own: Own

    def meet(self) -> None:
        """Find out what it is, so that `own` can be asked; `load` does it too. Raises EngineUnavailable."""
        ...

    def load(self, docs: Iterable[tuple[str, Document]], fields: FieldTable | None = None) -> Loaded:
        """Replace all documents by these (id, document) pairs, searchable when it returns.

        fields: the table from which the index's mapping is made; without it the engine's own, or the default one.

        Raises ValueError when an id occurs twice, EngineUnavailable when the engine can't be used.
        """
        ...

    def swap(self, docs: Iterable[tuple[str, Document]]) -> Loaded:
        """The same in the index that is there, which is quicker: what its documents made it map stays mapped.

        Raises ValueError when an id occurs twice or nothing was loaded, EngineUnavailable.
        """
        ...

    def search(self, queries: Sequence[Query | Eql]) -> list[Answer]:
        """The answers to the queries, in their order.

        Raises ValueError when nothing was loaded, or for EQL when the engine has none; EngineUnavailable when the
        engine can't be used.
        """
        ...

    def close(self) -> None:
        """Stop, and remove everything that the engine made. Closing twice is fine.

        Raises EngineUnavailable when something can't be removed.
        """
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
