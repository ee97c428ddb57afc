"""Whether an engine that backtracks can take exponential time for an expression.

It can when a loop reads one text in two ways, and what comes behind the loop can fail: each way is then tried for each
turn. That is decided on the automaton of `effort`, whose states are the characters of the expression: a state from
which the same text leads back to it on two different ways (exponential degree of ambiguity, Weber and Seidl 1991).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, TypeAlias

from sigmaproof.regex.effort import Automaton, positions
from sigmaproof.regex.tree import Anchor, Chars, Choice, Node, Ranges, Repeat, Sequence

__all__ = ["is_ambiguous"]

MOST_STATES, MOST_LOOPED = 400, 40
"""Characters of an expression, repetitions written out, and of one loop of it, above which nothing is said."""
_END: Ranges = ((0x110000, 0x110000),)
_FAILS: Ranges = ((0x110001, 0x110001),)
"""What stands for the end of the expression, and for an anchor that can fail: characters that no text has."""

Graph: TypeAlias = dict[Any, list[Any]]


def is_ambiguous(node: Node) -> bool | None:
    """Whether a loop in front of something that can fail reads a text in several ways; None for what is too large.

    Expressions with word boundaries are not judged either, as they can tell the ways apart: False.
    """
    if _has_boundary(node):
        return False
    unrolled = _unrolled(node)
    if positions(unrolled) >= MOST_STATES:
        return None
    automaton = Automaton()
    automaton.add(Sequence((unrolled, Chars(_END))), 0)
    end = automaton.labels.index(_END)
    graph = {state: list(_bits(follow)) for state, follow in enumerate(automaton.follow)}
    loops = [loop for loop in _components(graph) if not any(end in graph[state] for state in loop)]
    if any(len(loop) > MOST_LOOPED for loop in loops):
        return None
    return any(_has_two_ways(graph, automaton.labels, loop) for loop in loops)


def _has_boundary(node: Node) -> bool:
    match node:
        case Anchor():
            return node in (Anchor.WORD, Anchor.NOT_WORD)
        case Sequence() | Choice():
            return any(map(_has_boundary, node.parts))
        case Repeat():
            return _has_boundary(node.part)
    return False


def _unrolled(node: Node) -> Node:
    """The expression with the first turn of each loop apart, so that to stay in a loop and to enter it again are two
    ways; an anchor of the end is a character that no text has, so that it can fail."""
    match node:
        case Anchor():
            return Chars(_FAILS) if node in (Anchor.END, Anchor.LINE_END) else Sequence(())
        case Sequence():
            return Sequence(tuple(map(_unrolled, node.parts)))
        case Choice():
            return Choice(tuple(map(_unrolled, node.parts)))
        case Repeat() if node.most is None:
            loop = Repeat(_unrolled(node.part), max(node.least, 1), None)
            return loop if node.least else Repeat(loop, 0, 1)
        case Repeat():
            return Repeat(_unrolled(node.part), node.least, node.most)
    return node


def _has_two_ways(graph: Graph, labels: list[Ranges], loop: set[int]) -> bool:
    """Whether some text leads from a state of the loop to itself on two ways: in the graph of pairs of states, a pair
    of equal ones and a pair of different ones lie on one circle."""
    pairs: Graph = {
        (one, other): [
            (after, beside)
            for after in graph[one]
            for beside in graph[other]
            if after in loop and beside in loop and labels[after] != _FAILS and _meet(labels[after], labels[beside])
        ]
        for one in loop
        for other in loop
    }
    return any(
        any(one == other for one, other in circle) and any(one != other for one, other in circle)
        for circle in _components(pairs)
    )


@lru_cache(maxsize=10_000)
def _meet(one: Ranges, other: Ranges) -> bool:
    return any(low <= high_of and low_of <= high for low, high in one for low_of, high_of in other)


def _components(graph: Graph) -> Iterator[set[Any]]:
    """The sets of nodes that reach each other (Kosaraju), those of one node only if it leads to itself."""
    back: Graph = {node: [] for node in graph}
    for node, after in graph.items():
        for one in after:
            back[one].append(node)
    seen: set[Any] = set()
    order = [node for start in graph for node in _finished(graph, start, seen)]
    seen = set()
    for start in reversed(order):
        found = set(_finished(back, start, seen))
        if len(found) > 1 or any(node in graph[node] for node in found):
            yield found


def _finished(graph: Graph, start: Any, seen: set[Any]) -> Iterator[Any]:
    """The nodes that a node reaches and that were not seen, each after those that it leads to."""
    if start in seen:
        return
    seen.add(start)
    stack = [(start, iter(graph[start]))]
    while stack:
        node, after = stack[-1]
        for one in after:
            if one not in seen:
                seen.add(one)
                stack.append((one, iter(graph[one])))
                break
        else:
            stack.pop()
            yield node


def _bits(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
