"""Runs an expression of the dialect, with RE2: in linear time, from the tree and not from the source."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from sigmaproof.regex.parser import RegexError, parse, quiet_options, shown
from sigmaproof.regex.render import re2_source

__all__ = ["searcher"]


@cache
def searcher(source: str, flags: str = "") -> Callable[[str], bool]:
    """A function from a text without lone surrogates to whether the expression is found in it.

    Raises RegexError for an expression outside the dialect, and for one that is too large for RE2.
    """
    import re2

    try:
        search = re2.compile(re2_source(parse(source, flags)), quiet_options()).search
    except re2.error as error:
        detail = error.args[0].decode(errors="replace") if isinstance(error.args[0], bytes) else str(error)
        raise RegexError(f"{shown(source)} can't be run by RE2 ({detail}): write less of it") from None
    return lambda text: search(text) is not None
