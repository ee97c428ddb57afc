"""Random rules over the whole field table: what is converted agrees with the rule on the engine, or says why not."""

from __future__ import annotations

import random
from typing import Any

import pytest
from cases import rule_of
from ruleset import detection_of

from sigmaproof.verify.run import Report, verify

COUNT = 80


@pytest.fixture(scope="module", params=[11, 23])
def report(request: pytest.FixtureRequest, engine: Any) -> Report:
    rng = random.Random(request.param)
    rules = [rule_of(f"random rule {number} of seed {request.param}", detection_of(rng)) for number in range(COUNT)]
    return verify(rules, [], ("eql", "lucene"), engine)


def test_no_difference_is_unexplained(report: Report) -> None:
    found = [
        (cell.conversion.query, difference.direction, difference.unmapped, difference.judged.record)
        for row in report.rows
        for cell in row.cells
        for difference in cell.unexplained
    ]
    assert found == []


def test_the_engine_takes_every_query(report: Report) -> None:
    assert [(c.conversion.query, c.error) for row in report.rows for c in row.cells if c.error] == []


def test_many_are_converted(report: Report) -> None:
    """The tests above would pass if everything were refused."""
    kinds = [cell.conversion.fidelity for row in report.rows for cell in row.cells]
    assert kinds.count("exact") > COUNT // 3
    assert kinds.count("approximate") > COUNT // 8


def test_nearly_every_reason_is_shown(report: Report) -> None:
    """A claim that the witnesses can't show is reported by `verify`; among random rules a few are left."""
    cells = [cell for row in report.rows for cell in row.cells]
    reasons = sum(len(cell.conversion.reasons) for cell in cells)
    assert sum(len(cell.unproven) for cell in cells) <= reasons * 0.15
