"""The record of one case of a test file, by the case's line or its name: what `explain` is shown of a failed test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sigmaproof.diagnostics import InputError, shown_path
from sigmaproof.events import Event
from sigmaproof.repository import root_of
from sigmaproof.ruletests.files import check_json, event_of, read_yaml
from sigmaproof.safeyaml import Document

__all__ = ["case_at", "is_case"]

_ENDINGS = (".test.yml", ".test.yaml")
_KEYS = ("match", "no_match")


def is_case(where: str) -> bool:
    """Whether FILE:LINE, or FILE#NAME, names a case of a test file."""
    return any(f"{ending}{sign}" in where for ending in _ENDINGS for sign in ":#") or where.endswith(_ENDINGS)


def case_at(where: str) -> Event:
    """The record of a case: FILE.test.yml:LINE, a line of the case, or FILE.test.yml#NAME.

    Raises LookupError when there is no such case, and InputError for a file or a record that can't be used.
    """
    file, by_line, wanted = _split(where)
    cases = [(document, key, at) for document in read_yaml(file) for key, at in _cases(document)]
    if by_line:
        before = [one for one in cases if _line(*one) <= int(wanted)]
        found = [max(before, key=lambda one: _line(*one))] if before else []
    else:
        found = [one for one in cases if _case(*one).get("name") == wanted]
    if not found:
        names = ", ".join(f"{file}:{_line(*one)}" for one in cases[:5])
        raise LookupError(f"no case {where}; write FILE:LINE or FILE#NAME{f', such as {names}' if names else ''}")
    return _event(file, *found[0])


def _split(where: str) -> tuple[Path, bool, str]:
    end = min(at + len(ending) for ending in _ENDINGS if (at := where.find(ending)) >= 0)
    sign, rest = where[end : end + 1], where[end + 1 :]
    return Path(where[:end]), sign == ":" and rest.isdigit(), rest


def _cases(document: Document) -> Iterator[tuple[str, int]]:
    data = document.data if isinstance(document.data, dict) else {}
    for key in _KEYS:
        cases = data.get(key) if isinstance(data.get(key), list) else []
        yield from ((key, at) for at, case in enumerate(cases or ()) if isinstance(case, dict))


def _case(document: Document, key: str, at: int) -> dict[str, Any]:
    case: dict[str, Any] = document.data[key][at]
    return case


def _line(document: Document, key: str, at: int) -> int:
    return document.place(key, at).line


def _event(file: Path, document: Document, key: str, at: int) -> Event:
    case, place = _case(document, key, at), document.place(key, at)
    if isinstance(case.get("file"), str):
        return event_of(case["file"], file.parent, root_of(file), place)
    record = case.get("record")
    if not isinstance(record, dict):
        raise InputError("test-record", place, "the case has no record", "write `record:` or `file:` in it")
    check_json(record, document, (key, at, "record"))
    return Event(record, shown_path(file.absolute()), place.line, in_lines=True)
