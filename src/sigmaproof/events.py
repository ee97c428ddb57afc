"""Reads log records: CloudTrail files, arrays, one record, a record a line; gzip; stdin. Nothing is dropped unseen.

What can't be read is a diagnostic with its place, and the rest is still read. What a record means is not known here.
"""

from __future__ import annotations

import gzip
import io
import json
import math
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

from sigmaproof.diagnostics import STDIN, Diagnostic, Place, shown_path

__all__ = ["LOG_SUFFIXES", "Event", "event_at", "read_events", "read_files"]

LOG_SUFFIXES = (".json", ".jsonl", ".ndjson", ".log")
DEEPEST = 200
_CONTAINERS = (dict, list)
_TOO_DEEP = f"nested deeper than {DEEPEST} levels"
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
        stream = _opened(file)
    except OSError as error:
        report(Diagnostic("log-unreadable", "error", Place(shown), f"can't be read: {error.strerror or error}"))
        return
    try:
        with stream:
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
    value, problem = _parsed(line.rstrip(b"\r\n"), number)
    if problem or not isinstance(value, dict):
        place = problem.at(shown) if problem else Place(shown, number)
        message = problem.message if problem else f"a record must be an object, not {_kind(value)}"
        report(Diagnostic("log-record", "error", place, f"record skipped: {message}"))
    elif isinstance(value.get("Records"), list):  # CloudTrail files joined to one
        for event in _elements(value, shown, report):
            yield Event(event.record, shown, number, in_lines=True)
    else:
        yield Event(value, shown, number, in_lines=True)


def _document(content: bytes, start: int, shown: str, report: Report) -> Iterator[Event]:
    value, problem = _parsed(content, start)
    if problem and content.strip():
        yield from _rescued(content, start, problem, shown, report)
    elif problem:
        report(Diagnostic("log-empty", "warning", Place(shown), "holds no record"))
    else:
        yield from _elements(value, shown, report)


def _rescued(content: bytes, start: int, problem: _Problem, shown: str, report: Report) -> Iterator[Event]:
    """Lines of which the first is broken; a document that is broken as a whole is said so, once."""
    lines = content.splitlines()
    if not any(isinstance(_parsed(line)[0], dict) for line in lines):
        report(Diagnostic("log-unreadable", "error", problem.at(shown), f"not JSON: {problem.message}"))
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
            message = f"record skipped: a record must be an object, not {_kind(element)}"
            report(Diagnostic("log-record", "error", Place(f"{shown}#{number}"), message))


@dataclass(frozen=True, slots=True)
class _Problem:
    """What is wrong in a JSON text. line counts in the file."""

    message: str
    line: int
    column: int = 0

    def at(self, shown: str) -> Place:
        return Place(shown, self.line, self.column)


def _parsed(text: bytes, start: int = 1) -> tuple[Any, _Problem | None]:
    """The value of a JSON text that begins on line `start`, or what is wrong with it."""
    try:
        value = _decoded(text.decode("utf-8"))
    except json.JSONDecodeError as error:
        return None, _Problem(error.msg.removesuffix(" at"), start + error.lineno - 1, error.colno)
    except UnicodeDecodeError as error:
        return None, _Problem("not UTF-8", start + text.count(b"\n", 0, error.start))
    except RecursionError:
        return None, _Problem(_TOO_DEEP, start)
    except ValueError as error:  # _refuse_constant, _finite, or more digits than Python reads
        return None, _Problem(str(error).partition("; use sys")[0], start)
    brackets = text.count(b"{") + text.count(b"[")  # a bound of the depth, at almost no cost
    return (None, _Problem(_TOO_DEEP, start)) if brackets > DEEPEST and _is_deep(value) else (value, None)


def _decoded(text: str) -> Any:
    if text.startswith("\ufeff"):
        raise json.JSONDecodeError("a byte order mark, which only the start of a file can have", text, 0)
    return _decoder().decode(text)


@cache
def _decoder() -> json.JSONDecoder:
    """Made once: `json.loads` with options would make one for every record, which costs as much as its work."""
    return json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"the number {text[:40]} is out of range")
    return number


def _is_deep(value: Any) -> bool:
    """Whether a value is nested deeper than any record: everything that walks one does so by recursion."""
    level = [value] if value.__class__ in _CONTAINERS else []
    for _ in range(DEEPEST):
        level = [
            inner
            for node in level
            for inner in (node.values() if node.__class__ is dict else node)
            if inner.__class__ in _CONTAINERS
        ]
        if not level:
            return False
    return True


def _kind(value: Any) -> str:
    return {list: "a list", str: "a text", type(None): "null", bool: "a boolean"}.get(type(value), "a number")


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
