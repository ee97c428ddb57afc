"""Reads the elements of one long JSON array, CloudTrail's `{"Records":[…]}` or a bare one, in pieces.

Soundness
    A piece is cut before a comma where the next element seems to start. It is known to start there when what is before
    the comma, from the end of the piece before, is a sequence of whole JSON values (msgspec reads it as an array): JSON
    is read from left to right, so a reader of the whole document would be between two elements there too. A guess
    inside of a text or of a nested list leaves a piece that is no such sequence. Then the elements are cut one by one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec

from sigmaproof.batch import LONGEST, Batch, Report, batch_of
from sigmaproof.diagnostics import Diagnostic, Place
from sigmaproof.jsonvalues import Problem, parsed
from sigmaproof.unpacking import BLOCK

__all__ = ["Array", "opening"]

_OPENING = re.compile(rb'\s*(?:\[|(\{)\s*"Records"\s*:\s*\[)')
_FIRST = re.compile(rb'\s*(\{\s*"[^"\\]*")')
_BETWEEN = re.compile(rb"[\]}]\s*(,\s*)\Z")
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|["{}\[\],]', re.DOTALL)
_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_GUESSES = 3
_LOOKED_AT = 8
"""Places that may be the start of the second element."""
_WIDEST = 64
"""Bytes between two elements, at most."""
_PATIENCE = 16
"""How often a byte may be searched for ends of elements, on average; and some are free (LONGEST)."""
_TAILS = (1 << 10, 1 << 20)
"""Bytes in which what follows the records of a wrapper is looked for; it has no more than the last."""


def opening(head: bytes) -> re.Match[bytes] | None:
    """What opens an array of records at the start of a document."""
    return _OPENING.match(head)


@dataclass
class Array:
    """An array that is read from a stream.

    number: of the next element. line, column, offset: where `rest` begins in the stream, from 1, 0 and 0. searched:
    bytes that were searched for the ends of elements that have none.
    """

    shown: str
    blocks: Iterator[bytes]
    report: Report
    number: int = 1
    line: int = 1
    column: int = 0
    offset: int = 0
    rest: bytes = b""
    ended: bool = False
    searched: int = 0

    def batches(self, head: bytes) -> Iterator[Batch]:
        """Its elements. Afterwards `rest` is what follows the document, and `ended` says whether that is all."""
        self.rest = head
        self._fill()  # a small file ends here
        match = opening(self.rest)
        if match is None:
            raise ValueError("no array of records")
        in_wrapper = match[1] is not None
        self._move(match.end())
        mark = self._mark()
        while True:
            batch = self._by_guess(mark)
            if batch is not None:
                yield batch
                self._fill()
            elif (batch := self._one_by_one()) is not None:
                yield batch
            elif self._closes():
                self._close(in_wrapper)
                return
            elif self.ended and (batch := self._last()) is not None:
                yield batch
            elif self.ended or len(self.rest) > LONGEST:
                if not self._skip(mark):
                    return
            else:
                self._read(max(len(self.rest), 1))

    def _read(self, least: int) -> None:
        """Adds at least so many bytes, as long as there are any."""
        pieces, size = [self.rest], 0
        while size < least and not self.ended:
            piece = next(self.blocks, None)
            self.ended = piece is None
            pieces.append(piece or b"")
            size += len(pieces[-1])
        self.rest = b"".join(pieces)

    def _fill(self) -> None:
        """Reads on where little is left: small documents are read one by one, and what is behind them is not kept."""
        if len(self.rest) < BLOCK:
            self._read(1)

    def _move(self, to: int) -> None:
        last = self.rest.rfind(b"\n", 0, to)
        self.column = to - last - 1 if last >= 0 else self.column + to
        if last >= 0:  # CloudTrail's files have one line, and to count is slower than to find none
            self.line += self.rest.count(b"\n", 0, to)
        self.offset += to
        self.rest = self.rest[to:]

    def _mark(self) -> bytes | None:
        """What is between two elements, and how the second one starts: as after the first one."""
        first = _FIRST.match(self.rest)
        if first is None:
            return None
        at = 0
        for _ in range(_LOOKED_AT):
            at = self.rest.find(first[1], at + 1)
            between = _BETWEEN.search(self.rest, max(at - _WIDEST, 0), at) if at > 0 else None
            if between or at < 0:
                break
        return (between[1] if between else b",") + first[1]

    def _by_guess(self, mark: bytes | None) -> Batch | None:
        """The elements before the last one that has begun, or all when the array ends here."""
        at = len(self.rest)
        sign = b"]" if self.ended else mark
        for _ in range(_GUESSES if sign else 0):
            at = self.rest.rfind(sign or b"", 0, at)
            if at <= 0:
                return None
            buffer = b"[" + self.rest[:at] + b"]"
            texts = _values(buffer)
            if texts:
                self._move(at if self.ended else self.rest.index(b",", at) + 1)
                return self._batch(buffer, texts)
        return None

    def _one_by_one(self) -> Batch | None:
        """The elements that end in what has been read, whatever is in them: each is to be looked at."""
        ends = list(_ends(self.rest))
        if not ends:
            return None
        spans = list(zip([0, *(end + 1 for end in ends)], ends, strict=False))
        texts = [text for low, high in spans if (text := self.rest[low:high].strip())]
        buffer, closed = self.rest[: ends[-1]], self.rest[ends[-1] : ends[-1] + 1] == b"]"
        self._move(ends[-1] + (not closed))
        return self._batch(buffer, texts, range(len(texts))) if texts else None

    def _last(self) -> Batch | None:
        """An element that is whole, where the stream ends behind it."""
        text = self.rest.strip()
        if not text or parsed(text)[1]:
            return None
        self._move(len(self.rest))
        return self._batch(text, [text], [0])

    def _batch(self, buffer: bytes, texts: Sequence[msgspec.Raw | bytes], unsure: Sequence[int] | None = None) -> Batch:
        numbers = range(self.number, self.number + len(texts))
        self.number = numbers.stop
        return batch_of(self.shown, buffer, texts, numbers, len(buffer) - (unsure is None), unsure=unsure)

    def _closes(self) -> bool:
        return self.rest.lstrip(b" \t\r\n")[:1] == b"]"

    def _close(self, in_wrapper: bool) -> None:
        """Goes to the end of the document; reports what is wrong with what a wrapper has after its records."""
        self._move(self.rest.index(b"]") + 1)
        if not in_wrapper:
            return
        opened = '{"Records":[]'
        for size in _TAILS:
            while not self.ended and len(self.rest) < size:
                self._read(1)
            try:
                value, end = json.JSONDecoder().raw_decode(opened + self.rest[:size].decode("latin-1"))
            except (json.JSONDecodeError, RecursionError) as error:
                problem = getattr(error, "msg", "nested too deep")
                continue
            if value["Records"] != []:
                self._fault("a second list of Records is not read")
            self._move(end - len(opened))
            return
        self._fault(f"after the last record: {problem}")
        self._move(len(self.rest))

    def _skip(self, mark: bytes | None) -> bool:
        """Goes behind an element that has no end, to what seems to be the next one; False where there is none."""
        if not self.rest.strip():
            self._fault("the list of records has no end")
            return False
        at = self.rest.find(mark, 1) if mark else -1
        if self.ended:
            problem = parsed(self.rest[: at if at >= 0 else len(self.rest)])[1]
            self._fault(f"not JSON: {problem.message}" if problem else "the list of records has no end", problem)
        else:
            self._fault(f"record skipped: longer than {LONGEST >> 20} MB")
        self.number += 1
        if self.searched > LONGEST + _PATIENCE * self.offset:  # each is searched for in all that is in memory
            self._fault("not read on: too many records without an end")
            at, mark = -1, None
        self.searched += len(self.rest)
        while at < 0 and not self.ended and mark:
            self._move(len(self.rest) - len(mark))
            self._read(1)
            at = self.rest.find(mark)
        self._move(self.rest.index(b",", at) + 1 if at >= 0 else len(self.rest))
        return at >= 0

    def _fault(self, message: str, problem: Problem | None = None) -> None:
        line, column = (problem.line, problem.column) if problem else (1, 1)
        place = Place(self.shown, self.line + line - 1, column + self.column if column and line == 1 else column)
        where = f"record {self.number}, which begins at byte {self.offset:,} of the text"
        self.report(Diagnostic("log-record", "error", place, f"{message} ({where})"))


def _values(buffer: bytes) -> Sequence[msgspec.Raw] | None:
    try:
        return _LIST.decode(buffer)
    except (msgspec.DecodeError, RecursionError):
        return None


def _ends(text: bytes) -> Iterator[int]:
    """Where the elements end that a text of an array's inside holds whole: at the commas, and at the array's end."""
    depth = 0
    for token in _TOKEN.finditer(text):
        sign = token[0]
        if sign in b"{[":
            depth += 1
        elif sign in b"]}" and depth:
            depth -= 1
        elif depth == 0 and sign in b",]":
            yield token.start()
            if sign == b"]":
                return
        elif sign in (b'"', b"}"):  # a text without an end, or an end of what has not begun
            return
