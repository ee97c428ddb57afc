"""Prints what rules cover of ATT&CK: a table of tactics, JSON, or a layer for the ATT&CK Navigator (format 4.5).

The layer's form: https://github.com/mitre-attack/attack-navigator, layers/spec/v4.5/layerformat.md.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sigmaproof.attack import attack
from sigmaproof.attack.coverage import Coverage
from sigmaproof.output.consoles import new_table, note, out, plural

if TYPE_CHECKING:
    from sigmaproof.rules import Rule

__all__ = ["layer", "write_coverage"]

SCHEMA = "sigmaproof-coverage/1"
FORM = "4.5"
NAVIGATOR = "5.2.0"  # of the form's own example; it asks for 4.9.0 at least
COLORS = ["#ffffff", "#3182bd"]
MOST = 20  # rules without tags that are named in the table


def write_coverage(coverage: Coverage, form: str) -> None:
    """The coverage to stdout; the numbers to stderr."""
    if form == "navigator":
        print(json.dumps(layer(coverage), ensure_ascii=False, indent=2))
    elif form == "json":
        print(json.dumps(_as_json(coverage), ensure_ascii=False, indent=2))
    else:
        _write_table(coverage)
    covered = [name for name, rules in coverage.tactics.items() if rules]
    note(
        f"ATT&CK {attack().version}: {plural(len(coverage.rules), 'rule')} in {len(covered)} of "
        f"{plural(len(attack().tactics), 'tactic')}, {plural(len(coverage.own), 'technique')} named; "
        f"{plural(len(coverage.untagged), 'rule')} without ATT&CK, {plural(len(coverage.findings), 'tag')} not counted"
    )


def _write_table(coverage: Coverage) -> None:
    rows = new_table("tactic", "rules", "techniques", "the techniques, with their rules")
    rows.columns[1].justify = rows.columns[2].justify = "right"
    for name, rules in coverage.tactics.items():
        every = [id for id, one in attack().techniques.items() if name in one.tactics and one.parent is None]
        tops = [id for id in coverage.of_tactic(name) if id in every]
        shown = "\n".join(line for id in tops for line in _lines(id, name, coverage))
        rows.add_row(attack().tactics[name].title, f"{len(rules):,}", f"{len(tops)} of {len(every)}", shown)
    out().print(rows)
    if coverage.untagged:
        print("Rules without a tactic or technique of ATT&CK:")
        for rule in coverage.untagged[:MOST]:
            out().print(f"  {rule.document.place()}  {' '.join(rule.title.split())}")
        if len(coverage.untagged) > MOST:
            print(f"  and {len(coverage.untagged) - MOST:,} more")


def _lines(id: str, tactic: str, coverage: Coverage) -> list[str]:
    """A technique with the number of its rules, and those of its sub-techniques that serve the tactic."""
    subs = [one for one in coverage.of_tactic(tactic) if attack().techniques[one].parent == id]
    lines = [f"{id} {attack().techniques[id].title}: {len(coverage.techniques[id]):,}"]
    return lines + [f"  {sub[len(id) :]} {attack().techniques[sub].title}: {len(coverage.own[sub]):,}" for sub in subs]


def layer(coverage: Coverage) -> dict[str, Any]:
    """The layer: each technique scored by the number of its rules, those of its sub-techniques included."""
    highest = max(map(len, coverage.techniques.values()), default=0)
    return {
        "name": "Sigma rules",
        "versions": {"attack": attack().version, "navigator": NAVIGATOR, "layer": FORM},
        "domain": "enterprise-attack",
        "description": f"{plural(len(coverage.rules), 'rule')}; the score of a technique is the number of its rules",
        "sorting": 3,
        "layout": {"layout": "side", "showID": True, "showName": True, "expandedSubtechniques": "annotated"},
        "hideDisabled": False,
        "techniques": [
            {"techniqueID": id, "score": len(rules), "comment": "\n".join(_titles(rules)), "enabled": True}
            for id, rules in coverage.techniques.items()
        ],
        "gradient": {"colors": COLORS, "minValue": 0, "maxValue": max(highest, 1)},
        "legendItems": [],
    }


def _titles(rules: Sequence[Rule]) -> list[str]:
    return sorted(" ".join(rule.title.split()) or rule.id for rule in rules)


def _as_json(coverage: Coverage) -> dict[str, Any]:
    """The coverage as data (a contract: schema/coverage-1.json)."""
    return {
        "schema": SCHEMA,
        "attack": attack().version,
        "rules": len(coverage.rules),
        "tactics": [
            {
                "id": attack().tactics[name].id,
                "name": name,
                "title": attack().tactics[name].title,
                "techniques": coverage.of_tactic(name),
                "rules": [_rule(rule) for rule in rules],
            }
            for name, rules in coverage.tactics.items()
        ],
        "techniques": [
            {
                "id": id,
                "title": attack().techniques[id].title,
                "tactics": list(attack().techniques[id].tactics),
                "score": len(rules),
                "named_by": len(coverage.own.get(id, [])),
                "rules": [_rule(rule) for rule in rules],
            }
            for id, rules in coverage.techniques.items()
        ],
        "untagged": [_rule(rule) for rule in coverage.untagged],
        "findings": [
            {
                "code": finding.code,
                "file": finding.place.file,
                "line": finding.place.line,
                "message": finding.message,
                "help": finding.help,
            }
            for finding in coverage.findings
        ],
    }


def _rule(rule: Rule) -> dict[str, str]:
    return {"id": rule.id, "title": rule.title, "file": rule.file}
