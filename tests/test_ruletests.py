"""The forms in which rules are tested: what each reads, what it refuses, and what it says of a failure."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from commandline import ID, ROOT, called, ndjson, record, rule

from sigmaproof.diagnostics import Diagnostic
from sigmaproof.rules import load_files
from sigmaproof.ruletests import Expectation, missing, run_tests
from sigmaproof.ruletests.baseline import baseline_tests
from sigmaproof.ruletests.rsigma import corpus_tests

RULE = rule("selection:\n    eventName: CreateTrustAnchor\ncondition: selection", "Anchor")
OTHER_ID = "11111111-1111-4111-8111-111111111111"
OTHER = rule("selection:\n    eventName: CreateProfile\ncondition: selection", "Profile", OTHER_ID)
HIT, MISS = "{eventName: CreateTrustAnchor}", "{eventName: CreateRole}"
TWO = ndjson([record(1), record(2), record(3, eventName="CreateRole")])
INFO = f"rule_metadata: [{{id: {ID}}}]\nregression_tests_info:\n"
REGRESSION = RULE + "regression_tests_path: regression_data/a/info.yml\n"


@dataclass(frozen=True)
class Case:
    """Files, the outcomes as (name, kind, passed), and the codes of what is reported with their lines."""

    files: dict[str, str]
    outcomes: list[tuple[str, str, bool]] = field(default_factory=list)
    codes: list[tuple[str, str, int]] = field(default_factory=list)


def info(*tests: str) -> dict[str, str]:
    """A rule with an info.yml of these tests, and a file of three records, two of which match."""
    return {
        "rules/r.yml": REGRESSION,
        "regression_data/a/info.yml": INFO + "".join(f"  - {{{test}}}\n" for test in tests),
        "regression_data/a/two.ndjson": TWO,
        "regression_data/a/none.json": json.dumps(record(1, eventName="CreateRole")),
    }


CASES = {
    "our own": Case(
        {
            "rules/r.yml": RULE,
            "rules/r.test.yml": f"match:\n  - {{name: a, record: {HIT}}}\nno_match:\n  - {{name: b, record: {HIT}}}\n",
        },
        [("a", "match", True), ("b", "no_match", False)],
    ),
    "in fixtures/rules, with a file beside it": Case(
        {
            "rules/r.yml": RULE,
            "fixtures/rules/r.test.yml": "match: [{name: a, file: '../events/e.ndjson#2'}]\n",
            "fixtures/events/e.ndjson": TWO,
        },
        [("a", "match", True)],
    ),
    "two rules in a file": Case(
        {
            "rules/r.yml": f"{RULE}---\n{OTHER}",
            "rules/r.test.yml": f"rule: {ID}\nmatch: [{{name: a, record: {HIT}}}]\n---\n"
            f"rule: {OTHER_ID}\nno_match: [{{name: b, record: {HIT}}}]\n",
        },
        [("a", "match", True), ("b", "no_match", True)],
    ),
    "the tests of another rule": Case(
        {"rules/r.yml": RULE, "rules/r.test.yml": f"rule: {OTHER_ID}\nmatch: [{{name: a, record: {HIT}}}]\n"},
        codes=[("test-rule", "error", 1)],
    ),
    "no case": Case({"rules/r.yml": RULE, "rules/r.test.yml": "match: []\n"}, codes=[("test-empty", "warning", 1)]),
    "a file of which no case is": Case(
        {"rules/r.yml": RULE, "rules/r.test.yml": "# to do\n"}, codes=[("test-empty", "warning", 1)]
    ),
    "an empty info.yml": Case(info() | {"regression_data/a/info.yml": ""}, codes=[("test-empty", "warning", 1)]),
    "a file of several records, and one of a record that can't be read": Case(
        {
            "rules/r.yml": RULE,
            "rules/r.test.yml": "no_match:\n  - {name: a, file: two.ndjson}\n  - {name: b, file: broken.ndjson}\n"
            "  - {name: c, file: 'wrapped.ndjson#2'}\n  - {name: d, file: 'wrapped.ndjson#2#1'}\n"
            "  - {name: e, file: 'wrapped.ndjson:1'}\n",
            "rules/two.ndjson": ndjson([record(1, eventName="CreateRole"), record(2)]),
            "rules/broken.ndjson": "{]\n" + ndjson([record(1, eventName="CreateRole")]),
            "rules/wrapped.ndjson": ndjson([record(1, eventName="CreateRole"), {"Records": [record(2), record(3)]}]),
        },
        [("d", "no_match", False), ("e", "no_match", True)],
        [("test-record", "error", 2), ("test-record", "error", 3), ("test-record", "error", 4)],
    ),
    "words that YAML reads as others": Case(
        {
            "rules/r.yml": RULE,
            "rules/r.test.yml": f"match:\n  - {{name: a, record: {HIT}}}\n"
            "  - name: b\n    record: {eventName: CreateTrustAnchor, additionalEventData: {MFAUsed: NO}}\n",
        },
        [("a", "match", True), ("b", "match", True)],
        [("yaml-surprise", "warning", 4)],
    ),
    "a file outside of the repository": Case(
        {"rules/r.yml": RULE, "rules/r.test.yml": "match:\n  - {name: a, file: ../../outside.json}\n"},
        codes=[("test-path", "error", 2)],
    ),
    "an absolute path": Case(
        {"rules/r.yml": RULE, "rules/r.test.yml": "match:\n  - {name: a, file: '/no such file/../etc/x.json'}\n"},
        codes=[("test-path", "error", 2)],
    ),
    "regression tests": Case(
        info(
            "name: a, type: ndjson, path: regression_data/a/two.ndjson, match_count: 2",
            "type: json, path: regression_data/a/two.ndjson",
            "name: c, type: ndjson, path: regression_data/a/two.ndjson, match_count: 3",
            "name: d, type: json, path: regression_data/a/none.json, match_count: 0",
            "name: e, type: json, path: regression_data/a/none.json",
        ),
        [
            ("a", "match", True),
            ("regression_data/a/two.ndjson", "match", True),
            ("c", "match", False),
            ("d", "no_match", True),
            ("e", "match", False),
        ],
    ),
    "more matches than a regression test says": Case(
        info("name: a, type: ndjson, path: regression_data/a/two.ndjson, match_count: 1"),
        [("a", "match", True)],
        [("test-more", "warning", 3)],
    ),
    "regression tests that can't be run": Case(
        info(
            "name: a, type: evtx, path: regression_data/a/x.evtx, match_count: 1",
            "name: b, type: json, path: regression_data/a/gone.json",
            "name: c, type: json, path: ../../outside.json",
            "name: d, type: json, path: /etc/passwd",
            "type: json",
        )
        | {"regression_data/a/x.evtx": ""},
        codes=[("test-form", "error", 7)],
    ),
    "windows events, and files that aren't there": Case(
        info(
            "name: a, type: evtx, path: regression_data/a/x.evtx, match_count: 1",
            "name: b, type: json, path: regression_data/a/gone.json",
            "name: c, type: json, path: ../../../outside.json",
            "name: d, type: json, path: /etc/passwd",
        ),
        codes=[
            ("test-unsupported", "warning", 3),
            ("test-path", "error", 4),
            ("test-path", "error", 5),
            ("test-path", "error", 6),
        ],
    ),
    "an info.yml of another rule": Case(
        info("type: json, path: regression_data/a/two.ndjson")
        | {"regression_data/a/info.yml": f"rule_metadata:\n  - id: {OTHER_ID}\nregression_tests_info: []\n"},
        codes=[("test-rule", "error", 1)],
    ),
    "an info.yml that isn't there": Case({"rules/r.yml": REGRESSION}, codes=[("test-path", "error", 11)]),
    "an info.yml outside": Case(
        {"rules/r.yml": RULE + "regression_tests_path: ../../outside.yml\n"}, codes=[("test-path", "error", 11)]
    ),
    "Panther's, in the rule": Case(
        {
            "rules/r.yml": RULE + "Tests:\n"
            f"  - {{Name: a, ExpectedResult: true, LogType: AWS.CloudTrail, Log: {HIT}}}\n"
            f"  - {{Name: b, ExpectedResult: false, Log: {HIT}}}\n"
            f"  - {{Name: c, ExpectedResult: true, Log: {HIT}, Mocks: [{{objectName: f, returnValue: x}}]}}\n"
        },
        [("a", "match", True), ("b", "no_match", False)],
        [("test-unsupported", "warning", 14)],
    ),
    "Panther's, as a file of its own": Case(
        {
            "rules/r.yml": RULE,
            "rules/r.test.yml": "AnalysisType: rule\nRuleID: AWS.Anchor\nSeverity: High\nTests:\n"
            f"  - {{Name: a, ExpectedResult: false, Log: {MISS}}}\n"
            "  - {Name: b, ExpectedResult: true, Log: {eventTime: 2026-01-01T00:00:00Z}}\n",
        },
        [("a", "no_match", True)],
        [("test-record", "error", 6)],
    ),
    "Panther's, without Log": Case(
        {"rules/r.yml": RULE + "Tests:\n  - {Name: a, ExpectedResult: true}\n"}, codes=[("test-form", "error", 12)]
    ),
    "rsigma's exemplars": Case(
        {
            "rules/r.yml": RULE + "custom_attributes:\n    rsigma.exemplars:\n"
            f"        - {{name: a, expect: match, event: {HIT}}}\n"
            f"        - {{expect: no-match, event: {HIT}}}\n"
        },
        [("a", "match", True), ("exemplar 2", "no_match", False)],
    ),
    "exemplars without end": Case({"rules/r.yml": RULE + "rsigma.exemplars: []\n"}, codes=[("test-form", "error", 11)]),
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, str]], Path]:
    """Puts files into a repository of their own, below a folder with files that they may not read."""
    repository = tmp_path / "repository"
    (repository / ".git").mkdir(parents=True)
    monkeypatch.chdir(repository)
    for name in ("outside.json", "outside.yml"):
        (tmp_path / name).write_text(json.dumps(record()))

    def put(files: dict[str, str]) -> Path:
        for name, text in files.items():
            path = repository / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return repository

    return put


Put = Callable[[dict[str, str]], Path]


def outcome() -> tuple[list[Expectation], list[Diagnostic]]:
    found: list[Diagnostic] = []
    rules = load_files(sorted(Path("rules").glob("r.yml"))).rules
    return run_tests(rules, found.append), found


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_every_form(case: Case, place: Put) -> None:
    place(case.files)
    results, found = outcome()
    assert [(one.name, one.kind, one.passed) for one in results] == case.outcomes
    assert [(one.code, one.level, one.place.line) for one in found] == case.codes
    places = [*(one.place for one in results), *(one.place for one in found)]
    assert all(one.line and Path(one.file).is_file() for one in places)


def test_a_symbolic_link_out_of_the_repository(place: Put) -> None:
    root = place({"rules/r.yml": RULE, "rules/r.test.yml": "match: [{name: a, file: link/outside.json}]\n"})
    (root / "rules" / "link").symlink_to(root.parent)
    assert [one.code for one in outcome()[1]] == ["test-path"]


def test_a_test_file_above_the_repository_is_not_the_rules(place: Put) -> None:
    root = place({"rules/r.yml": RULE})
    above = root.parent / "fixtures" / "rules"
    above.mkdir(parents=True)
    (above / "r.test.yml").write_text(f"match: [{{name: a, record: {HIT}}}]\n", encoding="utf-8")
    assert ([one.code for one in outcome()[1]], outcome()[0]) == (["test-missing"], [])


def test_a_loop_of_links_and_a_name_without_end(place: Put) -> None:
    cases = "".join(f"  - {{name: a, file: {name}}}\n" for name in ("loop", "x" * 5000))
    root = place({"rules/r.yml": REGRESSION.replace("/a/", "/loop/"), "rules/r.test.yml": f"match:\n{cases}"})
    (root / "regression_data").mkdir()
    for loop in (root / "rules" / "loop", root / "regression_data" / "loop"):
        loop.symlink_to(loop)
    codes = [one.code for one in outcome()[1]]
    assert len(codes) == 3
    assert set(codes) <= {"test-path", "test-record"}


def test_a_rule_without_tests_is_a_warning_and_too_few_are_a_failure(place: Put) -> None:
    root = place({"rules/r.yml": RULE})
    results, found = outcome()
    assert [one.code for one in found] == ["test-missing"]
    assert "no test file" in called("test", "rules", cwd=root).err
    assert "no test file" not in called("test", "rules", "--only-failing", cwd=root).err
    rules = load_files([Path("rules/r.yml")]).rules
    assert list(missing(rules, results, 0, 0)) == []
    assert [(one.wanted, one.got, one.passed) for one in missing(rules, results, 1, 2)] == [
        ("at least 1", "0", False),
        ("at least 2", "0", False),
    ]


def test_a_failure_names_what_decides(place: Put) -> None:
    place(CASES["our own"].files)
    assert outcome()[0][1].why == ("eventName is 'CreateTrustAnchor' [eventName = 'CreateTrustAnchor']",)


class TestExpectationsFile:
    def run(self, put: Put, text: str, partial: bool = False) -> tuple[list[tuple[str, str, bool]], list[str]]:
        put({"rules/r.yml": f"{RULE}---\n{OTHER}", "corpus/a/two.ndjson": TWO, "corpus/b.ndjson": ndjson([record(4)])})
        put({"expectations.yml": text})
        found: list[Diagnostic] = []
        rules = load_files([Path("rules/r.yml")]).rules
        results = corpus_tests(Path("expectations.yml"), [Path("corpus")], rules, found.append, partial)
        return [(one.wanted, one.got, one.passed) for one in results], [one.code for one in found]

    @pytest.mark.parametrize(
        ("bound", "outcome"),
        [
            (f"rule: {ID}, at_least: 3", ("at least 3 matches", "3 matches", True)),
            ("rule: Anchor, exactly: 2", ("exactly 2 matches", "3 matches", False)),
            ("rule: Anchor, at_least: 1, at_most: 2", ("1 to 2 matches", "3 matches", False)),
            ("rule: Anchor, exactly: 2, corpus: a/two.ndjson", ("exactly 2 matches", "2 matches", True)),
            ("rule: Anchor, at_most: 2, corpus: a/two.ndjson", ("at most 2 matches", "2 matches", True)),
            ("rule: Profile, exactly: 0", ("no match", "no match", True)),
        ],
    )
    def test_bounds(self, place: Put, bound: str, outcome: tuple[str, str, bool]) -> None:
        text = f"defaults: {{unexpected_detections: ignore}}\nexpectations:\n  - {{{bound}}}\n"
        assert self.run(place, text) == ([outcome], [])

    @pytest.mark.parametrize(
        ("bound", "code"),
        [
            ("rule: Anchor", "test-form"),
            ("rule: Anchor, exactly: 1, at_least: 1", "test-form"),
            ("rule: Anchor, at_least: 2, at_most: 1", "test-form"),
            ("rule: Nobody, exactly: 0", "test-rule"),
            ("rule: Anchor, exactly: 0, corpus: two.ndjson", "test-path"),
        ],
    )
    def test_what_is_refused(self, place: Put, bound: str, code: str) -> None:
        text = f"defaults: {{unexpected_detections: ignore}}\nexpectations:\n  - {{{bound}}}\n"
        assert self.run(place, text) == ([], [code])

    def test_rules_that_are_not_tested_are_passed_over(self, place: Put) -> None:
        text = "defaults: {unexpected_detections: ignore}\nexpectations: [{rule: Nobody, exactly: 0}]\n"
        assert self.run(place, text, partial=True) == ([], [])

    @pytest.mark.parametrize(
        ("policy", "outcomes", "codes"),
        [
            ("fail", [("no match", "3 matches", False)], []),
            ("warn", [], ["test-unexpected"]),
            ("ignore", [], []),
        ],
    )
    def test_what_no_expectation_covers(
        self, place: Put, policy: str, outcomes: list[tuple[str, str, bool]], codes: list[str]
    ) -> None:
        assert self.run(place, f"defaults: {{unexpected_detections: {policy}}}\n") == (outcomes, codes)

    def test_an_expectation_of_one_file_covers_no_other(self, place: Put) -> None:
        text = "defaults: {unexpected_detections: fail}\nexpectations: [{rule: Anchor, exactly: 1, corpus: b.ndjson}]\n"
        assert self.run(place, text)[0] == [("exactly 1 match", "1 match", True), ("no match", "2 matches", False)]


@pytest.mark.parametrize(
    ("sidecar", "budget", "passed"),
    [
        ("", 0, False),
        ("", 1, False),
        ("", 2, True),
        ("baseline: {max_matches: 2}\n", 0, True),
        ("match: []\n", 2, True),
    ],
)
def test_the_baseline(place: Put, sidecar: str, budget: int, passed: bool) -> None:
    place({"rules/r.yml": RULE, "logs/two.ndjson": TWO} | ({"rules/r.test.yml": sidecar} if sidecar else {}))
    found: list[Diagnostic] = []
    rules = load_files([Path("rules/r.yml")]).rules
    results, records = baseline_tests(rules, [Path("logs/two.ndjson")], budget, found.append)
    assert (records, found) == (3, [])
    assert [(one.kind, one.passed) for one in results] == [("baseline", passed)]
    assert results[0].why == (() if passed else ("matches logs/two.ndjson:1", "matches logs/two.ndjson:2"))


def test_the_command_line(place: Put) -> None:
    root = place({"rules/r.yml": RULE, "logs/two.ndjson": TWO, "e.yml": "expectations: [{rule: Anchor, exactly: 2}]\n"})
    place({"rules/r.test.yml": f"match: [{{name: a, record: {HIT}}}]\n"})
    more = ["--min-match", 1, "--min-no-match", 1, "--baseline", "logs", "--expectations", "e.yml", "--corpus", "logs"]
    ended = called("test", "rules", *more, "--format", "json", cwd=root)
    assert ended.code == 1
    keys = "rule_id title rule name kind wanted got passed file line column why"
    assert [" ".join(one) for one in ended.objects] == [keys] * 4
    assert [(one["kind"], one["passed"]) for one in ended.objects] == [
        ("match", True),
        ("match", True),
        ("baseline", False),
        ("required", False),
    ]
    ended = called("test", "rules", *more, "--only-failing", cwd=root)
    assert "FAILED Anchor: baseline: expected no match, got 2 matches (rules/r.yml:1)" in ended.out
    assert "         matches logs/two.ndjson:1" in ended.lines
    assert "baseline: 3 records in 1 file" in ended.err
    assert called("test", "rules", "--expectations", "e.yml", cwd=root).code == 2


def test_our_rules_have_tests_of_both_kinds() -> None:
    found: list[Diagnostic] = []
    rules = load_files(sorted((ROOT / "sigma_rules").rglob("*.yml"))).rules
    results = run_tests(rules, found.append)
    assert found == []
    assert all(one.passed for one in results)
    assert list(missing(rules, results, 3, 3)) == []
