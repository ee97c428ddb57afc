"""Rules that were read in an earlier run: the same as read anew, and never those of other bytes or another version."""

from __future__ import annotations

import pickle
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sigmaproof import rulecache
from sigmaproof.rulecache import RuleCache, load_cached
from sigmaproof.rules import Loaded, field_warnings, load_files

ROOT = Path(__file__).parents[1]
OURS = sorted(path for path in (ROOT / "sigma_rules").rglob("*.yml") if not path.name.endswith(".test.yml"))
RULE = """title: A rule
logsource: {product: aws, service: cloudtrail}
date: 2026-11-25
detection:
  one: {eventName|startswith: 'Create', errorCode: null}
  two: {additionalEventData.MFAUsed|re: '^N[o?]$', sourceIPAddress|cidr: 10.0.0.0/8}
  condition: one and not two
"""
FILTER = """title: A filter
logsource: {product: aws, service: cloudtrail}
filter:
  rules: any
  selection: {eventName: CreateUser}
  condition: not selection
"""


def told(loaded: Loaded) -> list[Any]:
    """All that is used of rules."""
    rules = [(rule.id, rule.file, rule.data, rule.tree, rule.document) for rule in loaded.rules]
    return [*rules, *loaded.findings]


def with_warnings(loaded: Loaded) -> Loaded:
    """With what a command warns of."""
    return Loaded(loaded.rules, [*loaded.findings, *(one for rule in loaded.rules for one in field_warnings(rule))])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Rules: a good one, the same once more, one without a title, no YAML, two in a file, two with warnings."""
    texts = [
        RULE,
        RULE,
        RULE.replace("title: A rule\n", ""),
        "a: [",
        f"{RULE}---\n{RULE}",
        f"{RULE}level: low\nlevel: low\n",
        RULE.replace("additionalEventData.MFAUsed", "nope.MFAUsed"),
    ]
    (tmp_path / "rules").mkdir()
    for number, text in enumerate(texts):
        (tmp_path / "rules" / f"{number}.yml").write_text(text, encoding="utf-8")
    return tmp_path


def test_our_rules_are_all_kept_and_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    anew = told(load_files(OURS))
    assert told(load_cached(OURS, RuleCache(tmp_path))) == anew
    monkeypatch.setattr(rulecache, "load_text", lambda *_: pytest.fail("read again"))
    assert told(load_cached(OURS, RuleCache(tmp_path))) == anew


def test_good_and_bad_ones_are_as_read_anew(folder: Path) -> None:
    files, known = sorted(folder.glob("rules/*.yml")), RuleCache(folder / "cache")
    anew = with_warnings(load_files(files))
    assert {finding.place.file for finding in anew.findings} >= {str(files[2]), str(files[3]), str(files[6])}
    for _ in range(3):
        loaded = load_cached(files, known)
        assert told(Loaded(loaded.rules)) == told(Loaded(anew.rules))
        assert sorted(map(str, loaded.findings)) == sorted(map(str, anew.findings))


def test_what_has_changed_is_read_anew(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, known = folder / "rules" / "0.yml", RuleCache(folder)
    first = load_cached([file], known).rules[0].tree
    file.write_text(RULE.replace("Create", "Delete"), encoding="utf-8")
    second = load_cached([file], known).rules[0].tree
    assert second == load_files([file]).rules[0].tree != first
    monkeypatch.setattr(rulecache, "_readers", lambda: b"another version")
    monkeypatch.setattr(rulecache, "load_text", lambda *_: Loaded())
    assert load_cached([file], known).rules == []


def test_each_file_of_what_reads_rules_counts(tmp_path: Path) -> None:
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / "a.py").write_text("a = 1")
    before = list(rulecache._files(str(tmp_path)))
    (tmp_path / "part" / "a.py").write_text("a = 22")
    assert len(before) == 1
    assert list(rulecache._files(str(tmp_path))) != before


@pytest.mark.parametrize("among", [True, False])
def test_a_filter_among_the_rules_is_applied(folder: Path, among: bool) -> None:
    known = RuleCache(folder)
    files = [folder / "rules" / "0.yml"]
    plain = told(load_cached(files, known))
    (folder / "filter.yml").write_text(FILTER if among else RULE, encoding="utf-8")
    files.append(folder / "filter.yml")
    for _ in range(2):
        assert told(load_cached(files, known)) == told(load_files(files))
    assert (told(load_cached(files, known))[0] != plain[0]) is among


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + bytes(84)])
def test_a_broken_cache_is_left_aside(folder: Path, content: bytes) -> None:
    (folder / "rules.sqlite").write_bytes(content)
    files = [folder / "rules" / "0.yml"]
    for _ in range(2):
        assert told(load_cached(files, RuleCache(folder))) == told(load_files(files))


def test_a_folder_that_can_not_be_made_is_left_aside(folder: Path) -> None:
    (folder / "file").write_text("")
    files = [folder / "rules" / "0.yml"]
    assert told(load_cached(files, RuleCache(folder / "file"))) == told(load_files(files))


class _Harm:
    def __reduce__(self) -> Any:
        return Path.touch, (Path("harm"),)


@pytest.mark.parametrize("harm", [_Harm(), [(1, {"title": _Harm()}, {}, {}, None)], [(1, 2)], 7])
def test_what_is_no_rule_is_never_made(folder: Path, monkeypatch: pytest.MonkeyPatch, harm: Any) -> None:
    monkeypatch.chdir(folder)
    files, known = [folder / "rules" / "0.yml"], RuleCache(folder)
    load_cached(files, known)
    with sqlite3.connect(folder / "rules.sqlite") as database:
        database.execute("UPDATE rules SET content = ?", (pickle.dumps(harm),))
    assert told(load_cached(files, known)) == told(load_files(files))
    assert not Path("harm").exists()


def test_evaluate_starts_without_pysigma(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = folder / "one.json"
    record.write_text('{"eventName": "CreateUser", "eventSource": "iam.amazonaws.com"}', encoding="utf-8")
    program = (
        "import sys\nfrom sigmaproof.cli import main\ntry:\n    main()\nfinally:\n"
        "    print([name for name in ('sigma', 'jsonschema') if name in sys.modules])"
    )
    command = [sys.executable, "-c", program, "evaluate", "rules/0.yml", str(record), "--format", "json"]
    monkeypatch.setenv("SIGMAPROOF_CACHE", str(folder / "cache"))
    said = [
        subprocess.run([*command, *more], cwd=folder, capture_output=True, text=True, check=True).stdout.splitlines()
        for more in (["--no-cache"], [], [])
    ]
    assert said[0] == said[1] == [said[2][0], "['sigma', 'jsonschema']"]
    assert said[2][1] == "[]"
