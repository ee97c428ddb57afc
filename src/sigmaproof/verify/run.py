"""Runs every conversion on a real engine and compares its verdicts with the rule's, record by record.

The way: native on the raw record; native, mapped, on the ECS document; each target's query on the engine. What is
compared how is in `compare`; which records are generated is in `witness`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sigmaproof.conversion import convert_rule, mapped_tree
from sigmaproof.diagnostics import Diagnostic
from sigmaproof.evaluate.compile import compile_predicate
from sigmaproof.events import Event, read_files
from sigmaproof.fidelity import Conversion, Reason
from sigmaproof.fields import DEFAULT, FieldTable, table
from sigmaproof.matching import Verdict
from sigmaproof.normalize import normalize
from sigmaproof.paths import found
from sigmaproof.predicate import Predicate, assume
from sigmaproof.rules import Rule
from sigmaproof.verify.admissible import why_inadmissible
from sigmaproof.verify.compare import Cell, Difference, Judged, Row, explaining
from sigmaproof.verify.engines import Answer, Engine, Own, Unmade
from sigmaproof.verify.indexed import otherwise_indexed
from sigmaproof.verify.queries import Question, questions
from sigmaproof.verify.witness import witnesses

if TYPE_CHECKING:
    from sigma.processing.pipeline import ProcessingPipeline

    from sigmaproof.verify.eql import FieldType

__all__ = ["Report", "judge", "load", "verify", "verify_files"]

LOWERED = "EQL, lowered"
HEADINGS = {"eql": LOWERED, "lucene": "Lucene"}
UNMAPPED = (
    "EQL ran as it is (_eql/search). How a query behaves while no index maps one of its fields was judged on its "
    f"lowered form ({LOWERED})."
)


@dataclass
class Report:
    """The matrix: a row a rule, a cell a target. remarks: what its reader must know of the engine."""

    targets: tuple[str, ...]
    engine: str
    integration: str = DEFAULT
    has_eql: bool = False
    remarks: tuple[str, ...] = ()
    rows: list[Row] = field(default_factory=list)
    records: int = 0
    generated: int = 0
    inadmissible: int = 0
    rejected: dict[str, str] = field(default_factory=dict)

    @property
    def has_findings(self) -> bool:
        """Whether some difference is not explained, or some claim has no evidence."""
        return any(cell.has_findings for row in self.rows for cell in row.cells)

    def heading(self, target: str, unmapped: str | None = None) -> str:
        """What ran, in words: EQL itself, or what it is lowered to, as it always is where a field is unmapped."""
        if target == "eql" and self.has_eql and unmapped is None:
            return "EQL"
        return HEADINGS.get(target, target)


def verify_files(
    rules: Sequence[Rule],
    logs: Iterable[Path],
    targets: Sequence[str],
    engine: Engine,
    case: str = "fold",
    pipelines: Sequence[ProcessingPipeline] = (),
    report: Callable[[Diagnostic], None] = lambda finding: None,
    integration: str = DEFAULT,
) -> Report:
    """Verifies rules on the records of these logs and on generated ones, with this engine, which the caller closes.

    integration: the profile of the field table. Raises EngineUnavailable when the engine can't be used,
    UnknownIntegrationError.
    """
    table(integration)
    events = list(read_files(logs, report))
    return verify(rules, events, targets, engine, case, pipelines, integration)


def verify(
    rules: Sequence[Rule],
    events: Iterable[Event],
    targets: Sequence[str],
    engine: Engine,
    case: str = "fold",
    pipelines: Sequence[ProcessingPipeline] = (),
    integration: str = DEFAULT,
) -> Report:
    """Verifies rules on these events and on generated records, with this engine."""
    judged = load(rules, events, engine, integration)
    return judge(rules, judged, targets, engine, case, pipelines, integration)


def load(rules: Sequence[Rule], events: Iterable[Event], engine: Engine, integration: str = DEFAULT) -> list[Judged]:
    """Loads the documents of the events, and of the records generated for the rules, into the engine."""
    engine.meet()
    make = _judged if engine.own.documents is None else _undocumented
    judged = [make(str(number), event.place, event.record, integration) for number, event in enumerate(events)]
    for rule in rules:
        for number, record in enumerate(witnesses(rule.tree, integration), 1):
            place = f"generated#{number} for {rule.title}"
            judged.append(replace(make(f"w{len(judged)}", place, record, integration), generated_for=rule.id))
    judged = _documented(judged, engine.own, table(integration))
    documents = ((one.id, one.document) for one in judged if one.rejected is None)
    rejected = engine.load(documents, table(integration)).rejected
    return [replace(one, rejected=one.rejected or rejected.get(one.id)) for one in judged]


def _undocumented(id: str, place: str, record: dict[str, Any], _integration: str) -> Judged:
    """A record whose document the engine makes; what AWS can write does not depend on who makes it."""
    return Judged(id, place, record, {}, why_inadmissible(record))


def _documented(judged: list[Judged], own: Own, fields: FieldTable) -> list[Judged]:
    """With the documents that the engine's own pipeline makes of the raw records, where it has one."""
    if own.documents is None:
        return judged
    made = own.documents([(one.id, one.record) for one in judged], fields)
    return [_with(one, made[one.id]) for one in judged]


