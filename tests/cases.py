"""Reads fixtures/cases: each case is a rule, raw records, and what every target must claim; or a rule that must
not load, and why."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from sigmaproof.fields import DEFAULT
from sigmaproof.rules import Loaded, Rule, load_text
from sigmaproof.verify.records import MISSING, built

CASES = Path(__file__).parents[1] / "fixtures" / "cases"
NOT_RULES = {"eql_lowering.yml", "normalize.yml"}


@dataclass(frozen=True)
class Case:
    """One case; `claims` by target, for the profile `integration`; records with the expected native verdict; `warns`
    what loading must warn of."""

    name: str
    rule: Rule
    records: tuple[tuple[dict[str, Any], bool], ...]
    claims: dict[str, str]
    integration: str = DEFAULT
    warns: tuple[str, ...] = ()


@dataclass(frozen=True)
class LoadCase:
    """A rule that is refused when it is loaded, in the same words for every target. error: a part of them."""

    name: str
    loaded: Loaded
    error: str


@cache
def all_cases() -> tuple[Case, ...]:
    """Every case of every file whose rule loads."""
    return tuple(_case(name, entry) for name, entry in entries() if "load" not in entry)


@cache
def load_cases() -> tuple[LoadCase, ...]:
    """Every case of every file whose rule must not load."""
    return tuple(_load_case(name, entry) for name, entry in entries() if "load" in entry)


@cache
def entries() -> tuple[tuple[str, dict[str, Any]], ...]:
    """The name and the data of every case, as written."""
    return tuple(
        (f"{file.stem}: {entry['name']}", entry) for file, data in documents().items() for entry in data["cases"]
    )


@cache
def documents() -> dict[Path, dict[str, Any]]:
    """The data of every file of cases, in the form that the schema wants."""
    schema = json.loads((CASES / "cases.schema.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    found = {f: yaml.safe_load(f.read_text(encoding="utf-8")) for f in _files()}
    for data in found.values():
        validator.validate(data)
    return found


def _files() -> Iterator[Path]:
    return (file for file in sorted(CASES.glob("*.yml")) if file.name not in NOT_RULES)


def _case(name: str, entry: dict[str, Any]) -> Case:
    records = tuple(
        (record_of(paths), verdict)
        for key, verdict in (("match", True), ("no_match", False))
        for paths in entry.get(key, ())
    )
    rule = _only_rule(load_text(_text(name, entry), name))
    claims = {target: entry[target] for target in ("eql", "lucene")}
    integration = entry.get("integration", DEFAULT)
    return Case(name, rule, records, claims, integration, tuple(entry.get("warns", ())))


def _load_case(name: str, entry: dict[str, Any]) -> LoadCase:
    return LoadCase(name, load_text(_text(name, entry), name), entry["load"])


def _text(title: str, entry: dict[str, Any]) -> str:
    """The rule's YAML. A text that has no title of its own is the inside of a detection."""
    if "detection" in entry:
        return _rule_text(title, entry["detection"])
    text: str = entry["text"]
    if "title:" in text:
        return text
    indented = "".join(f"    {line}\n" for line in text.splitlines())
    return f"title: {json.dumps(title)}\nlogsource: {{product: aws, service: cloudtrail}}\ndetection:\n{indented}"


def rule_of(title: str, detection: dict[str, Any]) -> Rule:
    """A CloudTrail rule with this detection."""
    return _only_rule(load_text(_rule_text(title, detection), title))


def _rule_text(title: str, detection: dict[str, Any]) -> str:
    data = {"title": title, "logsource": {"product": "aws", "service": "cloudtrail"}, "detection": detection}
    return yaml.safe_dump(data, sort_keys=False)


def _only_rule(loaded: Loaded) -> Rule:
    assert loaded.rules, loaded.findings
    return loaded.rules[0]


def record_of(paths: dict[str, Any]) -> dict[str, Any]:
    """An ordinary record with these raw paths set; the value {remove: true} takes a path out."""
    return built({path: MISSING if value == {"remove": True} else value for path, value in paths.items()})


def load_texts() -> list[tuple[str, str]]:
    """The name and the YAML of every case that must not load."""
    return [(name, _text(name, entry)) for name, entry in entries() if "load" in entry]
