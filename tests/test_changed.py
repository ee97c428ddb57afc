"""`--changed`: which rules count as changed, asked of a real git."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from commandline import called, rule

from sigmaproof.commands.changed import with_base
from sigmaproof.repository import _TARGETS

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="NOT RUN: git is not installed")
NAMES = ("kept", "edited", "staged", "sidecar", "named", "info")
WHO = ["-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false"]


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *WHO, *arguments], cwd=folder, check=True, capture_output=True)


def text(name: str, more: str = "") -> str:
    return rule(f"selection:\n    eventName: {name}\ncondition: selection", name) + more


@pytest.fixture(autouse=True)
def no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests can themselves run in a pipeline, whose server names a branch."""
    for name in _TARGETS:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def branch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a branch on which rules have changed in every way, and main has gone on."""
    root = tmp_path_factory.mktemp("repository")
    (root / "rules").mkdir()
    (root / "logs").mkdir()
    for name in NAMES:
        (root / "rules" / f"{name}.yml").write_text(text(name), encoding="utf-8")
    case = "match: [{name: a, record: {eventName: %s}}]\n"
    (root / "rules" / "sidecar.test.yml").write_text(case % "sidecar", encoding="utf-8")
    (root / "rules" / "named.test.yml").write_text("match: [{name: a, file: ../logs/named.json}]\n", encoding="utf-8")
    (root / "logs" / "named.json").write_text('{"eventName": "named"}', encoding="utf-8")
    (root / "rules" / "info.yml").write_text(text("info", "regression_tests_path: data/info.yml\n"), encoding="utf-8")
    (root / "data").mkdir()
    (root / "data" / "x.json").write_text('{"eventName": "info"}', encoding="utf-8")
    tests = "regression_tests_info: [{name: a, type: json, path: data/x.json}]\n"
    (root / "data" / "info.yml").write_text(tests, encoding="utf-8")
    git(root, "init", "-q", "-b", "main")
    git(root, "add", ".")
    git(root, "commit", "-qm", "first")
    git(root, "checkout", "-qb", "topic")
    (root / "rules" / "edited.yml").write_text(text("edited", "status: test\n"), encoding="utf-8")
    git(root, "commit", "-qam", "second")
    git(root, "checkout", "-q", "main")
    (root / "rules" / "kept.yml").write_text(text("kept", "status: test\n"), encoding="utf-8")
    git(root, "commit", "-qam", "main goes on")
    git(root, "checkout", "-q", "topic")
    (root / "rules" / "staged.yml").write_text(text("staged", "status: test\n"), encoding="utf-8")
    git(root, "add", "rules/staged.yml")
    (root / "rules" / "sidecar.test.yml").unlink()
    (root / "logs" / "named.json").write_text('{"eventName": "named", "x": 1}', encoding="utf-8")
    (root / "data" / "x.json").write_text('{"eventName": "info", "x": 1}', encoding="utf-8")
    (root / "rules" / "new ü.yml").write_text(text("new"), encoding="utf-8")
    return root


def test_the_rules_that_have_changed(branch: Path) -> None:
    ended = called("test", "--changed", "main", "rules", "--min-match", 1, "--format", "json", cwd=branch)
    assert {one["title"] for one in ended.objects} == {"edited", "staged", "sidecar", "named", "info", "new"}
    assert "6 of 7 rules changed" in ended.err


def test_check_looks_at_rules_alone(branch: Path) -> None:
    for arguments in (["rules", "--changed"], ["--changed=main", "rules"], ["--changed", "rules"]):
        ended = called("check", *arguments, cwd=branch)
        assert ended.code < 2
        assert "3 of 7 rules changed" in ended.err


def test_from_a_folder_below_and_with_a_filter(branch: Path, tmp_path: Path) -> None:
    root = tmp_path / "copy"
    shutil.copytree(branch, root, symlinks=True)
    suppressed = "filter:\n    rules: any\n    selection: {eventName: x}\n    condition: not selection\n"
    head = "title: F\nlogsource: {product: aws, service: cloudtrail}\n"
    (root / "rules" / "filter.yml").write_text(head + suppressed, encoding="utf-8")
    ended = called("check", ".", "--changed", cwd=root / "rules")
    assert "7 of 7 rules changed" in ended.err, "a new filter changes all rules to which it applies"


@pytest.mark.parametrize(
    ("base", "env", "words"),
    [
        ("nowhere", {}, "no revision nowhere here: fetch it"),
        ("-x", {}, "-x is no revision"),
        ("main", {"PATH": "/nonexistent"}, "git is not installed"),
    ],
)
def test_what_git_cannot_say(
    branch: Path, base: str, env: dict[str, str], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    ended = called("check", "rules", f"--changed={base}", cwd=branch)
    assert (ended.code, ended.out) == (2, "")
    assert f"error: --changed: {words}" in ended.err


def test_no_repository_and_no_main_branch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    (tmp_path / "r.yml").write_text(text("a"), encoding="utf-8")
    ended = called("check", "r.yml", "--changed", cwd=tmp_path)
    assert ended.code == 2
    assert "not a git repository" in ended.err
    git(tmp_path, "init", "-q", "-b", "trunk")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    ended = called("check", "r.yml", "--changed", cwd=tmp_path)
    assert (ended.code, "say what to compare with" in ended.err) == (2, True)
    monkeypatch.setenv("CI_MERGE_REQUEST_DIFF_BASE_SHA", "trunk")
    ended = called("check", "r.yml", "--changed", cwd=tmp_path)
    assert (ended.code, "0 of 1 rule changed" in ended.err, ended.out) == (0, True, "")


@pytest.mark.parametrize(
    ("given", "joined"),
    [
        (["check", "rules", "--changed"], ["check", "rules", "--changed="]),
        (["check", "--changed", "main"], ["check", "--changed=main"]),
        (["check", "--changed", "/"], ["check", "--changed=", "/"]),
        (["check", "--changed", "-t", "eql"], ["check", "--changed=", "-t", "eql"]),
        (["check", "--changed=x", "rules"], ["check", "--changed=x", "rules"]),
    ],
)
def test_the_base_can_be_left_out(given: list[str], joined: list[str]) -> None:
    assert with_base(given) == joined


def committed(root: Path, **files: str) -> Path:
    """A repository whose main branch holds these rules, on a branch of it."""
    root.mkdir()
    for name, content in files.items():
        (root / f"{name}.yml").write_text(content, encoding="utf-8")
    git(root, "init", "-q", "-b", "main")
    git(root, "add", ".")
    git(root, "commit", "-qm", "first")
    git(root, "checkout", "-qb", "topic")
    return root


@pytest.mark.parametrize("new", ["aa_new", "zz_new"])
def test_a_new_rule_with_an_id_that_is_taken(tmp_path: Path, new: str) -> None:
    root = committed(tmp_path / "a", mm_old=text("old"))
    (root / f"{new}.yml").write_text(text("new"), encoding="utf-8")
    arguments = ["check", ".", "--select", "id-duplicate"]
    assert called(*arguments, cwd=root).code == 1
    ended = called(*arguments, "--changed", "main", cwd=root)
    assert (ended.code, ended.out.startswith(f"{new}.yml:2:1: warning: the id ")) == (1, True)
    git(root, "add", ".")
    git(root, "commit", "-qm", "second")
    assert called(*arguments, "--changed=HEAD", cwd=root).out == "", "both were there"


def test_only_what_has_changed_is_repaired(tmp_path: Path) -> None:
    root = committed(tmp_path / "a", old=text("old."))
    (root / "new.yml").write_text(text("new."), encoding="utf-8")
    ended = called("check", ".", "--changed", "main", "--fix", cwd=root)
    assert "new.yml: 1 repair: title-form" in ended.err
    assert "title: old.\n" in (root / "old.yml").read_text(encoding="utf-8")
    assert "title: new\n" in (root / "new.yml").read_text(encoding="utf-8")


def test_each_repository_is_asked(tmp_path: Path) -> None:
    one, two = committed(tmp_path / "a", kept=text("a")), committed(tmp_path / "b", edited=text("b"))
    (two / "edited.yml").write_text(text("b", "status: test\n"), encoding="utf-8")
    for order in ([one, two], [two, one]):
        ended = called("check", *order, "--changed=main", cwd=tmp_path)
        assert "1 of 2 rules changed" in ended.err
        ended = called("test", *order, "--changed=main", "--min-match", 1, "--format", "json", cwd=tmp_path)
        assert {one["title"] for one in ended.objects} == {"b"}
    git(two, "branch", "-D", "main")
    ended = called("check", one, two, "--changed=main", cwd=tmp_path)
    assert (ended.code, f"no revision main here: fetch it (in {two})" in ended.err) == (2, True)