def _with(one: Judged, made: dict[str, Any] | Unmade) -> Judged:
    return replace(one, rejected=made.reason) if isinstance(made, Unmade) else replace(one, document=made)


def _judged(id: str, place: str, record: dict[str, Any], integration: str) -> Judged:
    try:
        document = normalize(record, integration=integration)
    except ValueError as error:
        return Judged(id, place, record, {"error.message": str(error)}, inadmissible=str(error))
    return Judged(id, place, record, document, why_inadmissible(record))


def judge(
    rules: Sequence[Rule],
    judged: Sequence[Judged],
    targets: Sequence[str],
    engine: Engine,
    case: str = "fold",
    pipelines: Sequence[ProcessingPipeline] = (),
    integration: str = DEFAULT,
) -> Report:
    """Compares all verdicts on records that the engine holds."""
    report = Report(tuple(targets), engine.name, integration, engine.has_eql, engine.remarks, records=len(judged))
    if engine.has_eql and "eql" in targets:
        report.remarks += (UNMAPPED,)
    report.generated = sum(one.generated for one in judged)
    report.inadmissible = sum(one.inadmissible is not None for one in judged)
    report.rejected = {one.id: one.rejected for one in judged if one.rejected}
    conversions = [[convert_rule(rule, target, case, pipelines, integration) for target in targets] for rule in rules]
    types = engine.own.types() if engine.own.types is not None else None
    has_eql = engine.has_eql
    asked = [(c, list(questions(c, has_eql, types)) if c.query is not None else []) for row in conversions for c in row]
    answers = iter(_ask([question for _, found in asked for question in found], engine))
    cells = iter([(c, [(question, next(answers)) for question in found]) for c, found in asked])
    for rule in rules:
        sides = _native(rule, judged, pipelines, integration)
        row = Row(rule, matched=sum(side.raw for side in sides))
        row.generated = sum(side.raw and side.judged.generated for side in sides)
        row.cells = [_cell(rule, *next(cells), sides) for _ in targets]
        for cell in row.cells:
            _on_other_index(cell, engine.own, types)
        report.rows.append(row)
    return report


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
    return [
        _Side(one, on_raw(one.record), on_document(one.document) if on_document and _has_document(one) else None)
        for one in judged
        if one.generated_for in (None, rule.id)
    ]


def _has_document(one: Judged) -> bool:
    """A record that the engine's own pipeline drops or fails on has none."""
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


def _on_other_index(cell: Cell, own: Own, types: Mapping[str, FieldType] | None) -> None:
    """Where documents or mapping are not ours: claims have their evidence on the embedded engine, and can have less to
    show here. What differs is a finding as everywhere; how its fields are indexed is told beside it."""
    if cell.conversion.query is not None:
        cell.indexed = otherwise_indexed(cell.conversion, types, own.stand_ins)
    if own.is_other:
        cell.unproven, cell.unshown = (), cell.unproven


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
    """Reasons and directions that no admissible record showed, though the field decides on some of them."""
    for reason in cell.conversion.reasons:
        shown = {difference.direction for difference in cell.evidence(reason)}
        wanted = {"misses", "extra"} if reason.direction == "both" else {reason.direction}
        if wanted - shown and not _can_decide(tree, reason.field, sides):
            cell.vacuous.append(reason)
        else:
            yield from ((reason, direction) for direction in sorted(wanted - shown))


def _can_decide(tree: Predicate, field_name: str, sides: Sequence[_Side]) -> bool:
    """Whether the tests of a field decide the rule on some record that AWS can write."""
    true, false = (compile_predicate(assume(tree, field_name, truth)) for truth in (True, False))
    return any(true(side.judged.record) != false(side.judged.record) for side in sides if not side.judged.inadmissible)
