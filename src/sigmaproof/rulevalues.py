"""Checks the selections of a rule before pySigma sees them: fields, modifiers and values, each fault with its line.

What is refused here is refused in the same words under every pySigma. What a value means is in `lower` and
`matching`; the condition is in `conditions`.
"""

from __future__ import annotations

import difflib
import ipaddress
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sigmaproof.diagnostics import Diagnostic
from sigmaproof.encodings import ENCODINGS
from sigmaproof.safeyaml import Document

__all__ = ["MODIFIERS", "detection_faults", "selection_names", "size_faults"]

Path = tuple[str | int, ...]
NOT_SELECTIONS = {"detection": ("condition", "timeframe"), "filter": ("condition", "rules")}
# The least and the largest number of each part of a time (specification, Time modifiers); ISO 8601 has a week 53.
TIME_PARTS = {"minute": (0, 59), "hour": (0, 23), "day": (1, 31), "week": (1, 53), "month": (1, 12), "year": (1, 9998)}
_TEXT, _NUMBER, _BOOLEAN, _ANY = "a text", "a number", "true or false", "any value"

# Every modifier: what its value must be.
_TAKES = {
    **dict.fromkeys(("all", "neq"), _ANY),
    **dict.fromkeys(("contains", "startswith", "endswith", "cased", "windash", "expand"), _TEXT),
    **dict.fromkeys(ENCODINGS, _TEXT),
    **dict.fromkeys(("re", "i", "ignorecase", "m", "multiline", "s", "dotall", "cidr", "fieldref"), _TEXT),
    **dict.fromkeys(("gt", "gte", "lt", "lte"), _NUMBER),
    **dict.fromkeys(TIME_PARTS, _NUMBER),
    "exists": _BOOLEAN,
}
MODIFIERS = frozenset(_TAKES)
_IS: dict[str, Callable[[Any], bool]] = {
    _TEXT: lambda value: isinstance(value, str),
    _NUMBER: lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    _BOOLEAN: lambda value: isinstance(value, bool),
    _ANY: lambda value: True,
}
_HELP = {_TEXT: "put the value in quotes", _NUMBER: "write it without quotes"}
_TRUE, _FALSE = {"true", "yes", "y", "on", "1"}, {"false", "no", "n", "off", "0"}
_PATTERN = {"contains", "startswith", "endswith"}
_FLAGS = {"i": "i", "ignorecase": "i", "m": "m", "multiline": "m", "s": "s", "dotall": "s"}
# What other languages and products call a modifier, or a text that the modifier's own name is far from.
_MEANT = {
    **dict.fromkeys(("beginswith", "begins", "beginwith", "starts", "startwith", "prefix"), "startswith"),
    **dict.fromkeys(("finisheswith", "ends", "endwith", "suffix"), "endswith"),
    **dict.fromkeys(("like", "includes", "substring", "wildcard"), "contains"),
    **dict.fromkeys(("regex", "regexp", "matches", "match", "rx"), "re"),
    **dict.fromkeys(("not", "ne", "notequals", "isnot"), "neq"),
    **dict.fromkeys(("casesensitive", "case", "cs", "exact"), "cased"),
    **dict.fromkeys(("exist", "isset", "present"), "exists"),
    **dict.fromkeys(("subnet", "cidrv4", "ip", "network"), "cidr"),
    **dict.fromkeys(("greater", "more", "larger"), "gt"),
    **dict.fromkeys(("less", "smaller"), "lt"),
    **dict.fromkeys(("ge", "min"), "gte"),
    **dict.fromkeys(("le", "max"), "lte"),
    **dict.fromkeys(("field", "fieldequals", "equalsfield"), "fieldref"),
    **dict.fromkeys(("b64", "base64encode"), "base64"),
    **dict.fromkeys(("utf16le", "utf-16"), "wide"),
}
_NO_MODIFIER = frozenset({"equals", "eq", "is", "in", "any", "or", "oneof"})
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
    *TIME_PARTS,
}
# pySigma 2 takes this many dashes in one value; below 2 each more multiplies the values by five, without end.
MOST_DASHES = 3
DASH_FORMS = 5
OFFSETS = 3
# Values of one rule, after expansion: far above any rule that people write, and read well within two seconds.
MOST_VALUES = 10_000
EXPRESSION = 50  # an expression costs as much as so many other values
LONGEST = 65_536
# Characters of all values, after expansion: by aliases a short file can hold one long text thousands of times.
MOST_CHARACTERS = 2_500_000
# Encodings behind each other, each of which makes a text longer.
MOST_ENCODINGS = 4
# Above 2^53 a number is no longer the same for every reader of JSON and YAML.
LARGEST = 2**53
_DASH = re.compile(r"\B[-/]\b")


