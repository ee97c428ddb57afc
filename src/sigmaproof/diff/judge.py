"""Asks both sides about records: the verdict of the whole, and that of each leaf.

A rule is judged natively on the raw record; a query by the engine on the document of its integration. Every batch is
one load of the engine for each integration.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sigmaproof.diff.cut import holds
from sigmaproof.diff.sides import Side
from sigmaproof.evaluate.compile import compile_predicate
from sigmaproof.fields import table
from sigmaproof.normalize import normalize
from sigmaproof.predicate import And
from sigmaproof.verify.admissible import why_inadmissible
from sigmaproof.verify.engines import Answer, Engine, Eql, Query

__all__ = ["Judge", "RefusedError", "Seen", "View"]

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class View:
    """One side on one record. verdict: None when the index rejects the document. truths: of its leaves, by number.
    document: what a query saw, None for a rule."""

    verdict: bool | None
    truths: tuple[bool, ...] = ()
    document: Record | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """One record with both views. inadmissible: why AWS can't write it, or None. place: where it came from."""

    record: Record
    views: tuple[View, View]
    inadmissible: str | None
    place: str = ""

    @property
    def is_judged(self) -> bool:
        """Whether both sides have a verdict."""
        return all(view.verdict is not None for view in self.views)

    @property
    def counts(self) -> bool:
        """Whether it says something of the sides: both have a verdict, and AWS can write the record."""
        return self.is_judged and self.inadmissible is None

    @property
    def differs(self) -> bool:
        """Whether the sides differ."""
        return self.is_judged and self.views[0].verdict is not self.views[1].verdict


class Judge:
    """Both sides, and the engine for those that need one. A side whose leaves don't add up to it becomes one leaf;
    one that the engine refuses gets its refusal. So `sides` can be others after the first batch."""

    def __init__(self, sides: tuple[Side, Side], engine: Engine | None) -> None:
        self.sides = list(sides)
        self._engine = engine
        self.asked = 0
        self._integration: str | None = None  # whose index the engine holds
        self._is_cut_fixed = False

    def __call__(self, records: Sequence[Record], places: Sequence[str] = ()) -> list[Seen]:
        """Every record, judged, in order. Raises EngineUnavailable."""
        self.asked += len(records)
        views: list[list[View]] = [[], []]
        for number, side in enumerate(self.sides):
            if side.is_native:
                views[number] = _native(side, records)
        for integration in dict.fromkeys(side.integration for side in self.sides if not side.is_native):
            numbers = [n for n, side in enumerate(self.sides) if not side.is_native and side.integration == integration]
            for number, found in zip(numbers, self._on_engine(numbers, integration, records), strict=True):
                views[number] = found
        self._is_cut_fixed = True
        named = [*places, *[""] * (len(records) - len(places))]
        return [
            Seen(record, (one, other), why_inadmissible(record), place)
            for record, one, other, place in zip(records, *views, named, strict=True)
        ]

    def _on_engine(self, numbers: Sequence[int], integration: str, records: Sequence[Record]) -> list[list[View]]:
        assert self._engine is not None, "a query needs an engine"
        documents = [_document(record, integration) for record in records]
        pairs = ((str(at), document) for at, document in enumerate(documents) if document is not None)
        fresh = self._integration != integration
        loaded = self._engine.load(pairs, table(integration)) if fresh else self._engine.swap(pairs)
        self._integration = integration
        kept = frozenset(loaded.ids)
        queries: list[Query | Eql] = []
        for number in numbers:
            queries += self._queries(self.sides[number])
        answers = iter(self._engine.search(queries))
        found = []
        for number in numbers:
            whole, *parts = (next(answers) for _ in self._queries(self.sides[number]))
            found.append(self._views(number, documents, kept, whole, parts))
        return found

    def _queries(self, side: Side) -> list[Query | Eql]:
        assert side.query is not None
        own = side.eql is not None and self._engine is not None and self._engine.has_eql
        return [Eql(side.eql or "") if own else side.query, *(leaf.query for leaf in side.leaves)]

    def _views(
        self, number: int, documents: Sequence[Record | None], kept: Iterable[str], whole: Answer, parts: list[Answer]
    ) -> list[View]:
        side = self.sides[number]
        if whole.error:
            raise RefusedError(number, whole.error)
        views = []
        for at, document in enumerate(documents):
            if document is None or str(at) not in kept:
                views.append(View(None, document=document))
            else:
                truths = tuple(str(at) in part.matched for part in parts)
                views.append(View(str(at) in whole.matched, truths, document))
        odd = [v.verdict is not None and holds(side.cut, v.truths) is not v.verdict for v in views]
        if not any(odd) and not any(part.error for part in parts):
            return views
        if self._is_cut_fixed:  # causes are told in these leaves already: such a record tells nothing
            return [View(None, document=v.document) if is_odd else v for v, is_odd in zip(views, odd, strict=True)]
        self.sides[number] = side.as_one()
        return [View(v.verdict, () if v.verdict is None else (v.verdict,), v.document) for v in views]


class RefusedError(Exception):
    """The engine refuses a side's query, in its words."""

    def __init__(self, number: int, message: str) -> None:
        super().__init__(message)
        self.number = number


def _native(side: Side, records: Sequence[Record]) -> list[View]:
    tests = [compile_predicate(leaf.tree or And(())) for leaf in side.leaves]
    views = []
    for record in records:
        truths = tuple(test(record) for test in tests)
        views.append(View(holds(side.cut, truths), truths))
    return views


def _document(record: Record, integration: str) -> Record | None:
    """The document, None where the integration's pipeline can't make one."""
    try:
        return normalize(record, integration=integration)
    except ValueError:
        return None
