"""Every code that the product gives has a page; its example has the finding, and what it says instead has not."""

from __future__ import annotations

import ast
import socket
from pathlib import Path

import pytest
from commandline import ROOT

from sigmaproof.check.pages import BASE, page, whole
from sigmaproof.check.registry import FIXED, LAYERS, MILDER, entries
from sigmaproof.check.run import Options, check_content
from sigmaproof.diagnostics import Diagnostic

SOURCES = [*(ROOT / "src").rglob("*.py"), *(ROOT / "backends").rglob("*.py")]
RAISERS = {"TagError", "Diagnostic", "InputError", "fail", "_error", "error"}
NOT_SHOWN = {"file-unreadable", "yaml-too-large", "filter-too-many"}
"""Codes of which no example fits on a page; test_bad_input.py, test_safeyaml.py and test_filters.py find them."""
CHECKED = [code for code, one in entries().items() if one.layer != "input" and code not in NOT_SHOWN]
TARGETS = ("eql", "lucene")


def found(piece: str) -> list[Diagnostic]:
    """What is found in a piece of a page, as a file."""
    head = piece.partition("\n")[0]
    name = head.removeprefix("# file: ") if head.startswith("# file: ") else "aws_iam_role_created.yml"
    content = whole(piece).encode("utf-8", "surrogateescape")
    return check_content(content, name, name, Options(targets=TARGETS)).findings


@pytest.mark.parametrize("code", CHECKED)
def test_the_example_has_the_finding_and_the_other_has_not(code: str) -> None:
    one = page(code)
    findings = found(one.example)
    codes = {"pysigma" if finding.code.startswith("pysigma-") else finding.code for finding in findings}
    assert code in codes, codes
    mine = [finding for finding in findings if finding.code == code]
    assert {finding.level for finding in mine} <= {entries()[code].level}
    assert all(finding.place.line or code in {"file-name", "rule-empty"} for finding in mine), "it says where"
    instead = found(one.instead)
    assert code not in {"pysigma" if one.code.startswith("pysigma-") else one.code for one in instead}
    assert [one for one in instead if one.level == "error"] == []


def test_the_rule_that_pages_are_made_of_has_no_findings() -> None:
    assert found(BASE) == []


def test_every_page_says_what_and_why() -> None:
    for code, one in entries().items():
        text = page(code).text
        assert page(code).summary.endswith("."), code
        if one.layer != "input":
            assert "\n\nWhat: " in text, code
            assert "\n\nWhy: " in text, code
            assert bool(page(code).example) is (code not in NOT_SHOWN), code
        assert ("--fix" in text) is (code in FIXED), code
    assert {one.layer for one in entries().values()} == set(LAYERS)


def test_a_piece_becomes_a_whole_rule() -> None:
    text = whole("level: high\nextra: 1\n")
    assert "level: high\n" in text
    assert "level: medium" not in text
    assert text.endswith("extra: 1\n")
    assert whole("title: x\n") == "title: x\n"


def given(path: Path) -> list[tuple[str, str | None]]:
    """The codes that a source names where it raises, with the level where that stands beside it."""
    codes = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        texts = [one.value if isinstance(one, ast.Constant) else None for one in node.args[:2]]
        if name in RAISERS:
            levels = {"error", "warning", "note"}
            level = texts[1] if len(texts) > 1 and texts[1] in levels else "error" if name == "InputError" else None
            codes += [(one, level) for one in texts if isinstance(one, str) and is_code(one)]
        if name == "schema_faults" and isinstance(node.args[2], ast.Constant) and node.args[2].value:
            codes.append((str(node.args[2].value), "warning" if "check" in path.relative_to(ROOT).parts else "error"))
    return codes


def is_code(text: str) -> bool:
    return "-" in text and text.replace("-", "").isalpha() and text.islower() and " " not in text


def test_every_code_in_the_sources_is_registered() -> None:
    sources = {code: level for path in SOURCES for code, level in given(path)}
    assert len(sources) > 50
    assert {"yaml-duplicate-key", "yaml-surprise", "log-record", "rule-invalid", "filter-form"} <= set(sources)
    assert set(sources) - set(entries()) == set()
    for code, level in sources.items():
        assert level in {None, entries()[code].level, "error" if code in MILDER else None}, code
    nowhere = [one for one in entries().values() if one.on == "loading" and one.code not in sources]
    assert nowhere == [], "a page of a code that nothing gives"


def test_each_check_has_a_file_and_each_file_a_code() -> None:
    room = ROOT / "src/sigmaproof/check"
    files = {path.stem.replace("_", "-"): path for layer in LAYERS for path in room.glob(f"{layer}/[a-z]*.py")}
    assert set(files) == {code for code, one in entries().items() if one.layer != "input"}
    for path in files.values():
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 150, path


def test_checks_use_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """pySigma's validators of tags load lists from the network: they are not run."""

    def refuse(*arguments: object) -> None:
        raise AssertionError("the network was asked for")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert found(BASE) == []
