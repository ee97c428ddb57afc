"""Reads logs that hold a JSON value a line. Which logs these are is said in `batches`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from sigmaproof.batch import LONGEST, Batch, Report, batch_of, is_utf8
from sigmaproof.diagnostics import Diagnostic, Place

__all__ = ["line_batches", "of_lines"]

_ONE = msgspec.json.Decoder(msgspec.Raw)


def line_batches(head: bytes, blocks: Iterator[bytes], number: int, shown: str, report: Report) -> Iterator[Batch]:
    """The records of a stream of lines, of which the first has this number and is in `head`.

    A line longer than LONGEST is reported, and not kept in memory.
    """
    rest = head
    while True:
        whole, end, rest = rest.rpartition(b"\n")
        if end:
            yield from of_lines(whole, number, shown)
            number += whole.count(b"\n") + 1
        if len(rest) > LONGEST:
            message = f"record skipped: longer than {LONGEST >> 20} MB"
            report(Diagnostic("log-record", "error", Place(shown, number), message))
            rest = _from_the_next_line(blocks)
            number += 1
        piece = next(blocks, None)
        if piece is None:
            break
        rest += piece
    yield from of_lines(rest, number, shown)


def _from_the_next_line(blocks: Iterator[bytes]) -> bytes:
    return next((piece.partition(b"\n")[2] for piece in blocks if b"\n" in piece), b"")


def of_lines(whole: bytes, number: int, shown: str) -> Iterator[Batch]:
    """The batch of some lines, of which the last one has no end."""
    if not whole.strip():
        return
    texts = _all_well(whole)
    if texts is not None:
        yield batch_of(shown, whole, texts, range(number, number + len(texts)), len(whole), in_lines=True)
        return
    lines = [(at, line.rstrip(b"\r")) for at, line in enumerate(whole.split(b"\n"), number)]
    kept = [(at, line) for at, line in lines if line.strip()]
    unsure = [index for index, (_, line) in enumerate(kept) if not _is_well(line)]
    texts, numbers = [line for _, line in kept], [at for at, _ in kept]
    yield batch_of(shown, whole, texts, numbers, len(whole), in_lines=True, unsure=unsure)


def _all_well(whole: bytes) -> Sequence[msgspec.Raw] | None:
    """The texts where each line is just one JSON value, without a blank line or a blank beside it; else None.

    Values may stand in other ways between the ends of lines. But when all their bytes and all the ends of lines are the
    whole, nothing is outside of values and no value holds an end of line; and when there are as many values as lines,
    none of which is empty, each line is one.
    """
    ends = whole.count(b"\n")
    try:
        texts = _ONE.decode_lines(whole) if is_utf8(whole) else []
    except (msgspec.DecodeError, RecursionError):
        return None
    fits = len(texts) == ends + 1 and sum(map(len, texts)) == len(whole) - ends
    return texts if fits and b"\n\n" not in whole and whole[:1] != b"\n" and whole[-1:] != b"\n" else None


def _is_well(line: bytes) -> bool:
    try:
        return line[:1] == b"{" and is_utf8(line) and bool(_ONE.decode(line))
    except (msgspec.DecodeError, RecursionError):
        return False
