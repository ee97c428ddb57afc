"""Which API calls a rule can match: what the table knows of request parameters holds for named calls only."""

from __future__ import annotations

from sigmaproof.predicate import And, Not, Or, Predicate, Text, plain

__all__ = ["ANY", "calls_of"]

ANY = "*"
_SOURCES = {"eventSource", "event.provider"}
_NAMES = {"eventName", "event.action"}
MOST = 500


def calls_of(tree: Predicate) -> frozenset[str]:
    """The calls (`source/name`, `*` for any) outside of which the tree is false; empty when it is not bound."""
    bound = _calls(tree)
    if (ANY, ANY) in bound:
        return frozenset()
    return frozenset(f"{source}/{name}" for source, name in bound)


def _calls(tree: Predicate) -> frozenset[tuple[str, str]]:
    """Pairs of source and name; `*` is any. Soundness: a tree that matches a record matches one of its pairs,
    since And keeps what all parts allow, Or what any allows, and Not allows everything."""
    everything = frozenset({(ANY, ANY)})
    match tree:
        case And():
            bound = everything
            for part in tree.parts:
                bound = _both(bound, _calls(part))
            return bound
        case Or():
            return frozenset().union(*(_calls(part) for part in tree.parts))
        case Text() if (text := plain(tree.pattern)) is not None and tree.field in _SOURCES:
            return frozenset({(text, ANY)})
        case Text() if (text := plain(tree.pattern)) is not None and tree.field in _NAMES:
            return frozenset({(ANY, text)})
        case Not():
            return everything
    return everything


def _both(one: frozenset[tuple[str, str]], other: frozenset[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    if len(one) * len(other) > MOST:
        return one
    pairs = {(_meet(a, c), _meet(b, d)) for a, b in one for c, d in other}
    return frozenset((source, name) for source, name in pairs if source is not None and name is not None)


def _meet(one: str, other: str) -> str | None:
    if ANY in (one, other):
        return other if one == ANY else one
    return one if one.lower() == other.lower() else None
