"""The modifiers that encode a text: wide, utf16le, utf16be, utf16, base64, base64offset (specification, Encoding).

Read here and not by pySigma, whose versions differ (`base64` after `utf16`, `base64offset` of letters beyond ASCII)
and none of which knows `utf16le`. What a text matches is in `matching`.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from typing import TypeAlias

from sigmaproof.predicate import Pattern, Wild

__all__ = ["ENCODINGS", "EncodingError", "encoded"]

Piece: TypeAlias = "str | bytes | Wild"

_UTF16 = {"wide": "utf-16-le", "utf16le": "utf-16-le", "utf16be": "utf-16-be", "utf16": "utf-16-le"}
ENCODINGS = frozenset({*_UTF16, "base64", "base64offset"})
_MARK = b"\xff\xfe"  # the byte order mark that `utf16` puts before the text
# Per offset: how many characters at the start depend on what stands before; at the end, on what follows.
_STARTS = (0, 2, 3)
_ENDS = (None, -3, -2)


class EncodingError(ValueError):
    """A text that can't be encoded so; the message says what to write instead."""


def encoded(pattern: Pattern, names: Sequence[str]) -> tuple[Pattern, ...]:
    """The patterns that a text becomes by these modifiers, in their order: one, of `base64offset` three.

    Raises EncodingError for a wildcard in Base64, for bytes that are no text, and where nothing is left to search.
    """
    forms: list[tuple[Piece, ...]] = [pattern]
    for name in names:
        forms = [form for pieces in forms for form in _step(pieces, name)]
    return tuple(tuple(map(_text, form)) for form in forms)


def _step(pieces: tuple[Piece, ...], name: str) -> list[tuple[Piece, ...]]:
    if name in _UTF16:
        wide = tuple(piece if isinstance(piece, Wild) else _wide(piece, _UTF16[name]) for piece in pieces)
        return [(_MARK, *wide) if name == "utf16" else wide]
    data = _bytes(pieces, name)
    if name == "base64":
        return [(b64encode(data).decode("ascii"),)]
    return [(_at_offset(data, offset),) for offset in range(3)]


def _wide(piece: str | bytes, codec: str) -> bytes:
    if isinstance(piece, bytes):
        raise EncodingError("encoded in UTF-16 twice: leave one of the modifiers out")
    return piece.encode(codec, "surrogatepass")


def _bytes(pieces: tuple[Piece, ...], name: str) -> bytes:
    data = b""
    for piece in pieces:
        if isinstance(piece, Wild):
            raise EncodingError(f"a wildcard can't be encoded by |{name}: escape it, or put |contains behind |{name}")
        data += piece.encode("utf-8", "surrogatepass") if isinstance(piece, str) else piece
    return data


def _at_offset(data: bytes, offset: int) -> str:
    """What is the same wherever the data begins: without the characters that its neighbours have a part in."""
    text = b64encode(b" " * offset + data).decode("ascii")[_STARTS[offset] : _ENDS[(len(data) + offset) % 3]]
    if not text:
        raise EncodingError("base64offset of so short a value leaves no text to search: use a longer value")
    return text


def _text(piece: Piece) -> str | Wild:
    """Bytes as the text that a log would hold: each byte a character, which only ASCII in UTF-16 is in UTF-8 too."""
    if not isinstance(piece, bytes):
        return piece
    if piece == _MARK:
        return "\ufeff"
    try:
        return piece.decode("utf-8")
    except UnicodeDecodeError:
        message = "letters beyond ASCII in UTF-16 are no text in a log: put |base64 or |base64offset behind it"
        raise EncodingError(message) from None
