"""What a newcomer reads: usages, what a help proposes, and the schema that an editor has for a directory of rules."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from commandline import EXACT, ROOT, called, sigmaproof

from sigmaproof.check.config import settings_of
from sigmaproof.check.pages import BASE
from sigmaproof.check.run import check_content
from sigmaproof.diagnostics import InputError

COMMANDS = "convert evaluate normalize verify check test explain diff coverage fields targets".split()
EDITOR = json.loads((ROOT / "schema" / "rules-and-tests-1.json").read_text(encoding="utf-8"))
TEST: dict[str, Any] = {"match": [{"name": "a", "record": {"eventName": "CreateRole"}}]}
PANTHER: dict[str, Any] = {"Tests": [{"Name": "a", "ExpectedResult": True, "Log": {"eventName": "CreateRole"}}]}


@pytest.mark.parametrize("command", COMMANDS)
def test_h_is_help_and_usages_name_arguments(tmp_path: Path, command: str) -> None:
    short, long = (called(command, option, cwd=tmp_path) for option in ("-h", "--help"))
    assert (short.code, short.out) == (0, long.out)
    usage = short.lines[0]
    assert not set("{}") & set(usage)
    assert "]..." not in usage
    assert command != "explain" or usage.endswith("RULE RECORD")


def test_h_of_the_whole() -> None:
    assert sigmaproof("-h").out.startswith("Usage: sigmaproof [OPTIONS] COMMAND")


@pytest.mark.parametrize(
    ("name", "proposed"),
    [
        ("s3-public.yml", "rename it: s3_public.yml"),
        ("AWS IAM: Rôle_created.yaml", "rename it: aws_iam_role_created.yml"),
        ("s3.yaml", "rename it: 10 to 70 characters"),
        ("ファイル.yml", "rename it: 10 to 70 characters"),
    ],
)
def test_a_file_keeps_what_it_can_of_its_name(name: str, proposed: str) -> None:
    (one,) = check_content(BASE.encode(), name, name).findings
    assert one.code == "file-name"
    assert one.help.startswith(proposed)
    better = one.help.removeprefix("rename it: ")
    assert " " in better or check_content(BASE.encode(), better, better).findings == []


def test_no_help_gives_an_id_to_copy() -> None:
    text = BASE.replace("id: 6d5f3a52-3f3e-4d54-9a52-5b5d1f0e7c11", "id: abc")
    (one,) = check_content(text.encode(), "r.yml").findings
    assert (one.code, one.help) == (
        "rule-form",
        "id is a random UUID: delete the line, and `sigmaproof check --fix` makes one",
    )


def test_a_rule_without_tests_hears_of_suggest(tmp_path: Path) -> None:
    (tmp_path / "r.yml").write_text(EXACT, encoding="utf-8")
    command = "sigmaproof test r.yml --suggest"
    assert f"or let `{command}` write one" in called("test", "r.yml", cwd=tmp_path).err
    called(*command.split()[1:], cwd=tmp_path)
    assert called("test", "r.yml", cwd=tmp_path).err.count("warning") == 0


def test_files_that_are_lost_are_counted(tmp_path: Path) -> None:
    (tmp_path / "one_rule_of_two.yml").write_text(f"{BASE}---\ntitle: x\n")
    (tmp_path / "no_yaml_at_all.yml").write_text("a: [")
    ended = called("check", ".", cwd=tmp_path)
    assert ended.untimed.startswith("1 rule checked, 2 files with rules that can't be used: 3 errors, ")
    assert ended.code == 1


@pytest.mark.parametrize(("form", "said"), [("text", 1), ("github", 1), ("json", 0), ("sarif", 0), ("junit", 0)])
def test_a_check_without_service_models_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, said: int
) -> None:
    (tmp_path / "aws_iam_role_created.yml").write_text(BASE)
    monkeypatch.setattr("sigmaproof.servicemodels.data.available", lambda: False)
    err = called("check", ".", "--format", form, cwd=tmp_path).err
    assert err.count("without AWS's service models") == err.count("pip install 'sigmaproof[aws]'") == said
    monkeypatch.setattr("sigmaproof.servicemodels.data.available", lambda: True)
    assert "service models" not in called("check", ".", "--format", form, cwd=tmp_path).err


@pytest.mark.parametrize(
    ("file", "text", "help"),
    [
        ("pyproject.toml", "[tool.sigmaproof]\nignore = []\n", "it belongs under [tool.sigmaproof.check]"),
        ("sigmaproof.toml", "ignore = []\n", "it belongs under [check]"),
        ("pyproject.toml", "[tool.sigmaproof.test]\nx = 1\n", "`sigmaproof test` has options only"),
        ("pyproject.toml", "[tool.sigmaproof.chek]\nx = 1\n", "did you mean [tool.sigmaproof.check]?"),
        ("sigmaproof.toml", "[check]\nselekt = []\n", "did you mean select?"),
        ("sigmaproof.toml", "[check]\ncolour = 1\n", "the settings are select, ignore, targets"),
    ],
)
def test_wrong_settings_say_where_they_belong(tmp_path: Path, file: str, text: str, help: str) -> None:
    (tmp_path / file).write_text(text)
    with pytest.raises(InputError) as raised:
        settings_of(tmp_path / "r.yml")
    assert raised.value.diagnostic.help.startswith(help)


class TestEditor:
    """One schema for `rules/**/*.yml`: no pattern of yaml-language-server left test files out before late 2026."""

    @staticmethod
    def faults(data: Any) -> list[str]:
        return [one.message for one in jsonschema.Draft202012Validator(EDITOR).iter_errors(data)]

    def test_rules_and_their_tests(self) -> None:
        for file in [*(ROOT / "sigma_rules").rglob("*.yml"), *(ROOT / "fixtures" / "rules").glob("*.yml")]:
            for data in yaml.load_all(file.read_text(encoding="utf-8"), yaml.BaseLoader):
                if "baseline" in data:  # BaseLoader makes texts of numbers
                    continue
                assert self.faults(data) == [], file.name
        assert self.faults(PANTHER) == self.faults(TEST) == []
        assert self.faults({**yaml.safe_load(BASE), "date": "2026-01-15", **PANTHER}) == [], "tests in a rule"

    @pytest.mark.parametrize(
        "wrong",
        [
            {"title": "x", "detection": {}},
            {**TEST, "no_matches": []},
            {"match": [{"name": "a"}]},
            {"Tests": [{"Name": "a", "Log": {}}]},
            {"title": "x", "logsource": {"product": "aws"}},
        ],
    )
    def test_faults_of_both_are_seen(self, wrong: dict[str, Any]) -> None:
        assert self.faults(wrong) != []


def test_the_index_has_every_page_once() -> None:
    text = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"^\d+\. \[(\S+\.md)\]\(\1\)", text, re.MULTILINE)
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert sorted(named) == sorted(pages)


def test_links_between_pages_lead_somewhere() -> None:
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        for link in re.findall(r"\]\(([^)#:\s]+)(?:#[^)\s]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_the_first_page_begins_with_a_check_that_fails_and_one_that_is_green(tmp_path: Path) -> None:
    """What the README says to write is what makes it green."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    start = text.split("\n## ")[1]
    assert start.startswith("Start\n")
    broken, repaired = re.findall(r"\$ sigmaproof check (\S+)", start)
    file = tmp_path / Path(broken).name
    file.write_text((ROOT / broken).read_text().replace("event.action:", "eventName:").replace("Success", "null"))
    assert called("check", ROOT / broken, cwd=tmp_path).code == 1
    assert called("check", file, "--fix", cwd=tmp_path).code == 0
    assert file.read_text() == (ROOT / repaired).read_text()
