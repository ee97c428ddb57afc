"""Goes over log files with rules. Many files, and the parts of a large one, are read by several processes (`pool`).

What a batch of records has is said by `batchjudge`, what a process reads at once by `slices`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from sigmaproof.batch import Report
from sigmaproof.diagnostics import STDIN, Diagnostic, Place
from sigmaproof.evaluate.batchjudge import BatchJudge, Found
from sigmaproof.evaluate.run import Match
from sigmaproof.events import Event
from sigmaproof.fields import DEFAULT
from sigmaproof.limits import Limits
from sigmaproof.processes import Killed, Pool, processors
from sigmaproof.rules import Rule
from sigmaproof.selection import Selection, Tally
from sigmaproof.slices import Slice, slices_of

if TYPE_CHECKING:
    from sigmaproof.remote import Remote

__all__ = ["FileJudge", "Progress"]

_TOGETHER = 64
"""Batches of which a process makes one message."""
_WORTH_IT = 24 << 20
"""Bytes of text, guessed, from which on more processes are worth their start."""
Progress = Callable[[int, int], None]
"""Called with the bytes of files that have been read, and those that there are."""


@dataclass
class _Message:
    """What came of some batches: matches and what could not be read, in their order. lines: of a whole slice."""

    found: list[Found | Diagnostic] = field(default_factory=list)
    records: int = 0
    foreign: Event | None = None
    tally: Tally = field(default_factory=Tally)
    lines: int | None = None


class FileJudge:
    """Rules that go over files. records: how many were read. foreign, tally: see BatchJudge.

    report: called for what can't be read, and once for a rule that can't judge ECS documents. jobs: processes; None: as
    many as there are processors, where that is worth it. limits: for packed files.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        report: Report,
        form: str = "auto",
        integration: str = DEFAULT,
        *,
        jobs: int | None = None,
        limits: Limits | None = None,
        selection: Selection | None = None,
    ) -> None:
        self.report, self.jobs, self.limits = report, jobs, limits
        self.rules, self.judge = list(rules), BatchJudge(rules, form, integration, selection)
        self.records = 0
        self.foreign: Event | None = None
        self.tally = Tally()
        self._unmapped: set[Diagnostic] = set()

    def matches(self, files: Iterable[Path | Remote], progress: Progress | None = None) -> Iterator[Match]:
        """Every match in these files, in the order of the records and rules."""
        slices = [one for file in files for one in slices_of(file)]
        total, done, lines = sum(one.size for one in slices), 0, 0
        for one, said in self._messages(slices):
            message = _of_killed(one, said) if isinstance(said, Killed) else said
            yield from self._received(message, lines)
            if message.lines is not None:
                lines = 0 if one.is_last else lines + message.lines
                done += one.size
                if progress:
                    progress(done, total)

    def _messages(self, slices: Sequence[Slice]) -> Iterator[tuple[Slice, _Message | Killed]]:
        # not in a worker, which has no standard input, and could not read it again in the place of one that was killed
        for is_stdin, group in groupby(slices, lambda one: one.file == STDIN):
            some = list(group)
            yield from self._in_turn(some) if is_stdin else self._shared(some)

    def _shared(self, slices: Sequence[Slice]) -> Iterator[tuple[Slice, _Message | Killed]]:
        jobs = min(self.jobs or processors(), len(slices))
        if jobs > 1 and (self.jobs or sum(one.guess for one in slices) >= _WORTH_IT):
            self.judge.scanner.prepare()
            # the threads of the library that listed a bucket would not be there in a fork
            fork = all(isinstance(one.file, Path) for one in slices)
            yield from Pool(partial(_of_slice, self.judge, self.limits, _TOGETHER), jobs, fork).results(slices)
        else:
            yield from self._in_turn(slices)

    def _in_turn(self, slices: Iterable[Slice]) -> Iterator[tuple[Slice, _Message | Killed]]:
        for one in slices:
            yield from ((one, message) for message in _of_slice(self.judge, self.limits, 1, one))

    def _received(self, message: _Message, lines: int) -> Iterator[Match]:
        """The matches of a message. lines: those of the file before its slice."""
        self.records += message.records
        self.foreign = self.foreign or message.foreign
        self.tally.add(message.tally)
        for one in message.found:
            if isinstance(one, Diagnostic):
                self._report(one, lines)
            else:
                number, event, ecs = one
                at = replace(event, number=event.number + lines) if lines else event
                yield Match(self.rules[number], at, ecs)

    def _report(self, problem: Diagnostic, lines: int) -> None:
        if problem.code == "rule-unmapped":  # every process says so
            if problem in self._unmapped:
                return
            self._unmapped.add(problem)
        elif lines and problem.place.line:
            problem = replace(problem, place=replace(problem.place, line=problem.place.line + lines))
        self.report(problem)


def _of_killed(one: Slice, killed: Killed) -> _Message:
    where = "" if one.end is None else f"what begins in its bytes {one.start:,} to {one.end:,} is "
    problem = Diagnostic("log-unreadable", "error", Place(one.shown), f"{where}not read to its end: {killed}")
    return _Message([problem], lines=one.lines())


def _of_slice(judge: BatchJudge, limits: Limits | None, together: int, one: Slice) -> Iterator[_Message]:
    """What comes of a slice, in messages for so many batches; the same each time, as Pool needs it."""
    message, before, count = _Message(), judge.records, 0
    judge.foreign, judge.tally = None, message.tally

    def report(problem: Diagnostic) -> None:
        message.found.append(problem)  # the message of the moment

    batches = one.batches(report, limits)
    while True:
        try:
            batch = next(batches)
        except StopIteration as stop:
            message.records, message.foreign, message.lines = judge.records - before, judge.foreign, stop.value
            yield message
            return
        message.found.extend(judge.found(batch, report))
        count += 1
        if count % together == 0:
            message.records, message.foreign = judge.records - before, judge.foreign
            yield message
            message, before = _Message(), judge.records
            judge.tally = message.tally
