"""Prints what `verify` found: the matrix, the evidence of each claim, and every finding with its record."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from sigmaproof.evaluate.explain import deciding, values_of
from sigmaproof.fields import table
from sigmaproof.output.consoles import new_table, note, out, plural
from sigmaproof.predicate import describe
from sigmaproof.verify.compare import Cell, Difference, Row
from sigmaproof.verify.records import BASE
from sigmaproof.verify.reportdata import VERDICTS, cell_data, sizes_of, truth_of
from sigmaproof.verify.run import Report

__all__ = ["write_report"]

SHOWN_TESTS = 5
OTHER = "the claim is about the integration's own documents and mapping"


def write_report(report: Report, form: str, everything: bool) -> None:
    """Prints the report for people, as one JSON object a rule and target, or as one HTML page."""
    if form == "html":
        from sigmaproof.verify.page import page_text

        print(page_text(report, everything, _made()), end="")
        note(_totals(report).strip())
        return
    if form == "json":
        for row in report.rows:
            for cell in row.cells:
                print(json.dumps(cell_data(report, row, cell), ensure_ascii=True))
        return
    _write_matrix(report)
    for row in report.rows:
        for line in _rule_lines(row, everything):
            out().print(line)
        for cell in row.cells:
            for line in _cell_lines(report, row, cell, everything):
                out().print(line)
    out().print(_totals(report))


def _made() -> str:
    """The day, or that of SOURCE_DATE_EPOCH, so that a page can be made twice alike."""
    seconds = os.environ.get("SOURCE_DATE_EPOCH", "")
    at = datetime.fromtimestamp(int(seconds), UTC) if seconds.isdecimal() else datetime.now(UTC)
    return at.strftime("%Y-%m-%d")


def _write_matrix(report: Report) -> None:
    table = new_table("rule", "tests decided", "matches: logs + generated", *map(report.heading, report.targets))
    table.columns[1].justify = table.columns[2].justify = "right"
    for row in report.rows:
        table.add_row(
            row.rule.title,
            f"{row.coverage.decided} of {row.coverage.total}",
            f"{row.matched - row.generated:,} + {row.generated:,}",
            *(_cell_words(cell) for cell in row.cells),
        )
    out().print(table)


def _rule_lines(row: Row, everything: bool) -> Iterator[str]:
    """What is wrong with a rule by itself, and which of its tests decide nothing."""
    for finding in row.coverage.findings():
        yield f"\n{row.rule.title}: {finding}"
    listed = list(dict.fromkeys(row.coverage.listed()))
    if listed:
        yield f"\n{row.rule.title}: {plural(len(listed), 'test')} without a record that decides it"
        yield from (f"  {words}" for words in (listed if everything else listed[:SHOWN_TESTS]))
        if not everything and len(listed) > SHOWN_TESTS:
            yield f"  and {len(listed) - SHOWN_TESTS:,} more (--all shows them)"


def _cell_words(cell: Cell) -> str:
    """The claim, and on how many records that AWS can write the verdict is the rule's."""
    if cell.conversion.refusal is not None:
        return "refused"
    if cell.error:
        return "THE ENGINE REFUSES THE QUERY"
    differing = len(cell.explained) + len(cell.unexplained)
    words = f"{cell.conversion.fidelity}, {cell.counted - differing:,} of {cell.counted:,}"
    if cell.unexplained:
        words += f", {len(cell.unexplained):,} NOT AS CLAIMED"
    return words + (", CLAIM WITHOUT EVIDENCE" if cell.unproven else "")


def _cell_lines(report: Report, row: Row, cell: Cell, everything: bool) -> Iterator[str]:
    name = f"{row.rule.title} [{cell.conversion.target}]"
    if cell.conversion.refusal is not None:
        yield f"\n{name}: refused: {cell.conversion.refusal}"
    if cell.error:
        yield f"\n{name}: the engine refuses the query: {cell.error}"
        yield from (f"  indexed  {text}" for text in cell.indexed)
    for difference in cell.unexplained:
        yield f"\n{name}: DIFFERS, and the claim ({cell.conversion.fidelity}) doesn't explain it"
        yield from _difference_lines(report, row, cell, difference)
        yield from (f"  indexed  {text}" for text in cell.indexed)
    for reason, direction in cell.unshown:
        yield f"\n{name}: {reason.code} ({direction}) of {reason.field} shows on no record here: {OTHER}"
    for reason, direction in cell.unproven:
        yield f"\n{name}: the claim {reason.code} ({direction}) of {reason.field} has no evidence: no record showed it"
    for reason, direction in cell.excluded:
        yield f"\n{name}: {reason.code} ({direction}) of {reason.field} shows only where AWS's models exclude it"
    for reason, direction in cell.dropped:
        yield f"\n{name}: {reason.code} ({direction}) of {reason.field} is dropped: no generated record could show it"
    yield from _evidence_lines(report, row, cell, name, everything)


