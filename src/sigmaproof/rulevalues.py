"""Checks the selections of a rule before pySigma sees them: fields, modifiers and values, each fault with its line.

What is refused here is refused in the same words under every pySigma. What a value means is in `lower` and
`matching`; the condition is in `conditions`.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sigmaproof.diagnostics import Diagnostic
from sigmaproof.safeyaml import Document

__all__ = ["detection_faults", "selection_names"]

Path = tuple[str | int, ...]
NOT_SELECTIONS = ("condition", "timeframe")
_TEXT, _NUMBER, _BOOLEAN, _ANY = "a text", "a number", "true or false", "any value"

# Every modifier: what its value must be.
_TAKES = {
    **dict.fromkeys(("all", "neq"), _ANY),
    **dict.fromkeys(("contains", "startswith", "endswith", "cased", "windash", "expand"), _TEXT),
    **dict.fromkeys(("base64", "base64offset", "wide", "utf16", "utf16be"), _TEXT),
    **dict.fromkeys(("re", "i", "ignorecase", "m", "multiline", "s", "dotall", "cidr", "fieldref"), _TEXT),
    **dict.fromkeys(("gt", "gte", "lt", "lte"), _NUMBER),
    **dict.fromkeys(("minute", "hour", "day", "week", "month", "year"), _NUMBER),
    "exists": _BOOLEAN,
}
_IS: dict[str, Callable[[Any], bool]] = {
    _TEXT: lambda value: isinstance(value, str),
    _NUMBER: lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    _BOOLEAN: lambda value: isinstance(value, bool),
    _ANY: lambda value: True,
}
_HELP = {_TEXT: "put the value in quotes", _NUMBER: "write it without quotes", _BOOLEAN: "write it without quotes"}
_PATTERN = {"contains", "startswith", "endswith"}
_FLAGS = {"i": "i", "ignorecase": "i", "m": "m", "multiline": "m", "s": "s", "dotall": "s"}
_NEED_FIELD = {
    "re",
    "cidr",
    "fieldref",
    "exists",
    "gt",
    "gte",
    "lt",
    "lte",
    *_FLAGS,
    *"minute hour day week month year".split(),
}
# pySigma 2 takes this many dashes in one value; below 2 each more multiplies the values by five, without end.
MOST_DASHES = 3
# Above 2^53 a number is no longer the same for every reader of JSON and YAML.
LARGEST = 2**53
_DASH = re.compile(r"\B[-/]\b")


def selection_names(document: Document) -> list[str]:
    """The names of a rule's selections, in order."""
    return [name for name in document.data["detection"] if name not in NOT_SELECTIONS]


def detection_faults(document: Document) -> Iterator[Diagnostic]:
    """What is wrong in the selections of a rule whose form is right."""
    for name in selection_names(document):
        yield from _selection(document, ("detection", name), document.data["detection"][name])
    if "timeframe" in document.data["detection"]:
        message = "the timeframe is ignored: it belongs to an aggregation, which is a correlation now"
        yield Diagnostic("rule-timeframe", "warning", document.place("detection", "timeframe"), message, "leave it out")


def _selection(document: Document, path: Path, value: Any) -> Iterator[Diagnostic]:
    """Faults of a selection: maps of fields, lists of maps, keywords; nested as deep as the YAML is."""
    if isinstance(value, dict):
        if not value:
            yield _fault(document, path, "an empty map matches everything", "name at least one field")
        for key, inner in value.items():
            yield from _field(document, (*path, key), key, inner)
    elif isinstance(value, list):
        if not value:
            yield _fault(document, path, "an empty list matches nothing that anyone wrote", "give its values")
        for index, inner in enumerate(value):
            yield from _selection(document, (*path, index), inner)
    else:
        yield from _value(document, path, "", [], value)


