"""One search over a batch for the literals of all rules tells which rules can match which text (`literals`).

Hyperscan goes over the buffer at more than 1 GB/s. Measured with 39 rules: 70 literals side by side are searched at 0.9
GB/s, an alternation of 70 values behind one key at 1.9, as it stops at the key only, one of 3,000 at 1.6. So values go
behind their key where there are several. Of many it takes seconds to make an expression: there only the key is searched
for, and what stands behind it is looked up (1.2 GB/s however many there are). What always is looked for costs less in
the same database (all: 1.6).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from importlib.util import find_spec
from typing import Any, NamedTuple

from sigmaproof.batch import Batch
from sigmaproof.evaluate.literals import ESCAPES, Literal, Need

__all__ = ["Scanner"]

_BEHIND_A_KEY = 8
"""So many values of one key are searched behind it."""
_MOST = 4_000
"""Bytes of an alternation; values that are more are looked up."""
_MADE = ("_of_documents", "_of_lines")
_QUOTE = ord('"')
Rules = tuple[int, ...]


class Scanner:
    """Finds the texts of a batch on which some rule can be true.

    needs: for each rule what it needs. suspects: texts that make every rule possible. in_lines: the same, looked for in
    lines only.
    """

    def __init__(self, needs: Sequence[Need], suspects: Sequence[str] = (), in_lines: Sequence[str] = ()) -> None:
        self.every: Rules = tuple(range(len(needs)))
        is_here = find_spec("hyperscan") is not None  # without it every record is parsed
        self.always = tuple(number for number, need in enumerate(needs) if need is None or not is_here)
        by_literal: dict[Literal, list[int]] = defaultdict(list)
        for number, need in enumerate(needs):
            for literal in need or ():
                by_literal[literal].append(number)
        self._rules = {literal: tuple(numbers) for literal, numbers in by_literal.items()}
        self._suspects = (ESCAPES, *map(re.escape, suspects))
        self._in_lines = tuple(map(re.escape, in_lines))

    def prepare(self) -> None:
        """Makes the databases, which are made when they are first needed otherwise."""
        _ = self._of_documents, self._of_lines

    def __getstate__(self) -> dict[str, Any]:
        """What can be pickled: without the databases."""
        return {key: value for key, value in vars(self).items() if key not in _MADE}

    @cached_property
    def _of_documents(self) -> _Search:
        return self._search(self._suspects)

    @cached_property
    def _of_lines(self) -> _Search:
        return self._search((*self._suspects, *self._in_lines))

    def _search(self, suspects: Sequence[str]) -> _Search:
        expressions = [one.encode() for one in suspects]
        meanings = [_Meaning(self.every) for _ in suspects]
        for key, some in _by_key(self._rules):
            texts = {literal.text: self._rules[literal] for literal in some}
            looked_up = bool(key) and sum(map(len, texts)) > _MOST
            expressions.append(_expression(key, [b'"'] if looked_up else list(texts)))
            numbers = tuple(sorted({number for rules in texts.values() for number in rules}))
            meanings.append(_Meaning(numbers, texts if key else {}, looked_up))
        return _Search(expressions, meanings)

    def candidates(self, batch: Batch) -> dict[int, Sequence[int]]:
        """The indexes of texts, in their order, with the numbers of the rules that can be true there, in theirs."""
        found = {index: set(self.always) for index in range(len(batch.texts) if self.always else 0)}
        for end, rules in self._hits(batch):
            index = bisect_right(batch.starts, end - 1) - 1
            if index >= 0:  # what stands before the first text is in none
                found.setdefault(index, set()).update(rules)
        for index in batch.unsure:
            found[index] = set(self.every)
        return {index: sorted(found[index]) for index in sorted(found)}

    def _hits(self, batch: Batch) -> Iterable[tuple[int, Rules]]:
        if self.always == self.every:
            return ()
        return (self._of_lines if batch.in_lines else self._of_documents).hits(batch.buffer)


class _Meaning(NamedTuple):
    """What an expression tells. texts: the rules by the value that it ends with, or (looked_up) by the one with whose
    first quote it ends. rules: where it ends with anything else."""

    rules: Rules
    texts: Mapping[bytes, Rules] = {}
    looked_up: bool = False


class _Search:
    """Expressions, without case, with what each tells."""

    def __init__(self, expressions: Sequence[bytes], meanings: Sequence[_Meaning]) -> None:
        self.meanings = meanings
        self.database = _database(tuple(expressions))

    def hits(self, buffer: bytes) -> Iterator[tuple[int, Rules]]:
        """Where what was found ends, and the rules."""
        found: list[tuple[int, int]] = []

        def hit(number: int, _start: int, end: int, _flags: int, _context: object) -> None:
            found.append((end, number))

        self.database.scan(buffer, match_event_handler=hit)
        for end, number in found:
            rules, texts, looked_up = self.meanings[number]
            if texts and buffer[end - 1] == _QUOTE:
                if looked_up:  # a text with an escaped quote is cut there, and is none of these
                    rules = texts.get(buffer[end - 1 : buffer.find(b'"', end) + 1].lower(), ())
                else:
                    rules = texts.get(buffer[buffer.rfind(b'"', 0, end - 1) : end].lower(), rules)
            if rules:
                yield end, rules


@lru_cache(maxsize=16)
def _database(expressions: tuple[bytes, ...]) -> Any:
    from hyperscan import HS_FLAG_CASELESS, Database

    database, size = Database(), len(expressions)
    flags = [HS_FLAG_CASELESS] * size
    database.compile(expressions=list(expressions), ids=list(range(size)), elements=size, flags=flags)
    return database


def _by_key(literals: Iterable[Literal]) -> Iterator[tuple[bytes, list[Literal]]]:
    """Literals that are one expression, with their key, or none."""
    by_key: dict[bytes, list[Literal]] = defaultdict(list)
    for literal in literals:
        by_key[literal.key].append(literal)
    alone = dict.fromkeys(literal.text for literal in by_key.pop(b"", []))
    for key, some in by_key.items():
        if len(some) < _BEHIND_A_KEY:
            yield from ((b"", [literal]) for literal in some)
        else:
            yield key, some
    yield from ((b"", [Literal(text)]) for text in alone)


def _expression(key: bytes, texts: Sequence[bytes]) -> bytes:
    one_of = b"|".join(map(re.escape, texts))
    return re.escape(key) + rb"\s*:\s*(?:[\[{]|" + one_of + b")" if key else one_of
