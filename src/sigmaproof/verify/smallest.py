"""Makes the records that a report shows as small as they still show the same: on the engine, all of them at once.

What is tried in which order is in `shrink`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from sigmaproof.evaluate.compile import compile_predicate
from sigmaproof.fidelity import Conversion, Reason
from sigmaproof.paths import found
from sigmaproof.verify.compare import Cell, Difference, Judged, Row, explaining
from sigmaproof.verify.judged import judged_records
from sigmaproof.verify.queries import Question, questions
from sigmaproof.verify.shrink import shrink_all, size_of

if TYPE_CHECKING:
    from sigmaproof.verify.engines import Engine, Eql, Query
    from sigmaproof.verify.run import Report

__all__ = ["shrink_shown"]

MOST_ROUNDS, MOST_SHOWN = 40, 200
"""Batches that are tried, each a load of the engine, and records that are made smaller."""


@dataclass
class _Shown:
    """A difference that the report shows, with what it must still be: of this reason, or unexplained."""

    row: Row
    cell: Cell
    difference: Difference
    reason: Reason | None
    query: Query | Eql | None


def shrink_shown(report: Report, engine: Engine) -> None:
    """Gives the differences that are shown first their smallest record."""
    types = engine.own.types() if engine.own.types is not None else None
    ask = partial(questions, has_eql=engine.has_eql, types=types)
    shown = [one for row in report.rows for cell in row.cells for one in _shown(row, cell, ask)][:MOST_SHOWN]
    records = [one.difference.judged.record for one in shown]

    def holds(batch: list[tuple[int, Any]]) -> list[bool]:
        return _hold(shown, batch, engine, report.integration)

    smallest = shrink_all(records, holds, MOST_ROUNDS)
    named = [
        (str(number), one.difference.judged.place, small)
        for number, (one, small) in enumerate(zip(shown, smallest, strict=True))
    ]
    for one, judged in zip(shown, judged_records(named, engine.own, report.integration), strict=True):
        same = one.difference.judged
        judged = replace(judged, id=same.id, generated_for=same.generated_for)  # noqa: PLW2901
        one.cell.replace(one.difference, replace(one.difference, smaller=judged))


def _shown(row: Row, cell: Cell, ask: Callable[[Conversion], Iterator[Question]]) -> Iterator[_Shown]:
    """The first unexplained difference of a cell, and the smallest one of each reason and direction."""
    found: dict[int, _Shown] = {}
    for difference in cell.unexplained[:1]:
        found[id(difference)] = _Shown(row, cell, difference, None, _query(cell, difference, ask))
    for reason in cell.conversion.reasons:
        for direction in reason.directions:
            evidence = [one for one in cell.evidence(reason) if one.direction == direction]
            if evidence:
                difference = min(evidence, key=lambda one: size_of(one.judged.record))
                shown = _Shown(row, cell, difference, reason, _query(cell, difference, ask))
                found.setdefault(id(difference), shown)
    yield from found.values()


def _query(cell: Cell, difference: Difference, ask: Callable[[Conversion], Iterator[Question]]) -> Query | Eql | None:
    return next(question.query for question in ask(cell.conversion) if question.unmapped == difference.unmapped)


def _hold(shown: Sequence[_Shown], batch: Sequence[tuple[int, Any]], engine: Engine, integration: str) -> list[bool]:
    """Whether each candidate still shows what its record shows: natively first, the rest on the engine."""
    verdicts = {id(one): compile_predicate(one.row.rule.tree) for one in shown}
    alike = [
        (str(number), "", dict(record))
        for number, (index, record) in enumerate(batch)
        if verdicts[id(shown[index])](record) is shown[index].difference.raw
    ]
    pairs = [(one, shown[batch[int(one.id)][0]]) for one in judged_records(alike, engine.own, integration)]
    left = [(one, of) for one, of in pairs if _is_alike(one, of) and _is_explained(one, of)]
    holding = _differing(left, engine) if left else set()
    return [str(number) in holding for number in range(len(batch))]


def _differing(left: Sequence[tuple[Judged, _Shown]], engine: Engine) -> set[str]:
    """Of candidates that the engine takes, the ids of those on which its verdict is not the rule's."""
    rejected = engine.swap([(one.id, one.document) for one, _ in left]).rejected
    asked = list({id(of): of for _, of in left}.values())
    answers = engine.search([of.query for of in asked if of.query is not None])
    matched = {id(of): answer.matched for of, answer in zip(asked, answers, strict=True) if not answer.error}
    return {
        one.id
        for one, of in left
        if one.id not in rejected and id(of) in matched and (one.id in matched[id(of)]) is not of.difference.raw
    }


def _is_alike(judged: Judged, of: _Shown) -> bool:
    """Whether a candidate is written by AWS if the record is, and has no field that no index is to map."""
    wrong = judged.inadmissible is not None and of.difference.judged.inadmissible is None
    unmapped = of.difference.unmapped
    if judged.rejected:
        return False
    return not wrong and (unmapped is None or not found(unmapped)(judged.document))


def _is_explained(judged: Judged, of: _Shown) -> bool:
    reasons = explaining(of.cell.conversion, of.row.rule.tree, judged, of.difference.raw)
    return not reasons if of.reason is None else of.reason in reasons
