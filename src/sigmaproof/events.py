"""Log records with their places. How files become texts is in `batches`, how a text becomes a value in `jsonvalues`.

What can't be read is a diagnostic with its place, and the rest is still read. What a record means is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sigmaproof.batch import Batch, Report
from sigmaproof.batches import read_batches
from sigmaproof.diagnostics import Diagnostic, Place
from sigmaproof.envelopes import DEEPEST, Skipped, leaves
from sigmaproof.jsonvalues import kind, parsed

if TYPE_CHECKING:
    from sigmaproof.remote import Remote

__all__ = [
    "LOG_SUFFIXES",
    "Event",
    "SeveralError",
    "event_at",
    "events_at",
    "only_event_at",
    "read_events",
    "read_files",
]

LOG_SUFFIXES = (".json", ".jsonl", ".ndjson", ".log", ".csv")


class SeveralError(LookupError):
    """Several records are at a place where one was to be."""


@dataclass(frozen=True, slots=True)
class Event:
    """One record with its place. number: the line of a line-based file, the element of an array, from 1. inner: where
    in
    that it is, if that is an envelope of several records: `#2`."""

    record: dict[str, Any]
    file: str
    number: int
    in_lines: bool
    inner: str = ""

    @property
    def place(self) -> str:
        """`file:line`, or `file#element` for an array; `file:line#2` for the second in an envelope."""
        return f"{self.file}{':' if self.in_lines else '#'}{self.number}{self.inner}"

    @property
    def diagnosed(self) -> Place:
        """The same as the place of a diagnostic."""
        return Place(self.file, self.number, inner=self.inner) if self.in_lines else Place(self.place)


def read_files(files: Iterable[Path | Remote], report: Report) -> Iterator[Event]:
    """The records of all files in order. report: called for everything that can't be read."""
    for file in files:
        yield from read_events(file, report)


def read_events(file: Path | Remote, report: Report) -> Iterator[Event]:
    """The records of one file (`-` is standard input)."""
    for batch in read_batches(file, report):
        for index in range(len(batch.texts)):
            yield from events_at(batch, index, report)


def events_at(batch: Batch, index: int, report: Report) -> Iterator[Event]:
    """The records of one text: none where it holds none, several where it is an envelope of several."""
    text, number = bytes(batch.texts[index]), batch.numbers[index]
    inner = batch.inner[index] if batch.inner else ""
    at = Event({}, batch.file, number, batch.in_lines, inner)
    yield from _in_text(text, at, report)


def _in_text(text: bytes, at: Event, report: Report, depth: int = 0) -> Iterator[Event]:
    value, problem = parsed(text, at.number)
    is_line = at.in_lines and not at.inner
    if problem and is_line:
        report(_skipped(problem.at(at.file), problem.message))
    elif problem:
        report(_skipped(at.diagnosed, problem.message))
    else:
        for place, leaf in leaves(value):
            inside = replace(at, inner=at.inner + place) if place else at
            yield from _in_leaf(leaf, inside, report, depth)


def _in_leaf(leaf: Any, at: Event, report: Report, depth: int) -> Iterator[Event]:
    if isinstance(leaf, dict):
        yield Event(
            leaf, at.file, at.number, at.in_lines, at.inner
        )  # `replace` is slow, and this is done for every candidate
    elif isinstance(leaf, Skipped):
        report(Diagnostic("log-skipped", "note", at.diagnosed, leaf.what))
    elif isinstance(leaf, str) and leaf.lstrip()[:1] == "{" and depth < DEEPEST:  # what an envelope has as text
        yield from _in_text(leaf.encode("utf-8", "surrogatepass"), at, report, depth + 1)
    else:
        report(_skipped(at.diagnosed, f"a record must be an object, not {kind(leaf)}"))


def _skipped(place: Place, message: str) -> Diagnostic:
    return Diagnostic("log-record", "error", place, f"record skipped: {message}")


def event_at(where: str, report: Report | None = None) -> Event:
    """The record at FILE, FILE:LINE, FILE#ELEMENT, FILE:LINE#ELEMENT or `-`; where several are at a place, the first.

    report: called for what couldn't be read before it. Raises LookupError with what was found instead.
    """
    file, wanted = _split(where)
    problems: list[Diagnostic] = []
    count, last = 0, ""
    for event in read_events(file, problems.append):
        count, last = count + 1, event.place
        if _is_at(event, wanted):
            if report and not wanted:
                for problem in problems:
                    report(problem)
            return event
    raise _missing(where, wanted, problems, count, last)


def only_event_at(where: str) -> Event:
    """The record at a place as `event_at` takes it, where no other one is, not even one that can't be read.

    Raises SeveralError where others are, and LookupError with what was found instead.
    """
    file, wanted = _split(where)
    problems: list[Diagnostic] = []
    found: Event | None = None
    count, last = 0, ""
    for event in read_events(file, problems.append):
        count, last = count + 1, event.place
        if _is_at(event, wanted):
            if found is not None:
                places = f"{found.place} and {event.place}"
                raise SeveralError(f"{where}: several records are there, the first two at {places}")
            found = event
        elif found is not None:  # the records of a place stand one after the other
            break
    faults = [problem for problem in problems if problem.level == "error"]
    if found is None or any(_concerns(problem, wanted) for problem in faults):
        raise _missing(where, wanted, faults or problems, count, last)
    return found


def _is_at(event: Event, wanted: list[int]) -> bool:
    return _numbers(f"#{event.number}{event.inner}")[: len(wanted)] == wanted


def _missing(where: str, wanted: list[int], problems: Iterable[Diagnostic], count: int, last: str) -> LookupError:
    here = [problem for problem in problems if _concerns(problem, wanted)]
    if here:
        return LookupError(f"{here[0].place}: {here[0].message}")
    return LookupError(f"{where}: no such record; the file holds {count}{f', the last at {last}' if last else ''}")


def _concerns(problem: Diagnostic, wanted: list[int]) -> bool:
    """Whether a problem is one of the whole file, or of this line or element."""
    at = problem.place
    element = _PLACE.search(at.file)
    numbers = _numbers(f"#{at.line}{at.inner}") if at.line else _numbers(element[0] if element else "")
    return not wanted or problem.code != "log-record" or numbers[: len(wanted)] == wanted


_PLACE = re.compile(r"[:#]\d+(?:#\d+)*$", re.ASCII)


def _split(where: str) -> tuple[Path | Remote, list[int]]:
    from sigmaproof.remote import Remote, is_url

    place = _PLACE.search(where)
    if place and not Path(where).exists():
        file, numbers = where[: place.start()], _numbers(place[0])
    else:
        file, numbers = where, []
    return Remote(file) if is_url(file) else Path(file), numbers


def _numbers(place: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", place)]
