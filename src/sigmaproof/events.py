"""Reads log records: CloudTrail files, arrays, one record, a record a line; gzip; stdin. Nothing is dropped unseen.

What can't be read is a diagnostic with its place, and the rest is still read. What a record means is not known here.
"""

from __future__ import annotations

import gzip
import io
import json
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from sigmaproof.diagnostics import Diagnostic, Place, shown_path

__all__ = ["LOG_SUFFIXES", "Event", "event_at", "read_events", "read_files"]

LOG_SUFFIXES = (".json", ".jsonl", ".ndjson", ".log")
STDIN = Path("-")
Report = Callable[[Diagnostic], None]


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
    shown = "<stdin>" if file == STDIN else shown_path(file)
    try:
        with _opened(file) as stream:
            yield from _records(stream, shown, report)
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        report(Diagnostic("log-unreadable", "error", Place(shown), f"can't be read to its end: {reason}"))


def _opened(file: Path) -> BinaryIO:
    if file == STDIN:
        return sys.stdin.buffer
    if file.suffix == ".gz":
        return io.BufferedReader(gzip.open(file))
    return file.open("rb")


def _records(stream: BinaryIO, shown: str, report: Report) -> Iterator[Event]:
    """A file whose first line is a whole JSON object that is no wrapper is line-based; any other is one document."""
    first = _first_line(stream)
    if _is_record(first[1]):
        yield from _lines(first, stream, shown, report)
    else:
        yield from _document(first[1] + stream.read(), first[0], shown, report)


def _first_line(stream: BinaryIO) -> tuple[int, bytes]:
    number = 0
    for line in stream:
        number += 1
        if line.strip():
            return number, line.removeprefix(b"\xef\xbb\xbf")
    return number, b""


def _is_record(line: bytes) -> bool:
    value, _ = _parsed(line)
    return isinstance(value, dict) and not isinstance(value.get("Records"), list)


def _lines(first: tuple[int, bytes], stream: BinaryIO, shown: str, report: Report) -> Iterator[Event]:
    number, line = first
    while line:
        if line.strip():
            yield from _line(line, shown, number, report)
        line = stream.readline()
        number += 1


def _line(line: bytes, shown: str, number: int, report: Report) -> Iterator[Event]:
    value, problem = _parsed(line)
    if problem or not isinstance(value, dict):
        message = problem or f"a record must be an object, not {_kind(value)}"
        report(Diagnostic("log-record", "error", Place(shown, number), f"record skipped: {message}"))
    else:
        yield Event(value, shown, number, in_lines=True)


def _document(content: bytes, start: int, shown: str, report: Report) -> Iterator[Event]:
    value, problem = _parsed(content)
    if problem and content.strip():
        yield from _rescued(content, start, problem, shown, report)
    elif problem:
        report(Diagnostic("log-empty", "warning", Place(shown), "holds no record"))
    else:
        yield from _elements(value, shown, report)


def _rescued(content: bytes, start: int, problem: str, shown: str, report: Report) -> Iterator[Event]:
    """Lines of which the first is broken; a document that is broken as a whole is said so, once."""
    lines = content.splitlines()
    if not any(isinstance(_parsed(line)[0], dict) for line in lines):
        report(Diagnostic("log-unreadable", "error", Place(shown), f"not JSON: {problem}"))
        return
    for number, line in enumerate(lines, start):
        if line.strip():
            yield from _line(line, shown, number, report)


def _elements(value: Any, shown: str, report: Report) -> Iterator[Event]:
    if isinstance(value, dict) and isinstance(value.get("Records"), list):
        value = value["Records"]
    for number, element in enumerate(value if isinstance(value, list) else [value], 1):
        if isinstance(element, dict):
            yield Event(element, shown, number, in_lines=False)
        else:
            message = f"record {number} skipped: it must be an object, not {_kind(element)}"
            report(Diagnostic("log-record", "error", Place(shown), message))


def _parsed(text: bytes) -> tuple[Any, str | None]:
    """The value of a JSON text, or what is wrong with it."""
    try:
        return json.loads(text.decode("utf-8"), parse_constant=_refuse_constant), None
    except RecursionError:
        return None, "nested too deep"
    except (ValueError, UnicodeDecodeError) as error:
        return None, str(error)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _kind(value: Any) -> str:
    return {list: "a list", str: "a text", type(None): "null", bool: "a boolean"}.get(type(value), "a number")


def event_at(where: str) -> Event:
    """The record at FILE, FILE:LINE, FILE#ELEMENT or `-`. Raises LookupError with what was found instead."""
    file, number = _split(where)
    problems: list[Diagnostic] = []
    count = 0
    for event in read_events(file, problems.append):
        count += 1
        if number is None or event.number == number:
            return event
    if problems:
        raise LookupError(f"{problems[0].place}: {problems[0].message}")
    raise LookupError(f"{where}: no such record; the file holds {count}")


def _split(where: str) -> tuple[Path, int | None]:
    for sign in (":", "#"):
        name, _, number = where.rpartition(sign)
        if name and number.isdigit() and not Path(where).exists():
            return Path(name), int(number)
    return Path(where), None
