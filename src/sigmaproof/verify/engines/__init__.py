"""What an engine is: it takes documents and queries, and says which documents each query matches.

Here live the protocol, its value types and the one error of an engine that can't be used. Each engine has a
module of its own beside this one. How documents are made and how verdicts are compared is not known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol, Self

__all__ = ["Answer", "Document", "Engine", "EngineUnavailable", "Loaded", "Query"]

Document = Mapping[str, object]
"""An ECS document, as JSON would give it."""

Query = Mapping[str, object]
"""One query object of the Query DSL, such as `{"query_string": {"query": "event.action:CreateRole"}}`."""


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
class Answer:
    """The answer to one query: the ids that match. error: the engine refused the query, in its words;
    `matched` is empty then and says nothing."""

    matched: frozenset[str] = frozenset()
    error: str | None = None


class Engine(Protocol):
    """A place where documents are searched. One engine holds one set of documents at a time."""

    name: str

    def load(self, docs: Iterable[tuple[str, Document]], mappings: Mapping[str, object] | None = None) -> Loaded:
        """Replace all documents by these (id, document) pairs, searchable when it returns.

        mappings: the index's `mappings` object; without it that of the field table.

        Raises ValueError when an id occurs twice, EngineUnavailable when the engine can't be used.
        """
        ...

    def search(self, queries: Sequence[Query]) -> list[Answer]:
        """The answers to the queries, in their order.

        Raises ValueError when nothing was loaded, EngineUnavailable when the engine can't be used.
        """
        ...

    def close(self) -> None:
        """Stop, and remove everything that the engine made. Closing twice is fine."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
