"""What rules cover of ATT&CK: the table of names, what a tag means, and the three outputs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from commandline import ROOT, Ended, rule, sigmaproof

from sigmaproof.attack import TagError, attack, read_tag
from sigmaproof.attack.coverage import Coverage, cover
from sigmaproof.output.coverage import layer
from sigmaproof.rules import load_text

LAYER = json.loads((ROOT / "tests" / "navigator-layer-4.5.schema.json").read_text(encoding="utf-8"))
# No network in the process: whoever opens a socket fails.
OFFLINE = """
import socket
def no(*arguments, **named): raise RuntimeError('network')
socket.socket.connect = socket.create_connection = socket.getaddrinfo = no"""


def tagged(title: str, *tags: str, number: int = 1) -> str:
    text = rule("s:\n    eventName: X\ncondition: s", title, f"{number:08}-1111-4111-8111-111111111111")
    return text + "tags:\n" + "".join(f"    - {tag}\n" for tag in tags) if tags else text


def covered(*rules: tuple[str, list[str]]) -> Coverage:
    texts = [tagged(title, *tags, number=number) for number, (title, tags) in enumerate(rules)]
    return cover(load_text("---\n".join(texts)).rules)


def test_the_table_is_whole() -> None:
    """The numbers of ATT&CK 19 for Enterprise; every name that the table leads to is in it."""
    table = attack()
    tops = [one for one in table.techniques.values() if one.parent is None]
    assert (table.version, len(table.tactics), len(tops), len(table.techniques) - len(tops)) == ("19", 15, 222, 475)
    for one in table.techniques.values():
        assert one.parent is None or one.parent in table.techniques
        assert one.title
        assert set(one.tactics) <= set(table.tactics) != set()
    for name, (title, successors) in table.retired.items():
        assert title
        assert name not in {*table.techniques, *table.tactics}
        assert set(successors) <= {*table.techniques, *table.tactics}


def test_the_table_names_its_source() -> None:
    text = (ROOT / "src/sigmaproof/attack/enterprise.tsv").read_text(encoding="utf-8")
    assert "The MITRE Corporation" in text[:600]
    assert "The MITRE Corporation" in (ROOT / "NOTICE").read_text(encoding="utf-8")


TAGS = {
    "attack.t1098.003": "Additional Cloud Roles",
    "attack.T1098": "Account Manipulation",
    "attack.persistence": "Persistence",
    "attack.stealth": "Stealth",
    "attack.command-and-control": "Command and Control",
    "attack.g0016": None,
    "attack.s0002": None,
    "attack.ds0009": None,
    "cve.2024-1234": None,
    "detection.threat-hunting": None,
}
WRONG = {
    "attack.t1562.008": ("attack-retired", "Disable or Modify Cloud Logs", "write attack.t1685.002"),
    "attack.t1089": ("attack-retired", "T1089", "write attack.t1685"),
    "attack.t1026": ("attack-retired", "Multiband Communication", "nothing took its place"),
    "attack.defense-evasion": ("attack-retired", "Defense Evasion", "attack.stealth or attack.defense-impairment"),
    "attack.defense_evasion": ("attack-retired", "Defense Evasion", "attack.stealth or attack.defense-impairment"),
    "attack.initial_access": ("attack-unknown", "names no tactic", "did you mean attack.initial-access?"),
    "attack.persistance": ("attack-unknown", "names no tactic", "did you mean attack.persistence?"),
    "attack.ta0003": ("attack-unknown", "names no tactic", "did you mean attack.persistence?"),
    "attack.t1098.099": ("attack-unknown", "names no tactic or technique", "did you mean attack.t1098?"),
    "attack.t9999": ("attack-unknown", "names no tactic or technique", ""),
    "attack.": ("attack-unknown", "names no tactic or technique", ""),
}


@pytest.mark.parametrize("tag", TAGS)
def test_a_tag(tag: str) -> None:
    found = read_tag(tag)
    assert (None if found is None else found.title) == TAGS[tag]


@pytest.mark.parametrize("tag", WRONG)
def test_a_wrong_tag(tag: str) -> None:
    code, message, help = WRONG[tag]
    with pytest.raises(TagError) as raised:
        read_tag(tag)
    assert raised.value.code == code
    assert message in str(raised.value)
    assert help in raised.value.help if help else raised.value.help == ""


def test_sub_techniques_count_for_their_technique_once() -> None:
    found = covered(
        ("both parts", ["attack.t1098.001", "attack.t1098.003"]),
        ("part and whole", ["attack.t1098.003", "attack.t1098"]),
        ("another", ["attack.t1078"]),
    )
    scores = {id: len(rules) for id, rules in found.techniques.items()}
    assert scores == {"T1078": 1, "T1098": 2, "T1098.001": 1, "T1098.003": 2}
    assert {id: len(rules) for id, rules in found.own.items()} == {
        "T1098.001": 1,
        "T1098.003": 2,
        "T1098": 1,
        "T1078": 1,
    }


def test_a_tactic_counts_where_it_is_named_or_where_only_techniques_are() -> None:
    found = covered(
        ("named", ["attack.persistence", "attack.t1098"]),
        ("not named", ["attack.t1098"]),
        ("tactic only", ["attack.impact"]),
    )
    counts = {name: [rule.title for rule in rules] for name, rules in found.tactics.items() if rules}
    assert counts == {
        "persistence": ["named", "not named"],
        "privilege-escalation": ["not named"],
        "impact": ["tactic only"],
    }


def test_what_is_wrong_is_not_counted_and_has_its_line() -> None:
    found = covered(("old", ["attack.persistence", "attack.t1562.008"]), ("gone", ["attack.t9999"]), ("none", []))
    assert list(found.techniques) == []
    assert [(one.code, one.place.line) for one in found.findings] == [("attack-retired", 13), ("attack-unknown", 26)]
    assert [one.title for one in found.untagged] == ["gone", "none"]


def test_the_layer() -> None:
    found = covered(("Zeta", ["attack.t1098.003"]), ("Alpha\n  two", ["attack.t1098"]))
    made = layer(found)
    jsonschema.Draft202012Validator(LAYER).validate(made)
    assert [(one["techniqueID"], one["score"], one["comment"]) for one in made["techniques"]] == [
        ("T1098", 2, "Alpha two\nZeta"),
        ("T1098.003", 1, "Zeta"),
    ]
    assert (made["gradient"]["minValue"], made["gradient"]["maxValue"]) == (0, 2)
    empty = layer(covered(("none", [])))
    jsonschema.Draft202012Validator(LAYER).validate(empty)
    assert empty["gradient"]["maxValue"] > empty["gradient"]["minValue"]


@pytest.mark.parametrize(
    "change",
    [
        {"domain": "cloud"},
        {"sorting": 4},
        {"techniques": [{"techniqueID": "1098"}]},
        {"versions": {"layer": "4.4", "navigator": "5.2.0"}},
        {"colour": "red"},
    ],
)
def test_the_schema_of_layers_can_refuse(change: dict[str, Any]) -> None:
    assert not jsonschema.Draft202012Validator(LAYER).is_valid({**layer(covered(("none", []))), **change})


class TestCommand:
    @pytest.fixture
    def here(self, tmp_path: Path) -> Path:
        (tmp_path / "a.yml").write_text(tagged("First", "attack.persistence", "attack.t1098.003"))
        (tmp_path / "b.yml").write_text(tagged("Second", "attack.t1562.008", number=2))
        return tmp_path

    def run(self, here: Path, *arguments: object) -> Ended:
        return sigmaproof("coverage", ".", *arguments, cwd=here, before=OFFLINE)

    def test_the_table(self, here: Path) -> None:
        ended = self.run(here)
        assert ended.code == 0
        row = next(line for line in ended.lines if line.strip().startswith("Persistence"))
        assert row.split()[:5] == ["Persistence", "1", "1", "of", "22"]
        assert any(".003 Additional Cloud Roles: 1" in line for line in ended.lines)
        assert "b.yml:1  Second" in ended.lines[-1]
        assert "b.yml:12:7: warning: ATT&CK 19 has no T1562.008 any more" in ended.err
        assert "help: write attack.t1685.002" in ended.err
        assert "2 rules in 1 of 15 tactics, 1 technique named; 1 rule without ATT&CK, 1 tag not counted" in ended.err
        assert self.run(here, "--strict").code == 1

    def test_the_layer_in_a_file(self, here: Path) -> None:
        ended = self.run(here, "--format", "navigator", "-o", "layer.json")
        assert (ended.code, ended.out) == (0, "")
        made = json.loads((here / "layer.json").read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator(LAYER).validate(made)
        assert len(made["techniques"]) == 2
        assert self.run(here, "-o", "nowhere/x").code == 2
        (here / "layer.json").unlink()  # a directory of rules and logs would have to be named with --rules
        assert self.run(here, "-o", "table.txt").out == ""
        assert "Persistence" in (here / "table.txt").read_text(encoding="utf-8")

    def test_json(self, here: Path) -> None:
        found = json.loads(self.run(here, "--format", "json").out)
        schema = json.loads((ROOT / "schema" / "coverage-1.json").read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator(schema).validate(found)
        assert list(found) == schema["required"]
        assert [(one["id"], one["score"], one["named_by"]) for one in found["techniques"]] == [
            ("T1098", 1, 0),
            ("T1098.003", 1, 1),
        ]
        assert [one["file"] for one in found["untagged"]] == ["b.yml"]
        assert (found["findings"][0]["file"], found["findings"][0]["line"]) == ("b.yml", 12)


def test_our_own_rules_have_no_wrong_tags() -> None:
    assert sigmaproof("coverage", "sigma_rules", "--strict", cwd=ROOT).code == 0
