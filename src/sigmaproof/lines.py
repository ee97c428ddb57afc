"""Reads logs that hold a JSON value a line. Which logs these are is said in `batches`."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from itertools import accumulate, chain

import msgspec

from sigmaproof.batch import LONGEST, Batch, Report, batch_at, batch_of, is_utf8, is_well
from sigmaproof.diagnostics import Diagnostic, Place

__all__ = ["line_batches", "whole_lines"]

_ONE = msgspec.json.Decoder(msgspec.Raw)
_END = ord("\n")


def line_batches(
    head: bytes, blocks: Iterator[bytes], number: int, shown: str, report: Report
) -> Generator[Batch, None, int]:
    """The records of a stream of lines, of which the first has this number and is in `head`.

    A line longer than LONGEST is reported, and not kept in memory. Returns the number of the last line that has an end.
    """
    skips = False
    for some in whole_lines(chain([head], blocks)):
        lines = some
        if skips:
            _, end, lines = some.partition(b"\n")
            skips = not end
            number += len(end)
        elif len(lines) > LONGEST and b"\n" not in lines:
            message = f"record skipped: longer than {LONGEST >> 20} MB"
            report(Diagnostic("log-record", "error", Place(shown, number), message))
            skips = True
        if lines and not skips:
            count = yield from _of_lines(lines.removesuffix(b"\n"), number, shown)
            number += count if lines.endswith(b"\n") else 0
    return number - 1


def whole_lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Lines with their ends, as many at once as a piece ends. One longer than LONGEST comes in parts, so that no more
    of it is in memory; the last line may have no end."""
    kept: list[bytes] = []
    size = 0
    for piece in pieces:
        whole, end, rest = piece.rpartition(b"\n")
        if end or size > LONGEST:
            yield b"".join([*kept, whole, end])
            kept, size = [], 0
        kept.append(rest)
        size += len(rest)
    if size:
        yield b"".join(kept)


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
        unsure = [index for index, (_, line) in enumerate(kept) if not is_well(line)]
        yield batch_of(shown, whole, broken, numbers, len(whole), in_lines=True, unsure=unsure)
    return len(lines)


def _one_a_line(whole: bytes) -> tuple[Sequence[msgspec.Raw], Sequence[int]] | None:
    """The texts where each line is just one JSON value, without a blank beside it, and where they start; else None.

    Values may stand in other ways between the ends of lines. So it is looked whether behind each there is an end of a
    line, and whether there is no other.
    """
    try:
        texts = _ONE.decode_lines(whole) if is_utf8(whole) else []
    except (msgspec.DecodeError, RecursionError):
        return None
    lengths = list(map(len, texts))
    starts = list(accumulate(map((1).__add__, lengths[:-1]), initial=0))
    if not texts or starts[-1] + lengths[-1] != len(whole):
        return None
    ends = starts[1:]
    is_so = whole.count(b"\n") == len(ends) and all(map(_END.__eq__, map(whole.__getitem__, map((-1).__add__, ends))))
    return (texts, starts) if is_so else None
