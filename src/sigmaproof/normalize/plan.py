"""The simple renames, compiled from the field table: raw path -> canonical home.

Only fields whose whole handling is "move it there" (or, for dates, "rewrite it there") are in the plan.
What needs more is left to the steps: `STEPS_OWN` names it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

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
_CACHED_SHAPES = 1 << 11


class _Node:
    """One object of the record: which of its keys move, and where to; and the objects below it.

    homes: the box (an object of the document, by its number) and the key in it. shapes: what there is to do for an
    object with just these keys, found once: records repeat a few sets of keys.
    """

    __slots__ = ("below", "homes", "shapes")

    def __init__(self) -> None:
        self.homes: dict[str, tuple[int, str]] = {}
        self.below: dict[str, _Node] = {}
        self.shapes: dict[Path, _Shape] = {}

    def shape(self, names: Path) -> _Shape:
        """What there is to do for an object with these keys, in their order."""
        moves = tuple((name, *self.homes[name]) for name in names if name in self.homes)
        found = moves, tuple((name, self.below[name]) for name in names if name in self.below)
        if len(self.shapes) >= _CACHED_SHAPES:
            self.shapes.clear()
        self.shapes[names] = found
        return found


_Shape: TypeAlias = tuple[tuple[tuple[str, int, str], ...], tuple[tuple[str, _Node], ...]]


@dataclass(frozen=True, slots=True)
class _Plan:
    """boxes: the paths of the objects in the document into which values move."""

    tree: _Node
    boxes: tuple[Path, ...]
    dates: tuple[tuple[Path, Path], ...]
    order: tuple[tuple[str, Path | None], ...]


def move_simple(work: Work) -> None:
    """Put every value that only moves at its place in the document."""
    plan = _plan(work.fields)
    _move(work.rec, plan.tree, [None] * len(plan.boxes), work.doc, plan.boxes)


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


def _move(
    source: dict[str, Any], node: _Node, made: list[dict[str, Any] | None], doc: dict[str, Any], boxes: tuple[Path, ...]
) -> None:
    """made: the boxes of this document so far, by number."""
    names = tuple(source)
    moves, below = node.shapes.get(names) or node.shape(names)
    for name, number, key in moves:
        box = made[number]
        if box is None:
            box = doc
            for part in boxes[number]:
                box = box.get(part) or box.setdefault(part, {})
            made[number] = box
        box[key] = source[name]
    for name, inner in below:
        value = source[name]
        if type(value) is dict:
            _move(value, inner, made, doc, boxes)


@cache
def _plan(fields: FieldTable) -> _Plan:
    simple = [field for field in fields.fields if _is_simple(field)]
    homes = {field.raw: _path(field.homes[0].name) for field in simple}
    boxes = tuple(dict.fromkeys(home[:-1] for home in homes.values()))
    tree = _Node()
    for field in simple:
        if not _is_date(field):
            *above, last = _path(field.raw)
            node = tree
            for key in above:
                node = node.below.setdefault(key, _Node())
            home = homes[field.raw]
            node.homes[last] = (boxes.index(home[:-1]), home[-1])
    dates = tuple((_path(field.raw), homes[field.raw]) for field in simple if _is_date(field))
    order = tuple((field.raw, homes.get(field.raw)) for field in fields.fields)
    return _Plan(tree, boxes, dates, order)


def _is_simple(field: Field) -> bool:
    return field.raw not in STEPS_OWN and all(home.form != "rendered" for home in field.homes)


def _is_date(field: Field) -> bool:
    return field.homes[0].form == "changed"


def _path(name: str) -> Path:
    return tuple(name.split("."))
