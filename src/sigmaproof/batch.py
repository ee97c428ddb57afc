"""A batch: the JSON texts of records that stand one after another in one buffer. Who reads them is in `batches`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

import msgspec

from sigmaproof.diagnostics import Diagnostic

__all__ = ["LONGEST", "Batch", "Report", "batch_at", "batch_of", "is_utf8", "is_well"]

_BRACE = ord("{")
_ONE = msgspec.json.Decoder(msgspec.Raw)
Report = Callable[[Diagnostic], None]
LONGEST = 64 << 20
"""Bytes of the longest record that is read, and of a document that can't be read in pieces."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Record texts in the order in which they stand in a buffer.

    file: as it is shown. starts: for each text where it, or the same bytes, starts in the buffer; none overlaps the
    next. numbers: the line of each text, or its element of the document, from 1. unsure: the indexes of texts that may
    not be one JSON object. inner: for texts out of an envelope, where in what has the number they stand: `#2`; empty
    where none is.
    """

    file: str
    buffer: bytes
    texts: Sequence[msgspec.Raw | bytes]
    starts: Sequence[int]
    numbers: Sequence[int]
    in_lines: bool
    unsure: Sequence[int]
    inner: Sequence[str] = ()


def batch_of(
    file: str,
    buffer: bytes,
    texts: Sequence[msgspec.Raw | bytes],
    numbers: Sequence[int],
    end: int,
    *,
    in_lines: bool = False,
    unsure: Sequence[int] | None = None,
) -> Batch:
    """A batch of texts that are in the buffer in this order.

    end: before which the last text ends. unsure: where it is not given, the texts are JSON values, and this finds those
    that are no objects, or may not be UTF-8.
    """
    starts = _starts(buffer, texts, end)
    if unsure is not None:
        return Batch(file, buffer, texts, starts, numbers, in_lines, unsure)
    found = batch_at(file, buffer, texts, starts, numbers, in_lines=in_lines)
    return found if is_utf8(buffer) else replace(found, unsure=range(len(texts)))


def batch_at(
    file: str,
    buffer: bytes,
    texts: Sequence[msgspec.Raw | bytes],
    starts: Sequence[int],
    numbers: Sequence[int],
    *,
    in_lines: bool,
) -> Batch:
    """A batch of JSON values in UTF-8, where it is known where they start; finds those that are no objects."""
    firsts = bytes(map(buffer.__getitem__, starts))
    unsure = [at for at, first in enumerate(firsts) if first != _BRACE] if firsts.strip(b"{") else ()
    return Batch(file, buffer, texts, starts, numbers, in_lines, unsure)


def _starts(buffer: bytes, texts: Sequence[msgspec.Raw | bytes], end: int) -> Sequence[int]:
    lengths = list(map(len, texts))
    first = buffer.index(bytes(texts[0]))
    if end - first == sum(lengths) + len(lengths) - 1:
        # no text starts before `first` and none ends after `end`: one byte is between any two, and nothing else
        return list(accumulate(map((1).__add__, lengths[:-1]), initial=first))
    return list(_found(buffer, texts))


def _found(buffer: bytes, texts: Sequence[msgspec.Raw | bytes]) -> Iterator[int]:
    at = 0
    for text in texts:
        at = buffer.index(bytes(text), at)
        yield at
        at += len(text)


def is_utf8(text: bytes) -> bool:
    """Whether a text can be decoded."""
    if text.isascii():
        return True
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def is_well(text: bytes) -> bool:
    """Whether a text is one JSON object, by its grammar; how deep it is and what numbers it has is not asked."""
    try:
        return text[:1] == b"{" and is_utf8(text) and bool(_ONE.decode(text))
    except (msgspec.DecodeError, RecursionError):
        return False
