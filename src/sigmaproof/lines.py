"""Reads logs that hold a JSON value a line. Which logs these are is said in `batches`."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from itertools import accumulate, pairwise

import msgspec

from sigmaproof.batch import LONGEST, Batch, Report, batch_at, batch_of, is_utf8
from sigmaproof.diagnostics import Diagnostic, Place

__all__ = ["line_batches"]

_ONE = msgspec.json.Decoder(msgspec.Raw)


def line_batches(
    head: bytes, blocks: Iterator[bytes], number: int, shown: str, report: Report
) -> Generator[Batch, None, int]:
    """The records of a stream of lines, of which the first has this number and is in `head`.

    A line longer than LONGEST is reported, and not kept in memory. Returns the number of the last line that has an end.
    """
    rest = head
    while True:
        whole, end, rest = rest.rpartition(b"\n")
        if end:
            number += yield from _of_lines(whole, number, shown)
        if len(rest) > LONGEST:
            message = f"record skipped: longer than {LONGEST >> 20} MB"
            report(Diagnostic("log-record", "error", Place(shown, number), message))
            rest = _from_the_next_line(blocks)
            number += 1
        piece = next(blocks, None)
        if piece is None:
            break
        rest += piece
    yield from _of_lines(rest, number, shown)
    return number - 1


def _from_the_next_line(blocks: Iterator[bytes]) -> bytes:
    return next((piece.partition(b"\n")[2] for piece in blocks if b"\n" in piece), b"")


def _of_lines(whole: bytes, number: int, shown: str) -> Generator[Batch, None, int]:
    """The batch of some lines, of which the last one has no end. Returns how many lines they are."""
    found = _one_a_line(whole)
    if found is not None:
        texts, starts = found
        yield batch_at(shown, whole, texts, starts, range(number, number + len(texts)), in_lines=True)
        return len(texts)
    lines = whole.split(b"\n")
    kept = [(at, text) for at, line in enumerate(lines, number) if (text := line.rstrip(b"\r")).strip()]
    if kept:
        broken, numbers = [line for _, line in kept], [at for at, _ in kept]
        unsure = [index for index, (_, line) in enumerate(kept) if not _is_well(line)]
        yield batch_of(shown, whole, broken, numbers, len(whole), in_lines=True, unsure=unsure)
    return len(lines)


def _one_a_line(whole: bytes) -> tuple[Sequence[msgspec.Raw], Sequence[int]] | None:
    """The texts where each line is just one JSON value, without a blank beside it, and where they start; else None.

    Values may stand in other ways between the ends of lines. So it is looked whether the first end of a line from each
    one's start is just behind it.
    """
    try:
        texts = _ONE.decode_lines(whole) if is_utf8(whole) else []
    except (msgspec.DecodeError, RecursionError):
        return None
    lengths = list(map(len, texts))
    starts = list(accumulate(map((1).__add__, lengths[:-1]), initial=0))
    if not texts or starts[-1] + lengths[-1] != len(whole) or whole.find(b"\n", starts[-1]) >= 0:
        return None
    is_so = all(whole.find(b"\n", start) == after - 1 for start, after in pairwise(starts))
    return (texts, starts) if is_so else None


def _is_well(line: bytes) -> bool:
    try:
        return line[:1] == b"{" and is_utf8(line) and bool(_ONE.decode(line))
    except (msgspec.DecodeError, RecursionError):
        return False
