"""Real logs and public rules, where they lie beside the project: matches, and the whole matrix on the engine."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT
from test_cases import findings

from sigmaproof.evaluate.run import evaluate
from sigmaproof.events import Event, read_files
from sigmaproof.rules import Rule, load_files
from sigmaproof.verify.admissible import why_inadmissible
from sigmaproof.verify.run import Report, verify

OURS = load_files(sorted((ROOT / "sigma_rules").rglob("*.yml"))).rules


@pytest.fixture(scope="module")
def events(shared: Path) -> list[Event]:
    problems: list[object] = []
    files = sorted(p for p in (shared / "data" / "cloudtrail").rglob("*") if p.suffix in {".gz", ".json"})
    found = list(read_files(files, problems.append))
    assert not problems
    return found


def test_every_match_of_our_rules_is_reviewed(events: list[Event]) -> None:
    found: dict[str, set[str]] = defaultdict(set)
    for match in evaluate(OURS, events):
        found[Path(match.rule.file).stem].add(match.event.record["eventID"])
    reviewed = yaml.safe_load((ROOT / "fixtures" / "reviewed_matches.yml").read_text(encoding="utf-8"))
    assert found == {rule: set(ids) for rule, ids in reviewed.items()}


def test_aws_can_have_written_every_real_record(events: list[Event]) -> None:
    assert {event.place: why for event in events if (why := why_inadmissible(event.record))} == {}
    assert len(events) > 2900


@pytest.fixture(scope="module")
def public(shared: Path) -> list[Rule]:
    loaded = load_files(sorted((shared / "data" / "sigmahq-rules").glob("*.yml")))
    assert not loaded.findings
    return loaded.rules


@pytest.fixture(scope="module")
def report(events: list[Event], public: list[Rule], engine: Any) -> Report:
    problems: list[object] = []
    fixtures = list(read_files(sorted((ROOT / "fixtures" / "events").glob("*.ndjson")), problems.append))
    return verify([*OURS, *public], [*events, *fixtures], ("eql", "lucene"), engine)


def test_the_whole_matrix_is_clean(report: Report) -> None:
    assert {row.rule.title: f for row in report.rows for cell in row.cells if (f := findings(cell))} == {}
    assert len(report.rows) == len(OURS) + 28


def test_most_public_rules_are_exact(report: Report) -> None:
    kinds = [cell.conversion.fidelity for row in report.rows[len(OURS) :] for cell in row.cells]
    assert kinds.count("refused") == 0
    assert kinds.count("exact") == 52