def selection_names(document: Document, section: str = "detection") -> list[str]:
    """The names of a rule's selections, or of a filter's, in order."""
    return [name for name in document.data[section] if name not in NOT_SELECTIONS[section]]


def detection_faults(document: Document, section: str = "detection") -> Iterator[Diagnostic]:
    """What is wrong in the selections of a rule whose form is right. section: where they are, `filter` of a filter."""
    faults = list(size_faults(document, section))
    yield from faults
    if faults:
        return
    for name in selection_names(document, section):
        yield from _selection(document, (section, name), document.data[section][name])
    if "timeframe" in document.data[section]:
        message = "the timeframe is ignored: it belongs to an aggregation, which is a correlation now"
        yield Diagnostic("rule-timeframe", "warning", document.place(section, "timeframe"), message, "leave it out")


def size_faults(document: Document, section: str = "detection") -> Iterator[Diagnostic]:
    """Whether the selections are more than any rule that people write, as their modifiers expand them."""
    values = [document.data[section][name] for name in selection_names(document, section)]
    if sum(_expansions("", value) for value in values) > MOST_VALUES:
        what = f"more than {MOST_VALUES:,} values"
    elif sum(_characters("", value) for value in values) > MOST_CHARACTERS:
        what = f"values of more than {MOST_CHARACTERS:,} characters"
    else:
        return
    message = f"{what}, as their modifiers expand them (an expression counts {EXPRESSION})"
    yield Diagnostic("rule-too-large", "error", document.place(section), message, "split the rule")


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
    if "\0" in field:
        faults.append(_fault(document, path, "a NUL character in the name of a field", "leave it out"))
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
            yield _fault(document, path, f"unknown modifier |{name}", _meant(name))
        elif name in _NEED_FIELD and not field:
            yield _fault(document, path, f"|{name} needs a field", "write the field before it")
        elif name in _FLAGS and "re" not in modifiers:
            yield _fault(document, path, f"|{name} is a flag of |re", "write |re before it, or leave it out")
    if modifiers.count("windash") > 1:
        yield _fault(document, path, "|windash twice", "once finds every dash")
    if sum(name in ENCODINGS for name in modifiers) > MOST_ENCODINGS:
        message = f"more than {MOST_ENCODINGS} encodings behind each other, which make a text longer each time"
        yield _fault(document, path, message, "leave some out")
    if "re" in modifiers and _PATTERN.intersection(modifiers):
        message = "an expression is found anywhere in a value already"
        yield _fault(document, path, message, "say where in the expression: ^ is the start, $ the end")


def _meant(name: str) -> str:
    """What to write instead of an unknown modifier."""
    bare = name.strip(" '\"").lower()
    if bare in _NO_MODIFIER:
        return "leave it out: a field equals its value, or one of a list of values, without a modifier"
    close = [bare] if bare in _TAKES else difflib.get_close_matches(bare, [*_MEANT, *_TAKES], n=1, cutoff=0.7)
    if close:
        return f"did you mean |{_MEANT.get(close[0], close[0])}?"
    return f"the modifiers are {', '.join(sorted(_TAKES))}"


def _value(document: Document, path: Path, field: str, modifiers: Sequence[str], value: Any) -> Iterator[Diagnostic]:
    found = next(filter(None, (check(_Item(field, modifiers, value)) for check in _CHECKS)), None)
    if found is not None:
        yield _fault(document, path, *found)
    elif "re" in modifiers:
        yield from _expression(document, path, modifiers, str(value))


# What a check of one value finds: the message and the help, or nothing.
Found = tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class _Item:
    """One value with what stands before it."""

    field: str
    modifiers: Sequence[str]
    value: Any


def _type(item: _Item) -> Found:
    if not isinstance(item.value, str | int | float | None):
        return f"a {type(item.value).__name__} is no value of a rule", "put the value in quotes"
    if isinstance(item.value, float) and not math.isfinite(item.value):
        return "not a finite number", "put the value in quotes"
    if isinstance(item.value, int) and abs(item.value) > LARGEST:
        return f"a whole number above {LARGEST:,} is rounded", "put it in quotes: it is found as text"
    return None


