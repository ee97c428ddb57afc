"""Judges records that an engine holds: native on the raw record, native, mapped, on the ECS document, and the query.

What is compared how is in `compare`; which records there are, from `run`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sigmaproof.conversion import mapped_tree
from sigmaproof.evaluate.compile import compile_predicate
from sigmaproof.evaluate.explain import pivotal
from sigmaproof.fidelity import Conversion, Reason
from sigmaproof.fields import DEFAULT, table
from sigmaproof.matching import Verdict
from sigmaproof.paths import found
from sigmaproof.predicate import Predicate, field_of
from sigmaproof.rules import Rule
from sigmaproof.verify.causes import is_cause
from sigmaproof.verify.compare import Cell, Difference, Judged, Row, direction_of, explaining
from sigmaproof.verify.decide import decide
from sigmaproof.verify.engines import Answer, Engine
from sigmaproof.verify.queries import Question, questions

if TYPE_CHECKING:
    from sigma.processing.pipeline import ProcessingPipeline

__all__ = ["judge_rows"]


def judge_rows(
    rules: Sequence[Rule],
    conversions: Sequence[Sequence[Conversion]],
    judged: Sequence[Judged],
    engine: Engine,
    pipelines: Sequence[ProcessingPipeline] = (),
) -> list[Row]:
    """Compares all verdicts on records that the engine holds: a row a rule, a cell a conversion of it."""
    types, has_eql = engine.own.types() if engine.own.types is not None else None, engine.has_eql
    converted = [conversion for row in conversions for conversion in row]
    asked = [(c, list(questions(c, has_eql, types)) if c.query is not None else []) for c in converted]
    answers = iter(_ask([question for _, found in asked for question in found], engine))
    cells = iter([(c, [(question, next(answers)) for question in found]) for c, found in asked])
    rows = []
    for rule, targets in zip(rules, conversions, strict=True):
        integration = targets[0].integration if targets else DEFAULT
        sides = _native(rule, judged, pipelines, integration)
        row = Row(rule, decide(rule.tree), matched=sum(side.raw for side in sides))
        row.generated = sum(side.raw and side.judged.generated for side in sides)
        row.cells = [_cell(rule, *next(cells), sides) for _ in targets]
        rows.append(row)
    return rows


def _ask(asked: Sequence[Question], engine: Engine) -> list[Answer]:
    """The answers, in order; a question without a query is answered with its error."""
    found = iter(engine.search([question.query for question in asked if question.query is not None]))
    return [next(found) if question.query is not None else Answer(error=question.error) for question in asked]


@dataclass(frozen=True, slots=True)
class _Side:
    """A record with the native verdicts on it."""

    judged: Judged
    raw: bool
    document: bool | None


def _native(
    rule: Rule, judged: Sequence[Judged], pipelines: Sequence[ProcessingPipeline], integration: str
) -> list[_Side]:
    on_raw = compile_predicate(rule.tree)
    on_document = _on_document(rule, pipelines, integration)
    mine = (None, rule.id)
    return [
        _Side(one, on_raw(one.record), on_document(one.document) if on_document and _has_document(one) else None)
        for one in judged
        if one.generated_for in mine
    ]


def _has_document(one: Judged) -> bool:
    """A record that a pipeline of the engine's own drops or fails on has none."""
    return not one.rejected or bool(one.document)


def _on_document(rule: Rule, pipelines: Sequence[ProcessingPipeline], integration: str) -> Verdict | None:
    from sigma.exceptions import SigmaError

    try:
        return compile_predicate(mapped_tree(rule, pipelines, integration))
    except SigmaError:
        return None  # a field without an ECS home: every target refuses the rule


def _cell(
    rule: Rule, conversion: Conversion, answers: Sequence[tuple[Question, Answer]], sides: Sequence[_Side]
) -> Cell:
    cell = Cell(conversion)
    for question, answer in answers:
        if answer.error:
            where = f" (while no index maps {question.unmapped})" if question.unmapped else ""
            cell.error = answer.error + where
            return cell
        for side in sides if question.unmapped is None else _without(question.unmapped, sides):
            _judge(
                cell,
                rule.tree,
                side,
                None if side.judged.rejected else side.judged.id in answer.matched,
                question.unmapped,
            )
    cell.unproven = tuple(_unproven(cell, rule.tree, sides))
    return cell


def _without(field_name: str, sides: Sequence[_Side]) -> list[_Side]:
    """The records whose documents don't have a field, and were taken by the engine."""
    is_there = found(field_name)
    return [side for side in sides if not side.judged.rejected and not is_there(side.judged.document)]


def _judge(cell: Cell, tree: Predicate, side: _Side, engine: bool | None, unmapped: str | None) -> None:
    if unmapped is None:
        cell.judged += 1
        cell.matched += engine is True
        cell.counted += engine is not None and side.judged.inadmissible is None
        if engine is None:
            cell.rejected.append(Difference(side.judged, side.raw, side.document, None))
    if engine is not None and engine is not side.raw:
        reasons = explaining(cell.conversion, tree, side.judged, side.raw)
        if unmapped is None or not (reasons or side.judged.inadmissible):
            cell.add(Difference(side.judged, side.raw, side.document, engine, reasons, unmapped))


def _unproven(cell: Cell, tree: Predicate, sides: Sequence[_Side]) -> Iterable[tuple[Reason, str]]:
    """Reasons and directions that no admissible record showed; those that none could show are dropped.

    What only records showed that AWS's service models exclude is neither: the models are no proof that no other record
    can show it, and a verdict must not depend on whether they are there.
    """
    for reason in cell.conversion.reasons:
        shown = {difference.direction for difference in cell.evidence(reason)}
        for direction in sorted(set(reason.directions) - shown):
            if cell.is_excluded(reason, direction):
                continue
            if any(_can_show(cell.conversion, reason, direction, tree, side) for side in sides):
                yield reason, direction
            else:
                cell.dropped.append((reason, direction))


def _can_show(conversion: Conversion, reason: Reason, direction: str, tree: Predicate, side: _Side) -> bool:
    """Whether AWS can write the record, a test of the reason's field decides on it, and the cause is there."""
    judged = side.judged
    if judged.inadmissible or judged.rejected or direction_of(side.raw) != direction:
        return False
    if reason.field not in map(field_of, pivotal(tree, judged.record)):
        return False
    return is_cause(reason, tree, judged.record, judged.document, table(conversion.integration), conversion.fields)
