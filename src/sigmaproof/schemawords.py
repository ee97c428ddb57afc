"""What a JSON Schema finds wrong in a document, in the words of who wrote the document and not of the schema."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

__all__ = ["Fault", "worded"]

Path: TypeAlias = tuple[str | int, ...]
Fault: TypeAlias = tuple[Path, str, str]
"""Where it stands, what is wrong, and what to write."""

_TYPES = {
    "string": "a text",
    "object": "a map",
    "array": "a list",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}
_INLINE = frozenset({"record", "file"})
"""The keys of which a case of a test has one."""


def worded(errors: Iterable[Any]) -> Iterator[Fault]:
    """The faults in the order of their places. A part of which one fault says all has no others."""
    told: set[Path] = set()
    for error in sorted(errors, key=lambda one: list(map(str, one.absolute_path))):
        path = tuple(error.absolute_path)
        if path in told:
            continue
        if whole := _whole(error, path):
            told.add(path)
            yield whole
        else:
            yield from _each(error, path)


def _whole(error: Any, path: Path) -> Fault | None:
    """The one fault of a part that is another thing than it should be, or a record where a case should stand."""
    is_case = _keys(error.schema).keys() >= _INLINE
    where = ".".join(map(str, path)) or "the document"
    if is_case and isinstance(error.instance, dict) and error.instance and _INLINE.isdisjoint(error.instance):
        beside = ", and `name:` beside it" if "name" not in error.instance else ""
        words = "there is no record" if [*error.instance] == ["name"] else f"the record stands under `record:`{beside}"
        return path, f"{where}: {words}", _told(error)
    if error.validator == "type":
        return path, f"{where}: {_short(error.instance)} is {_kind(error.instance)}, not {_types(error)}", _told(error)
    return None


def _each(error: Any, path: Path) -> Iterator[Fault]:
    where = ".".join(map(str, path)) or "the document"
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        known = _keys(error.schema)
        for key in (key for key in error.instance if key not in known):
            yield (*path, key), f"{where}: there is no key `{key[:80]}`", _meant(key, known) or _told(error)
    elif error.validator == "required" and (found := _misspelt(error)):
        yield (*path, found[0]), f"{where}: there is no key `{found[0]}`", f"did you mean `{found[1]}`?"
    elif error.validator == "pattern":
        yield path, f"{where}: {_short(error.instance)} has not the form that it must have", _told(error)
    elif error.validator in ("oneOf", "anyOf") and "valid under" in error.message:
        yield path, f"{where}: {_short(error.instance)} is none of what it can be", _told(error)
    else:
        yield path, f"{where}: {_brief(error.message)}", _told(error)


def _keys(schema: Any) -> Mapping[str, Any]:
    found = schema.get("properties") if isinstance(schema, dict) else None
    return found if isinstance(found, dict) else {}


def _told(error: Any) -> str:
    told = error.schema.get("description", "") if isinstance(error.schema, dict) else ""
    return str(told)


def _meant(key: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(key.lower(), list(known), n=1, cutoff=0.75)
    return f"did you mean `{close[0]}`?" if close else ""


def _misspelt(error: Any) -> tuple[str, str] | None:
    """The key that was written for one that is missing, and that one."""
    missing = next((key for key in error.validator_value if error.message.startswith(f"{key!r} ")), None)
    written = [key for key in error.instance if key not in _keys(error.schema)]
    close = difflib.get_close_matches(str(missing), written, n=1, cutoff=0.75)
    return (close[0], str(missing)) if close else None


def _types(error: Any) -> str:
    wanted = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
    return " or ".join(_TYPES.get(str(one), str(one)) for one in wanted)


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "a boolean"
    kinds = {str: "a text", dict: "a map", list: "a list", int: "a number", float: "a number", type(None): "null"}
    return kinds.get(type(value), f"a {type(value).__name__}")


def _short(value: Any) -> str:
    return _brief(repr(value), 60)


def _brief(message: str, most: int = 200) -> str:
    return message if len(message) <= most else f"{message[: most // 2 - 10]} … {message[10 - most // 2 :]}"
