"""Compares the verdicts of a rule's targets on records, and says which differences the claim explains.

What an engine answers comes from `engines`; which records are judged from `run`; the output is in `report`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sigmaproof import servicemodels
from sigmaproof.fidelity import Conversion, Reason
from sigmaproof.fields import table
from sigmaproof.predicate import Predicate
from sigmaproof.rules import Rule
from sigmaproof.verify.decide import Coverage

__all__ = ["Cell", "Difference", "Judged", "Row", "direction_of", "explaining"]


@dataclass(frozen=True)
class Judged:
    """One record that is judged, with its document. inadmissible: why AWS can't have written it, or None.
    rejected: why the engine did not take the document, or None."""

    id: str
    place: str
    record: Mapping[str, Any]
    document: Mapping[str, Any]
    inadmissible: str | None = None
    rejected: str | None = None
    generated_for: str | None = None

    @property
    def generated(self) -> bool:
        """Whether it is a witness of some rule (`generated_for`, its id), which only that rule is judged on."""
        return self.generated_for is not None


@dataclass(frozen=True)
class Difference:
    """A record on which a target differs from the rule. engine: its verdict, None when it rejected the document.
    document: the native verdict on the ECS document, which tells which half differs. unmapped: the field that no
    index maps in this comparison, None in the ordinary one. smaller: the same record made as small as it shows the
    same, when that was tried."""

    judged: Judged
    raw: bool
    document: bool | None
    engine: bool | None
    reasons: tuple[Reason, ...] = ()
    unmapped: str | None = None
    smaller: Judged | None = None

    @property
    def example(self) -> Judged:
        """The record to show: the smallest one."""
        return self.smaller or self.judged

    @property
    def direction(self) -> str:
        """`misses` or `extra`."""
        return direction_of(self.raw)

    @property
    def is_explained(self) -> bool:
        """Whether the conversion's own claim allows it."""
        return bool(self.reasons)


@dataclass
class Cell:
    """One rule in one target, judged.

    counted: records that AWS can write and the engine took. rejected: records whose documents the engine did not
    take, so that no query can judge them. unproven: reasons, with a direction, for which no admissible record showed a
    difference, though some could have. dropped: those for which no record that AWS can write could show one. unshown:
    unproven ones where index or documents are not those that the claims are about, which are proven on the embedded
    Elasticsearch. indexed: which searched fields are indexed in another way than the claim is about, in words.
    """

    conversion: Conversion
    judged: int = 0
    counted: int = 0
    matched: int = 0
    explained: list[Difference] = field(default_factory=list)
    unexplained: list[Difference] = field(default_factory=list)
    inadmissible: list[Difference] = field(default_factory=list)
    rejected: list[Difference] = field(default_factory=list)
    error: str | None = None
    unproven: tuple[tuple[Reason, str], ...] = ()
    dropped: list[tuple[Reason, str]] = field(default_factory=list)
    unshown: tuple[tuple[Reason, str], ...] = ()
    indexed: tuple[str, ...] = ()

    @property
    def has_findings(self) -> bool:
        """Whether the exit code must tell."""
        return bool(self.error or self.unexplained or self.unproven)

    def add(self, difference: Difference) -> None:
        """Files a difference where it belongs."""
        if difference.judged.inadmissible:
            self.inadmissible.append(difference)
        elif difference.is_explained:
            self.explained.append(difference)
        else:
            self.unexplained.append(difference)

    def replace(self, old: Difference, new: Difference) -> None:
        """Puts a difference in the place of another."""
        for found in (self.explained, self.unexplained):
            found[:] = [new if one is old else one for one in found]

    def merge(self, other: Cell) -> None:
        """Takes what was found for the same conversion on other records."""
        self.judged += other.judged
        self.counted += other.counted
        self.matched += other.matched
        for name in ("explained", "unexplained", "inadmissible", "rejected"):
            getattr(self, name).extend(getattr(other, name))
        self.error = self.error or other.error
        missing = {*self.unproven, *self.dropped} & {*other.unproven, *other.dropped}
        could = {*self.unproven, *other.unproven}
        self.unproven = tuple(sorted(missing & could))
        self.dropped = sorted(missing - could)

    def is_excluded(self, reason: Reason, direction: str) -> bool:
        """Whether a record showed it that only AWS's service models exclude: without them it is shown."""
        return any(
            reason in one.reasons and one.direction == direction and servicemodels.is_fault(one.judged.inadmissible)
            for one in self.inadmissible
        )

    @property
    def excluded(self) -> list[tuple[Reason, str]]:
        """Reasons, with a direction, that only records show which AWS's service models exclude."""
        ways = [(reason, way) for reason in self.conversion.reasons for way in reason.directions]
        shown = {(reason, one.direction) for one in self.explained for reason in one.reasons}
        return [one for one in ways if one not in shown and self.is_excluded(*one)]

    @property
    def measured(self) -> str:
        """The fidelity that was measured: as claimed, but for reasons that no record can show."""
        kept = {(one, way) for one in self.conversion.reasons for way in one.directions} - set(self.dropped)
        return "exact" if self.conversion.reasons and not kept else self.conversion.fidelity

    def evidence(self, reason: Reason) -> list[Difference]:
        """The admissible differences that a reason explains: given records first, then the smallest."""
        found = [difference for difference in self.explained if reason in difference.reasons]
        return sorted(found, key=lambda one: (one.judged.generated, len(repr(one.judged.record))))


@dataclass
class Row:
    """One rule with a cell for each target. matched: records on which it is true, `generated` of them our own.
    coverage: which of its tests the generated records decide."""

    rule: Rule
    coverage: Coverage
    cells: list[Cell] = field(default_factory=list)
    matched: int = 0
    generated: int = 0

    @property
    def converted(self) -> list[Cell]:
        """The cells that have a query."""
        return [cell for cell in self.cells if cell.conversion.refusal is None]

    def add(self, other: Row) -> None:
        """Takes what was found for the same rule on other records."""
        self.matched += other.matched
        self.generated += other.generated
        for cell, more in zip(self.cells, other.cells, strict=True):
            cell.merge(more)


def direction_of(raw: bool) -> str:
    """The direction of a difference, from the rule's verdict."""
    return "misses" if raw else "extra"


def explaining(conversion: Conversion, tree: Predicate, judged: Judged, raw: bool) -> tuple[Reason, ...]:
    """The reasons of a claim that allow this difference: right direction, and their cause is in the record."""
    from sigmaproof.verify.causes import is_cause

    fields = table(conversion.integration)
    wanted, searched = direction_of(raw), conversion.fields
    return tuple(
        reason
        for reason in conversion.reasons
        if reason.direction in {wanted, "both"}
        and is_cause(reason, tree, judged.record, judged.document, fields, searched)
    )
