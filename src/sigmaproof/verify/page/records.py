"""A record as the lines of its JSON, with those marked that a deciding test looks at, and long texts and lists cut.

What is marked is never cut away from view: of a list every marked element stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from json import JSONEncoder
from typing import Any, TypeAlias

from sigmaproof.paths import pointer

__all__ = ["Line", "record_lines"]

# depth, key with its colon, text, then a mark (0 is none) and a note; the last ones are left out when they say nothing.
Line: TypeAlias = list[Any]

LONGEST = 240  # characters of a text
HEAD, TAIL = 140, 60
MOST_ELEMENTS = 4
MOST_LINES = 400


_json = JSONEncoder(ensure_ascii=False).encode


def record_lines(record: Mapping[str, Any], marks: Mapping[str, int]) -> list[Line]:
    """The lines of a record. marks: by the JSON Pointer of a value, the number to mark it with."""
    lines = [_trimmed(line) for line in _lines(dict(record), 0, "", "", marks, "")]
    if len(lines) <= MOST_LINES:
        return lines
    kept = [line for number, line in enumerate(lines) if number < MOST_LINES or (len(line) > 3 and line[3])]
    return [*kept, [0, "", "", 0, f"{len(lines) - len(kept):,} lines more"]]


def _trimmed(line: Line) -> Line:
    while len(line) > 3 and not line[-1]:
        line = line[:-1]
    return line


def _lines(value: Any, depth: int, key: str, at: str, marks: Mapping[str, int], comma: str) -> Iterator[Line]:
    mark = marks.get(at, 0)
    if not isinstance(value, dict | list) or not value:
        text, note = _text(value)
        yield [depth, key, text + comma, mark, note]
        return
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    yield [depth, key, opening, mark, ""]
    yield from _inner(value, depth + 1, at, marks)
    yield [depth, "", closing + comma, mark, ""]


def _inner(value: Any, depth: int, at: str, marks: Mapping[str, int]) -> Iterator[Line]:
    pairs = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
    places = [at + pointer((key,)) for key, _ in pairs]
    hidden = 0
    for number, ((key, inner), place) in enumerate(zip(pairs, places, strict=True)):
        if isinstance(value, list) and number >= MOST_ELEMENTS and not _is_marked(place, marks):
            hidden += 1
            continue
        name = f"{_json(key)}: " if isinstance(value, dict) else ""
        yield from _lines(inner, depth, name, place, marks, "," if number + 1 < len(pairs) else "")
    if hidden:
        yield [depth, "", "…", 0, f"{hidden:,} elements more"]


def _is_marked(place: str, marks: Mapping[str, int]) -> bool:
    return any(mark == place or mark.startswith(f"{place}/") for mark in marks)


def _text(value: Any) -> tuple[str, str]:
    """A leaf as JSON, and what was cut."""
    if isinstance(value, str) and len(value) > LONGEST:
        cut = f"{value[:HEAD]} … {value[-TAIL:]}"
        return _json(cut), f"{len(value):,} characters, cut here"
    return _json(value), ""