def _evidence_lines(report: Report, row: Row, cell: Cell, name: str, everything: bool) -> Iterator[str]:
    """For each reason and direction a record that shows it: one of the given logs, or the smallest generated one."""
    told: set[tuple[str, str]] = set()  # several fields of one object share a cause
    for reason in cell.conversion.reasons:
        for direction in ("misses", "extra"):
            if (reason.code + reason.detail, direction) in told:
                continue
            told.add((reason.code + reason.detail, direction))
            found = [difference for difference in cell.evidence(reason) if difference.direction == direction]
            shown = found if everything else _told(found)
            if shown:
                yield f"\n{name}: {reason.code} ({direction}): {reason.detail}"
            for difference in shown:
                yield from _difference_lines(report, row, cell, difference)
            if len(found) > len(shown):
                yield f"  and {plural(len(found) - len(shown), 'record')} more (--all shows them)"
    if everything:
        yield from _apart_lines(report, row, cell, name)
    else:
        yield from _given_lines(cell, name)


def _told(found: list[Difference]) -> list[Difference]:
    """The first difference, and where it is one of the user's the smallest one too."""
    return found[:1] + [one for one in found[1:] if one.smaller][: found[:1] != [] and found[0].smaller is None]


def _given_lines(cell: Cell, name: str) -> Iterator[str]:
    """The user's own records on which the verdicts differ, though AWS is not known to write such: one a fault."""
    given = [one for one in cell.inadmissible if not one.judged.generated]
    if given:
        yield f"\n{name}: differs on {plural(len(given), 'given record')} that AWS is not known to write (see --all)"
        faults = {one.judged.inadmissible: one.judged.place for one in reversed(given)}
        yield from (f"  {place}: {fault}" for fault, place in list(faults.items())[:SHOWN_TESTS])


def _apart_lines(report: Report, row: Row, cell: Cell, name: str) -> Iterator[str]:
    """What breaks no claim: records that AWS can't write, and documents that the index does not take."""
    for difference in cell.inadmissible:
        yield f"\n{name}: differs on a record that AWS can't write: {difference.judged.inadmissible}"
        yield from _difference_lines(report, row, cell, difference)
    for difference in cell.rejected:
        if difference.raw:
            yield f"\n{name}: the rule is true on a record that the index rejects: {difference.judged.rejected}"
            yield from _difference_lines(report, row, cell, difference)


def _difference_lines(report: Report, row: Row, cell: Cell, difference: Difference) -> Iterator[str]:
    judged = difference.judged
    heading = report.heading(cell.conversion.target, difference.unmapped)
    yield f"  record   {judged.place}"
    raw, document, engine = (VERDICTS[one] for one in (difference.raw, difference.document, difference.engine))
    yield f"  verdicts rule: {raw}; rule on the ECS document: {document}; {heading}: {engine}"
    if difference.unmapped:
        yield f"  index    does not map {difference.unmapped}"
    shown = difference.example
    for test in deciding(row.rule.tree, shown.record):
        values = "; ".join(values_of(test, shown.record))
        truth = "true " if truth_of(test, shown.record) else "false"
        yield f"  because  {truth} {describe(test)}: {values}"
    for size in sizes_of(difference, shown.record, table(cell.conversion.integration)):
        yield f"  size     {size}"
    if difference.smaller:
        yield f"  smallest {json.dumps(_shortened(shown.record), ensure_ascii=False)}"
    elif judged.generated:
        changed = {key: value for key, value in judged.record.items() if BASE.get(key, "") != value}
        yield f"  with     {json.dumps(_shortened(changed), ensure_ascii=False)}"


def _shortened(value: Any) -> Any:
    """The same record with its long texts and lists cut, for reading."""
    if isinstance(value, dict):
        return {key: _shortened(inner) for key, inner in value.items()}
    if isinstance(value, list):
        more = [f"… {len(value):,} elements"] if len(value) > 3 else []
        return [_shortened(inner) for inner in value[:3]] + more
    if isinstance(value, str) and len(value) > 80:
        return f"{value[:40]}… ({len(value):,} characters)"
    return value


def _totals(report: Report) -> str:
    cells = [cell for row in report.rows for cell in row.cells]
    verdicts = sum(cell.judged for cell in cells)
    differing = sum(len(cell.unexplained) + bool(cell.error) for cell in cells)
    unproven = sum(len(cell.unproven) for cell in cells)
    apart = sum(len(cell.inadmissible) for cell in cells)
    refused = sum(cell.conversion.refusal is not None for cell in cells)
    return (
        f"\n{plural(report.records, 'record')}, {report.generated:,} of them generated; {plural(verdicts, 'verdict')} "
        f"compared on {report.engine}: {differing:,} not as claimed, {plural(unproven, 'claim')} without evidence.\n"
        f"{plural(len(report.rows), 'rule')}: {report.wrong:,} that can't be right as written, "
        f"{plural(refused, 'conversion')} refused, {plural(report.unread, 'rule')} that could not be read.\n"
        f"Apart: {plural(report.inadmissible, 'record')} that AWS can't write ({plural(apart, 'difference')} on them), "
        f"{plural(len(report.rejected), 'document')} that the index rejects. --all shows them."
        + "".join(f"\n{remark}" for remark in report.remarks)
    )
