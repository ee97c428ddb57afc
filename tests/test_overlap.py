"""What PATH… stands for: a file counts once, however often and by whatever names it is given."""

from __future__ import annotations

from pathlib import Path

import pytest
from commandline import EXACT, called

from sigmaproof.inputs import sort_paths


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for folder in ("rules", "logs"):
        (tmp_path / folder).mkdir()
    (tmp_path / "rules/x.yml").write_text(EXACT, encoding="utf-8")
    (tmp_path / "logs/a.json").write_text('{"Records": []}', encoding="utf-8")
    return tmp_path


def test_overlapping_paths(here: Path) -> None:
    (here / "linked").symlink_to("rules")
    rules: list[str | Path] = [
        "rules",
        "rules/x.yml",
        "./rules/../rules/x.yml",
        here / "rules/x.yml",
        "linked",
        "rules/*.yml",
    ]
    assert sort_paths(rules).rules == sort_paths([], rules=rules).rules == [Path("rules/x.yml")]
    assert sort_paths(rules[::-1]).rules == [Path("rules/x.yml")]
    assert sort_paths(["logs/a.json", "logs", here / "logs/a.json"]).logs == [Path("logs/a.json")]
    assert sort_paths(["-", "-"]).rules == [Path("-")]


def test_rather_a_file_than_a_link_to_it(here: Path) -> None:
    """Links are not repaired, and git names the file."""
    (here / "a.yml").symlink_to("rules/x.yml")
    (here / "loop.yml").symlink_to("loop.yml")
    assert sort_paths([], rules=["a.yml", ".", "rules"]).rules == [Path("rules/x.yml"), Path("loop.yml")]
    assert sort_paths([], rules=["a.yml"]).rules == [Path("a.yml")]


def test_no_rule_is_a_double_of_itself(here: Path) -> None:
    ended = called("check", "rules", "rules/x.yml", "./rules/x.yml", "--select", "id-duplicate", cwd=here)
    assert (ended.code, ended.out) == (0, "")
    assert "1 rule checked" in ended.err
