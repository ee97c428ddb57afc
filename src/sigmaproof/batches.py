"""Reads logs as batches of record texts: packed or not, lines or a document. What a text's record is, is in `events`.

A batch holds the JSON texts of records that stand one after another in one buffer, so that a search over the buffer
tells which of them are worth parsing. Their grammar is checked all the same, by msgspec, which skips over values at
about 1 GB/s: a text that is not one JSON object is named in `unsure`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, chain
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from sigmaproof.diagnostics import STDIN, Diagnostic, Place, shown_path
from sigmaproof.envelopes import opened_batch
from sigmaproof.jsonvalues import Problem, parsed
from sigmaproof.packing import opened
from sigmaproof.tables import table_of
from sigmaproof.textforms import concatenated, is_stamped, unstamped

if TYPE_CHECKING:
    from sigmaproof.remote import Remote

__all__ = ["Batch", "Report", "batches_of", "read_batches"]

Report = Callable[[Diagnostic], None]
BLOCK = 1 << 20
"""Bytes of a file whose lines are one batch. Of standard input it is what has come."""
_WRAPPED = re.compile(rb'\{\s*"Records"\s*:\s*\[')
_BOM = b"\xef\xbb\xbf"


class _Wrapper(msgspec.Struct):
    Records: list[msgspec.Raw] | msgspec.UnsetType = msgspec.UNSET


_ONE = msgspec.json.Decoder(msgspec.Raw)
_ARRAY = msgspec.json.Decoder(list[msgspec.Raw])
_WRAPPER = msgspec.json.Decoder(_Wrapper)


@dataclass(frozen=True, slots=True)
class Batch:
    """Record texts in the order in which they stand in a buffer.

    file: as it is shown. numbers: the line of each text, or its element of the document, from 1. unsure: the indexes of
    texts that may not be one JSON object. end: before which the last text ends. inner: for texts out of an envelope,
    where in what has the number they stand: `#2`; empty where none is.
    """

    file: str
    buffer: bytes
    texts: Sequence[msgspec.Raw | bytes]
    numbers: Sequence[int]
    in_lines: bool
    end: int
    unsure: Sequence[int] = field(default=())
    inner: Sequence[str] = field(default=())

    def starts(self) -> list[int]:
        """For each text where it, or the same bytes, starts in the buffer; none overlaps the next."""
        lengths = [len(text) for text in self.texts]
        first = self.buffer.index(bytes(self.texts[0]))
        if self.end - first == sum(lengths) + len(lengths) - 1:
            # no text starts before `first` and none ends after `end`: one byte is between any two, and nothing else
            return list(accumulate((length + 1 for length in lengths[:-1]), initial=first))
        return list(self._found())

    def _found(self) -> Iterator[int]:
        at = 0
        for text in self.texts:
            at = self.buffer.index(bytes(text), at)
            yield at
            at += len(text)


def read_batches(file: Path | Remote, report: Report) -> Iterator[Batch]:
    """The record texts of one file (`-` is standard input). report: called for everything that can't be read."""
    shown = _shown(file)
    until = ""
    try:
        with opened(file) as stream:
            until = " to its end"
            yield from batches_of(stream, shown, report, 1 if file == STDIN else BLOCK)
    except (OSError, EOFError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        report(Diagnostic("log-unreadable", "error", Place(shown), f"can't be read{until}: {reason}"))


def _shown(file: Path | Remote) -> str:
    if file == STDIN:
        return "<stdin>"
    return shown_path(file) if isinstance(file, Path) else str(file)


def batches_of(stream: BinaryIO, shown: str, report: Report, block: int = BLOCK) -> Iterator[Batch]:
    """The record texts of a stream, those that stand in envelopes of JSON texts taken out of them."""
    return map(opened_batch, _as_written(stream, shown, report, block))


def _as_written(stream: BinaryIO, shown: str, report: Report, block: int) -> Iterator[Batch]:
    """The texts as they stand in the stream.

    One whose first line is a whole JSON object that is no wrapper is line-based; any other is one document.
    """
    blocks = _blocks(stream, block)
    number, head = _to_first_line(blocks)
    first, _, rest = head.partition(b"\n")
    table = None if first[:1] in b"{[" else table_of(first)
    if table is not None:
        yield from table.batches(head[len(first) + 1 :], blocks, number + 1, shown, report)
    elif is_stamped(first):
        yield from _lines(b"", unstamped(chain([head], blocks)), number, shown)
    elif _is_record(first):
        yield from _lines(head, blocks, number, shown)
    else:
        del first, rest
        yield from _document(b"".join([head, *blocks]), number, shown, report)


def _blocks(stream: BinaryIO, block: int) -> Iterator[bytes]:
    """Pieces of at least this many bytes, but for the last one."""
    pieces, size = [], 0
    while piece := stream.read1(BLOCK):  # type: ignore[attr-defined]  # every stream here is buffered
        pieces.append(piece)
        size += len(piece)
        if size >= block:
            yield b"".join(pieces)
            pieces, size = [], 0
    if pieces:
        yield b"".join(pieces)


def _to_first_line(blocks: Iterator[bytes]) -> tuple[int, bytes]:
    """The number of the first line that is not blank, and the stream from there, as far as that line's end at least."""
    number = 1
    found: list[bytes] = []
    for piece in blocks:
        if not found:
            bare = piece.lstrip(b" \t\r\n")
            number += piece.count(b"\n", 0, len(piece) - len(bare))
            found.append(bare.removeprefix(_BOM))
        else:
            found.append(piece)
        if b"\n" in found[-1]:
            break
        found = list(filter(None, found))
    return number, b"".join(found)


def _is_record(line: bytes) -> bool:
    if _WRAPPED.match(line):  # a whole CloudTrail file is one long line: not worth parsing for this
        return False
    value, _ = parsed(line)
    return isinstance(value, dict) and not isinstance(value.get("Records"), list)


# lines


def _lines(head: bytes, blocks: Iterator[bytes], number: int, shown: str) -> Iterator[Batch]:
    rest = head
    while True:
        whole, end, rest = rest.rpartition(b"\n")
        if end:
            yield from _of_lines(whole, number, shown)
            number += whole.count(b"\n") + 1
        piece = next(blocks, None)
        if piece is None:
            break
        rest += piece
    yield from _of_lines(rest, number, shown)


def _of_lines(whole: bytes, number: int, shown: str) -> Iterator[Batch]:
    """The batch of some lines, of which the last one has no end."""
    if not whole.strip():
        return
    texts = _all_well(whole)
    if texts is not None:
        yield Batch(shown, whole, texts, range(number, number + len(texts)), True, len(whole), _no_objects(texts))
        return
    lines = [(at, line.rstrip(b"\r")) for at, line in enumerate(whole.split(b"\n"), number)]
    kept = [(at, line) for at, line in lines if line.strip()]
    unsure = [index for index, (_, line) in enumerate(kept) if not _is_well(line)]
    yield Batch(shown, whole, [line for _, line in kept], [at for at, _ in kept], True, len(whole), unsure)


def _all_well(whole: bytes) -> Sequence[msgspec.Raw] | None:
    """The texts where each line is just one JSON value, without a blank line or a blank beside it; else None.

    Values may stand in other ways between the ends of lines. But when all their bytes and all the ends of lines are the
    whole, nothing is outside of values and no value holds an end of line; and when there are as many values as lines,
    none of which is empty, each line is one.
    """
    ends = whole.count(b"\n")
    try:
        texts = _ONE.decode_lines(whole) if _is_utf8(whole) else []
    except (msgspec.DecodeError, RecursionError):
        return None
    fits = len(texts) == ends + 1 and sum(map(len, texts)) == len(whole) - ends
    return texts if fits and b"\n\n" not in whole and whole[:1] != b"\n" and whole[-1:] != b"\n" else None


def _is_well(line: bytes) -> bool:
    try:
        return line[:1] == b"{" and _is_utf8(line) and bool(_ONE.decode(line))
    except (msgspec.DecodeError, RecursionError):
        return False


def _is_utf8(text: bytes) -> bool:
    if text.isascii():
        return True
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _no_objects(texts: Sequence[msgspec.Raw]) -> list[int]:
    return [index for index, text in enumerate(texts) if bytes(text)[:1] != b"{"]


# documents


def _document(content: bytes, number: int, shown: str, report: Report) -> Iterator[Batch]:
    if not content.strip():
        report(Diagnostic("log-empty", "warning", Place(shown), "holds no record"))
        return
    texts = _elements(content)
    if texts is None:
        yield from _other(content, number, shown, report)
    elif texts:
        end = content.rindex(b"]")
        yield Batch(shown, content, texts, range(1, len(texts) + 1), False, end, _no_objects(texts))


def _elements(content: bytes) -> Sequence[msgspec.Raw] | None:
    """The texts of the elements of an array, or of a wrapper's records; None where there is no such array."""
    try:
        if not _is_utf8(content):
            return None
        if content[:1] == b"[":
            return _ARRAY.decode(content)
        records = _WRAPPER.decode(content).Records
    except (msgspec.DecodeError, RecursionError):
        return None
    return None if records is msgspec.UNSET else records


def _other(content: bytes, number: int, shown: str, report: Report) -> Iterator[Batch]:
    """One record; or lines of which the first is broken; what is broken as a whole is said so, once."""
    problem = parsed(content, number)[1]
    if problem is None:
        yield Batch(shown, content, [content], [1], False, len(content), [0])
        return
    lines = content.splitlines()
    joined = None if isinstance(parsed(lines[0])[0], dict) else concatenated(content, number)
    if joined is not None:
        for message, line, column in joined.broken:
            report(_unreadable(Problem(message, line, column), shown))
        texts, buffer = joined.texts, b"\n".join(joined.texts)
        yield Batch(shown, buffer, texts, range(1, len(texts) + 1), False, len(buffer), range(len(texts)))
    elif any(isinstance(parsed(line)[0], dict) for line in lines):
        kept = [(at, line) for at, line in enumerate(lines, number) if line.strip()]
        texts = [line for _, line in kept]
        yield Batch(shown, content, texts, [at for at, _ in kept], True, len(content), range(len(texts)))
    else:
        report(_unreadable(problem, shown))


def _unreadable(problem: Problem, shown: str) -> Diagnostic:
    return Diagnostic("log-unreadable", "error", problem.at(shown), f"not JSON: {problem.message}")
