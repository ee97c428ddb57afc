"""Writes fixtures/claims.yml: what each of our rules claims in each target. The tests compare it strictly.

What is written is measured on the engine, on generated records; where it is not what the conversions claim, nothing
is written.
"""

from __future__ import annotations

from pathlib import Path

import yaml

from sigmaproof.conversion import convert_rule
from sigmaproof.fidelity import Conversion
from sigmaproof.rules import load_files
from sigmaproof.verify.compare import Cell

ROOT = Path(__file__).parents[1]
TARGETS = ("eql", "lucene")
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


def measured() -> dict[str, dict[str, object]]:
    """The same as measured on the embedded Elasticsearch, on generated records alone: of the reasons those that a
    record shows, each with the directions that are shown; what differs without a claim is `DIFFERS`."""
    from sigmaproof.verify.engines.elasticsearch import EmbeddedElasticsearch
    from sigmaproof.verify.run import verify

    with EmbeddedElasticsearch() as engine:
        report = verify(load_files(sorted((ROOT / "sigma_rules").rglob("*.yml"))).rules, [], TARGETS, engine)
    return {
        Path(row.rule.file).name: {cell.conversion.target: measured_claim(cell) for cell in row.cells}
        for row in report.rows
    }


def measured_claim(cell: Cell) -> object:
    """What the records say of one conversion, in the form of `claim`."""
    if cell.unexplained or cell.error:
        return "DIFFERS"
    if cell.conversion.refusal is not None or not cell.conversion.reasons:
        return claim(cell.conversion)
    shown = {reason: {one.direction for one in cell.evidence(reason)} for reason in cell.conversion.reasons}
    words = {reason: "both" if len(found) == 2 else "".join(found) for reason, found in shown.items() if found}
    listed = sorted(f"{reason.code} ({found}) {reason.field}" for reason, found in words.items())
    return {"approximate": listed} if listed else "exact"


if __name__ == "__main__":
    found = measured()
    for name, targets in claims().items():
        for target, claimed in targets.items():
            if found[name].setdefault(target, claimed) != claimed:
                raise SystemExit(f"{name}, {target}: claimed {claimed}, measured {found[name][target]}")
    text = yaml.safe_dump(found, sort_keys=False, allow_unicode=True, width=110)
    TARGET.write_text(HEAD + text, encoding="utf-8")
