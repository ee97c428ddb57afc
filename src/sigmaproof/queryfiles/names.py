"""The file name of each rule's queries: safe on every file system, and the same on every run.

A name is made of the rule's own file name. Two rules whose names would be the same, on a file system that ignores case
too, get their ids into them, whichever comes first; two that even share the id get a hash of where they stand.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["SUFFIXES", "Named", "file_names", "is_ours"]

SUFFIXES = {"eql": ".eql", "lucene": ".lucene", "native": ".json"}
LONGEST = 100  # characters of a part of a name; file systems take 255 bytes
# Names that Windows keeps for devices, with any extension.
_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))})
_OURS = re.compile(
    "|".join(f"{target}/[A-Za-z0-9_][A-Za-z0-9._-]*{re.escape(end)}" for target, end in SUFFIXES.items())
)


@dataclass(frozen=True, slots=True)
class Named:
    """What a name is made of. stem: of the rule's file, or its title. place: where it stands, unlike any other's."""

    stem: str
    id: str
    place: str

    def name(self, level: int) -> str:
        """The name with more and more of what tells it from others: the id, and a hash of the place."""
        parts = [_safe(self.stem)]
        if level > 0 and self.id:
            parts.append(_safe(self.id))
        if level > 1:
            parts.append(hashlib.sha256(self.place.encode("utf-8", "surrogatepass")).hexdigest()[:12])
        return "-".join(parts)


def file_names(rules: Sequence[Named]) -> list[str]:
    """A name for each rule, without extension; no two are the same, also where case is ignored."""
    levels = [0] * len(rules)
    while True:
        names = [rule.name(level) for rule, level in zip(rules, levels, strict=True)]
        alike = defaultdict(list)
        for index, name in enumerate(names):
            alike[name.lower()].append(index)
        unclear = [index for group in alike.values() if len(group) > 1 for index in group if levels[index] < 2]
        if not unclear:
            return names
        for index in unclear:
            levels[index] += 1


def is_ours(file: str) -> bool:
    """Whether a path of a manifest can be one that was written here: TARGET/NAME.EXT, and nothing else."""
    return _OURS.fullmatch(file) is not None


def _safe(text: str) -> str:
    """The text in ASCII letters, digits and `._-`; it starts with a letter, a digit or `_` and is never a device's."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "_", text)[:LONGEST].rstrip(".")
    if not name or not re.match("[A-Za-z0-9_]", name) or name.split(".")[0].lower() in _DEVICES:
        name = f"_{name}"
    return name
