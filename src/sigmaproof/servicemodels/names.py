"""Finds what a service's model says of a name in `requestParameters` or `responseElements`.

CloudTrail writes a member's name with a small first letter, the name that it has on the wire, or as it is; lists of
EC2 and of XML stand in objects. All of it is measured on real records; a name that is not found is not judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sigmaproof.servicemodels.data import Model, models

__all__ = ["PARTS", "Node", "knows", "located", "root", "step"]

PARTS = ("requestParameters", "responseElements")
# What stands around the elements of a list, and around a whole request, in EC2's events.
_ITEMS = {"items", "item"}
_NO_ITEM = {"tag", "xmlns"}
_WRAPPERS = ("Request", "Response")


@dataclass(frozen=True, slots=True)
class Node:
    """A shape of a model; of a list, the shape of its elements. many: it was reached through a list. element: what
    that list calls its elements on the wire."""

    model: Model
    name: str
    many: bool = False
    element: str | None = None

    @property
    def shape(self) -> Mapping[str, Any]:
        """The shape as the model has it."""
        return self.model.shapes[self.name]


def knows(event_source: str, event_name: str) -> bool:
    """Whether some service's model has this call."""
    return any(model.knows(event_name) for model in models(event_source))


@lru_cache(maxsize=4096)
def root(event_source: str, event_name: str, part: str) -> tuple[Node, ...]:
    """The shapes of a part of a call, one for each service that has the call; empty when no model has it."""
    found = [(model, model.shape(event_name, part)) for model in models(event_source)]
    return tuple(_node(model, name) for model, name in found if name is not None)


def located(event_source: str, event_name: str, path: str) -> tuple[Node, ...]:
    """The shapes at a path that begins with one of PARTS; empty when no model has it."""
    part, *keys = path.split(".")
    nodes = root(event_source, event_name, part) if part in PARTS else ()
    for key in keys:
        nodes = step(nodes, key)
    return nodes


def step(nodes: tuple[Node, ...], key: str) -> tuple[Node, ...]:
    """The shapes below a key. Of several services those count that know the key: the call was one of theirs."""
    return tuple(found for node in nodes if (found := _below(node, key)) is not None)


def _below(node: Node, key: str) -> Node | None:
    shape = node.shape
    if shape["type"] == "map":
        return _node(node.model, shape["value"]["shape"])
    member = _member(node.model, node.name, key) if shape["type"] == "structure" else None
    if member is not None:
        return _node(node.model, member)
    return node if _is_around(node, key) else None


def _is_around(node: Node, key: str) -> bool:
    """Whether a key is only what stands around a value: `items`, an element's name, the name of the whole request."""
    if node.many and (key in _ITEMS or key == node.element):
        return True
    if node.model.protocol != "ec2":
        return False
    if node.many and node.shape["type"] != "structure":
        return key not in _NO_ITEM
    return any(key.endswith(word) and node.model.knows(key.removesuffix(word)) for word in _WRAPPERS)


def _node(model: Model, name: str) -> Node:
    """The node of a shape, through lists to their elements."""
    many, element = False, None
    while model.shapes[name]["type"] == "list":
        member = model.shapes[name]["member"]
        name, many, element = member["shape"], True, member.get("locationName")
    return Node(model, name, many, element)


def _member(model: Model, shape: str, key: str) -> str | None:
    exact, folded = _members(model, shape)
    found = exact.get(key) or folded.get(key.lower())
    if found is None and model.protocol == "ec2" and key.endswith("Set"):
        found = folded.get(key.removesuffix("Set").lower())
    return found


@lru_cache(maxsize=4096)
def _members(model: Model, shape: str) -> tuple[dict[str, str], dict[str, str]]:
    """The shapes of a structure's members by their names, as spelled and without case.

    Of members that share a name, the one whose own name it is comes first; two that share it otherwise have it not.
    """
    members: Mapping[str, Mapping[str, Any]] = model.shapes[shape].get("members", {})
    exact: dict[str, str] = {}
    for names in _spellings(members):
        for name, found in names.items():
            exact.setdefault(name, found)
    folded: dict[str, set[str]] = {}
    for name, found in exact.items():
        folded.setdefault(name.lower(), set()).add(found)
    return exact, {name: next(iter(found)) for name, found in folded.items() if len(found) == 1}


def _spellings(members: Mapping[str, Mapping[str, Any]]) -> Iterator[dict[str, str]]:
    """The members' shapes by own name, by own name with a small letter, by the name on the wire, by that with one."""
    wires = [(member.get("locationName", name), member["shape"]) for name, member in members.items()]
    wires += [(member["queryName"], member["shape"]) for member in members.values() if "queryName" in member]
    for pairs in ([(name, member["shape"]) for name, member in members.items()], wires):
        yield _single(pairs)
        yield _single([(name[:1].lower() + name[1:], shape) for name, shape in pairs])


def _single(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """The pairs whose name stands for one shape only."""
    found: dict[str, set[str]] = {}
    for name, shape in pairs:
        found.setdefault(name, set()).add(shape)
    return {name: next(iter(shapes)) for name, shapes in found.items() if len(shapes) == 1}
