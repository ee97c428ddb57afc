"""Whether the cause that a reason names is there in a record: a claim explains only the differences it is about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sigmaproof.fidelity import Reason
from sigmaproof.fields import Located, table
from sigmaproof.folding import has_case
from sigmaproof.matching import value_text
from sigmaproof.normalize.javamap import java_text
from sigmaproof.paths import getter

__all__ = ["is_cause"]

Record = Mapping[str, Any]
_PRUNED = ("", "-", "none", None)


def is_cause(reason: Reason, record: Record, document: Record) -> bool:
    """Whether the record has what the reason is about. A code without a test of its own is taken as it stands."""
    check = _CHECKS.get(reason.code)
    return check is None or check(table().raw(reason.field), record, document)


def _is_long(located: Located, record: Record, document: Record) -> bool:
    """Some home keeps less than the value, or than the object in which it stands."""
    values = getter(located.raw)(record) if not located.sub else [record.get(located.field.raw)]
    longest = max((len(_text(value)) for value in values if value is not None), default=0)
    del document
    for home in located.field.homes:
        if home.ignore_above is not None and longest > home.ignore_above:
            return True
        if home.dropped_from is not None and longest >= home.dropped_from:
            return True
    return False


def _text(value: Any) -> str:
    return java_text(value) if isinstance(value, dict | list) else value_text(value)


def _is_pruned(located: Located, record: Record, document: Record) -> bool:
    """The field, or something inside it, is what the integration removes."""
    del document
    return any(_has_pruned(value) for value in [*getter(located.raw)(record), record.get(located.field.raw)])


def _has_pruned(value: Any) -> bool:
    if isinstance(value, dict):
        return not value or any(map(_has_pruned, value.values()))
    if isinstance(value, list):
        return not value or any(map(_has_pruned, value))
    return value in _PRUNED


def _is_shared(located: Located, record: Record, document: Record) -> bool:
    """The ECS field holds something else than the raw field."""
    return getter(located.raw)(record) != getter(located.canonical)(document)


def _is_object(located: Located, record: Record, document: Record) -> bool:
    del document
    return any(isinstance(value, dict) for value in getter(located.raw)(record))


def _is_cased(located: Located, record: Record, document: Record) -> bool:
    del document
    return any(has_case(value_text(value)) for value in getter(located.raw)(record) if value is not None)


_CHECKS: dict[str, Callable[[Located, Record, Record], bool]] = {
    "limit": _is_long,
    "pruned": _is_pruned,
    "shared": _is_shared,
    "object": _is_object,
    "case": _is_cased,
}
