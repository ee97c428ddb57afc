"""How texts are spelled for Lucene's RegExp and wildcards: shared by every target that ends in Lucene.

A pattern becomes an expression for the whole value, letters as classes of their case variants, never by an
engine's own case-insensitive flag, whose folding differs (facts: the Kelvin sign matches k there).
"""

from __future__ import annotations

from collections.abc import Iterable

from sigmaproof.folding import variants
from sigmaproof.predicate import Pattern, Wild
from sigmaproof.regex import lucene_char, lucene_literal

__all__ = ["MOST_REGEX", "char_class", "escaped", "pattern_regex", "text_regex"]

MOST_REGEX = 1000  # index.max_regex_length, counted in characters


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