def _type_of_modifier(item: _Item) -> Found:
    takes = next((_TAKES[name] for name in item.modifiers if not _IS[_TAKES[name]](item.value)), None)
    name = next((name for name in item.modifiers if _TAKES[name] == takes), "")
    return (f"the value of |{name} must be {takes}", _HELP.get(takes) or _boolean(item.value)) if takes else None


def _boolean(value: Any) -> str:
    """What to write for a value that is none, and was meant as a boolean."""
    word = str(value).strip().lower()
    meant = "`true`" if word in _TRUE else "`false`" if word in _FALSE else "`true` or `false`"
    return f"write {meant}, without quotes"


def _keyword(item: _Item) -> Found:
    if not item.field and (item.value is None or isinstance(item.value, bool)):
        return "a value without a field must be a text or a number", "put it in quotes"
    return None


def _text(item: _Item) -> Found:
    if isinstance(item.value, str) and "\0" in item.value:
        return "a NUL character, which no log holds", "leave it out"
    if isinstance(item.value, str) and len(item.value) > LONGEST:
        return f"a text of {len(item.value):,} characters: at most {LONGEST:,} are taken", "search a part of it"
    if item.value == "" and (_PATTERN.intersection(item.modifiers) or not item.field):
        return "an empty text is contained in every value", "use `|exists: true` instead"
    if item.value == "" and "re" in item.modifiers:
        return "an empty expression is found in every value", "use `|exists: true` instead"
    if "windash" in item.modifiers and _dashes(item.value) > MOST_DASHES:
        return f"|windash takes at most {MOST_DASHES} dashes in one value", "split it into parts with |contains|all"
    return None


def _network(item: _Item) -> Found:
    if "cidr" not in item.modifiers or "expand" in item.modifiers:
        return None
    try:
        ipaddress.ip_network(item.value)
    except ValueError:
        try:
            meant = f"write {ipaddress.ip_network(item.value, strict=False)}"
        except ValueError:
            shown = repr(item.value)[:80]
            return f"{shown} is no network", "write an address and how many bits of it count, as 203.0.113.0/24"
        return f"{item.value} names a host, not a network: bits behind the prefix are set", meant
    return None


def _time(item: _Item) -> Found:
    part = next((name for name in item.modifiers if name in TIME_PARTS), None)
    if part is None:
        return None
    least, most = TIME_PARTS[part]
    if item.value != int(item.value) or not least <= item.value <= most:
        return f"the {part} of a time is a whole number from {least} to {most}", "no time has another one"
    return None


_CHECKS = (_type, _type_of_modifier, _keyword, _text, _network, _time)


def _dashes(value: Any) -> int:
    return len(_DASH.findall(str(value)))


def _expansions(key: str, value: Any) -> int:
    """How many values a selection, or one field of it, becomes by its modifiers, by what they cost."""
    if isinstance(value, dict):
        return sum(_expansions(inner_key, inner) for inner_key, inner in value.items())
    if isinstance(value, list):
        return sum(_expansions(key, inner) for inner in value)
    modifiers = key.split("|")[1:]
    return _forms(modifiers, value) * (EXPRESSION if "re" in modifiers else 1)


def _characters(key: str, value: Any) -> int:
    """How many characters these values have, once in each form."""
    if isinstance(value, dict):
        return sum(_characters(inner_key, inner) for inner_key, inner in value.items())
    if isinstance(value, list):
        return sum(_characters(key, inner) for inner in value)
    return _forms(key.split("|")[1:], value) * len(value) if isinstance(value, str) else 0


def _forms(modifiers: Sequence[str], value: Any) -> int:
    """How many texts a value becomes by its modifiers; no more encodings and dashes are counted than are taken."""
    dashes = min(_dashes(value), MOST_DASHES) if "windash" in modifiers else 0
    forms: int = DASH_FORMS**dashes * OFFSETS ** min(modifiers.count("base64offset"), MOST_ENCODINGS)
    return forms


def _expression(document: Document, path: Path, modifiers: Sequence[str], value: str) -> Iterator[Diagnostic]:
    from sigmaproof.regex import RegexError, searcher

    try:
        searcher(value, "".join(sorted({_FLAGS[name] for name in modifiers if name in _FLAGS})))
    except RegexError as error:
        yield Diagnostic("rule-regex", "error", document.place(*path), str(error))


def _fault(document: Document, path: Path, message: str, help: str) -> Diagnostic:
    return Diagnostic("rule-value", "error", document.place(*path), message, help)
