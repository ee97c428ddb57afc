"""What is told of each rule that matched: how often, when, in which accounts, by whom. Memory is bounded.

How it is shown is in `matchtable`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sigmaproof.evaluate.run import LEVELS
from sigmaproof.output.columns import moment, value
from sigmaproof.output.timeline import Timeline

if TYPE_CHECKING:
    from sigmaproof.evaluate.run import Match
    from sigmaproof.rules import Rule

__all__ = ["FEW", "LONGEST", "Distinct", "RuleSummary", "Summary"]

FEW = 25
"""Up to so many matches are shown one by one."""
LONGEST = 2048
"""Characters of a value that are kept: as many as any ARN has."""
_KEPT = 3  # values that are shown
_MOST, _LEAST, _ALL = 1000, 20, 100_000  # values that are told apart: for a rule at most, at least, for all together


@dataclass
class Distinct:
    """Counts different values, up to a most. first: those that came first. capped: there were more than the most."""

    most: int
    first: list[str] = field(default_factory=list)
    capped: bool = False
    _seen: set[int] = field(default_factory=set)

    def add(self, text: str) -> None:
        """Takes a value. Only its hash is kept: of a million values, two share one in a chance of 1 to 37 million."""
        mark = hash(text)
        if mark in self._seen:
            return
        if len(self._seen) >= self.most:
            self.capped = True
            return
        self._seen.add(mark)
        if len(self.first) < _KEPT:
            self.first.append(text[:LONGEST])

    def __len__(self) -> int:
        return len(self._seen)

    @property
    def number(self) -> str:
        """`3`, or `1,000+` where there were more than are told apart."""
        return f"{len(self):,}{'+' if self.capped else ''}"


@dataclass
class RuleSummary:
    """What is told of one rule. first, last: None when no record told its time."""

    rule: Rule
    accounts: Distinct
    principals: Distinct
    count: int = 0
    first: datetime | None = None
    last: datetime | None = None


class Summary:
    """Takes matches one by one. few: the cells of the single matches, as long as they are few; None after that."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._most = min(_MOST, max(_LEAST, _ALL // max(1, 2 * len(rules))))
        self._rules: dict[int, RuleSummary] = {}
        self.timeline = Timeline()
        self.count = 0
        self.few: list[tuple[str, ...]] | None = []

    def add(self, match: Match) -> None:
        """Takes a match."""
        self.count += 1
        one = self._rules.get(id(match.rule))
        if one is None:
            one = self._rules[id(match.rule)] = RuleSummary(match.rule, self._distinct(), self._distinct())
        one.count += 1
        self._when(one, moment(match))
        account, principal = value(match, "account"), value(match, "principal")
        if account is not None:
            one.accounts.add(account)
        if principal is not None:
            one.principals.add(principal)
        self._keep(match, principal)

    def _distinct(self) -> Distinct:
        return Distinct(self._most)

    def _when(self, one: RuleSummary, when: datetime | None) -> None:
        if when is None:
            return
        one.first = when if one.first is None else min(one.first, when)
        one.last = when if one.last is None else max(one.last, when)
        self.timeline.add(id(one.rule), int((when - _EPOCH).total_seconds()))

    def _keep(self, match: Match, principal: str | None) -> None:
        if self.few is None:
            return
        if len(self.few) == FEW:
            self.few = None
            return
        texts = (value(match, "time"), match.event.place, principal, value(match, "event_id"))
        cut = tuple((text or "-")[:LONGEST] for text in texts)
        self.few.append((match.rule.level, match.rule.title, *cut))

    @property
    def rules(self) -> list[RuleSummary]:
        """Those that matched: the gravest first, of one level the most frequent first."""
        found = self._rules.values()
        return sorted(found, key=lambda one: (-LEVELS.index(one.rule.level), -one.count, one.rule.title, one.rule.id))

    def bars(self, one: RuleSummary) -> list[int]:
        """A rule's counts over the time of all."""
        return self.timeline.bars(id(one.rule))


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
