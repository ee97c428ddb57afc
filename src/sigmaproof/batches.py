"""Reads logs as batches of record texts: lines or a document. What a text's record is, is in `events`.

A batch holds the JSON texts of records that stand one after another in one buffer, so that a search over the buffer
tells which of them are worth parsing. Their grammar is checked all the same, by msgspec, which skips over values at
about 1 GB/s: a text that is not one JSON object is named in `unsure`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from sigmaproof.batch import LONGEST, Batch, Report, batch_of, is_utf8
from sigmaproof.diagnostics import STDIN, Diagnostic, Place, shown_path
from sigmaproof.documents import Array, opening
from sigmaproof.envelopes import opened_batch
from sigmaproof.jsonvalues import Problem, parsed
from sigmaproof.limits import Limits
from sigmaproof.lines import line_batches
from sigmaproof.tables import table_of
from sigmaproof.textforms import concatenated, is_concatenated, is_stamped, unstamped
from sigmaproof.unpacking import BLOCK, Blocks, opened

if TYPE_CHECKING:
    from sigmaproof.remote import Remote

__all__ = ["Batch", "Report", "batches_of", "is_record", "read_batches", "size_of"]

_BOM = b"\xef\xbb\xbf"
_ENOUGH = 1 << 12
"""Bytes that tell how a document begins."""


class _Wrapper(msgspec.Struct):
    Records: list[msgspec.Raw] | msgspec.UnsetType = msgspec.UNSET


_WRAPPER = msgspec.json.Decoder(_Wrapper)


def read_batches(file: Path | Remote, report: Report, limits: Limits | None = None) -> Iterator[Batch]:
    """The record texts of one file (`-` is standard input). report: called for everything that can't be read."""
    shown = shown_path(file)
    try:
        stream = opened(file)
        limit = None if file == STDIN else (limits or Limits()).of(size_of(file))
    except OSError as error:
        report(Diagnostic("log-unreadable", "error", Place(shown), f"can't be read: {error.strerror or error}"))
        return
    local = file if isinstance(file, Path) else None
    blocks = Blocks(stream, 1, None) if file == STDIN else Blocks(stream, BLOCK, local, limit)
    with stream:
        yield from _of_blocks(blocks, shown, report)


def size_of(file: Path | Remote) -> int:
    """The bytes of a file, packed. Raises OSError."""
    return file.stat().st_size if isinstance(file, Path) else file.length()


def batches_of(stream: BinaryIO, shown: str, report: Report, block: int = BLOCK) -> Iterator[Batch]:
    """The record texts of a stream, those in envelopes of JSON texts taken out of them.

    One whose first line is a whole JSON object that is no wrapper is line-based; any other is one document, or several.
    """
    yield from _of_blocks(Blocks(stream, block), shown, report)


def _of_blocks(blocks: Blocks, shown: str, report: Report) -> Iterator[Batch]:
    return map(opened_batch, _as_written(blocks, shown, report))


def _as_written(blocks: Blocks, shown: str, report: Report) -> Iterator[Batch]:
    """The texts as they stand in the stream."""
    number, head = _to_content(blocks)
    if not head and not blocks.fault:
        report(Diagnostic("log-empty", "warning", Place(shown), "holds no record"))
    array = Array(shown, blocks, report, line=number)
    while head:
        head = _with_enough(head, blocks)
        if opening(head) and (array.number > 1 or _is_no_line(head)):
            yield from array.batches(head)
            array.line, head = _without_blanks(array.line, array.rest, blocks)
        else:
            yield from _others(head, blocks, array.line, shown, report)
            break
    if blocks.fault:
        message = f"can't be read to its end: {blocks.fault} (read: {blocks.read:,} bytes of its text)"
        report(Diagnostic("log-unreadable", "error", Place(shown), message))


def _to_content(blocks: Iterator[bytes]) -> tuple[int, bytes]:
    """The number of the first line that is not blank, and the stream from there."""
    number, head = _without_blanks(1, b"", blocks)
    return _without_blanks(number, head.removeprefix(_BOM), blocks)


def _without_blanks(number: int, head: bytes, blocks: Iterator[bytes]) -> tuple[int, bytes]:
    for piece in chain([head], blocks):
        bare = piece.lstrip(b" \t\r\n")
        number += piece.count(b"\n", 0, len(piece) - len(bare))
        if bare:
            return number, bare
    return number, b""


def _with_enough(head: bytes, blocks: Iterator[bytes]) -> bytes:
    """With at least the first line, or so many bytes that the start of a document is seen."""
    while b"\n" not in head and len(head) < _ENOUGH and (piece := next(blocks, None)):
        head += piece
    return head


def _is_no_line(head: bytes) -> bool:
    """Whether a document that begins here is not just the first of several lines."""
    first, _, rest = head.partition(b"\n")
    return not rest.strip() or parsed(first)[1] is not None


def _others(head: bytes, blocks: Blocks, number: int, shown: str, report: Report) -> Iterator[Batch]:
    """Lines; or one document that is no array of records, or not at its start."""
    pieces, size = [head], len(head)
    while b"\n" not in pieces[-1] and size <= LONGEST and (piece := next(blocks, None)):
        pieces.append(piece)
        size += len(piece)
    head = b"".join(pieces)
    first = head.partition(b"\n")[0]
    table = None if first[:1] in b"{[" else table_of(first)
    if table is not None:
        yield from table.batches(chain([head], blocks), number, shown, report)
        return
    if is_stamped(first):
        yield from line_batches(b"", unstamped(chain([head], blocks)), number, shown, report)
        return
    if is_record(first):
        yield from line_batches(head, blocks, number, shown, report)
        return
    pieces = [head]
    while size <= LONGEST and (piece := next(blocks, None)):
        pieces.append(piece)
        size += len(piece)
    content = b"".join(pieces)
    texts = _wrapped(content)
    if texts is None:
        yield from _no_document(content, blocks, number, shown, report)
    elif texts:
        yield batch_of(shown, content, texts, range(1, len(texts) + 1), content.rindex(b"]"))


def is_record(line: bytes) -> bool:
    """Whether a line is a record, or a whole CloudTrail file."""
    value, _ = parsed(line)
    return isinstance(value, dict) and (not isinstance(value.get("Records"), list) or opening(line) is not None)


def _wrapped(content: bytes) -> Sequence[msgspec.Raw] | None:
    """The texts of a wrapper's records; None where it is none."""
    try:
        records = _WRAPPER.decode(content).Records if is_utf8(content) else msgspec.UNSET
    except (msgspec.DecodeError, RecursionError):
        return None
    return None if records is msgspec.UNSET else records


def _no_document(content: bytes, blocks: Blocks, number: int, shown: str, report: Report) -> Iterator[Batch]:
    """One record; or lines of which the first is broken; what is broken as a whole is said so, once."""
    problem = parsed(content, number)[1]
    if problem is None:
        yield batch_of(shown, content, [content], [1], len(content), unsure=[0])
    elif is_concatenated(content):
        yield from concatenated(chain([content], blocks), number, shown, report)
    elif any(isinstance(parsed(line)[0], dict) for line in content.split(b"\n")):
        yield from line_batches(content, blocks, number, shown, report)
    else:
        report(_unreadable(problem, shown))


def _unreadable(problem: Problem, shown: str) -> Diagnostic:
    return Diagnostic("log-unreadable", "error", problem.at(shown), f"not JSON: {problem.message}")
