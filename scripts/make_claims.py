"""Writes fixtures/claims.yml: what each of our rules claims in each target. The tests compare it strictly.

A claim is measured: run `sigmaproof verify sigma_rules fixtures/events` before you commit a changed one.
"""

from __future__ import annotations

from pathlib import Path

import yaml

from sigmaproof.conversion import convert_rule
from sigmaproof.fidelity import Conversion
from sigmaproof.rules import load_files

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "fixtures" / "claims.yml"
HEAD = "# Made by scripts/make_claims.py; compared strictly by tests/test_claims.py. One entry a rule and target.\n"


def claim(conversion: Conversion) -> object:
    """`exact`, the refusal, or the reasons with their directions."""
    if conversion.refusal is not None:
        return {"refused": conversion.refusal}
    if not conversion.reasons:
        return "exact"
    return {"approximate": sorted(f"{r.code} ({r.direction}) {r.field}" for r in conversion.reasons)}


def claims() -> dict[str, dict[str, object]]:
    """The claims of all our rules, by file name and target."""
    rules = load_files(sorted((ROOT / "sigma_rules").rglob("*.yml"))).rules
    return {
        Path(rule.file).name: {target: claim(convert_rule(rule, target)) for target in ("eql", "lucene", "native")}
        for rule in rules
    }


if __name__ == "__main__":
    text = yaml.safe_dump(claims(), sort_keys=False, allow_unicode=True, width=110)
    TARGET.write_text(HEAD + text, encoding="utf-8")
