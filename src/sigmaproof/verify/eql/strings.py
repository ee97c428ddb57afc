"""EQL's string literals, identifiers, numbers and wildcard patterns, and what they mean.

Facts: AbstractBuilder.unquoteString, StringUtils.toLikePattern and LikePattern.asLuceneWildcard of
Elasticsearch. Regular expressions are in regexes.py.
"""

from __future__ import annotations

import re

from sigmaproof.verify.eql.errors import PARSING, UNSUPPORTED, EqlError

_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "'": "'", "\\": "\\"}
_ESCAPE = re.compile(r"\\(?:u\{([0-9A-Fa-f]+)\}|(.))", re.DOTALL)
_LIKE_ESCAPE = "\x01"
_MAX_UNSIGNED = 2**64 - 1


def unquote(text: str, line: int, column: int) -> str:
    """The value of a string token, plain (`"…"`) or raw (three quotes); raises EqlError for the
    forbidden forms."""
    if text.startswith("?"):
        raise EqlError(PARSING, 'use three double quotes for a raw string, not [?"…"]', line, column)
    if text.startswith("'"):
        raise EqlError(PARSING, "use double quotes for a string, not single quotes", line, column)
    if text.startswith('"""'):
        return text[3:-3]

    def value(escape: re.Match[str]) -> str:
        return _ESCAPES[escape[2]] if escape[2] else _code_point(escape[1], line, column)

    return _ESCAPE.sub(value, text[1:-1])


def _code_point(digits: str, line: int, column: int) -> str:
    if not 2 <= len(digits) <= 8:
        raise EqlError(PARSING, f"a \\u{{{digits}}} escape takes 2 to 8 hex digits", line, column)
    code = int(digits, 16)
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        raise EqlError(PARSING, f"[{digits}] is no Unicode character", line, column)
    return chr(code)


def number(text: str, line: int, column: int) -> int | float:
    """An unsigned number: an integer up to 2^64-1, else a double; raises EqlError if a double can't
    hold it."""
    if text.isdigit() and len(text.lstrip("0")) <= 20 and int(text) <= _MAX_UNSIGNED:
        return int(text)
    value = float(text)
    if value == float("inf"):
        raise EqlError(PARSING, f"the number [{text[:40]}] is too large", line, column)
    return value


def java_text(value: str | int | float | bool) -> str:
    """A constant as Java's `toString` writes it: `like` turns its patterns into text in this way."""
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, float):
        return str(value)
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(value)
    mantissa, exponent = f"{value!r}e0".split("e")[:2] if "e" in repr(value) else _scientific(value)
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}E{int(exponent)}"


def _scientific(value: float) -> tuple[str, str]:
    digits = len(repr(value).replace("-", "").replace(".", "").strip("0"))
    mantissa, exponent = f"{value:.{max(digits - 1, 0)}e}".split("e")
    return mantissa, exponent


def has_wildcard(text: str) -> bool:
    """Does `:` or `like` see a pattern in this text? There is no way to escape a `*` or `?`."""
    return "*" in text or "?" in text


def matches_all(pattern: str) -> bool:
    """Is it nothing but `*`, which EQL turns into an existence check?"""
    return bool(pattern) and not pattern.strip("*")


def lucene_wildcard(pattern: str, line: int, column: int) -> str:
    r"""The Lucene wildcard of a `:` or `like` pattern: `*` and `?` stay, a backslash becomes two.

    Raises EqlError for U+0001: Elasticsearch uses that character as its own escape inside patterns.
    """
    if _LIKE_ESCAPE in pattern:
        raise EqlError(UNSUPPORTED, "a pattern can't hold U+0001, Elasticsearch's own escape there", line, column)
    return pattern.replace("\\", "\\\\")
