"""The report as plain data: one object for each rule and target. The only home of what those objects hold.

`--format json` prints them as they are (schema/verify-1.json, docs/report.md), the HTML page is made of them. Keys are
only ever added within a version of the schema. How text and page show them is in `report` and `page`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sigmaproof.evaluate.explain import deciding, values_of
from sigmaproof.fidelity import CODES, Reason
from sigmaproof.fields import FieldTable, table
from sigmaproof.matching import matcher, pattern_test, value_text
from sigmaproof.normalize.javamap import java_text
from sigmaproof.paths import Steps, getter, places, pointer
from sigmaproof.predicate import FieldRef, Keyword, Test, Wild, describe, field_of
from sigmaproof.verify.advice import FINDINGS, reason_fixes, refusal_fixes
from sigmaproof.verify.compare import Cell, Difference, Row
from sigmaproof.verify.run import Report

__all__ = [
    "SCHEMA",
    "VERDICTS",
    "agreeing",
    "cell_data",
    "claim_data",
    "coverage_data",
    "difference_data",
    "findings_of",
    "reason_words",
    "sizes_of",
    "truth_of",
]

SCHEMA = "sigmaproof-verify/1"
VERDICTS = {True: "match", False: "no match", None: "rejected"}


def cell_data(report: Report, row: Row, cell: Cell) -> dict[str, Any]:
    """One rule in one target, judged: its claim, the counts, every difference with its record, and what to do."""
    differences = (*cell.unexplained, *cell.explained, *cell.inadmissible)
    return {
        "schema": SCHEMA,
        **claim_data(report, row, cell),
        "differences": [difference_data(report, row, cell, one) for one in differences],
    }


def claim_data(report: Report, row: Row, cell: Cell) -> dict[str, Any]:
    """The same without the differences."""
    return {
        **cell.conversion.to_json(),
        "reasons": [_reason_data(row, cell, reason) for reason in cell.conversion.reasons],
        "heading": report.heading(cell.conversion.target),
        "engine": report.engine,
        "file": row.rule.file,
        "line": row.rule.document.line,
        "level": row.rule.level,
        **_counts(row, cell),
        "measured": cell.measured,
        "error": cell.error,
        "findings": _findings(row, cell),
        "fix": _fixes(row, cell),
        "without_evidence": [_reason_of(reason, direction) for reason, direction in cell.unproven],
        "dropped": [_reason_of(reason, direction) for reason, direction in cell.dropped],
        "excluded": [_reason_of(reason, direction) for reason, direction in cell.excluded],
        "not_shown_here": [_reason_of(reason, direction) for reason, direction in cell.unshown],
        "indexed_otherwise": list(cell.indexed),
        "coverage": coverage_data(row),
    }


def agreeing(cell: Cell) -> int:
    """The records that AWS can write, and the engine took, on which the query's verdict is the rule's."""
    return cell.counted - sum(one.unmapped is None for one in (*cell.explained, *cell.unexplained))


def _counts(row: Row, cell: Cell) -> dict[str, int]:
    return {
        "judged": cell.judged,
        "admissible": cell.counted,
        "agreeing": agreeing(cell),
        "native_matches": row.matched,
        "native_matches_generated": row.generated,
        "engine_matches": cell.matched,
        "rejected": len(cell.rejected),
        "rejected_native_matches": sum(difference.raw for difference in cell.rejected),
    }


def coverage_data(row: Row) -> dict[str, Any]:
    """How many of the rule's tests, each to be seen true and false, some record decides, and why the others are not."""
    left = [decision for decision in row.coverage.decisions if decision.state != "decided"]
    return {
        "decided": row.coverage.decided,
        "total": row.coverage.total,
        "faults": list(row.coverage.findings()),
        "not_decided": [
            {"test": describe(one.test), "true": one.truth, "state": one.state, "words": words}
            for one, words in zip(left, row.coverage.listed(), strict=True)
        ],
    }


def findings_of(cell: Cell) -> list[str]:
    """What is wrong with a conversion, the worst first: of engine-error, not-as-claimed, without-evidence."""
    there = {"engine-error": cell.error, "not-as-claimed": cell.unexplained, "without-evidence": cell.unproven}
    return [name for name, found in there.items() if found]


def _findings(row: Row, cell: Cell) -> list[str]:
    """The same, and what is wrong with the rule by itself."""
    return findings_of(cell) + (["rule-itself"] if row.coverage.has_findings else [])


def _fixes(row: Row, cell: Cell) -> list[str]:
    """What to do about the cell as a whole: its findings, what is refused, and the target that does better."""
    fixes = [FINDINGS[finding] for finding in _findings(row, cell)]
    fixes += refusal_fixes(cell.conversion.refusal or "")
    if cell.conversion.fidelity != "exact" or cell.has_findings:
        better = [one.conversion.target for one in row.cells if one is not cell and _is_sound(one)]
        fixes += [f"Deploy the conversion to {' or '.join(better)}: it is exact."] if better else []
    return fixes


