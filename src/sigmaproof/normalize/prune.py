"""What the pipeline deletes from a record before anything else looks at it.

null, `""`, `"-"`, `"none"`, and objects and lists that are empty or become so, at any depth. The copy that
is made here has its objects in Java's order already: a `HashMap` does not shrink when keys go, so the order
follows from the keys that were parsed, and only this walk still knows those.

Source: elastic/integrations, aws, cloudtrail, ingest pipeline 8.9.0 (the script before the renames).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sigmaproof.normalize.javamap import hash_order

__all__ = ["PRUNED_TEXTS", "prune"]

# Case-sensitive, whole values: "None" and " -" stay.
PRUNED_TEXTS = frozenset(("", "-", "none"))
_SCALARS = frozenset((bool, int, float))


def prune(record: Mapping[str, Any]) -> dict[str, Any]:
    """A deep copy of a parsed record without its empty parts, every object in the order of `HashMap`.

    Raises ValueError for a value that no JSON parser returns. The argument is not changed.
    """
    kept = {}
    for key in hash_order(record):
        value = record[key]
        kind = type(value)
        if kind is str:
            if value in PRUNED_TEXTS:
                continue
        elif kind is dict or kind is list:
            value = prune(value) if kind is dict else _pruned_list(value)
            if not value:
                continue
        elif value is None:
            continue
        elif kind not in _SCALARS:
            raise _no_json(value)
        kept[key] = value
    return kept


def _pruned_list(items: list[Any]) -> list[Any]:
    kept = []
    for item in items:
        kind = type(item)
        if kind is dict or kind is list:
            below = prune(item) if kind is dict else _pruned_list(item)
            if below:
                kept.append(below)
        elif kind is str:
            if item not in PRUNED_TEXTS:
                kept.append(item)
        elif kind in _SCALARS:
            kept.append(item)
        elif item is not None:
            raise _no_json(item)
    return kept


def _no_json(value: Any) -> ValueError:
    return ValueError(f"not a JSON value: {type(value).__name__}; records must come from a JSON parser")
