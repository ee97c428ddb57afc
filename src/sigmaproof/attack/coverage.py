"""Which tactics and techniques a set of rules covers: what their tags say, added up. How it is shown is in `output`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sigmaproof.attack import Tactic, TagError, Technique, attack, read_tag
from sigmaproof.diagnostics import Diagnostic

if TYPE_CHECKING:
    from sigmaproof.rules import Rule

__all__ = ["Coverage", "cover"]


@dataclass
class Coverage:
    """The rules by what they name.

    own: by the technique that the tag names. techniques: a technique also has the rules of its sub-techniques, each
    once. tactics: in the order of the matrix. untagged: rules that name nothing that ATT&CK has now.
    """

    rules: list[Rule] = field(default_factory=list)
    own: dict[str, list[Rule]] = field(default_factory=dict)
    techniques: dict[str, list[Rule]] = field(default_factory=dict)
    tactics: dict[str, list[Rule]] = field(default_factory=dict)
    untagged: list[Rule] = field(default_factory=list)
    findings: list[Diagnostic] = field(default_factory=list)

    def of_tactic(self, tactic: str) -> list[str]:
        """The techniques and sub-techniques of a tactic that rules cover."""
        return [id for id in self.techniques if tactic in attack().techniques[id].tactics]


def cover(rules: Iterable[Rule]) -> Coverage:
    """Adds up what the tags of these rules name. A rule that names techniques only counts for all of their tactics."""
    found = Coverage(tactics={name: [] for name in attack().tactics})
    for rule in rules:
        found.rules.append(rule)
        named = list(_named(rule, found.findings))
        techniques = {one.id: one for one in named if isinstance(one, Technique)}
        tactics = [one.name for one in named if isinstance(one, Tactic)]
        for name in dict.fromkeys(tactics or [tactic for one in techniques.values() for tactic in one.tactics]):
            found.tactics[name].append(rule)
        for id in techniques:
            found.own.setdefault(id, []).append(rule)
        for id in sorted({id for one in techniques.values() for id in (one.id, one.parent) if id is not None}):
            found.techniques.setdefault(id, []).append(rule)
        if not named:
            found.untagged.append(rule)
    found.techniques = dict(sorted(found.techniques.items()))
    return found


def _named(rule: Rule, findings: list[Diagnostic]) -> Iterator[Tactic | Technique]:
    for index, tag in enumerate(rule.data.get("tags") or []):
        try:
            one = read_tag(tag)
        except TagError as error:
            place = rule.document.place("tags", index)
            findings.append(Diagnostic(error.code, "warning", place, str(error), error.help))
        else:
            if one is not None:
                yield one
