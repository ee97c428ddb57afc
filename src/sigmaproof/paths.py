"""Finds the values of a dotted name in a record.

A name walks objects and, at any step, the elements of lists; a key that itself contains dots is found too: the
union of all readings. What a value has to be is in `matching`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

__all__ = ["Getter", "Steps", "found", "getter", "leaves", "places", "pointer"]

Getter: TypeAlias = Callable[[Mapping[str, Any]], list[Any]]
# The keys and the numbers of list elements on the way to a value.
Steps: TypeAlias = tuple[str | int, ...]

_MISSING = object()


def getter(path: str) -> Getter:
    """A function from a record to what stands at the path: elements of lists one by one, nulls included."""
    keys = path.split(".")

    def values(record: Mapping[str, Any]) -> list[Any]:
        found_values: list[Any] = []
        _walk(record, keys, 0, found_values)
        return found_values

    return values


def found(path: str) -> Callable[[Mapping[str, Any]], bool]:
    """A function from a record to whether the key is there, whatever its value."""
    keys = path.split(".")
    return lambda record: _is_there(record, keys, 0)


def places(path: str, record: Mapping[str, Any]) -> list[Steps]:
    """Where in the record stands what `getter` finds; a list there is one place."""
    return list(_steps(record, path.split("."), 0, ()))


def pointer(steps: Steps) -> str:
    """A place as a JSON Pointer (RFC 6901)."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def _steps(node: Any, keys: list[str], at: int, before: Steps) -> Iterator[Steps]:
    if at == len(keys):
        yield before
    elif isinstance(node, dict):
        for end in range(at + 1, len(keys) + 1):
            name = ".".join(keys[at:end])
            if name in node:
                yield from _steps(node[name], keys, end, (*before, name))
    elif isinstance(node, list):
        for number, element in enumerate(node):
            yield from _steps(element, keys, at, (*before, number))


def _walk(node: Any, keys: list[str], at: int, out: list[Any]) -> None:
    if at == len(keys):
        _elements(node, out)
    elif isinstance(node, dict):
        for end in range(at + 1, len(keys) + 1):
            value = node.get(keys[at] if end == at + 1 else ".".join(keys[at:end]), _MISSING)
            if value is not _MISSING:
                _walk(value, keys, end, out)
    elif isinstance(node, list):
        for element in node:
            _walk(element, keys, at, out)


def _elements(value: Any, out: list[Any]) -> None:
    if isinstance(value, list):
        for element in value:
            _elements(element, out)
    else:
        out.append(value)


def _is_there(node: Any, keys: list[str], at: int) -> bool:
    if at == len(keys):
        return True
    if isinstance(node, dict):
        return any(
            _is_there(node[name], keys, end)
            for end in range(at + 1, len(keys) + 1)
            if (name := ".".join(keys[at:end])) in node
        )
    return isinstance(node, list) and any(_is_there(element, keys, at) for element in node)


def leaves(value: Any) -> Iterator[Any]:
    """Every value of a record that is neither an object nor a list, in the record's order."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    else:
        yield value
