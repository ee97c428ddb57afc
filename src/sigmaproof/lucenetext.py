"""How texts are spelled for Lucene's RegExp and wildcards: shared by every target that ends in Lucene.

A pattern becomes an expression for the whole value, letters as classes of their case variants, never by an
engine's own case-insensitive flag, whose folding differs (facts: the Kelvin sign matches k there).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from sigmaproof.fidelity import Refusal
from sigmaproof.folding import variants
from sigmaproof.predicate import Pattern, Wild
from sigmaproof.regex import RegexError, effort, lucene_char, lucene_literal, parse_spelled
from sigmaproof.regex.effort import has_inner_loop, repeats_nothing
from sigmaproof.regex.tree import Chars, Node, Repeat, Sequence

__all__ = [
    "MOST_EFFORT",
    "MOST_OF_NOTHING",
    "MOST_PATTERN",
    "MOST_REGEX",
    "MOST_TERM",
    "MOST_WITH_LOOPS",
    "char_class",
    "checked_pattern",
    "checked_regex",
    "checked_term",
    "escaped",
    "pattern_regex",
    "text_regex",
]

MOST_REGEX = 1000  # index.max_regex_length, counted in characters
MOST_PATTERN = 1000
"""Characters of a pattern. Elasticsearch 8 (Lucene 9.12) fails on a longer text before the first `*` ("input
automaton is too large: 1001"), and no field of the table holds values that need more of them."""
MOST_TERM = 32_766
"""Bytes of UTF-8 of a term, Lucene's own limit: a longer one fails the search ("longer than maximum indexable")."""
MOST_EFFORT = 50_000
"""Half of what Lucene takes, max_determinized_states (10,000) times 10: its versions differ in what they count."""
MOST_WITH_LOOPS = 4_000
"""The same for repetitions inside others or in a choice: of 600 samples Lucene 9.12 refused one that
counts 8,338 here."""
MOST_OF_NOTHING = 1_000
"""The same for repetitions of what can be empty: of 1,200 samples Lucene 10.3 refused one that counts 2,459 here."""

_ANY = Chars(((0, 0x10FFFF),))


def escaped(text: str) -> str:
    """A text as literals of Lucene's RegExp under any flags."""
    return "".join(lucene_literal(ord(char)) for char in text)


def char_class(char: str, cased: bool) -> str:
    """The expression for one character, with its case variants unless cased."""
    forms = char if cased else variants(char)
    return escaped(char) if len(forms) == 1 else f"[{''.join(lucene_char(ord(form)) for form in forms)}]"


def text_regex(text: str, cased: bool = False) -> str:
    """The expression of a text, ignoring case unless cased."""
    return "".join(char_class(char, cased) for char in text)


def pattern_regex(pattern: Pattern, cased: bool = False) -> str:
    """The expression of a pattern; `.` is any character there, newline included."""
    return "".join(_parts(pattern, cased))


def _parts(pattern: Pattern, cased: bool) -> Iterable[str]:
    for part in pattern:
        if isinstance(part, str):
            yield text_regex(part, cased)
        else:
            yield ".*" if part is Wild.ANY else "."


def checked_term(text: str) -> str:
    """The text. Raises Refusal for one that is longer than a term can be."""
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MOST_TERM:
        raise Refusal(f"a value of {size:,} bytes; Elasticsearch takes {MOST_TERM:,}: search a part of it")
    return text


@lru_cache(maxsize=4096)
def checked_regex(source: str) -> str:
    """The expression, spelled for Lucene. Raises Refusal for one that Elasticsearch would refuse to run."""
    if len(source) > MOST_REGEX:
        raise Refusal(f"an expression of {len(source)} characters; Elasticsearch takes {MOST_REGEX}")
    try:
        tree = parse_spelled(source)
    except RegexError as error:
        raise Refusal(f"an expression that can't be judged for Elasticsearch: {error}") from None
    if effort(tree, most := _most(tree)) > most:
        raise _too_complex("the expression", source)
    return source


def checked_pattern(pattern: Pattern) -> str:
    """A pattern as Lucene's wildcards. Raises Refusal for one that Elasticsearch would refuse to run.

    Which letters fold makes no difference to the effort: they are one class of characters either way.
    """
    text = "".join(part if isinstance(part, str) else part.value for part in pattern)
    if len(text) > MOST_PATTERN:
        raise Refusal(
            f"a pattern of {len(text):,} characters; Elasticsearch 8 takes {MOST_PATTERN:,}: write less of it"
        )
    if not _is_light(pattern, len(text)) and effort(_pattern_tree(pattern), MOST_EFFORT) > MOST_EFFORT:
        raise _too_complex("the pattern", text)
    return text


def _most(tree: Node) -> int:
    if repeats_nothing(tree):
        return MOST_OF_NOTHING
    return MOST_WITH_LOOPS if has_inner_loop(tree) else MOST_EFFORT


def _too_complex(what: str, shown: str) -> Refusal:
    short = shown if len(shown) <= 60 else f"{shown[:60]}…"
    return Refusal(
        f"{what} {short!r} is too complex for Elasticsearch (max_determinized_states 10,000): write fewer wildcards "
        "or repetitions, or split the value with |contains|all"
    )


def _is_light(pattern: Pattern, length: int) -> bool:
    """Whether a pattern is cheap, without building its automaton.

    Soundness: without `?` a set of states is known by the last `*` passed and by the longest text before one of the
    next ones, as in a search for several words, so there are at most stars times length of them, each with at most
    length members. tests/test_effort.py compares this with the effort itself.
    """
    return Wild.ONE not in pattern and (1 + pattern.count(Wild.ANY)) * (length + 1) ** 2 <= MOST_EFFORT


def _pattern_tree(pattern: Pattern) -> Node:
    parts: list[Node] = []
    for part in pattern:
        if isinstance(part, str):
            parts += (Chars(((ord(char), ord(char)),)) for char in part.lower())
        else:
            parts.append(Repeat(_ANY, 0, None) if part is Wild.ANY else _ANY)
    return Sequence(tuple(parts))
