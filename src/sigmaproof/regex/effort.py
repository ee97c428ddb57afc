"""How much work Lucene has to make an expression deterministic, which Elasticsearch allows only so much of.

Lucene builds an automaton with a state for every character of the expression, repetitions written out, and then
makes states of sets of states; each costs as many units as it has members (Operations.determinize, Lucene 9 and
10; older versions count only the states). The same is counted here, over sets of characters that the expression
doesn't tell apart. What the limit is, and what is refused, is in `lucenetext`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sigmaproof.regex.tree import Anchor, Chars, Choice, Node, Ranges, Repeat, Sequence

__all__ = ["MOST_STATES", "Automaton", "effort", "has_inner_loop", "positions", "repeats_nothing"]

MOST_STATES = 1_000
"""Characters of an expression, repetitions written out, above which it is not looked at: Lucene 9 fails on paths of
more than 1,000 states ("input automaton is too large"), and ours would take long."""

MOST_DEEP = 30
"""Repetitions inside of repetitions, above which an expression is not looked at: each costs another walk."""

# Units for a step of ours: a visited set costs time of its own, so that small ones can't make this slow.
_STEP = 8


def effort(node: Node, limit: int) -> int:
    """The units that Lucene spends on an expression for the whole value, or some number above `limit`.

    node: without anchors, as Lucene has none. Zero when nothing has to be made deterministic.
    """
    if positions(node) > MOST_STATES or _depth(node) > MOST_DEEP:
        return max(limit, MOST_STATES) + 1
    automaton = Automaton()
    first = automaton.add(node, 0)
    return _visit(automaton.follow, first, _Alphabet(automaton.labels), limit)


def positions(node: Node) -> int:
    """The characters of an expression, repetitions written out: the states of Lucene's automaton."""
    match node:
        case Chars():
            return 1
        case Anchor():
            return 0
        case Repeat():
            return positions(node.part) * max(node.least + (node.most is None), node.most or 0)
    return sum(positions(part) for part in node.parts)


def _depth(node: Node) -> int:
    """How many repetitions stand inside of each other."""
    match node:
        case Repeat():
            return 1 + _depth(node.part)
        case Sequence() | Choice():
            return max(map(_depth, node.parts), default=0)
    return 0


def has_inner_loop(node: Node, inside: bool = False) -> bool:
    """Whether a repetition, other than `?`, stands in another repetition or in a choice.

    Lucene 9 makes the parts of such an expression deterministic one by one, and can spend more than is counted here.
    """
    match node:
        case Repeat():
            return (inside and (node.most is None or node.most > 1)) or has_inner_loop(node.part, True)
        case Choice():
            return any(has_inner_loop(part, True) for part in node.parts)
        case Sequence():
            return any(has_inner_loop(part, inside) for part in node.parts)
    return False


def repeats_nothing(node: Node) -> bool:
    """Whether something that can be empty is repeated a number of times, as in `(a*){5}`.

    Lucene 10 joins such copies otherwise, and can spend far more than is counted here.
    """
    match node:
        case Repeat():
            counted = max(node.least, node.most or 0) > 1
            return (counted and _empty(node.part)) or repeats_nothing(node.part)
        case Sequence() | Choice():
            return any(map(repeats_nothing, node.parts))
    return False


class Automaton:
    """A state for every character (Glushkov's construction, which Lucene's comes to): sets of states are bits.

    follow: for each state, those of the characters that can come next. labels: for each, its characters.
    """

    def __init__(self) -> None:
        self.follow: list[int] = []
        self.labels: list[Ranges] = []

    def add(self, node: Node, after: int) -> int:
        """Adds a node that `after` follows; gives the states that it, or what follows it, can begin with."""
        match node:
            case Chars():
                self.follow.append(after)
                self.labels.append(node.ranges)
                return 1 << len(self.follow) - 1
            case Sequence():
                for part in reversed(node.parts):
                    after = self.add(part, after)
            case Choice():
                return _union(self.add(part, after) for part in node.parts)
            case Repeat():
                return self.repeated(node, after)
        return after

    def repeated(self, node: Repeat, after: int) -> int:
        """The copies from the last to the first; those above the least can be left out."""
        begin = after
        if positions(node) == 0:
            return after
        if node.most is None:
            begin |= self.add(node.part, after | _first(node.part, len(self.follow)))
        for _ in range(node.least, node.most or 0):
            begin = after | self.add(node.part, begin)
        for _ in range(node.least):
            begin = self.add(node.part, begin)
        return begin


