"""Prints every conversion of our rules and of all cases, one JSON object a line: run with each pySigma and compare."""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "backends"), str(ROOT / "tests")]


def main() -> None:
    """Queries with what they claim, by rule and target."""
    from cases import all_cases

    from sigmaproof.conversion import convert_rule
    from sigmaproof.fields import DEFAULT
    from sigmaproof.rules import load_files

    ours = load_files(sorted((ROOT / "sigma_rules").rglob("*.yml"))).rules
    rules = [(rule.title, rule, DEFAULT) for rule in ours]
    rules += [(case.name, case.rule, case.integration) for case in all_cases()]
    for name, rule, integration in rules:
        for target in ("eql", "lucene", "native"):
            conversion = convert_rule(rule, target, integration=integration)
            print(json.dumps({"name": name} | conversion.to_json(), ensure_ascii=True))


if __name__ == "__main__":
    main()
