"""What each of Spark's processes does: it goes over the files, lines or record texts that Spark hands to it.

The reading and the judging is that of the local run (`batches`, `batchjudge`): a file's bytes are laid into a temporary
file, packed as they are, and read from there, so a broken one is read just as far. Spark itself is not imported.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import unquote

from sigmaproof.batch import LONGEST, Batch, is_well
from sigmaproof.batches import read_batches
from sigmaproof.diagnostics import Diagnostic, Place, shown_path
from sigmaproof.envelopes import opened_batch
from sigmaproof.evaluate.batchjudge import BatchJudge, Found
from sigmaproof.evaluate.run import Match
from sigmaproof.limits import Limits
from sigmaproof.lines import line_batches
from sigmaproof.rules import Rule
from sigmaproof.spark.names import Names
from sigmaproof.spark.rows import MATCH, PROBLEM, READ, batches, event_row, row_of
from sigmaproof.unpacking import BLOCK

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Held", "Job", "Work", "lines_of_files", "record_texts", "too_large", "whole_files"]

_ROW = 32
"""Bits below a row's number in the number of its first line."""
Row = dict[str, Any]
Given = Iterator["pa.RecordBatch"]


@dataclass
class Job:
    """What every process needs: it is sent to each once. names: how files are shown."""

    rules: Sequence[Rule]
    judge: BatchJudge
    names: Names
    limits: Limits | None = None


class Held(Protocol):
    """What holds a job: a broadcast of Spark's."""

    @property
    def value(self) -> Job:
        """The job, which comes to a process when it is first asked for."""


@dataclass
class Work:
    """What Spark calls in a process for each part of the data. read: makes rows of Arrow batches."""

    held: Held
    read: Callable[[Job, Given], Iterator[Row]]

    def __call__(self, given: Given) -> Given:
        """The rows of these batches."""
        job = self.held.value  # which a process keeps for its next part: that one starts with no counts of this one
        return batches(self.read(replace(job, judge=copy(job.judge)), given))


class _Part:
    """A file, or a part of one or of a table, on its way to rows. path: as Spark names the file; None for a table."""

    def __init__(self, job: Job, path: str | None, block: int = 0) -> None:
        self.job, self.path, self.block = job, path, block
        self.seq = self.records = self.lines = self.size = 0
        rank, shown = (0, None) if path is None else job.names.of(path)
        self.same: Row = {"rank": rank, "file": shown, "block": block}
        self.said: list[Found | Diagnostic] = []
        self.foreign: Row = {}

    def row(self, row: Row) -> Row:
        """A row with its place in the order."""
        self.seq += 1
        return {**self.same, "seq": self.seq, **row}

    def judged(self, found: Iterator[Batch], behind: str = "") -> Iterator[Row]:
        """The rows of some batches. behind: the name that they have for the file."""
        judge = self.job.judge
        for batch in found:
            before, judge.foreign = judge.records, None
            self.said.extend(judge.found(batch, self.said.append))
            self.records += judge.records - before
            if judge.foreign is not None and not self.foreign:
                self.foreign = event_row(judge.foreign)
            yield from self._rows(behind)
        yield from self._rows(behind)  # what the reader said at its end

    def _rows(self, behind: str) -> Iterator[Row]:
        for one in self.said:
            if isinstance(one, Diagnostic):
                yield self.row(_placed(row_of(one), behind))
            else:
                number, event, is_ecs = one
                yield self.row(row_of(Match(self.job.rules[number], event, is_ecs), number))
        self.said.clear()

    def end(self) -> Row:
        """The row that says what was read."""
        counts = {"records": self.records, "lines": self.lines, "size": self.size}
        return self.row({"kind": READ, **counts, **self.foreign})


def _placed(row: Row, behind: str) -> Row:
    """The row of a diagnostic, whose place is behind the file's name; what is said of a rule has its own place."""
    return {**row, "place": row["place"].removeprefix(behind)} if row["code"].startswith("log-") else row


def whole_files(job: Job, given: Given) -> Iterator[Row]:
    """Files of which each is a row: path and content."""
    with tempfile.TemporaryDirectory(prefix="sigmaproof-") as folder:
        for some in given:
            for path, content in zip(some.column("path"), some.column("content"), strict=True):
                yield from _file(job, path.as_py(), content.as_buffer(), Path(folder))


