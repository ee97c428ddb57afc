"""Reads fixtures/cases: each case is a rule, raw records, and what every target must claim."""

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
from sigmaproof.rules import Rule, load_text
from sigmaproof.verify.solve import MISSING, built

CASES = Path(__file__).parents[1] / "fixtures" / "cases"
NOT_RULES = {"eql_lowering.yml", "normalize.yml"}


@dataclass(frozen=True)
class Case:
    """One case; `claims` by target, for the profile `integration`; records with the expected native verdict."""

    name: str
    rule: Rule
    records: tuple[tuple[dict[str, Any], bool], ...]
    claims: dict[str, str]
    integration: str = DEFAULT


@cache
def all_cases() -> tuple[Case, ...]:
    """Every case of every file."""
    return tuple(case for file in sorted(CASES.glob("*.yml")) if file.name not in NOT_RULES for case in _read(file))


def _read(file: Path) -> Iterator[Case]:
    data = yaml.safe_load(file.read_text(encoding="utf-8"))
    schema = json.loads((CASES / "cases.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(data)
    for entry in data["cases"]:
        yield _case(f"{file.stem}: {entry['name']}", entry)


def _case(name: str, entry: dict[str, Any]) -> Case:
    records = tuple(
        (record_of(paths), verdict)
        for key, verdict in (("match", True), ("no_match", False))
        for paths in entry.get(key, ())
    )
    claims = {target: entry[target] for target in ("eql", "lucene")}
    integration = entry.get("integration", DEFAULT)
    return Case(name, rule_of(name, entry["detection"]), records, claims, integration)


def rule_of(title: str, detection: dict[str, Any]) -> Rule:
    """A CloudTrail rule with this detection."""
    data = {"title": title, "logsource": {"product": "aws", "service": "cloudtrail"}, "detection": detection}
    loaded = load_text(yaml.safe_dump(data, sort_keys=False), title)
    assert loaded.rules, loaded.findings
    return loaded.rules[0]


def record_of(paths: dict[str, Any]) -> dict[str, Any]:
    """An ordinary record with these raw paths set; the value {remove: true} takes a path out."""
    return built({path: MISSING if value == {"remove": True} else value for path, value in paths.items()})
