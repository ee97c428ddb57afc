"""ATT&CK's tactics and techniques that a Sigma rule's tags name, as ECS's `threat` fields.

Sources: Sigma's appendix on tags (`attack.` and the tactic's name, or the technique's id); ECS, "Threat fields"
(`threat.framework`, and lists in `threat.tactic.*` and `threat.technique.*`, with sub-techniques below the latter);
attack.mitre.org for the ids. Technique names are not here: they are many, and each release changes some.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from sigmaproof.attack import Tactic, attack

__all__ = ["threat"]

_SITE = "https://attack.mitre.org"
# ATT&CK 19 made two tactics of it; older rules name it, and one of the two has kept its id.
_OLD = Tactic("TA0005", "defense-evasion", "Defense Evasion")
_TECHNIQUE = re.compile(r"(t\d{4})(\.\d{3})?", re.ASCII)


def threat(tags: Iterable[str]) -> dict[str, Any] | None:
    """The object `threat`, or None when no tag names a tactic or technique. Lists are in the order of the tags."""
    names = [tag[len("attack.") :].replace("_", "-") for tag in map(str.lower, tags) if tag.startswith("attack.")]
    known = {**attack().tactics, _OLD.name: _OLD}
    tactics = list(dict.fromkeys(known[name] for name in names if name in known))
    found = [match for name in names if (match := _TECHNIQUE.fullmatch(name))]
    techniques = list(dict.fromkeys(match[1].upper() for match in found))
    below = list(dict.fromkeys(match[0].upper() for match in found if match[2]))
    if not tactics and not techniques:
        return None
    made: dict[str, Any] = {"framework": "MITRE ATT&CK"}
    if tactics:
        made["tactic"] = {"id": [one.id for one in tactics], "name": [one.title for one in tactics]}
        made["tactic"]["reference"] = [f"{_SITE}/tactics/{one.id}/" for one in tactics]
    if techniques:
        made["technique"] = _with_references(techniques)
    if below:
        made["technique"]["subtechnique"] = _with_references(below)
    return made


def _with_references(ids: Sequence[str]) -> dict[str, Any]:
    return {"id": list(ids), "reference": [f"{_SITE}/techniques/{id.replace('.', '/')}/" for id in ids]}
