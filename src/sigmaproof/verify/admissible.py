"""Whether AWS can write a record: every field is what the field table says, and AWS's service models where there are.

Hostile records are judged apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from typing import Any

import orjson

from sigmaproof import servicemodels
from sigmaproof.fields import Field, Writes, table
from sigmaproof.folding import fold
from sigmaproof.matching import as_time
from sigmaproof.normalize.javamap import java_length, java_text
from sigmaproof.normalize.prune import PRUNED_TEXTS
from sigmaproof.paths import Getter, getter
from sigmaproof.spelling import event_names

__all__ = ["why_inadmissible"]

DEEPEST = 20
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", re.ASCII)


def why_inadmissible(record: Mapping[str, Any]) -> str | None:
    """The first reason why AWS can't have written this record, or None when it can."""
    return next(_faults(record), None)


def _faults(record: Mapping[str, Any]) -> Iterator[str]:
    for key, value in record.items():
        if fault := _fault_below(key, value):
            yield fault
    if "eventName" in record and any(field.digest and field.raw in record for field in table().fields):
        yield "mixes an event and a digest file"
    yield from _call_faults(record)
    if _depth(record) > DEEPEST:
        yield f"nested deeper than {DEEPEST} levels"


def _fault_below(key: str, value: Any) -> str | None:
    """The first fault of what stands at a key of the record: records made of one another share most of it."""
    try:
        return _known_fault(key, orjson.dumps(value))
    except TypeError:  # a lone surrogate, or a number beyond 64 bits
        return next(_faults_below({key: value}), None)


@lru_cache(maxsize=20_000)
def _known_fault(key: str, text: bytes) -> str | None:
    return next(_faults_below({key: orjson.loads(text)}), None)


def _faults_below(record: Mapping[str, Any]) -> Iterator[str]:
    """The faults of a record with one key."""
    root = next(iter(record)).partition(".")[0]
    for parent, values in _parents().get(root, ()):
        if any(not isinstance(value, dict) and value is not None for value in values(record)):
            yield f"{parent} is no object"
    for field, values in _readers().get(root, ()):
        if not field.writes.many and _has_list(record, field.raw):
            yield f"{field.raw} is a list"
        elif not field.writes.empty and _has_empty_list(record, field.raw):
            yield f"{field.raw} is an empty list"
        for value in values(record):
            fault = _fault(value, field.writes, field.open, is_date=field.homes[0].type == "date")
            if fault:
                yield f"{field.raw} {fault}"


@cache
def _parents() -> dict[str, list[tuple[str, Getter]]]:
    """The objects that hold known fields, by their first key."""
    known = {field.raw for field in table().fields}
    outer = {raw.rpartition(".")[0] for raw in known if "." in raw} - known
    found: dict[str, list[tuple[str, Getter]]] = {}
    for parent in sorted(outer):
        found.setdefault(parent.partition(".")[0], []).append((parent, getter(parent)))
    return found


@cache
def _readers() -> dict[str, list[tuple[Field, Getter]]]:
    """The fields by the first key of their path, with what reads them."""
    readers: dict[str, list[tuple[Field, Getter]]] = {}
    for field in table().fields:
        readers.setdefault(field.raw.partition(".")[0], []).append((field, getter(field.raw)))
    return readers


def _has_list(record: Mapping[str, Any], path: str) -> bool:
    """Whether a list stands at the path or on the way to it."""
    return next(_lists(record, path.split(".")), None) is not None


def _has_empty_list(record: Mapping[str, Any], path: str) -> bool:
    """Whether a list without elements stands there."""
    return any(not found for found in _lists(record, path.split(".")))


def _lists(node: Any, keys: list[str]) -> Iterator[list[Any]]:
    """The lists at a path and on the way to it."""
    if isinstance(node, list):
        yield node
        for element in node:
            yield from _lists(element, keys)
    elif keys and isinstance(node, dict):
        yield from _lists(node.get(keys[0]), keys[1:])


def _fault(value: Any, writes: Writes, is_open: bool, is_date: bool = False) -> str | None:
    if value is None:
        return None if writes.empty or is_open else "is null"
    kind = _kind(value)
    if kind not in writes.types:
        return f"is a {kind}"
    if kind == "object":
        return "is longer than AWS writes" if _too_long(value, writes) else None
    text = value if isinstance(value, str) else java_text(value)
    if text in PRUNED_TEXTS and not writes.empty:
        return f"is {text!r}"
    if is_date and (as_time(value) is None or not _TIME.fullmatch(text)):
        return "is no time"
    if writes.longest is not None and java_length(text) > writes.longest:
        return f"is longer than {writes.longest} characters"
    return None if text in PRUNED_TEXTS or _is_spelled(text, writes) else f"is not spelled as AWS does: {text[:60]!r}"


def _too_long(value: Any, writes: Writes) -> bool:
    return writes.longest is not None and java_length(java_text(value)) > writes.longest


def _is_spelled(text: str, writes: Writes) -> bool:
    if any("\ud800" <= char <= "\udfff" for char in text):
        return False
    match writes.spelling:
        case "values":
            return text in writes.values
        case "lower":
            return text.isascii() and text == text.lower()
        case "event_names":
            return text in event_names().get(fold(text), (text,)) and text.isascii()
    return True


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    return {str: "string", int: "number", float: "number", dict: "object"}.get(type(value), "list")


def _call_faults(record: Mapping[str, Any]) -> Iterator[str]:
    """What is known of single parts of the open objects for this call: the table's word, then the service models'."""
    call = f"{record.get('eventSource')}/{record.get('eventName')}"
    leaves = _leaves().get(call, ())
    for leaf in leaves:
        if not leaf.writes.many and _has_list(record, leaf.raw):
            yield f"{leaf.raw} is a list"
        for value in getter(leaf.raw)(record):
            fault = _fault(value, leaf.writes, is_open=False) or _object_fault(record, leaf, value)
            if fault:
                yield f"{leaf.raw} {fault}"
    yield from servicemodels.faults(record, [leaf.raw for leaf in leaves])


@cache
def _leaves() -> dict[str, list[Field]]:
    """What is known of parts of open objects, by call."""
    leaves: dict[str, list[Field]] = {}
    for leaf in table().leaves:
        for call in leaf.events:
            leaves.setdefault(call, []).append(leaf)
    return leaves


def _object_fault(record: Mapping[str, Any], leaf: Field, value: Any) -> str | None:
    sizes = dict(leaf.longest_object)
    longest = sizes.get(value if isinstance(value, str) else "*", sizes.get("*"))
    whole = record.get(leaf.raw.split(".", 1)[0])
    if longest is not None and java_length(java_text(whole)) > longest:
        return f"stands in an object longer than {longest} characters"
    return None


def _depth(value: Any) -> int:
    """Levels of objects and lists, without recursion: hostile records are deep."""
    deepest, stack = 0, [(value, 1)]
    while stack:
        node, level = stack.pop()
        deepest = max(deepest, level)
        if isinstance(node, dict):
            stack.extend((inner, level + 1) for inner in node.values())
        elif isinstance(node, list):
            stack.extend((inner, level + 1) for inner in node)
    return deepest