def _file(job: Job, path: str, content: Any, folder: Path) -> Iterator[Row]:
    part = _Part(job, path)
    copy = folder / f"log{''.join(Path(unquote(path)).suffixes[-2:])}"
    with copy.open("wb") as stream:
        part.size = stream.write(content)
    yield from part.judged(read_batches(copy, part.said.append, job.limits), shown_path(copy))
    yield part.end()
    copy.unlink()


def too_large(job: Job, given: Given) -> Iterator[Row]:
    """Files that Spark can't hand over: path and length."""
    for some in given:
        for path, length in zip(some.column("path").to_pylist(), some.column("length").to_pylist(), strict=True):
            part = _Part(job, path)
            part.size = length
            message = f"not read: {length:,} bytes are more than Spark can hand over of a file in one piece"
            help = "name a file that has a record a line .ndjson, unpacked: it is read in parts; or evaluate it locally"
            problem = Diagnostic("log-unreadable", "error", Place(""), message, help)
            yield part.row(row_of(problem))
            yield part.end()


def lines_of_files(job: Job, given: Given) -> Iterator[Row]:
    """Lines of large files: value, path, block. Those of a block come one after another; they count from 1 in each."""
    part: _Part | None = None
    for some in given:
        for path, block, values in _runs(some):
            if part is None or (path, block) != (part.path, part.block):
                if part:
                    yield part.end()
                part = _Part(job, path, block)
            yield from part.judged(_of_lines(values, part))
            part.lines += len(values)
    if part:
        yield part.end()


def _runs(batch: pa.RecordBatch) -> Iterator[tuple[str, int, pa.Array]]:
    """The values that have one path and block."""
    import pyarrow as pa
    import pyarrow.compute as pc

    paths, blocks, values = (batch.column(name) for name in ("path", "block", "value"))
    ends = {end for both in (paths, blocks) for end in pc.run_end_encode(both, pa.int32()).run_ends.to_pylist()}
    start = 0
    for end in sorted(ends):
        yield paths[start].as_py(), blocks[start].as_py(), values.slice(start, end - start)
        start = end


def _of_lines(values: pa.Array, part: _Part) -> Iterator[Batch]:
    import pyarrow as pa
    import pyarrow.compute as pc

    one = pa.ListArray.from_arrays(pa.array([0, len(values)], pa.int32()), values)
    text = bytes(pc.binary_join(one, pa.scalar(b"\n", values.type))[0].as_buffer()) + b"\n"
    part.size += len(text)
    pieces = (text[at : at + BLOCK] for at in range(0, len(text), BLOCK))
    return map(opened_batch, line_batches(b"", pieces, part.lines + 1, "", part.said.append))


def record_texts(job: Job, given: Given) -> Iterator[Row]:
    """Record texts of a table: value, and place, what the row is shown as."""
    part = _Part(job, None)
    for some in given:
        values, places = some.column("value").to_pylist(), some.column("place").to_pylist()
        for row in part.judged(_of_texts(values, part)):
            yield _in_table(row, places)
    yield {**part.end(), "number": None}


def _in_table(row: Row, places: Sequence[str | None]) -> Row:
    """A row with the place of the row of the table that it is about."""
    if row["kind"] == MATCH:
        return {**row, "file": places[row["number"] >> _ROW], "number": None}
    if row["kind"] == PROBLEM and row["code"].startswith("log-"):
        return {**row, "file": places[row["line"] >> _ROW], "line": 0, "column": 0}
    return row


def _of_texts(values: Sequence[bytes | None], part: _Part) -> Iterator[Batch]:
    """Batches of texts; the number of a text's line tells its row, also where the text has several lines."""
    texts: list[bytes] = []
    numbers: list[int] = []
    size = 0
    for at, value in enumerate(values):
        number = (at << _ROW) + 1
        if not value or len(value) > LONGEST:
            said = f"longer than {LONGEST >> 20} MB" if value else "no text"
            part.said.append(Diagnostic("log-record", "error", Place("", number), f"record skipped: {said}"))
            continue
        texts.append(value)
        numbers.append(number)
        size += len(value)
        if size > BLOCK:
            yield _batch(texts, numbers)
            texts, numbers, size = [], [], 0
    if texts:
        yield _batch(texts, numbers)


def _batch(texts: Sequence[bytes], numbers: Sequence[int]) -> Batch:
    starts = list(accumulate((len(text) + 1 for text in texts[:-1]), initial=0))
    unsure = [at for at, text in enumerate(texts) if not is_well(text)]
    return opened_batch(Batch("", b"\n".join(texts), texts, starts, numbers, in_lines=True, unsure=unsure))
