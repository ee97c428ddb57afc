"""How often something happened over time, in a bounded number of bins: what a sparkline shows.

Neither the first nor the last moment is known before the end, so the bins begin at one second, and double when the
time from the first to the last moment needs more than BINS of them.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

__all__ = ["BINS", "Timeline", "sparkline"]

BINS = 24
_BLOCKS = "▁▂▃▄▅▆▇█"
_NONE = "·"


class Timeline:
    """Counts of several rows over the same bins. first, last: the seconds since 1970 between which all lies."""

    def __init__(self) -> None:
        self.first: int | None = None
        self.last: int | None = None
        self._power = 0
        self._counts: dict[Hashable, dict[int, int]] = {}

    @property
    def width(self) -> int:
        """The seconds of a bin."""
        return 1 << self._power

    def add(self, row: Hashable, second: int) -> None:
        """Counts a moment in a row."""
        self.first = second if self.first is None else min(self.first, second)
        self.last = second if self.last is None else max(self.last, second)
        while (self.last >> self._power) - (self.first >> self._power) >= BINS:
            self._double()
        counts = self._counts.setdefault(row, {})
        counts[second >> self._power] = counts.get(second >> self._power, 0) + 1

    def _double(self) -> None:
        self._power += 1
        for row, counts in self._counts.items():
            merged: dict[int, int] = {}
            for bin, count in counts.items():
                merged[bin >> 1] = merged.get(bin >> 1, 0) + count
            self._counts[row] = merged

    def bars(self, row: Hashable) -> list[int]:
        """The counts of a row in every bin from the first moment of any row to the last one."""
        if self.first is None or self.last is None:
            return []
        counts = self._counts.get(row, {})
        return [counts.get(bin, 0) for bin in range(self.first >> self._power, (self.last >> self._power) + 1)]


def sparkline(counts: Sequence[int]) -> str:
    """A block a number, the tallest for the highest one; a dot for none, so that one event in many is seen."""
    top = max(counts, default=0)
    return "".join(_BLOCKS[(count * len(_BLOCKS) - 1) // top] if count else _NONE for count in counts)
