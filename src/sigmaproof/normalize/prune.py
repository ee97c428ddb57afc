"""What the pipeline deletes from a record before anything else looks at it.

null, some texts (`""`, `"-"`, `"none"`; before 7.4.0 only `""`), and objects and lists that are empty or become so,
at any depth; Filebeat's module deletes nothing. The copy that is made here has its objects in Java's order already: a
`HashMap` does not shrink when keys go, so the order follows from the keys that were parsed, and only this walk still
knows those.

Source: elastic/integrations, aws, cloudtrail, ingest pipeline 8.9.0 (the script before the renames).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sigmaproof.normalize.javamap import hash_order

__all__ = ["PRUNED_TEXTS", "prune"]

# Case-sensitive, whole values: "None" and " -" stay.
PRUNED_TEXTS = frozenset(("", "-", "none"))
_LONGEST = max(map(len, PRUNED_TEXTS))  # of a long text not even the hash is needed
_SCALARS = frozenset((bool, int, float))


def prune(
    record: Mapping[str, Any], texts: frozenset[str] | None = PRUNED_TEXTS, floats: list[float] | None = None
) -> dict[str, Any]:
    """A deep copy of a parsed record without its empty parts, every object in the order of `HashMap`.

    texts: those that are deleted; None to keep everything. floats: gets every float that is kept. The argument is
    not changed. Raises ValueError for a value that no JSON parser returns.
    """
    if texts is None:
        return {key: _copied(record[key], floats) for key in hash_order(record)}
    kept = {}
    for key in hash_order(record):
        value = record[key]
        kind = type(value)
        if kind is str:
            if len(value) <= _LONGEST and value in texts:
                continue
        elif kind is dict or kind is list:
            value = prune(value, texts, floats) if kind is dict else _pruned_list(value, texts, floats)
            if not value:
                continue
        elif value is None:
            continue
        elif kind is float:
            if floats is not None:
                floats.append(value)
        elif kind not in _SCALARS:
            raise _no_json(value)
        kept[key] = value
    return kept


def _pruned_list(items: list[Any], texts: frozenset[str], floats: list[float] | None) -> list[Any]:
    kept = []
    for item in items:
        kind = type(item)
        if kind is dict or kind is list:
            below = prune(item, texts, floats) if kind is dict else _pruned_list(item, texts, floats)
            if below:
                kept.append(below)
        elif kind is str:
            if item not in texts:
                kept.append(item)
        elif kind in _SCALARS:
            kept.append(item)
            if kind is float and floats is not None:
                floats.append(item)
        elif item is not None:
            raise _no_json(item)
    return kept


def _copied(value: Any, floats: list[float] | None) -> Any:
    kind = type(value)
    if kind is dict:
        return prune(value, None, floats)
    if kind is list:
        return [_copied(item, floats) for item in value]
    if kind is float and floats is not None:
        floats.append(value)
    if kind is str or value is None or kind in _SCALARS:
        return value
    raise _no_json(value)


def _no_json(value: Any) -> ValueError:
    return ValueError(f"not a JSON value: {type(value).__name__}; records must come from a JSON parser")