def _first(node: Node, start: int) -> int:
    """The states that a node begins with, when its own are numbered from `start`, as `add` does."""
    match node:
        case Chars():
            return 1 << start
        case Sequence():
            return _union(_first(part, at) for part, at in _beginning(node.parts, start))
        case Choice():
            return _union(_first(part, at) for part, at in _numbered(node.parts, start))
        case Repeat():
            copies = positions(node) // (positions(node.part) or 1)
            return _union(_first(part, at) for part, at in _beginning((node.part,) * copies, start))
    return 0


def _numbered(parts: Iterable[Node], start: int) -> Iterator[tuple[Node, int]]:
    for part in parts:
        yield part, start
        start += positions(part)


def _beginning(parts: tuple[Node, ...], start: int) -> Iterator[tuple[Node, int]]:
    """The parts of a sequence that its first character can be in, with where their numbers start."""
    for part, at in reversed([*_numbered(reversed(parts), start)]):
        yield part, at
        if not _empty(part):
            return


def _empty(node: Node) -> bool:
    """Whether the empty text is one of the node's."""
    match node:
        case Chars():
            return False
        case Sequence():
            return all(map(_empty, node.parts))
        case Choice():
            return any(map(_empty, node.parts))
        case Repeat():
            return node.least == 0 or _empty(node.part)
    return True


def _union(sets: Iterable[int]) -> int:
    whole = 0
    for one in sets:
        whole |= one
    return whole


class _Alphabet:
    """Characters in classes that no label tells apart. `rest` is the class that the most labels have or lack alike.

    members: for each class, the states with it in their label. odd: for each state, the classes that its label
    treats otherwise than `rest`, as bits.
    """

    def __init__(self, labels: list[Ranges]) -> None:
        owners: dict[Ranges, int] = {}
        for state, label in enumerate(labels):
            owners[label] = owners.get(label, 0) | 1 << state
        self.members = _classes(owners)
        rest = max(self.members, key=int.bit_count, default=0)
        self.rest = rest
        odd = dict.fromkeys(owners, 0)
        for number, states in enumerate(self.members):
            differing = states ^ rest
            while differing:
                label = labels[differing.bit_length() - 1]
                odd[label] |= 1 << number
                differing &= ~owners[label]
        self.odd = _Unions([odd[label] for label in labels])
        self.narrow = _union(owner for label, owner in owners.items() if odd[label])

    def steps(self, states: int) -> Iterator[int]:
        """The different sets of these states that one character leads to."""
        yield states & self.rest
        for number in _bits(self.odd.of(states & self.narrow)):
            yield states & self.members[number]


def _classes(owners: dict[Ranges, int]) -> list[int]:
    """For each class of characters the states that have it, by a sweep over the edges of all labels."""
    edges: dict[int, int] = {}
    for label, states in owners.items():
        for low, high in label:
            edges[low] = edges.get(low, 0) ^ states
            edges[high + 1] = edges.get(high + 1, 0) ^ states
    found: dict[int, None] = {}
    open_now = 0
    for edge in sorted(edges):
        open_now ^= edges[edge]
        found[open_now] = None
    return list(found)


class _Unions:
    """The union of the sets that a set of states has each, eight states at a time: what these give is kept."""

    def __init__(self, sets: list[int]) -> None:
        self.sets = sets
        self.known: dict[tuple[int, int], int] = {}

    def of(self, states: int) -> int:
        """The union of the sets of these states."""
        whole = offset = 0
        while states:
            skipped = (states & -states).bit_length() - 1 & ~7
            offset += skipped
            states >>= skipped
            key = (offset, states & 255)
            part = self.known.get(key)
            if part is None:
                part = self.known[key] = _union(self.sets[offset + bit] for bit in _bits(states & 255))
            whole |= part
            states >>= 8
            offset += 8
        return whole


def _bits(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def _visit(follow: list[int], first: int, alphabet: _Alphabet, limit: int) -> int:
    """The sizes of all sets of states that a text leads to. Stops above the limit."""
    follows = _Unions(follow)
    waiting, known = [first], {0}
    spent = work = 1
    split = False
    while waiting:
        for states in alphabet.steps(waiting.pop()):
            if states in known:
                continue
            known.add(states)
            size = states.bit_count()
            split = split or size > 1
            spent += size
            work += size + _STEP
            if work > limit:
                return work
            waiting.append(follows.of(states))
    return spent if split else 0
