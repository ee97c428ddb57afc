"""Runs every conversion on a real engine and compares its verdicts with the rule's, record by record.

The way: native on the raw record; native, mapped, on the ECS document; each target's query on the engine. What is
compared how is in `compare`; which records are generated is in `witness`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sigmaproof.conversion import convert_rule, mapped_tree
from sigmaproof.diagnostics import Diagnostic
from sigmaproof.evaluate.compile import compile_predicate
from sigmaproof.events import Event, read_files
from sigmaproof.fidelity import Conversion
from sigmaproof.matching import Verdict
from sigmaproof.normalize import normalize
from sigmaproof.rules import Rule
from sigmaproof.verify.admissible import why_inadmissible
from sigmaproof.verify.compare import Cell, Difference, Judged, Row, explaining
from sigmaproof.verify.engines import Engine, Loaded
from sigmaproof.verify.queries import query_dsl
from sigmaproof.verify.witness import witnesses

if TYPE_CHECKING:
    from sigma.processing.pipeline import ProcessingPipeline

__all__ = ["Report", "verify", "verify_files"]

HEADINGS = {"eql": "EQL, lowered", "lucene": "Lucene"}


@dataclass
class Report:
    """The matrix: a row a rule, a cell a target."""

    targets: tuple[str, ...]
    engine: str
    rows: list[Row] = field(default_factory=list)
    records: int = 0
    generated: int = 0
    inadmissible: int = 0
    rejected: dict[str, str] = field(default_factory=dict)

    @property
    def has_findings(self) -> bool:
        """Whether some difference is not explained, or some claim has no evidence."""
        return any(cell.has_findings for row in self.rows for cell in row.cells)


def verify_files(
    rules: Sequence[Rule],
    logs: Iterable[Path],
    targets: Sequence[str],
    case: str = "fold",
    pipelines: Sequence[ProcessingPipeline] = (),
    report: Callable[[Diagnostic], None] = lambda finding: None,
) -> Report:
    """Verifies rules on the records of these logs and on generated ones, on the embedded Elasticsearch.

    Raises EngineUnavailable when it can't be started.
    """
    from sigmaproof.verify.engines.elasticsearch import EmbeddedElasticsearch

    events = list(read_files(logs, report))
    with EmbeddedElasticsearch() as engine:
        return verify(rules, events, targets, engine, case, pipelines)


def verify(
    rules: Sequence[Rule],
    events: Iterable[Event],
    targets: Sequence[str],
    engine: Engine,
    case: str = "fold",
    pipelines: Sequence[ProcessingPipeline] = (),
) -> Report:
    """Verifies rules on these events and on generated records, with this engine."""
    judged, loaded = _load(rules, events, engine)
    report = Report(tuple(targets), engine.name, records=len(judged))
    report.generated = sum(one.generated for one in judged)
    report.inadmissible = sum(one.inadmissible is not None for one in judged)
    report.rejected = dict(loaded.rejected)
    conversions = [[convert_rule(rule, target, case, pipelines) for target in targets] for rule in rules]
    answers = _answers([c for row in conversions for c in row], engine)
    for rule, row in zip(rules, conversions, strict=True):
        report.rows.append(_row(rule, row, judged, answers, pipelines))
    return report


def _load(rules: Sequence[Rule], events: Iterable[Event], engine: Engine) -> tuple[list[Judged], Loaded]:
    judged = [_judged(str(n), event.place, event.record) for n, event in enumerate(events)]
    for rule in rules:
        for number, record in enumerate(witnesses(rule.tree), 1):
            place = f"generated#{number} for {rule.title}"
            judged.append(replace(_judged(f"w{len(judged)}", place, record), generated=True))
    loaded = engine.load((one.id, one.document) for one in judged)
    return [replace(one, rejected=loaded.rejected.get(one.id)) for one in judged], loaded


def _judged(id: str, place: str, record: dict[str, Any]) -> Judged:
    try:
        document = normalize(record)
    except ValueError as error:
        return Judged(id, place, record, {"error.message": str(error)}, inadmissible=str(error))
    return Judged(id, place, record, document, why_inadmissible(record))


def _answers(conversions: Sequence[Conversion], engine: Engine) -> dict[tuple[str, str], Any]:
    """The engine's answer, or what is wrong with the query, for each rule and target."""
    queries = {(c.rule_id, c.target): query_dsl(c.target, c.query) for c in conversions if c.query is not None}
    good = {key: query for key, query in queries.items() if not isinstance(query, str)}
    found = dict(zip(good, engine.search(list(good.values())), strict=True))
    return {key: found.get(key, queries[key]) for key in queries}


def _row(
    rule: Rule, conversions: Sequence[Conversion], judged: Sequence[Judged], answers: dict[tuple[str, str], Any],
    pipelines: Sequence[ProcessingPipeline],
) -> Row:  # fmt: skip
    on_raw = compile_predicate(rule.tree)
    on_document = _on_document(rule, pipelines)
    verdicts = [(one, on_raw(one.record), on_document(one.document) if on_document else None) for one in judged]
    row = Row(rule, matched=sum(raw for _, raw, _ in verdicts))
    for conversion in conversions:
        answer = answers.get((conversion.rule_id, conversion.target))
        row.cells.append(_cell(conversion, verdicts, answer))
    return row


def _on_document(rule: Rule, pipelines: Sequence[ProcessingPipeline]) -> Verdict | None:
    from sigma.exceptions import SigmaError

    try:
        return compile_predicate(mapped_tree(rule, pipelines))
    except SigmaError:
        return None  # a field without an ECS home: every target refuses the rule


def _cell(conversion: Conversion, verdicts: Sequence[tuple[Judged, bool, bool | None]], answer: Any) -> Cell:
    cell = Cell(conversion)
    if answer is None:
        return cell
    error = answer if isinstance(answer, str) else answer.error
    if error:
        cell.error = error
        return cell
    for one, raw, document in verdicts:
        _judge(cell, one, raw, document, None if one.rejected else one.id in answer.matched)
    cell.unproven = tuple(_unproven(cell))
    return cell


def _judge(cell: Cell, one: Judged, raw: bool, document: bool | None, engine: bool | None) -> None:
    cell.judged += 1
    cell.matched += engine is True
    cell.rejected += engine is None
    if engine is None and not raw:
        return  # no query finds a rejected document, and this rule has nothing to find in it
    if engine is not raw:
        cell.add(Difference(one, raw, document, engine, explaining(cell.conversion, one, raw)))


def _unproven(cell: Cell) -> Iterable[tuple[Any, str]]:
    """Reasons and directions that no admissible record showed."""
    for reason in cell.conversion.reasons:
        shown = {difference.direction for difference in cell.evidence(reason)}
        wanted = {"misses", "extra"} if reason.direction == "both" else {reason.direction}
        for direction in sorted(wanted - shown):
            yield reason, direction
