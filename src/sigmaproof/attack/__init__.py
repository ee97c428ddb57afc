"""MITRE ATT&CK's tactics and techniques by name and id: a table of our own, never the network.

`enterprise.tsv` holds the facts, scripts/make_attack.py writes it. Which rules cover what is in `coverage`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

__all__ = ["Attack", "Tactic", "TagError", "Technique", "attack", "read_tag"]

NAMESPACE = "attack."
# Sigma's other attack tags, which no matrix shows: groups, software, data sources, mitigations, assets.
OTHERS = re.compile(r"(?:g|s|ds|m|a)\d{4}", re.ASCII)
LONGEST = 80
"""Characters of a tag that are looked at for what it may mean, and shown."""


@dataclass(frozen=True, slots=True)
class Tactic:
    """A column of the matrix. name: as Sigma's tags and ATT&CK's own layers spell it."""

    id: str
    name: str
    title: str


@dataclass(frozen=True, slots=True)
class Technique:
    """A technique or a sub-technique, with the tactics that it serves."""

    id: str
    title: str
    tactics: tuple[str, ...]

    @property
    def parent(self) -> str | None:
        """The technique that it is a part of; None for one that stands alone."""
        return self.id.partition(".")[0] if "." in self.id else None


@dataclass
class Attack:
    """The whole table. tactics are in the order of the matrix. retired: the title, and what took its place."""

    version: str = ""
    tactics: dict[str, Tactic] = field(default_factory=dict)
    techniques: dict[str, Technique] = field(default_factory=dict)
    retired: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)


class TagError(Exception):
    """A tag that names nothing that ATT&CK has now. code: attack-unknown or attack-retired. help: what to write."""

    def __init__(self, code: str, message: str, help: str = "") -> None:
        super().__init__(message)
        self.code, self.help = code, help


@cache
def attack() -> Attack:
    """The table that is shipped."""
    found = Attack()
    text = resources.files("sigmaproof.attack").joinpath("enterprise.tsv").read_text(encoding="utf-8")
    for line in text.splitlines():
        kind, _, rest = line.partition("\t")
        cells = rest.split("\t")
        if kind == "version":
            found.version = cells[0]
        elif kind == "tactic":
            found.tactics[cells[1]] = Tactic(*cells)
        elif kind == "technique":
            found.techniques[cells[0]] = Technique(cells[0], cells[1], tuple(cells[2].split(",")))
        elif kind == "retired":
            found.retired[cells[0]] = cells[1], tuple(filter(None, cells[2].split(",")))
    return found


def read_tag(tag: str) -> Tactic | Technique | None:
    """What a tag of a rule names in the matrix; None for tags that name something else.

    Raises TagError for a tactic or technique that isn't one, and for one that was retired.
    """
    lower = tag.lower()
    if not lower.startswith(NAMESPACE):
        return None
    name = lower.removeprefix(NAMESPACE)
    if name in attack().tactics:
        return attack().tactics[name]
    if name.upper() in attack().techniques:
        return attack().techniques[name.upper()]
    for retired in (name, name.upper()):
        if retired in attack().retired:
            raise _gone(retired)
    if OTHERS.fullmatch(name):
        return None
    raise _unknown(tag, name)


def _gone(name: str) -> TagError:
    title, successors = attack().retired[name]
    message = f"ATT&CK {attack().version} has no {name} any more ({title})"
    if not successors:
        return TagError("attack-retired", message, "leave it out; nothing took its place")
    return TagError("attack-retired", message, f"write {' or '.join(NAMESPACE + one.lower() for one in successors)}")


def _unknown(tag: str, name: str) -> TagError:
    from difflib import get_close_matches

    name = name[:LONGEST]
    message = f"{tag[:LONGEST]!r} names no tactic or technique of ATT&CK {attack().version} for Enterprise"
    spelled = name.replace("_", "-").replace(" ", "-")
    if spelled in attack().retired:
        return _gone(spelled)
    near = [tactic.name for tactic in attack().tactics.values() if tactic.id == name.upper()]
    near = near or get_close_matches(spelled, attack().tactics, 1, 0.75)
    if not near and name.partition(".")[0].upper() in attack().techniques:
        near = [name.partition(".")[0]]
    return TagError("attack-unknown", message, f"did you mean {NAMESPACE}{near[0]}?" if near else "")
