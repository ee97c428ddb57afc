"""Every case of fixtures/cases on every target: the native verdict, the claim, and the real engine's verdict; and
every rule that must not load. What the cases have to cover is in test_conformance."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from cases import Case, LoadCase, all_cases, load_cases
from conftest import TIER

from sigmaproof.conversion import convert_rule
from sigmaproof.evaluate.compile import compile_predicate
from sigmaproof.events import Event
from sigmaproof.fidelity import Conversion
from sigmaproof.verify.compare import Cell, Row
from sigmaproof.verify.run import verify

TARGETS = ("eql", "lucene")
IDS = [case.name for case in all_cases()]


@pytest.mark.parametrize("case", all_cases(), ids=IDS)
def test_native_verdicts(case: Case) -> None:
    verdict = compile_predicate(case.rule.tree)
    assert [verdict(record) for record, _ in case.records] == [expected for _, expected in case.records]


@pytest.mark.parametrize("case", load_cases(), ids=[case.name for case in load_cases()])
def test_refused_when_loaded(case: LoadCase) -> None:
    errors = [finding.message for finding in case.loaded.findings if finding.level == "error"]
    assert not case.loaded.rules
    assert any(case.error in error for error in errors), errors


@pytest.mark.parametrize("case", [case for case in all_cases() if case.warns], ids=lambda case: case.name)
def test_warnings(case: Case) -> None:
    warnings = [finding.message for finding in case.rule.document.warnings]
    assert all(any(part in warning for warning in warnings) for part in case.warns), warnings


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("case", all_cases(), ids=IDS)
def test_claims(case: Case, target: str) -> None:
    conversion = convert_rule(case.rule, target, integration=case.integration)
    assert claim_of(conversion, case.claims[target]) == case.claims[target]


def claim_of(conversion: Conversion, expected: str) -> str:
    """The claim in the words of a case; of a refusal only the expected part, when it is in the reason."""
    if conversion.refusal is not None:
        part = expected.removeprefix("refused: ")
        return f"refused: {part if part in conversion.refusal else conversion.refusal}"
    if not conversion.reasons:
        return "exact"
    words = sorted({f"{reason.code} ({reason.direction})" for reason in conversion.reasons})
    return f"approximate: {', '.join(words)}"


@pytest.fixture(scope="module")
def rows_of(engine: Any) -> Callable[[Case], dict[str, Row]]:
    """One run a topic and profile: every rule judged on its own witnesses and on the records of all its cases; in the
    nightly tier on those of all topics."""

    @cache
    def rows(topic: str, integration: str) -> dict[str, Row]:
        cases = [case for case in all_cases() if (topic_of(case), case.integration) == (topic, integration)]
        records = [record for case in cases for record, _ in case.records]
        events = [Event(record, "cases", number, in_lines=False) for number, record in enumerate(records, 1)]
        report = verify([case.rule for case in cases], events, TARGETS, engine, integration=integration)
        return {case.name: row for case, row in zip(cases, report.rows, strict=True)}

    return lambda case: rows(topic_of(case), case.integration)


def topic_of(case: Case) -> str:
    """The file of a case; in the nightly tier all are one topic."""
    return "" if TIER == "nightly" else case.name.partition(":")[0]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("case", all_cases(), ids=IDS)
def test_engine_agrees(rows_of: Callable[[Case], dict[str, Row]], case: Case, target: str) -> None:
    row = rows_of(case)[case.name]
    assert findings(next(cell for cell in row.cells if cell.conversion.target == target)) == []


def findings(cell: Cell) -> list[str]:
    """What is wrong with a cell, in words short enough to read."""
    wrong = [f"the engine refuses the query: {cell.error}"] if cell.error else []
    wrong += [f"claim without evidence: {r.code} ({way}) of {r.field}" for r, way in cell.unproven]
    for difference in cell.unexplained:
        told = f"{difference.direction} on {difference.judged.place}: {str(difference.judged.record)[:2000]}"
        wrong.append(f"{told} with {cell.conversion.query}")
    return wrong
