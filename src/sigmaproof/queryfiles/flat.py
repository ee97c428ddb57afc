"""A manifest as values by what they are about, so that the difference of two says of each line where it belongs.

Hashes of queries are left out: the queries are compared themselves.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["flat"]


def flat(content: bytes) -> dict[str, str]:
    """The values of a manifest by what they are about. Raises ValueError, LookupError or TypeError for what is none."""
    manifest = json.loads(content)
    found = {"sigmaproof": str(manifest["sigmaproof"])}
    found |= {f"settings, {key}": json.dumps(value) for key, value in manifest["settings"].items()}
    sources = Counter(rule["source"] for rule in manifest["rules"])
    for rule in manifest["rules"]:
        name = rule["source"] if sources[rule["source"]] == 1 else f"{rule['source']} ({rule['id'] or rule['title']})"
        found |= dict(_rule(name, rule))
    for one in manifest["unreadable"]:
        found[f"{one['source']}, line {one['line']}"] = f"can't be read: {one['message']}"
    return found


def _rule(name: str, rule: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield f"{name}, rule", f"{rule['title']} ({rule['id']}), sha256 {str(rule['sha256'])[:12]}"
    for output in rule["outputs"]:
        reasons = "; ".join(f"{one['code']} ({one['direction']}): {one['detail']}" for one in output["reasons"])
        claim = " ".join(filter(None, [output["fidelity"], reasons, output["refusal"]]))
        yield f"{name}, {output['target']}", f"{claim}, expensive" if output["expensive"] else claim
