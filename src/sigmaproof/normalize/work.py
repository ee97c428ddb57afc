"""What the steps of the normalizer share: the record, the document in the making, and two ways to fail.

A step that meets what the pipeline's scripts can't handle either notes an error and goes on
(`Work.errors`), or stops the pipeline (`StoppedError`), as the pipeline itself does at that place. Reading
and writing of nested paths lives here; what goes where does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sigmaproof.fields import FieldTable

__all__ = ["FailedError", "StoppedError", "Work", "dig", "erase", "put"]

_ALWAYS_THERE = ("aws", "cloudtrail")


class StoppedError(Exception):
    """The pipeline stops here. at: the raw field that it would have handled next, None after the last."""

    def __init__(self, message: str, at: str | None) -> None:
        super().__init__(message)
        self.at = at


class FailedError(StoppedError):
    """The same in a pipeline that ignores the failure of most of its processors, but not of this one."""


class Work:
    """raw: the record as parsed. rec: its pruned copy, in Java's order, ours to change. doc: the document.
    fields: the table of the integration. retain: which copies of the open objects are kept."""

    __slots__ = ("doc", "errors", "fields", "raw", "rec", "retain", "service_actor")

    def __init__(
        self, raw: Mapping[str, Any], rec: dict[str, Any], doc: dict[str, Any], fields: FieldTable, retain: str
    ) -> None:
        self.fields = fields
        self.retain = retain
        self.raw = raw
        self.rec = rec
        self.doc = doc
        self.errors: list[str] = []
        self.service_actor: str | None = None


def dig(value: Any, keys: tuple[str, ...], at: str | None = None) -> Any:
    """The value below a chain of keys, None when a key is missing.

    Raises StoppedError where an object is expected and something else stands: the pipeline's scripts fail
    there.
    """
    for key in keys:
        if value is None:
            return None
        if type(value) is not dict:
            raise StoppedError(f"cannot read {key} of something that is not an object", at)
        value = value.get(key)
    return value


def put(doc: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    """Write a value at a path of the document; the objects on the way are made."""
    for key in path[:-1]:
        below = doc.get(key)
        if below is None:
            below = doc[key] = {}
        doc = below
    doc[path[-1]] = value


def erase(doc: dict[str, Any], path: tuple[str, ...]) -> None:
    """Remove what stands at a path, and objects that become empty, but for those that the steps count on."""
    inner = doc.get(path[0])
    if len(path) > 1 and isinstance(inner, dict):
        erase(inner, path[1:])
    if len(path) == 1 or (inner == {} and path[0] not in _ALWAYS_THERE):
        doc.pop(path[0], None)
