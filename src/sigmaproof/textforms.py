"""Logs that are text rather than JSON: lines with a time before each record, and objects with nothing between them.

Tables are in `tables`; what a record's text means is in `events`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

__all__ = ["Concatenated", "concatenated", "is_stamped", "unstamped"]

# CloudWatch Logs' exports to S3 ("2014-02-13T19:43:30.000Z message"); `aws logs tail` has the stream's name between.
_STAMP = re.compile(
    rb"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)[ \t]+(?:[^\s{]\S*[ \t]+)?(?=\{)", re.MULTILINE
)
_BLANKS = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


def is_stamped(line: bytes) -> bool:
    """Whether a line is a record with a time before it."""
    return bool(_STAMP.match(line))


def unstamped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Lines, in pieces, without the times before their records; what has none is as it was."""
    rest = b""
    for piece in pieces:
        whole, end, rest = (rest + piece).rpartition(b"\n")
        if end:
            yield _STAMP.sub(b"", whole) + end
    if rest:
        yield _STAMP.sub(b"", rest)


@dataclass
class Concatenated:
    """Objects that follow each other. broken: what stands between them and is none, as message, line and column."""

    texts: list[bytes] = field(default_factory=list)
    broken: list[tuple[str, int, int]] = field(default_factory=list)


def concatenated(content: bytes, number: int = 1) -> Concatenated | None:
    """The objects of a text, with blanks between them or without, as Firehose and `jq` write them; None where the first
    thing in it is no object with another behind it. After something broken it goes on with the next line that begins
    with an object. number: of the line on which the text begins."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    found, at = Concatenated(), 0
    while (at := _next(text, at)) < len(text):
        try:
            value, end = _DECODER.raw_decode(text, at)
        except (json.JSONDecodeError, RecursionError, ValueError) as error:
            if not found.texts:
                return None
            message, place = _place(error, text, at)
            line = text.count("\n", 0, place)
            found.broken.append((message, number + line, place - text.rfind("\n", 0, place)))
            at = text.find("\n{", at) + 1 or len(text)
        else:
            if not isinstance(value, dict) and not found.texts:
                return None
            if not found.texts and not text.startswith("{", _next(text, end)):
                return None
            found.texts.append(text[at:end].encode())
            at = end
    return found


def _next(text: str, at: int) -> int:
    match = _BLANKS.match(text, at)
    return match.end() if match else at


def _place(error: Exception, text: str, at: int) -> tuple[str, int]:
    if isinstance(error, json.JSONDecodeError):
        return error.msg.removesuffix(" at"), min(error.pos, len(text))
    return ("too deeply nested" if isinstance(error, RecursionError) else str(error)), at
