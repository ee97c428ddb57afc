"""Runs every conversion on a real engine and compares its verdicts with the rule's, record by record.

The way: native on the raw record; native, mapped, on the ECS document; each target's query on the engine. What is
compared how is in `compare`; which records are generated is in `witness`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from sigmaproof import servicemodels
from sigmaproof.conversion import convert_rule
from sigmaproof.diagnostics import Diagnostic
from sigmaproof.events import Event, read_files
from sigmaproof.fields import DEFAULT, table
from sigmaproof.rules import Rule
from sigmaproof.verify.compare import Judged, Row
from sigmaproof.verify.engines import Engine
from sigmaproof.verify.indexed import otherwise_indexed
from sigmaproof.verify.judge import judge_rows
from sigmaproof.verify.judged import judged_records
from sigmaproof.verify.smallest import shrink_shown
from sigmaproof.verify.witness import witnesses

if TYPE_CHECKING:
    from sigma.processing.pipeline import ProcessingPipeline

    from sigmaproof.remote import Remote

__all__ = ["Report", "judge", "load", "verify", "verify_files"]

LOWERED = "EQL, lowered"
HEADINGS = {"eql": LOWERED, "lucene": "Lucene"}
AT_ONCE = 24
"""Rules whose generated records are in the engine at the same time."""
UNMAPPED = (
    "EQL ran as it is (_eql/search). How a query behaves while no index maps one of its fields was judged on its "
    f"lowered form ({LOWERED})."
)


@dataclass
class Report:
    """The matrix: a row a rule, a cell a target. remarks: what its reader must know of the engine,
    and by what it was decided which records AWS can write. unread: rules that are not in it, as they can't be read."""

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
    unread: int = 0

    @property
    def has_findings(self) -> bool:
        """Whether some difference is not explained, or some claim has no evidence."""
        cells = any(cell.has_findings for row in self.rows for cell in row.cells)
        return cells or any(row.coverage.has_findings for row in self.rows if any(row.converted))

    @property
    def wrong(self) -> int:
        """How many rules can't be right as written."""
        return sum(row.coverage.has_findings for row in self.rows)

    def add(self, rows: Sequence[Row], judged: Sequence[Judged], first: int = 0) -> None:
        """Takes the rows of some rules on some records. first: the place of the first one; a row that is there already
        is of the same rule on other records."""
        for at, row in enumerate(rows, first):
            if at < len(self.rows):
                self.rows[at].add(row)
            else:
                self.rows.append(row)
        self.records += len(judged)
        self.generated += sum(one.generated for one in judged)
        self.inadmissible += sum(one.inadmissible is not None for one in judged)
        self.rejected |= {one.id: one.rejected for one in judged if one.rejected}

    def about(self, engine: Engine) -> Self:
        """The report, with what its reader must know of the engine, and of how it indexes.

        Where documents or mapping are not ours, claims can have less to show than on the embedded engine, where they
        have their evidence. What differs is a finding as everywhere.
        """
        types = engine.own.types() if engine.own.types is not None and self.rows else None
        for cell in (cell for row in self.rows for cell in row.cells if cell.conversion.query is not None):
            cell.indexed = otherwise_indexed(cell.conversion, types, engine.own.stand_ins)
            if engine.own.is_other:
                cell.unproven, cell.unshown = (), cell.unproven
        self.has_eql, self.remarks = engine.has_eql, engine.remarks
        if engine.has_eql and "eql" in self.targets:
            self.remarks += (UNMAPPED,)
        self.remarks += (servicemodels.remark(),)
        return self

    def heading(self, target: str, unmapped: str | None = None) -> str:
        """What ran, in words: EQL itself, or what it is lowered to, as it always is where a field is unmapped."""
        if target == "eql" and self.has_eql and unmapped is None:
            return "EQL"
        return HEADINGS.get(target, target)


def verify_files(
    rules: Sequence[Rule],
    logs: Iterable[Path | Remote],
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
    """Verifies rules on these events and on generated records, with this engine.

    The engine holds the events first, then the generated records of some rules at a time: each rule is judged on its
    own alone, and what a query costs grows with the texts that are there.
    """
    conversions = [[convert_rule(rule, target, case, pipelines, integration) for target in targets] for rule in rules]
    engine.meet()
    report = Report(tuple(targets), engine.name, integration)
    events = list(events)
    if events:
        given = load([], events, engine, integration)
        report.add(judge_rows(rules, conversions, given, engine, pipelines), given)
    for start in range(0, len(rules), AT_ONCE):
        some, theirs = rules[start : start + AT_ONCE], conversions[start : start + AT_ONCE]
        judged = load(some, [], engine, integration, first=report.records)
        report.add(judge_rows(some, theirs, judged, engine, pipelines), judged, start)
    report.about(engine)
    shrink_shown(report, engine)
    return report


def load(
    rules: Sequence[Rule], events: Iterable[Event], engine: Engine, integration: str = DEFAULT, first: int = 0
) -> list[Judged]:
    """Loads the documents of the events, and of the records generated for the rules, into the engine.

    first: the number from which on they are counted.
    """
    engine.meet()
    records = [(str(number), event.place, event.record) for number, event in enumerate(events)]
    owners: list[str | None] = [None] * len(records)
    for rule in rules:
        for number, record in enumerate(witnesses(rule.tree, integration), 1):
            records.append((f"w{first + len(records)}", f"generated#{number} for {rule.title}", record))
            owners.append(rule.id)
    judged = judged_records(records, engine.own, integration)
    documents = ((one.id, one.document) for one in judged if one.rejected is None)
    rejected = engine.load(documents, table(integration)).rejected
    return [
        replace(one, rejected=one.rejected or rejected.get(one.id), generated_for=owner)
        for one, owner in zip(judged, owners, strict=True)
    ]


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
    conversions = [[convert_rule(rule, target, case, pipelines, integration) for target in targets] for rule in rules]
    report = Report(tuple(targets), engine.name, integration)
    report.add(judge_rows(rules, conversions, judged, engine, pipelines), judged)
    return report.about(engine)
