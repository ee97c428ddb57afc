"""One search over a batch for the literals of all rules tells which rules can match which text (`literals`).

Hyperscan goes over the buffer once, whatever the number of literals, at more than 1 GB/s.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property
from importlib.util import find_spec
from typing import Any

from sigmaproof.batches import Batch
from sigmaproof.evaluate.literals import ESCAPES, Need

__all__ = ["Scanner"]

TOO_LARGE = r"[:,\[]\s*-?[0-9][0-9.]*e\+?[0-9]{3}|[0-9]{300}"
"""An expression, without case, that every number has which is out of range: what can't be read is to be reported."""
_EVERY = 0
"""The number of what makes every rule possible."""


class Scanner:
    """Finds the texts of a batch on which some rule can be true.

    needs: for each rule what it needs. suspects: expressions, without case, that make every rule possible.
    """

    def __init__(self, needs: Sequence[Need], suspects: Sequence[str] = ()) -> None:
        self.every = tuple(range(len(needs)))
        is_here = find_spec("hyperscan") is not None  # without it every record is parsed
        self.always = tuple(number for number, need in enumerate(needs) if need is None or not is_here)
        by_literal: dict[bytes, list[int]] = {}
        for number, need in enumerate(needs):
            for literal in need or ():
                by_literal.setdefault(literal, []).append(number)
        self.rules = [self.every, *map(tuple, by_literal.values())]
        self._literals = list(by_literal)
        self._suspects = [ESCAPES, TOO_LARGE, *suspects]

    @cached_property
    def _database(self) -> Any:
        from hyperscan import HS_FLAG_CASELESS, Database

        expressions = [one.encode() for one in self._suspects] + [re.escape(one) for one in self._literals]
        ids = [_EVERY] * len(self._suspects) + list(range(1, len(self._literals) + 1))
        database = Database()
        flags = [HS_FLAG_CASELESS] * len(ids)
        database.compile(expressions=expressions, ids=ids, elements=len(ids), flags=flags)
        return database

    def candidates(self, batch: Batch) -> dict[int, Sequence[int]]:
        """The indexes of texts, in their order, with the numbers of the rules that can be true there, in theirs."""
        found = {index: set(self.always) for index in range(len(batch.texts) if self.always else 0)}
        hits = [] if self.always == self.every else self._hits(batch.buffer)
        starts = batch.starts() if hits else []
        for end, number in hits:
            index = bisect_right(starts, end - 1) - 1
            if index >= 0:  # what stands before the first text is in none
                found.setdefault(index, set()).update(self.rules[number])
        for index in batch.unsure:
            found[index] = set(self.every)
        return {index: sorted(found[index]) for index in sorted(found)}

    def _hits(self, buffer: bytes) -> list[tuple[int, int]]:
        """Where a literal ends, and its number."""
        hits: list[tuple[int, int]] = []

        def hit(number: int, _start: int, end: int, _flags: int, _context: object) -> None:
            hits.append((end, number))

        self._database.scan(buffer, match_event_handler=hit)
        return hits
