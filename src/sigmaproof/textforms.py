"""Logs that are text rather than JSON: lines with a time before each record, and objects with nothing between them.

Tables are in `tables`; what a record's text means is in `events`.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator

from sigmaproof.batch import LONGEST, Batch, Report, batch_of, is_well
from sigmaproof.diagnostics import Diagnostic, Place
from sigmaproof.lines import whole_lines
from sigmaproof.unpacking import BLOCK

__all__ = ["concatenated", "is_concatenated", "is_stamped", "unstamped"]

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
    return (_STAMP.sub(b"", lines) for lines in whole_lines(pieces))


def is_concatenated(content: bytes) -> bool:
    """Whether a text begins with an object that has another one behind it."""
    text = content.decode("utf-8", "surrogateescape")
    try:
        value, end = _DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and text.startswith("{", _next(text, end))


def concatenated(pieces: Iterable[bytes], number: int, shown: str, report: Report) -> Iterator[Batch]:
    """Objects with blanks between them or without, as Firehose and `jq` write them. After something broken it goes on
    with the next line that begins with an object. number: of the line on which they begin."""
    count = 1
    for texts in _Objects(pieces, number, shown, report).some():
        buffer = b"\n".join(texts)
        unsure = [at for at, text in enumerate(texts) if not is_well(text)]
        numbers = range(count, count + len(texts))
        yield batch_of(shown, buffer, texts, numbers, len(buffer), unsure=unsure)
        count = numbers.stop


class _Objects:
    """Reads objects that follow each other from a stream of bytes."""

    def __init__(self, pieces: Iterable[bytes], number: int, shown: str, report: Report) -> None:
        self._texts = codecs.iterdecode(pieces, "utf-8", "surrogateescape")
        self._shown, self._report = shown, report
        self._line, self._column = number, 1
        self._text, self._at, self._ended = "", 0, False

    def some(self) -> Iterator[list[bytes]]:
        """Their texts, so many as a batch has."""
        found: list[bytes] = []
        size = 0
        while self._more(1):
            text = self._object()
            if text is not None:
                found.append(text)
                size += len(text)
            if size > BLOCK or (found and self._at == len(self._text)):
                yield found
                found, size = [], 0
        if found:
            yield found

    def _object(self) -> bytes | None:
        """The next object; None where there is something else, which is reported."""
        while True:
            try:
                _, end = _DECODER.raw_decode(self._text, self._at)
            except (ValueError, RecursionError) as error:
                left = len(self._text) - self._at
                if left <= LONGEST and self._grows(left):
                    continue
                self._broken(error)
                return None
            text = self._text[self._at : end]
            self._move(end)
            return text.encode("utf-8", "surrogateescape")

    def _more(self, least: int) -> bool:
        """Whether there are so many characters from the next one on that is no blank; reads them."""
        while True:
            self._move(_next(self._text, self._at))
            if len(self._text) - self._at >= least:
                return True
            pieces = [self._text[self._at :]]
            size = len(pieces[0])
            while size < least and (piece := next(self._texts, "")):
                pieces.append(piece)
                size += len(piece)
            if len(pieces) == 1:
                return False
            self._text, self._at = "".join(pieces), 0

    def _grows(self, left: int) -> bool:
        """Whether there is more than these characters; of a long object much more, as each try is from its start."""
        self._more(left + (left // 2 if left > BLOCK else 1))
        return len(self._text) - self._at > left

    def _move(self, to: int) -> None:
        last = self._text.rfind("\n", self._at, to)
        self._line += self._text.count("\n", self._at, to)
        self._column = to - last if last >= 0 else self._column + to - self._at
        self._at = to

    def _broken(self, error: Exception) -> None:
        message, at = str(error), self._at
        if isinstance(error, json.JSONDecodeError):
            message, at = error.msg.removesuffix(" at"), min(error.pos, len(self._text))
        start = self._text.find("\n{", self._at)
        self._move(at)
        place = Place(self._shown, self._line, self._column)
        self._report(Diagnostic("log-unreadable", "error", place, f"not JSON: {message}"))
        self._move(max(start + 1 if start >= 0 else len(self._text), at))


def _next(text: str, at: int) -> int:
    match = _BLANKS.match(text, at)
    return match.end() if match else at
