"""The simple renames, compiled from the field table: raw path -> canonical home.

Only fields whose whole handling is "move it there" (or, for dates, "rewrite it there") are in the plan.
What needs more is left to the steps: `STEPS_OWN` names it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from sigmaproof.fields import Field, FieldTable
from sigmaproof.normalize.dates import BASIC_TOO, iso_date
from sigmaproof.normalize.work import Work, dig, erase, put

__all__ = ["STEPS_OWN", "move_dates", "move_simple", "undo_from"]

# Raw fields with rules of their own, and the module that has them.
STEPS_OWN = {
    "userIdentity.userName": "identity",
    "userIdentity.principalId": "identity",
    "userIdentity.sessionContext.sessionIssuer.userName": "identity",
    "eventTime": "dates",
    "eventName": "envelope",
    "managementEvent": "envelope",
    "resources.ARN": "objects",
    "resources.accountId": "objects",
    "resources.type": "objects",
    "awsAccountId": "special",
    "tlsDetails.tlsVersion": "special",
}
_CREATION = ("userIdentity", "sessionContext", "attributes", "creationDate")

Path = tuple[str, ...]
# A branch by key, or the place in the document to which the value moves.
Node = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Plan:
    tree: Node
    dates: tuple[tuple[Path, Path], ...]
    order: tuple[tuple[str, Path | None], ...]


def move_simple(work: Work) -> None:
    """Put every value that only moves at its place in the document."""
    _move(work.rec, _plan(work.fields).tree, work.doc)


def move_dates(work: Work) -> None:
    """Rewrite the dates of sessions and digests; one that is no date is left out and noted as an error."""
    for raw, home in _plan(work.fields).dates:
        if raw[0] not in work.rec:
            continue
        value = dig(work.rec, raw, at=".".join(raw))
        if value is None:
            continue
        basic = BASIC_TOO if raw == _CREATION and work.fields.pipeline == "current" else ()
        date = iso_date(value, basic)
        if date is None:
            work.errors.append(f"{'.'.join(raw)} is not a date in ISO 8601")
        else:
            put(work.doc, home, date)


def undo_from(work: Work, raw: str | None) -> None:
    """Remove what the simple renames wrote for a raw field and for all that the pipeline handles after it.

    raw: None removes nothing.
    """
    reached = False
    for name, home in _plan(work.fields).order:
        reached = reached or name == raw
        if reached and home is not None:
            erase(work.doc, home)


def _move(source: dict[str, Any], tree: Node, doc: dict[str, Any]) -> None:
    for key, value in source.items():
        node = tree.get(key)
        if node is None:
            continue
        if type(node) is tuple:
            put(doc, node, value)
        elif type(value) is dict:
            _move(value, node, doc)


@cache
def _plan(fields: FieldTable) -> _Plan:
    simple = [field for field in fields.fields if _is_simple(field)]
    homes = {field.raw: _path(field.homes[0].name) for field in simple}
    tree: Node = {}
    for field in simple:
        if not _is_date(field):
            put(tree, _path(field.raw), homes[field.raw])
    dates = tuple((_path(field.raw), homes[field.raw]) for field in simple if _is_date(field))
    order = tuple((field.raw, homes.get(field.raw)) for field in fields.fields)
    return _Plan(tree, dates, order)


def _is_simple(field: Field) -> bool:
    return field.raw not in STEPS_OWN and all(home.form != "rendered" for home in field.homes)


def _is_date(field: Field) -> bool:
    return field.homes[0].form == "changed"


def _path(name: str) -> Path:
    return tuple(name.split("."))
