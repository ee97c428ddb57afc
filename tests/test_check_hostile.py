"""`check` on rules that someone made to break it: each gets its finding, soon, and no traceback."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from commandline import EXACT, rule, sigmaproof
from hypothesis import given, settings
from pace import within
from test_bad_input import FINE, MEGABYTES, RULES, SECONDS, measured
from test_fuzz import RULE, RULE_SIGNS, YAML_SIGNS, changed, structured

from sigmaproof.check.fix import fix_text
from sigmaproof.check.pages import BASE
from sigmaproof.check.registry import MILDER, entries, entry
from sigmaproof.check.run import Options, check_content
from sigmaproof.diagnostics import Diagnostic, as_text
from sigmaproof.rules import load_text

TIER = os.environ.get("SIGMAPROOF_TIER", "ci")


def selection(text: str) -> str:
    return rule(f"selection:\n    {text}\ncondition: selection")


# name -> (content, a code that must be found)
HOSTILE: dict[str, tuple[str | bytes, str]] = {
    "alias bomb in selections": (
        rule("a: &a [" + ", ".join(["{x: 1}"] * 10) + "]\nb: &b [" + ", ".join(["*a"] * 10) + "]\n"
             "c: &c [" + ", ".join(["*b"] * 10) + "]\nd: &d [" + ", ".join(["*c"] * 10) + "]\n"
             "e: [" + ", ".join(["*d"] * 10) + "]\ncondition: e"),
        "yaml-alias-bomb",
    ),
    "5,000 deep": ("a: " + "[" * 5_000 + "]" * 5_000, "yaml-too-deep"),
    "1,900 deep in blocks": ("".join(" " * depth + "a:\n" for depth in range(1_900)), "yaml-too-deep"),
    "50 MB": (b"# " + b"x" * 50_000_000, "yaml-too-large"),
    "50 MB of rules": (EXACT.encode() + b"---\na: b\n" * 5_000_000, "yaml-too-large"),
    "NUL bytes": (b"\0" * 1_000, "yaml-syntax"),
    "NUL in the rule": (EXACT.replace("Exact", "Ex\0act"), "yaml-syntax"),
    "invalid UTF-8": (EXACT.encode() + b"author: \xff\xfe\n", "yaml-encoding"),
    "UTF-16": (EXACT.encode("utf-16"), "yaml-encoding"),
    "a name that is a path": (EXACT + "name: ../../x\n", "metadata-missing"),
    "a title that is a path": (EXACT.replace("title: Exact", "title: ../../x"), "metadata-missing"),
    "Jinja": (selection("eventName: '{{ 7 + 7 }}{% for x in range(999999999) %}{% endfor %}'"), "event-name-unknown"),
    "Jinja in the title": (EXACT.replace("title: Exact", "title: '{{ cycler.__init__ }}.'"), "title-form"),
    "control characters": (selection('eventName: "\\e[2J\\e]0;x\\a"'), "event-name-unknown"),
    "a line that looks like a finding": (selection('"a\\nx.yml:1: error: y": z'), "field-unknown"),
    "nested repetition": (selection("userAgent|re: '^(([a-z])+.)+[A-Z]([a-z])+$'"), "regex-backtracks"),
    "repetition of repetitions": (selection("userAgent|re: '((a{1,9}){1,9}){1,9}b'"), "check-limited"),
    "long alternatives": (
        selection(f"userAgent|re: '({'|'.join(f'a{n}.*b{n}' for n in range(300))})+x'"),
        "check-limited",
    ),
    "expressions without end": (selection(f"userAgent|re: {['(a+)+$'] * 199}"), "regex-backtracks"),
    "an expression a million": (selection(f"userAgent|re: '{'(' * 9_000}a{')' * 9_000}'"), "rule-regex"),
    "many fields": (FINE["many fields"], "check-limited"),
    "many values": (FINE["many values"], "check-limited"),
    "two lists of many values": (
        rule("\n".join(f"{name}:\n    eventName: {[f'{name}{n}' for n in range(900)]}" for name in "ab")
             + "\ncondition: a and b"),
        "check-limited",
    ),
    "many wildcards": (selection(f"eventName: {['*'.join('abcdefg') + f'*{n}' for n in range(900)]}"), "check-limited"),
    "as many as are searched for": (
        rule("\n".join(f"{name}:\n    eventName: {[f'{name}{n}' for n in range(290)]}" for name in "ab")
             + "\ncondition: a and b"),
        "field-conflict",
    ),
    "as many patterns as are searched for": (
        selection(f"eventName: {['*'.join('abcdefgh') + f'*{n}' for n in range(59)]}"),
        "metadata-missing",
    ),
    "as many fields as are searched for": (
        rule("s:\n" + "".join(f"    requestParameters.f{n}: a\n" for n in range(149)) + "condition: s"),
        "metadata-missing",
    ),
    "many comments": (EXACT + "# sigmaproof: ignore[x,y,z]\n" * 50_000, "ignore-unknown"),
    "a comment of many codes": (EXACT + f"# sigmaproof: ignore[{'x,' * 100_000}]\n", "ignore-unknown"),
    "many tags": (EXACT + f"tags: {[f'attack.x{n}' for n in range(9_000)]}\n", "tag-unknown"),
    "a long tag": (EXACT + f"tags: ['attack.{'a_' * 500_000}']\n", "tag-unknown"),
    "a long title": (EXACT.replace("title: Exact", f"title: {'Detects ' * 30}"), "title-form"),
    "many faults of form": (EXACT + f"related: {[{'id': n} for n in range(9_000)]}\n", "rule-schema"),
    "contradictions": (
        rule("a:\n    eventName: a\nb:\n    eventName: b\ncondition: " + " or ".join(["(a and b)"] * 400)),
        "field-conflict",
    ),
}  # fmt: skip


def spent(content: bytes) -> tuple[float, list[Diagnostic]]:
    started = time.process_time()
    findings = check_content(content, "r.yml", "r.yml", Options()).findings
    return time.process_time() - started, findings


@pytest.fixture(scope="module", autouse=True)
def _warm() -> None:
    check_content(BASE.encode(), "r.yml")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_finding_soon(name: str) -> None:
    hostile, code = HOSTILE[name]
    content = hostile if isinstance(hostile, bytes) else hostile.encode()
    seconds, findings = spent(content)
    assert code in {one.code for one in findings}
    assert all(len(as_text(one)) < 2_000 for one in findings)
    assert len(findings) < 200
    assert seconds < SECONDS / 2 or within(SECONDS, lambda: spent(content))


def test_what_loading_refuses_is_found_soon() -> None:
    """Every rule of test_bad_input.py, through all checks."""
    for name, content in [*((name, one[0]) for name, one in RULES.items()), *FINE.items()]:
        raw = content if isinstance(content, bytes) else content.encode()
        seconds, findings = spent(raw)
        assert {one.level for one in findings} <= {"error", "warning", "note"}
        lost = {one.code for one in findings if one.level == "error" or one.code in MILDER}
        assert name in FINE or lost, name
        assert seconds < SECONDS / 2 or within(SECONDS, lambda raw=raw: spent(raw)), name  # type: ignore[misc]


def test_all_in_one_run(tmp_path: Path) -> None:
    """One process checks all of them, names each, follows no link, and stays small."""
    for number, (one, _) in enumerate(HOSTILE.values()):
        content = one if isinstance(one, bytes) else one.encode()
        (tmp_path / f"{number:02}.yml").write_bytes(content[:3_000_000])
    (tmp_path / "itself.yml").symlink_to("itself.yml")
    (tmp_path / "nowhere.yml").symlink_to("../../x.yml")
    (tmp_path / "again").symlink_to(".")
    code, out, err, memory = measured("check", ".", "--jobs", "1", cwd=tmp_path)
    assert code == 2, "links that lead nowhere can't be read"
    files = {line.partition(":")[0] for line in out.splitlines() if not line.startswith(" ")}
    assert files == {f"{number:02}.yml" for number in range(len(HOSTILE))} | {"itself.yml", "nowhere.yml"}
    assert "\x1b" not in out
    assert "internal error" not in err
    assert memory < MEGABYTES * 2


def test_a_link_is_not_repaired(tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("\ufeff" + BASE, encoding="utf-8")
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "aws_iam_role_created.yml").symlink_to(other)
    sigmaproof("check", "--fix", "rules", cwd=tmp_path)
    assert other.read_text(encoding="utf-8").startswith("\ufeff")


def judged(content: bytes) -> None:
    """Everything that check does, on any bytes: findings with registered codes, and repairs that change no meaning."""
    findings = check_content(content, "r.yml", "r.yml", Options(targets=("eql", "lucene"))).findings
    for one in findings:
        assert entry(one.code).code in entries()
        assert as_text(one)
        assert one.place.file == "r.yml"
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return
    fixed, codes = fix_text(text)
    assert (fixed == text) is (codes == [])
    assert fix_text(fixed) == (fixed, []), "a second run repairs nothing"
    before, after = (load_text(one, filters=()).rules for one in (text, fixed))
    assert [one.tree for one in before] == [one.tree for one in after]


few = settings(max_examples=settings().max_examples if TIER == "nightly" else 25)


@few
@given(changed(RULE, YAML_SIGNS + RULE_SIGNS))
def test_any_bytes(content: bytes) -> None:
    judged(content)


@few
@given(structured())
def test_any_values(content: bytes) -> None:
    judged(content)
