"""Spells a parsed expression for an engine: for RE2, and for Lucene's RegExp.

Lucene's expressions are anchored to the whole value and know no anchors, so those become text around: only
anchors at the edge of a branch can be said there, any other is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from sigmaproof.regex.parser import RegexError
from sigmaproof.regex.tree import Anchor, Chars, Choice, Node, Ranges, Repeat, Sequence, complement

__all__ = ["longest_match", "lucene_char", "lucene_literal", "lucene_regex", "re2_source"]

_RE2_ANCHORS = {
    Anchor.START: r"\A",
    Anchor.END: r"\z",
    Anchor.LINE_START: "(?m:^)",
    Anchor.LINE_END: "(?m:$)",
    Anchor.WORD: r"\b",
    Anchor.NOT_WORD: r"\B",
}
# What stands before (or after) a branch of a Lucene expression: nothing was asked, or an anchor was.
_BEFORE = {None: ".*", Anchor.START: "", Anchor.LINE_START: "(.*\n)?"}
_AFTER = {None: ".*", Anchor.END: "", Anchor.LINE_END: "(\n.*)?"}
MOST_BRANCHES = 64

Spell: TypeAlias = Callable[[int], str]


def re2_source(node: Node) -> str:
    """The expression for RE2, without flags."""
    match node:
        case Anchor():
            return _RE2_ANCHORS[node]
        case Chars():
            return _set(node.ranges, _re2_char)
        case Sequence():
            return "".join(_grouped(part, re2_source, "(?:") for part in node.parts)
        case Choice():
            return "|".join(re2_source(part) for part in node.parts)
        case Repeat():
            return f"(?:{re2_source(node.part)}){_count(node)}"


def lucene_regex(node: Node) -> str:
    """The expression that finds `node` anywhere in a value, for Lucene's RegExp with any flags.

    Raises RegexError for an anchor that is not at the edge of a branch and for an empty set.
    """
    return "|".join(_lucene_branch(branch) for branch in _branches(node))


def longest_match(node: Node) -> int | None:
    """Characters of the longest value in which the expression can be found; None when there is no known limit."""
    try:
        lengths = [_branch_length(branch) for branch in _branches(node)]
    except RegexError:  # too many branches
        return None
    return None if None in lengths else max((length for length in lengths if length is not None), default=0)


def _branch_length(branch: tuple[Node, ...]) -> int | None:
    if len(branch) < 2 or branch[0] is not Anchor.START or branch[-1] is not Anchor.END:
        return None
    return _length(Sequence(branch))


def _length(node: Node) -> int | None:
    match node:
        case Anchor():
            return 0
        case Chars():
            return 1
        case Repeat():
            inner = _length(node.part)
            return None if inner is None or node.most is None else inner * node.most
    lengths = [_length(part) for part in node.parts]
    known = [length for length in lengths if length is not None]
    if len(known) < len(lengths):
        return None
    return max(known, default=0) if isinstance(node, Choice) else sum(known)


def _lucene_branch(branch: tuple[Node, ...]) -> str:
    before = after = None
    while branch and branch[0] in _BEFORE:
        before, branch = _tighter(before, branch[0], Anchor.START), branch[1:]
    while branch and branch[-1] in _AFTER:
        after, branch = _tighter(after, branch[-1], Anchor.END), branch[:-1]
    return _BEFORE[before] + _lucene(Sequence(branch)) + _AFTER[after]


def _tighter(one: Anchor | None, other: Node, tightest: Anchor) -> Anchor | None:
    return one if one is tightest else other if isinstance(other, Anchor) else one


def _branches(node: Node) -> list[tuple[Node, ...]]:
    """The branches, with choices multiplied out where an anchor stands in one of them."""
    if isinstance(node, Choice):
        return [branch for part in node.parts for branch in _branches(part)]
    if not isinstance(node, Sequence):
        return [(node,)]
    found: list[tuple[Node, ...]] = [()]
    for part in node.parts:
        tails = _branches(part) if _has_anchor(part) else [(part,)]
        found = [head + tail for head in found for tail in tails]
        if len(found) > MOST_BRANCHES:
            raise RegexError(f"more than {MOST_BRANCHES} branches with anchors in them")
    return found


def _has_anchor(node: Node) -> bool:
    if isinstance(node, Choice | Sequence):
        return any(_has_anchor(part) for part in node.parts)
    return isinstance(node, Anchor) or (isinstance(node, Repeat) and _has_anchor(node.part))


def _lucene(node: Node) -> str:
    match node:
        case Anchor():
            raise RegexError(f"Lucene has no {node.value} inside an expression: anchor at its edges only")
        case Chars():
            return _set(node.ranges, lucene_char)
        case Sequence():
            return "".join(_grouped(part, _lucene, "(") for part in node.parts) or "()"
        case Choice():
            return "|".join(_lucene(part) for part in node.parts)
        case Repeat():
            if node.most == 0:
                return "()"
            inner = _lucene(node.part)
            return (inner if isinstance(node.part, Chars) else f"({inner})") + _count(node)


def _grouped(node: Node, spell: Callable[[Node], str], opening: str) -> str:
    return f"{opening}{spell(node)})" if isinstance(node, Choice) else spell(node)


def _count(node: Repeat) -> str:
    short = {(0, None): "*", (1, None): "+", (0, 1): "?"}.get((node.least, node.most))
    if short:
        return short
    return f"{{{node.least},{'' if node.most is None else node.most}}}"


def _set(ranges: Ranges, spell: Spell) -> str:
    if not ranges and spell is _re2_char:
        return r"[^\x{0}-\x{10ffff}]"
    if not ranges:
        raise RegexError("a set without characters matches nothing: leave it out")
    if ranges == ((0, 0x10FFFF),) and spell is lucene_char:
        return "."
    if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
        return lucene_literal(ranges[0][0]) if spell is lucene_char else spell(ranges[0][0])
    sign, shown = ("^", complement(ranges)) if ranges[-1][1] == 0x10FFFF and ranges[0][0] == 0 else ("", ranges)
    if not shown:
        return "(?s:.)"
    return f"[{sign}{''.join(_ranges(shown, spell))}]"


def _ranges(ranges: Ranges, spell: Spell) -> Iterator[str]:
    """The ranges of a set. Lucene takes an escaped character for a single one, never for the start of a range."""
    for start, high in ranges:
        low = start
        while low < high and spell(low) != chr(low) and spell is lucene_char:
            yield spell(low)
            low += 1
        yield spell(low)
        if high > low:
            yield ("-" if high > low + 1 else "") + spell(high)


def _re2_char(code: int) -> str:
    return chr(code) if chr(code).isascii() and chr(code).isalnum() else f"\\x{{{code:x}}}"


def lucene_literal(code: int) -> str:
    """One character outside of a set. A backslash is a set of its own: query_string's lexer would take the one
    before the closing slash for the escape of that slash."""
    return r"[\\]" if code == ord("\\") else lucene_char(code)


def lucene_char(code: int) -> str:
    """One character in a set. What is no letter, digit or underscore is escaped: operators depend on flags."""
    char = chr(code)
    if 0xD800 <= code <= 0xDFFF:
        raise RegexError("a lone surrogate can't be spelled in a query")
    plain = not char.isascii() or char.isalnum() or char == "_" or not char.isprintable()
    return char if plain else f"\\{char}"
