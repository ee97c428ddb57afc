"""What the HTML page holds: a summary of every rule, read at once, and a line of details a rule, read when it is opened.

Made of the objects of `reportdata`, with the records cut for reading. Words are chosen here and there, looks in the style.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from sigmaproof import __version__
from sigmaproof.fidelity import CODES, Reason
from sigmaproof.output.consoles import plural
from sigmaproof.verify.advice import EFFECTS, reason_fixes
from sigmaproof.verify.compare import Cell, Difference, Row
from sigmaproof.verify.page.records import record_lines
from sigmaproof.verify.reportdata import VERDICTS, claim_data, difference_data, findings_of, reason_words
from sigmaproof.verify.run import Report

__all__ = ["details", "summary"]

MOST_UNEXPLAINED = 3
MOST_DECIDING = 25
MOST_TEXT = 6_000  # characters of a rule's detection
NOT_AS_CLAIMED = "not-as-claimed"
_CLAIM_KEYS = ("query", "refusal", "error", "expensive", "fix", "judged", "engine_matches", "not_decisive", "dropped")


def summary(report: Report, made: str) -> dict[str, Any]:
    """What the matrix and the filters need."""
    return {
        "version": __version__,
        "made": made,
        "engine": report.engine,
        "integration": report.integration,
        "targets": [{"name": name, "heading": report.heading(name)} for name in report.targets],
        "headline": _headline(report),
        "facts": _facts(report),
        "codes": CODES,
        "effects": EFFECTS,
        "rules": [_rule(row) for row in report.rows],
    }


def _rule(row: Row) -> dict[str, Any]:
    coverage = getattr(row, "coverage", None)
    return {
        "id": row.rule.id,
        "title": row.rule.title,
        "place": f"{row.rule.file}:{row.rule.document.line}",
        "level": row.rule.level,
        "logs": row.matched - row.generated,
        "generated": row.generated,
        "coverage": None if coverage is None else [coverage.decided, coverage.total],
        "cells": [_cell(cell) for cell in row.cells],
    }


def _cell(cell: Cell) -> dict[str, Any]:
    """state: the worst finding, otherwise the claim."""
    differing = sum(one.unmapped is None for one in (*cell.explained, *cell.unexplained))
    return {
        "state": next(iter(findings_of(cell)), cell.conversion.fidelity),
        "claim": cell.conversion.fidelity,
        "agreeing": cell.counted - differing,
        "admissible": cell.counted,
        "directions": sorted(cell.conversion.directions, reverse=True),
        "codes": sorted({reason.code for reason in cell.conversion.reasons}),
    }


def _headline(report: Report) -> str:
    cells = [cell for row in report.rows for cell in row.cells]
    found = sum(cell.has_findings for cell in cells)
    if found:
        return (
            f"{found:,} of {plural(len(cells), 'conversion')} {'is' if found == 1 else 'are'} not what the claim says."
        )
    return f"Every claim holds: {plural(len(cells), 'conversion')}, no difference without its reason."


def _facts(report: Report) -> list[str]:
    cells = [cell for row in report.rows for cell in row.cells]
    apart = sum(len(cell.inadmissible) for cell in cells)
    return [
        f"{plural(sum(cell.judged for cell in cells), 'verdict')} compared on {report.engine}.",
        f"{plural(report.records, 'record')}, {report.generated:,} of them generated.",
        f"Apart: {plural(report.inadmissible, 'record')} that AWS can't write ({plural(apart, 'difference')} on them), "
        f"{plural(len(report.rejected), 'document')} that the index rejects.",
        *report.remarks,
    ]


def details(report: Report, everything: bool) -> Iterator[dict[str, Any]]:
    """What is behind the cells of each rule, in the order of the summary."""
    for row in report.rows:
        yield {
            "description": str(row.rule.data.get("description") or "").strip(),
            "detection": _detection(row),
            "coverage": _coverage(report, row),
            "cells": [_cell_details(report, row, cell, everything) for cell in row.cells],
        }


def _coverage(report: Report, row: Row) -> dict[str, Any] | None:
    found: dict[str, Any] | None = claim_data(report, row, row.cells[0])["coverage"] if row.cells else None
    return found


def _detection(row: Row) -> str:
    text = yaml.safe_dump({"detection": row.rule.data["detection"]}, sort_keys=False, allow_unicode=True, width=100)
    return text if len(text) <= MOST_TEXT else f"{text[:MOST_TEXT]}\n… ({len(text):,} characters)"


def _cell_details(report: Report, row: Row, cell: Cell, everything: bool) -> dict[str, Any]:
    claim = claim_data(report, row, cell)
    return {
        **{key: claim[key] for key in _CLAIM_KEYS},
        "groups": [*_unexplained(report, row, cell, everything), *_reasons(report, row, cell, everything)],
        "without_evidence": claim["without_evidence"],
        "apart": [len(cell.inadmissible), len(cell.rejected)],
    }


def _unexplained(report: Report, row: Row, cell: Cell, everything: bool) -> Iterator[dict[str, Any]]:
    for direction in ("misses", "extra"):
        found = [one for one in cell.unexplained if one.direction == direction]
        if found:
            words = {"code": NOT_AS_CLAIMED, "direction": direction, "detail": "", "fields": [], "fix": []}
            shown = found if everything else found[:MOST_UNEXPLAINED]
            yield {**words, **_evidence(report, row, cell, shown, len(found))}


def _reasons(report: Report, row: Row, cell: Cell, everything: bool) -> Iterator[dict[str, Any]]:
    """Each cause once, as several fields of one object share it; a group for each direction that it claims."""
    causes: dict[tuple[str, str], list[Reason]] = {}
    for reason in cell.conversion.reasons:
        causes.setdefault((reason.code, reason.detail), []).append(reason)
    for reasons in causes.values():
        for direction in ("misses", "extra"):
            claimed = [one for one in reasons if one.direction in {direction, "both"}]
            if claimed:
                found = _distinct(one for r in claimed for one in cell.evidence(r) if one.direction == direction)
                shown = found if everything else found[:1]
                yield {**_reason(claimed, direction), **_evidence(report, row, cell, shown, len(found))}


def _distinct(found: Iterator[Difference]) -> list[Difference]:
    return list({(one.judged.id, one.unmapped): one for one in found}.values())


def _reason(reasons: list[Reason], direction: str) -> dict[str, Any]:
    first = reasons[0]
    fields = [one.field for one in reasons if one.field]
    fix = reason_fixes(first.code, direction, first.field)
    return {**reason_words(first), "direction": direction, "fields": fields, "fix": fix}


def _evidence(report: Report, row: Row, cell: Cell, shown: list[Difference], count: int) -> dict[str, Any]:
    return {"count": count, "evidence": [_difference(report, row, cell, one) for one in shown]}


def _difference(report: Report, row: Row, cell: Cell, difference: Difference) -> dict[str, Any]:
    data = difference_data(report, row, cell, difference)
    deciding = data["deciding"]
    sides = [("rule, on the record", "native"), ("rule, on the ECS document", "native_on_document")]
    return {
        "place": data["place"],
        "generated": data["generated"],
        "why": data["why"],
        "sizes": data["sizes"],
        "verdicts": [
            *((name, _verdict(data[key])) for name, key in sides),
            (data["heading"], _verdict(data["engine"])),
        ],
        "deciding": [[one["true"], one["test"], one["values"]] for one in deciding[:MOST_DECIDING]],
        "more": max(len(deciding) - MOST_DECIDING, 0),
        "record": record_lines(data["record"], {at: one["true"] for one in deciding for at in one["at"]}),
    }


def _verdict(verdict: bool | None) -> str:
    return VERDICTS[verdict]
