"""ATT&CK's tactics and techniques that a Sigma rule's tags name, as ECS's `threat` fields.

Sources: Sigma's appendix on tags (`attack.` and the tactic's name, or the technique's id); ECS, "Threat fields"
(`threat.framework`, and lists in `threat.tactic.*` and `threat.technique.*`, with sub-techniques below the latter);
attack.mitre.org for the ids. Technique names are not here: they are many, and each release changes some.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

__all__ = ["threat"]

_SITE = "https://attack.mitre.org"
# Enterprise ATT&CK 19, which made two tactics of Defense Evasion; older rules name the old one, whose id one has kept.
_TACTICS = {
    "reconnaissance": ("TA0043", "Reconnaissance"),
    "resource-development": ("TA0042", "Resource Development"),
    "initial-access": ("TA0001", "Initial Access"),
    "execution": ("TA0002", "Execution"),
    "persistence": ("TA0003", "Persistence"),
    "privilege-escalation": ("TA0004", "Privilege Escalation"),
    "defense-evasion": ("TA0005", "Defense Evasion"),
    "stealth": ("TA0005", "Stealth"),
    "defense-impairment": ("TA0112", "Defense Impairment"),
    "credential-access": ("TA0006", "Credential Access"),
    "discovery": ("TA0007", "Discovery"),
    "lateral-movement": ("TA0008", "Lateral Movement"),
    "collection": ("TA0009", "Collection"),
    "command-and-control": ("TA0011", "Command and Control"),
    "exfiltration": ("TA0010", "Exfiltration"),
    "impact": ("TA0040", "Impact"),
}
_TECHNIQUE = re.compile(r"(t\d{4})(\.\d{3})?", re.ASCII)


def threat(tags: Iterable[str]) -> dict[str, Any] | None:
    """The object `threat`, or None when no tag names a tactic or technique. Lists are in the order of the tags."""
    names = [tag[len("attack.") :].replace("_", "-") for tag in map(str.lower, tags) if tag.startswith("attack.")]
    tactics = list(dict.fromkeys(_TACTICS[name] for name in names if name in _TACTICS))
    found = [match for name in names if (match := _TECHNIQUE.fullmatch(name))]
    techniques = list(dict.fromkeys(match[1].upper() for match in found))
    below = list(dict.fromkeys(match[0].upper() for match in found if match[2]))
    if not tactics and not techniques:
        return None
    made: dict[str, Any] = {"framework": "MITRE ATT&CK"}
    if tactics:
        references = [f"{_SITE}/tactics/{id}/" for id, _ in tactics]
        made["tactic"] = {"id": [id for id, _ in tactics], "name": [name for _, name in tactics]}
        made["tactic"]["reference"] = references
    if techniques:
        made["technique"] = _with_references(techniques)
    if below:
        made["technique"]["subtechnique"] = _with_references(below)
    return made


def _with_references(ids: Sequence[str]) -> dict[str, Any]:
    return {"id": list(ids), "reference": [f"{_SITE}/techniques/{id.replace('.', '/')}/" for id in ids]}
