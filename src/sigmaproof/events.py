"""Log records with their places. How files become texts is in `batches`, how a text becomes a value in `jsonvalues`.

What can't be read is a diagnostic with its place, and the rest is still read. What a record means is not known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sigmaproof.batch import Batch, Report
from sigmaproof.batches import read_batches
from sigmaproof.diagnostics import Diagnostic, Place
from sigmaproof.jsonvalues import kind, parsed

__all__ = ["LOG_SUFFIXES", "Event", "event_at", "events_at", "read_events", "read_files"]

LOG_SUFFIXES = (".json", ".jsonl", ".ndjson", ".log")


@dataclass(frozen=True, slots=True)
class Event:
    """One record with its place. number: the line of a line-based file, the element of an array, from 1."""

    record: dict[str, Any]
    file: str
    number: int
    in_lines: bool

    @property
    def place(self) -> str:
        """`file:line`, or `file#element` for an array."""
        return f"{self.file}{':' if self.in_lines else '#'}{self.number}"


def read_files(files: Iterable[Path], report: Report) -> Iterator[Event]:
    """The records of all files in order. report: called for everything that can't be read."""
    for file in files:
        yield from read_events(file, report)


def read_events(file: Path, report: Report) -> Iterator[Event]:
    """The records of one file (`-` is standard input)."""
    for batch in read_batches(file, report):
        for index in range(len(batch.texts)):
            yield from events_at(batch, index, report)


def events_at(batch: Batch, index: int, report: Report) -> Iterator[Event]:
    """The record of one text; none where it holds none, several where a line is a whole CloudTrail file."""
    text, number = bytes(batch.texts[index]), batch.numbers[index]
    if batch.in_lines:
        yield from _line(text, batch.file, number, report)
    else:
        value, problem = parsed(text)
        message = problem.message if problem else ""
        yield from _element(value, message, batch.file, number, report)


def _line(line: bytes, shown: str, number: int, report: Report) -> Iterator[Event]:
    value, problem = parsed(line, number)
    if problem or not isinstance(value, dict):
        place = problem.at(shown) if problem else Place(shown, number)
        message = problem.message if problem else f"a record must be an object, not {kind(value)}"
        report(Diagnostic("log-record", "error", place, f"record skipped: {message}"))
    elif isinstance(value.get("Records"), list):  # CloudTrail files joined to one
        for element in enumerate(value["Records"], 1):
            for event in _element(element[1], "", shown, element[0], report):
                yield Event(event.record, shown, number, in_lines=True)
    else:
        yield Event(value, shown, number, in_lines=True)


def _element(value: Any, message: str, shown: str, number: int, report: Report) -> Iterator[Event]:
    if not message and isinstance(value, dict):
        yield Event(value, shown, number, in_lines=False)
    else:
        message = message or f"a record must be an object, not {kind(value)}"
        report(Diagnostic("log-record", "error", Place(f"{shown}#{number}"), f"record skipped: {message}"))


def event_at(where: str, report: Report | None = None) -> Event:
    """The record at FILE, FILE:LINE, FILE#ELEMENT or `-`. report: called for what couldn't be read before it.

    Raises LookupError with what was found instead.
    """
    file, number = _split(where)
    problems: list[Diagnostic] = []
    count = 0
    for event in read_events(file, problems.append):
        count += 1
        if number is None or event.number == number:
            if report and number is None:
                for problem in problems:
                    report(problem)
            return event
    here = [problem for problem in problems if _concerns(problem, number)]
    if here:
        raise LookupError(f"{here[0].place}: {here[0].message}")
    raise LookupError(f"{where}: no such record; the file holds {count}")


def _concerns(problem: Diagnostic, number: int | None) -> bool:
    """Whether a problem is one of the whole file, or of this line or element."""
    at = problem.place
    return number is None or problem.code != "log-record" or at.line == number or at.file.endswith(f"#{number}")


def _split(where: str) -> tuple[Path, int | None]:
    for sign in (":", "#"):
        name, _, number = where.rpartition(sign)
        if name and number.isdigit() and not Path(where).exists():
            return Path(name), int(number)
    return Path(where), None