def _is_sound(cell: Cell) -> bool:
    return cell.conversion.fidelity == "exact" and not cell.has_findings


def _reason_data(row: Row, cell: Cell, reason: Reason) -> dict[str, Any]:
    shown = [difference.direction for difference in cell.evidence(reason)]
    return {
        **reason_words(reason),
        "means": CODES.get(reason.code, ""),
        "shown": {direction: shown.count(direction) for direction in ("misses", "extra")},
        "fix": reason_fixes(reason.code, reason.direction, reason.field, row.rule.tree),
    }


def _reason_of(reason: Reason, direction: str) -> dict[str, str]:
    return {"code": reason.code, "field": reason.field, "direction": direction}


def reason_words(reason: Reason) -> dict[str, str]:
    """What the claim says: code, direction, field and detail."""
    return {"code": reason.code, "direction": reason.direction, "field": reason.field, "detail": reason.detail}


def difference_data(report: Report, row: Row, cell: Cell, difference: Difference) -> dict[str, Any]:
    """One record on which a target differs: all verdicts, why, the tests that decide and where they look."""
    heading = report.heading(cell.conversion.target, difference.unmapped)
    judged, smaller = difference.judged, difference.smaller
    return {
        "place": judged.place,
        "generated": judged.generated,
        "inadmissible": judged.inadmissible,
        "explained_by": sorted({reason.code for reason in difference.reasons}),
        "direction": difference.direction,
        "native": difference.raw,
        "native_on_document": difference.document,
        "engine": difference.engine,
        "heading": heading,
        "unmapped": difference.unmapped,
        "why": _why(difference, heading),
        **_record_data(row, cell, difference, judged.record),
        "smaller": smaller and _record_data(row, cell, difference, smaller.record),
    }


def _record_data(row: Row, cell: Cell, difference: Difference, record: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "sizes": sizes_of(difference, record, table(cell.conversion.integration)),
        "deciding": [_deciding_data(test, record) for test in deciding(row.rule.tree, record)],
        "record": record,
    }


def _deciding_data(test: Test, record: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "test": describe(test),
        "field": field_of(test),
        "true": truth_of(test, record),
        "values": list(values_of(test, record)),
        "at": [pointer(steps) for steps in _places_of(test, record)],
    }


def _places_of(test: Test, record: Mapping[str, Any]) -> list[Steps]:
    """Where in the record stands what a test looks at; of a keyword, the values that hold it."""
    if isinstance(test, Keyword):
        holds = pattern_test((Wild.ANY, *test.pattern, Wild.ANY), test.cased)
        return [steps for steps, value in _leaves(record, ()) if holds(value_text(value))]
    names = (test.field, test.other) if isinstance(test, FieldRef) else (field_of(test),)
    return [steps for name in names for steps in places(name, record)]


def _leaves(value: Any, steps: Steps) -> Iterator[tuple[Steps, Any]]:
    if isinstance(value, dict | list):
        inner = value.items() if isinstance(value, dict) else enumerate(value)
        for key, one in inner:
            yield from _leaves(one, (*steps, key))
    else:
        yield steps, value


def truth_of(test: Test, record: Mapping[str, Any]) -> bool:
    """The verdict of one test on a raw record."""
    return matcher(test)(record)


def _why(difference: Difference, heading: str) -> str:
    """Which half differs, in words: the native verdict on the ECS document tells."""
    if difference.engine is None:
        return f"The index rejects the document: {difference.judged.rejected}."
    if difference.unmapped:
        return f"Differs only while no index maps {difference.unmapped}."
    if difference.document is None:
        return "The rule has no form over ECS fields, so only the whole way was compared."
    if difference.document is difference.raw:
        return (
            f"The rule has the same verdict on the ECS document: it is the index or the query ({heading}) that differs."
        )
    return "The rule has another verdict on the ECS document already: the way from the record to ECS changed it."


def sizes_of(difference: Difference, record: Mapping[str, Any], fields: FieldTable) -> list[str]:
    """How long the texts of a record are that the index would have to keep, for what the claim calls a limit."""
    limited = {reason.field for reason in difference.reasons if reason.code == "limit"}
    return sorted({_size(name, record, fields) for name in limited})


def _size(name: str, record: Mapping[str, Any], fields: FieldTable) -> str:
    located = fields.raw(name)
    whole = record.get(located.field.raw) if located.field.open else next(iter(getter(name)(record)), None)
    text = java_text(whole) if isinstance(whole, dict | list) else value_text(whole)
    return f"{located.field.raw} has {len(text):,} characters as text"