def _field(document: Document, path: Path, key: str, value: Any) -> Iterator[Diagnostic]:
    field, *modifiers = key.split("|")
    faults = [*_modifiers(document, path, field, modifiers)]
    yield from faults
    if isinstance(value, dict):
        yield _fault(document, path, f"{field} holds a map", f"write the path with dots: {field}.key")
    elif not isinstance(value, list):
        yield from () if faults else _value(document, path, field, modifiers, value)
    elif not value:
        yield _fault(document, path, "an empty list of values", "use `null` for a missing field, or give values")
    elif not faults:
        for index, inner in enumerate(value):
            yield from _listed(document, (*path, index), field, modifiers, inner)


def _listed(document: Document, path: Path, field: str, modifiers: Sequence[str], value: Any) -> Iterator[Diagnostic]:
    if value is None:
        help = "null has a type of its own: put it into a selection of its own (specification, null)"
        yield _fault(document, path, "null in a list of values", help)
    else:
        yield from _value(document, path, field, modifiers, value)


def _modifiers(document: Document, path: Path, field: str, modifiers: Sequence[str]) -> Iterator[Diagnostic]:
    for name in modifiers:
        if name not in _TAKES:
            close = difflib.get_close_matches(name, _TAKES, n=1, cutoff=0.6)
            help = f"did you mean |{close[0]}?" if close else f"the modifiers are {', '.join(sorted(_TAKES))}"
            yield _fault(document, path, f"unknown modifier |{name}", help)
        elif name in _NEED_FIELD and not field:
            yield _fault(document, path, f"|{name} needs a field", "write the field before it")
        elif name in _FLAGS and "re" not in modifiers:
            yield _fault(document, path, f"|{name} is a flag of |re", "write |re before it, or leave it out")
    if "re" in modifiers and _PATTERN.intersection(modifiers):
        message = "an expression is found anywhere in a value already"
        yield _fault(document, path, message, "say where in the expression: ^ is the start, $ the end")


def _value(document: Document, path: Path, field: str, modifiers: Sequence[str], value: Any) -> Iterator[Diagnostic]:
    wrong = next((name for name in modifiers if not _IS[_TAKES[name]](value)), None)
    if not isinstance(value, str | int | float | None):
        yield _fault(document, path, f"a {type(value).__name__} is no value of a rule", "put the value in quotes")
    elif isinstance(value, float) and not math.isfinite(value):
        yield _fault(document, path, "not a finite number", "put the value in quotes")
    elif isinstance(value, int) and abs(value) > LARGEST:
        yield _fault(
            document, path, f"a whole number above {LARGEST:,} is rounded", "put it in quotes: it is found as text"
        )
    elif wrong is not None:
        takes = _TAKES[wrong]
        yield _fault(document, path, f"the value of |{wrong} must be {takes}", _HELP[takes])
    elif not field and (value is None or isinstance(value, bool)):
        yield _fault(document, path, "a value without a field must be a text or a number", "put it in quotes")
    elif value == "" and (_PATTERN.intersection(modifiers) or not field):
        yield _fault(document, path, "an empty text is contained in every value", "use `|exists: true` instead")
    elif "windash" in modifiers and len(_DASH.findall(str(value))) > MOST_DASHES:
        message = f"|windash takes at most {MOST_DASHES} dashes in one value"
        yield _fault(document, path, message, "split it into parts with |contains|all")
    elif "re" in modifiers:
        yield from _expression(document, path, modifiers, str(value))


def _expression(document: Document, path: Path, modifiers: Sequence[str], value: str) -> Iterator[Diagnostic]:
    from sigmaproof.regex import RegexError, searcher

    try:
        searcher(value, "".join(sorted({_FLAGS[name] for name in modifiers if name in _FLAGS})))
    except RegexError as error:
        yield Diagnostic("rule-regex", "error", document.place(*path), str(error))


def _fault(document: Document, path: Path, message: str, help: str) -> Diagnostic:
    return Diagnostic("rule-value", "error", document.place(*path), message, help)
