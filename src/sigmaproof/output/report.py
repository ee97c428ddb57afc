"""Prints what `verify` found: the matrix, the evidence of each claim, and every finding with its record."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sigmaproof.evaluate.explain import deciding, values_of
from sigmaproof.output.consoles import new_table, out, plural
from sigmaproof.predicate import describe
from sigmaproof.verify.compare import Cell, Difference, Row
from sigmaproof.verify.run import HEADINGS, Report

__all__ = ["write_report"]


def write_report(report: Report, form: str, everything: bool) -> None:
    """Prints the report for people, or as one JSON object a rule and target."""
    if form == "json":
        for row in report.rows:
            for cell in row.cells:
                print(json.dumps(_cell_json(row, cell), ensure_ascii=True))
        return
    _write_matrix(report)
    for row in report.rows:
        for cell in row.cells:
            for line in _cell_lines(row, cell, everything):
                out().print(line)
    out().print(_totals(report))


def _write_matrix(report: Report) -> None:
    table = new_table("rule", "native matches", *(HEADINGS.get(target, target) for target in report.targets))
    for row in report.rows:
        table.add_row(row.rule.title, f"{row.matched:,}", *(_cell_words(cell) for cell in row.cells))
    out().print(table)


def _cell_words(cell: Cell) -> str:
    conversion = cell.conversion
    if conversion.refusal is not None:
        return "refused"
    if cell.error:
        return "ENGINE REFUSES"
    differing = len(cell.explained) + len(cell.unexplained) + len(cell.inadmissible) + len(cell.rejected)
    same = cell.judged - differing
    words = [conversion.fidelity, f"{same:,} same"]
    if cell.explained:
        words.append(f"{len(cell.explained):,} differ as claimed")
    if cell.inadmissible:
        words.append(f"{len(cell.inadmissible):,} on records AWS can't write")
    if cell.unexplained:
        words.append(f"{len(cell.unexplained):,} DIFFER")
    if cell.rejected:
        words.append(f"{len(cell.rejected):,} rejected by the index")
    if cell.unproven:
        words.append("CLAIM WITHOUT EVIDENCE")
    return ", ".join(words)


def _cell_lines(row: Row, cell: Cell, everything: bool) -> Iterator[str]:
    name = f"{row.rule.title} [{cell.conversion.target}]"
    if cell.conversion.refusal is not None:
        yield f"\n{name}: refused: {cell.conversion.refusal}"
    if cell.error:
        yield f"\n{name}: the engine refuses the query: {cell.error}"
    for difference in cell.unexplained:
        yield f"\n{name}: DIFFERS, and the claim ({cell.conversion.fidelity}) doesn't explain it"
        yield from _difference_lines(row, cell, difference)
    for reason, direction in cell.unproven:
        yield f"\n{name}: the claim {reason.code} ({direction}) of {reason.field} has no evidence: no record showed it"
    for reason in cell.vacuous:
        yield f"\n{name}: {reason.code} of {reason.field} can't be shown: it decides on no record that AWS can write"
    yield from _evidence_lines(row, cell, name, everything)


def _evidence_lines(row: Row, cell: Cell, name: str, everything: bool) -> Iterator[str]:
    """For each reason the records that show it: the smallest one a direction, or all of them."""
    for reason in cell.conversion.reasons:
        shown: set[str] = set()
        for difference in cell.evidence(reason):
            if everything or difference.direction not in shown:
                shown.add(difference.direction)
                yield f"\n{name}: {reason.code} ({difference.direction}): {reason.detail}"
                yield from _difference_lines(row, cell, difference)
    if everything:
        for difference in cell.inadmissible:
            yield f"\n{name}: differs on a record that AWS can't write: {difference.judged.inadmissible}"
            yield from _difference_lines(row, cell, difference)
        for difference in cell.rejected:
            if difference.raw:
                yield f"\n{name}: the rule is true on a record that the index rejects: {difference.judged.rejected}"
                yield from _difference_lines(row, cell, difference)


def _difference_lines(row: Row, cell: Cell, difference: Difference) -> Iterator[str]:
    judged = difference.judged
    heading = HEADINGS.get(cell.conversion.target, cell.conversion.target)
    yield f"  record   {judged.place}"
    yield (
        f"  verdicts rule: {_verdict(difference.raw)}; rule on the ECS document: {_verdict(difference.document)}; "
        f"{heading}: {_verdict(difference.engine)}"
    )
    if difference.unmapped:
        yield f"  index    does not map {difference.unmapped}"
    for test in deciding(row.rule.tree, judged.record):
        values = "; ".join(values_of(test, judged.record))
        yield f"  because  {describe(test)}: {values}"
    if judged.generated:
        yield f"  JSON     {_short(json.dumps(judged.record, ensure_ascii=True))}"


def _short(text: str) -> str:
    return text if len(text) <= 1500 else f"{text[:1000]} … {text[-300:]} ({len(text):,} characters)"


def _verdict(verdict: bool | None) -> str:
    return {True: "match", False: "no match", None: "rejected"}[verdict]


def _totals(report: Report) -> str:
    cells = [cell for row in report.rows for cell in row.cells]
    verdicts = sum(cell.judged for cell in cells)
    differing = sum(len(cell.unexplained) + bool(cell.error) for cell in cells)
    unproven = sum(len(cell.unproven) for cell in cells)
    records = (
        f"{plural(report.records, 'record')} ({report.generated:,} generated; {report.inadmissible:,} that AWS "
        f"can't write, listed apart; {len(report.rejected):,} rejected by the index)"
    )
    return (
        f"\n{records}, {plural(verdicts, 'verdict')} compared on {report.engine}: "
        f"{differing:,} differ without an explanation, {plural(unproven, 'claim')} without evidence"
    )


def _cell_json(row: Row, cell: Cell) -> dict[str, Any]:
    return {
        **cell.conversion.to_json(),
        "heading": HEADINGS.get(cell.conversion.target, cell.conversion.target),
        "judged": cell.judged,
        "native_matches": row.matched,
        "engine_matches": cell.matched,
        "rejected": len(cell.rejected),
        "rejected_native_matches": sum(difference.raw for difference in cell.rejected),
        "error": cell.error,
        "differences": [_difference_json(row, d) for d in (*cell.unexplained, *cell.explained, *cell.inadmissible)],
        "without_evidence": [{"code": r.code, "field": r.field, "direction": d} for r, d in cell.unproven],
    }


def _difference_json(row: Row, difference: Difference) -> dict[str, Any]:
    judged = difference.judged
    return {
        "place": judged.place,
        "generated": judged.generated,
        "inadmissible": judged.inadmissible,
        "explained_by": sorted({reason.code for reason in difference.reasons}),
        "direction": difference.direction,
        "native": difference.raw,
        "native_on_document": difference.document,
        "engine": difference.engine,
        "rejected": judged.rejected,
        "deciding": [
            {"test": describe(test), "values": list(values_of(test, judged.record))}
            for test in deciding(row.rule.tree, judged.record)
        ],
        "record": judged.record,
    }
