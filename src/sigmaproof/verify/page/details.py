"""What is behind the cells of the HTML page: an object a rule, read only when it is opened.

Made of the objects of `reportdata`: each reason with its counter-examples, whose records are cut for reading.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from sigmaproof.fidelity import Reason
from sigmaproof.verify.compare import Cell, Difference, Row
from sigmaproof.verify.page.records import record_lines
from sigmaproof.verify.reportdata import VERDICTS, claim_data, coverage_data, difference_data, reason_words
from sigmaproof.verify.run import Report

__all__ = ["details"]

MOST_UNEXPLAINED = 3
MOST_DECIDING = 25
MOST_TEXT = 6_000  # characters of a rule's detection
NOT_AS_CLAIMED = "not-as-claimed"
_DUMPER: type[Any] = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_CLAIM_KEYS = (
    "query",
    "refusal",
    "error",
    "expensive",
    "fix",
    "measured",
    "dropped",
    "without_evidence",
    "excluded",
    "not_shown_here",
    "indexed_otherwise",
)


def details(report: Report, everything: bool) -> Iterator[dict[str, Any]]:
    """An object a rule, in the report's order. everything: all differences, not one a reason and direction."""
    for row in report.rows:
        yield {
            "description": str(row.rule.data.get("description") or "").strip(),
            "detection": _detection(row),
            "coverage": coverage_data(row),
            "cells": [_Behind(report, row, cell, everything).data() for cell in row.cells],
        }


def _detection(row: Row) -> str:
    text = _yaml({"detection": row.rule.data["detection"]})
    return text if len(text) <= MOST_TEXT else f"{text[:MOST_TEXT]}\n… ({len(text):,} characters)"


def _yaml(data: Any) -> str:
    form: dict[str, Any] = {"sort_keys": False, "allow_unicode": True, "width": 100}
    try:
        return str(yaml.dump(data, Dumper=_DUMPER, **form))
    except UnicodeEncodeError:  # half a character, which the fast one can't write
        return str(yaml.dump(data, Dumper=yaml.SafeDumper, **form))


@dataclass(frozen=True)
class _Behind:
    """One cell, and how much of it is shown."""

    report: Report
    row: Row
    cell: Cell
    everything: bool

    def data(self) -> dict[str, Any]:
        """Query, groups of differences with their records, and what else has to be said."""
        claim = claim_data(self.report, self.row, self.cell)
        return {
            **{key: claim[key] for key in _CLAIM_KEYS},
            "groups": [*self._unexplained(), *self._reasons()],
            "apart": [len(self.cell.inadmissible), len(self.cell.rejected)],
        }

    def _unexplained(self) -> Iterator[dict[str, Any]]:
        for direction in ("misses", "extra"):
            found = [one for one in self.cell.unexplained if one.direction == direction]
            if found:
                words: dict[str, Any] = {
                    "code": NOT_AS_CLAIMED,
                    "direction": direction,
                    "detail": "",
                    "fields": [],
                }
                yield self._group(words, found, MOST_UNEXPLAINED)

    def _reasons(self) -> Iterator[dict[str, Any]]:
        """Each cause once, as several fields of one object share it; a group for each direction that it claims."""
        causes: dict[tuple[str, str], list[Reason]] = {}
        for reason in self.cell.conversion.reasons:
            causes.setdefault((reason.code, reason.detail), []).append(reason)
        for reasons in causes.values():
            for direction in ("misses", "extra"):
                claimed = [one for one in reasons if one.direction in {direction, "both"}]
                if claimed:
                    yield self._group(_words(claimed, direction), self._evidence(claimed, direction), 1)

    def _evidence(self, reasons: Sequence[Reason], direction: str) -> list[Difference]:
        found = [one for r in reasons for one in self.cell.evidence(r) if one.direction == direction]
        return list({(one.judged.id, one.unmapped): one for one in found}.values())

    def _group(self, words: dict[str, Any], found: list[Difference], most: int) -> dict[str, Any]:
        shown = found if self.everything else found[:most]
        evidence = [self._difference(one, words["fields"]) for one in shown]
        return {**words, "count": len(found), "evidence": evidence}

    def _difference(self, difference: Difference, named: Sequence[str]) -> dict[str, Any]:
        """named: the fields that the reason is about, whose values are marked most; without any, all that decide."""
        data = difference_data(self.report, self.row, self.cell, difference)
        shown = data["smaller"] or data
        deciding = shown["deciding"]
        sides = {"rule, on the record": "native", "rule, on the ECS document": "native_on_document"}
        return {
            "place": data["place"],
            "why": data["why"],
            "sizes": shown["sizes"],
            "smaller": data["smaller"] is not None,
            "verdicts": [(side, VERDICTS[data[key]]) for side, key in {**sides, data["heading"]: "engine"}.items()],
            "deciding": [[t["true"], t["test"], t["values"], t["field"] in named] for t in deciding[:MOST_DECIDING]],
            "more": max(len(deciding) - MOST_DECIDING, 0),
            "record": record_lines(shown["record"], {at: _mark(t, named) for t in deciding for at in t["at"]}),
        }


def _words(reasons: Sequence[Reason], direction: str) -> dict[str, Any]:
    first, fields = reasons[0], [one.field for one in reasons if one.field]
    return {**reason_words(first), "direction": direction, "fields": fields}


def _mark(test: dict[str, Any], named: Sequence[str]) -> int:
    """1 or 2 for a test that is true or false; 3 or 4 when the reason is about its field."""
    return (1 if test["true"] else 2) + (2 if not named or test["field"] in named else 0)
