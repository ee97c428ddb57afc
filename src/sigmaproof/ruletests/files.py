"""What the loaders of tests share: YAML documents with their faults, and records that are used only when whole."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from sigmaproof.diagnostics import Diagnostic, InputError, Place, shown_path
from sigmaproof.events import Event, SeveralError, only_event_at, read_events
from sigmaproof.inputs import is_log
from sigmaproof.repository import confined
from sigmaproof.rules import schema_faults
from sigmaproof.ruletests.subject import Report
from sigmaproof.safeyaml import Document, documents

__all__ = [
    "check_json",
    "event_of",
    "form_is_right",
    "read_yaml",
    "records_of",
    "report_surprises",
    "section",
    "split_place",
]


def read_yaml(path: Path, report: Report | None = None) -> Iterator[Document]:
    """The documents of a file. report: called for a file without any.

    Raises InputError for a file that can't be read, or isn't YAML as we take it.
    """
    shown = shown_path(path.absolute())
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError("test-unreadable", Place(shown), f"can't be read: {error.strerror or error}") from None
    is_empty = True
    for document in documents(content, shown):
        is_empty = False
        yield document
    if is_empty and report is not None:
        report(Diagnostic("test-empty", "warning", Place(shown, 1), "holds no test", "write tests, or remove the file"))


def report_surprises(document: Document, report: Report) -> None:
    """Tells what YAML reads otherwise than it looks: a record with `MFAUsed: NO` tests another value than was meant."""
    for warning in document.warnings:
        report(warning)


def section(document: Document, *path: str | int) -> Document:
    """What stands at a path of a document, as a document of its own with the lines of the whole."""
    value = document.data
    for key in path:
        value = value[key]
    lines = {one[len(path) :]: line for one, line in document.lines.items() if one[: len(path)] == path}
    return replace(document, data=value, line=document.place(*path).line, lines=lines)


def form_is_right(document: Document, schema: str, report: Report) -> bool:
    """Whether a document has the form of one of our schemas; its faults are reported."""
    faults = list(schema_faults(document, schema, "test-form"))
    for fault in faults:
        report(fault)
    return not faults


def event_of(name: str, folder: Path, root: Path, place: Place) -> Event:
    """The record that a test names: a file from the folder, with #3 or :3 for its third record.

    Raises InputError for what is no record, for a file of several of which none is named, as the others would never be
    judged, and for a file outside of the root.
    """
    file, number = split_place(name)
    found = confined(file, [folder], root, place, must_be=False)  # what isn't there is said by the reader
    try:
        return only_event_at(f"{found}{number}")
    except LookupError as error:
        help = f"name one, each in a case of its own: `{name}#N`" if isinstance(error, SeveralError) else ""
        raise InputError("test-record", place, str(error.args[0]), help) from None


def split_place(name: str) -> tuple[str, str]:
    """A name of FILE, FILE#3 or FILE:3 as the file and the rest."""
    for sign in ("#", ":"):
        file, _, number = name.rpartition(sign)
        if file and number.isdigit():
            return file, sign + number
    return name, ""


def records_of(files: Iterable[Path], place: Place) -> Iterator[Event]:
    """The records of these files and of the logs in these folders. Raises InputError for what can't be read.

    A count of matches is only worth something when every record was judged.
    """
    for path in files:
        found = sorted(one for one in path.rglob("*") if one.is_file() and is_log(one)) if path.is_dir() else [path]
        for file in found:
            problems: list[Any] = []
            yield from read_events(file, problems.append)
            for problem in problems:
                if problem.level == "error":
                    raise InputError("test-record", place, f"{problem.place}: {problem.message}")


def check_json(value: Any, document: Document, path: tuple[str | int, ...]) -> None:
    """Raises InputError for a value that JSON doesn't have: YAML reads a date without quotes as a date."""
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            check_json(inner, document, (*path, key))
    elif isinstance(value, float) and not math.isfinite(value):
        raise InputError("test-record", document.place(*path), "not a finite number", "put the value in quotes")
    elif value is not None and not isinstance(value, str | int | float):
        message = f"a {type(value).__name__} is no value of a record"
        raise InputError("test-record", document.place(*path), message, "put the value in quotes")
