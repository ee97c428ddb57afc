"""What a conversion may claim: exact, approximate with reasons, or refused.

The codes are stable and documented here. How a target comes to a reason is in `emit` and the backends; whether
a claim holds is measured in `verify`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sigmaproof.fields import DEFAULT

__all__ = ["CODES", "Conversion", "Reason", "Refusal", "flip"]

MISSES, EXTRA, BOTH = "misses", "extra", "both"

# Every code: in which way the engine's verdict can differ from the rule's.
CODES = {
    "case": "Sigma ignores case; a keyword term there does not, and this value has no single spelling.",
    "rendered-text": "An object is searched in its text {a=b}, where other text can look like the wanted one.",
    "limit": "A value longer than the index keeps is stored but can't be found.",
    "pairing": "A list of objects loses which value belongs to which.",
    "pruned": 'The integration removes "", "-", "none", null and empty objects before indexing.',
    "shared": "The ECS field is also filled from another raw field, or not always from this one.",
    "scope": "A keyword searches other fields there than here.",
    "number": "A number can be spelled in several ways (1, 1.0, 1.0E10), and each is another keyword.",
    "object": "The value can be an object, whose own name the flattened copy does not index.",
}


@dataclass(frozen=True, slots=True, order=True)
class Reason:
    """Why a conversion is not exact. direction: `misses`, `extra` or `both`, seen from the whole rule."""

    code: str
    direction: str
    field: str
    detail: str = ""

    @property
    def directions(self) -> tuple[str, ...]:
        """The directions that it stands for: misses, extra."""
        return (MISSES, EXTRA) if self.direction == BOTH else (self.direction,)


class Refusal(Exception):
    """A construct that the target can't say; the message says which, and what to write instead."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """One rule in one target. query is None when it is refused. expensive: clusters with
    `search.allow_expensive_queries: false` reject it. fields: the ECS names that the query searches. integration: the
    profile of the field table that query and claim are for."""

    rule_id: str
    title: str
    target: str
    query: Any = None
    reasons: tuple[Reason, ...] = ()
    refusal: str | None = None
    expensive: bool = False
    fields: tuple[str, ...] = ()
    integration: str = DEFAULT

    @property
    def fidelity(self) -> str:
        """`exact`, `approximate` or `refused`."""
        if self.refusal is not None:
            return "refused"
        return "approximate" if self.reasons else "exact"

    @property
    def directions(self) -> frozenset[str]:
        """The directions in which the claim allows a difference: of misses, extra."""
        named = {reason.direction for reason in self.reasons}
        return frozenset({MISSES, EXTRA} if BOTH in named else named)

    def to_json(self) -> dict[str, Any]:
        """The conversion as the command line prints it (a contract)."""
        return {
            "rule": self.rule_id,
            "title": self.title,
            "target": self.target,
            "integration": self.integration,
            "query": self.query,
            "fidelity": self.fidelity,
            "reasons": [asdict(reason) for reason in self.reasons],
            "refusal": self.refusal,
            "expensive": self.expensive,
        }


def flip(direction: str) -> str:
    """The direction under a negation."""
    return {MISSES: EXTRA, EXTRA: MISSES}.get(direction, direction)
