"""What the matrix and the filters of the HTML page need of every rule: read at once, so it is kept small."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sigmaproof import __version__
from sigmaproof.fidelity import CODES
from sigmaproof.output.consoles import plural
from sigmaproof.verify.advice import EFFECTS, FIXES
from sigmaproof.verify.compare import Cell, Row
from sigmaproof.verify.reportdata import agreeing, findings_of
from sigmaproof.verify.run import Report

__all__ = ["summary"]

LONGEST_NOTE = 110


def summary(report: Report, made: str) -> dict[str, Any]:
    """What the matrix and the filters need."""
    wrong = " ".join(_wrong(report))
    return {
        "version": __version__,
        "made": made,
        "engine": report.engine,
        "integration": report.integration,
        "targets": [{"name": name, "heading": report.heading(name)} for name in report.targets],
        "headline": wrong or _all_well(report),
        "well": not wrong,
        "facts": _facts(report),
        "codes": CODES,
        "effects": EFFECTS,
        "fixes": {f"{code} {direction}": fixes for (code, direction), fixes in FIXES.items()},
        "rules": [_rule(row) for row in report.rows],
    }


def _rule(row: Row) -> dict[str, Any]:
    return {
        "id": row.rule.id,
        "title": row.rule.title,
        "place": f"{row.rule.file}:{row.rule.document.line}",
        "level": row.rule.level,
        "logs": row.matched - row.generated,
        "generated": row.generated,
        "coverage": [row.coverage.decided, row.coverage.total],
        "faults": list(row.coverage.findings()),
        "cells": [_cell(cell) for cell in row.cells],
    }


def _cell(cell: Cell) -> dict[str, Any]:
    """state: the worst finding, otherwise the claim."""
    return {
        "state": next(iter(findings_of(cell)), cell.conversion.fidelity),
        "claim": cell.conversion.fidelity,
        "agreeing": agreeing(cell),
        "admissible": cell.counted,
        "directions": sorted(cell.conversion.directions, reverse=True),
        "codes": sorted({reason.code for reason in cell.conversion.reasons}),
        "note": _note(cell),
    }


def _note(cell: Cell) -> str:
    """Why there is no verdict, in few words: a refusal names the test first."""
    refusal = cell.conversion.refusal or ""
    text = refusal.partition(": ")[2] or refusal or cell.error or ""
    return text if len(text) <= LONGEST_NOTE else f"{text[:LONGEST_NOTE]}…"


def _all_well(report: Report) -> str:
    count = sum(len(row.cells) for row in report.rows)
    return f"Every claim holds: {plural(count, 'conversion')}, no difference without its reason."


def _wrong(report: Report) -> Iterator[str]:
    """What is not as it should be."""
    cells = [cell for row in report.rows for cell in row.cells]
    found = sum(cell.has_findings for cell in cells)
    if found:
        are = "is" if found == 1 else "are"
        yield f"{found:,} of {plural(len(cells), 'conversion')} {are} not what the claim says."
    if report.wrong:
        yield f"{report.wrong:,} of {plural(len(report.rows), 'rule')} can't be right as written."
    if report.unread:
        yield f"{plural(report.unread, 'rule')} could not be read."


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
