"""How much a packed log may unpack to: one that is made to fill a machine is read up to here only."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]


@dataclass(frozen=True)
class Limits:
    """What a packed file may unpack to. ratio: times its size; below `free` bytes it is not looked at. size: bytes."""

    ratio: int = 300
    size: int = 1 << 40
    free: int = 64 << 20

    def of(self, packed: int) -> int:
        """The bytes to which so many packed ones may unpack; 0 is that of a pipe, which has no size to compare with."""
        return self.size if not packed else min(self.size, max(self.free, packed * self.ratio))
