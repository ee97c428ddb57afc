"""What a service's model allows at a place, and whether a record's parameters keep to it.

Only what AWS enforces is held against a record: the values of an enumeration and the lengths of a text, in the
parameters of a call that succeeded. A refused call logs what the caller sent. Responses are not judged: real ones
break their models. Nor are patterns: services don't enforce theirs alike.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sigmaproof.normalize.javamap import java_length
from sigmaproof.servicemodels.names import Node, root, step

__all__ = ["MASKS", "Leaf", "described_by", "faults", "is_fault", "leaves"]

# What CloudTrail and services write instead of a secret.
MASKS = frozenset({"HIDDEN_DUE_TO_SECURITY_REASONS", "***", "****", "*****", "sensitiveDataRemoved", "<sensitive>"})
# What the service takes beyond its model, by service and shape: S3 user guide, "Canned ACL".
MORE: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("s3", "BucketCannedACL"): (
        "aws-exec-read",
        "bucket-owner-read",
        "bucket-owner-full-control",
        "log-delivery-write",
    ),
}
MODEL = "AWS's service model"
_TYPES = {"long": "integer", "float": "number", "double": "number", "character": "string"}


@dataclass(frozen=True, slots=True)
class Leaf:
    """What the models say of a place; of a list, of its elements.

    types: of string, boolean, integer, number, map, structure, blob, timestamp; several where services share a call.
    many: it is in a list. values: of an enumeration. least, most: characters of a text, bounds of a number, entries of
    a map. patterns: as AWS wrote them, in no language's dialect. sensitive: logged masked or not at all.
    services: whose models say so.
    """

    types: tuple[str, ...]
    many: bool = False
    values: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    patterns: tuple[str, ...] = ()
    sensitive: bool = False
    services: tuple[str, ...] = ()


@lru_cache(maxsize=8192)
def described_by(nodes: tuple[Node, ...]) -> Leaf | None:
    """What these shapes say together: what any of them allows is allowed. None without a shape."""
    if not nodes:
        return None
    shapes = [node.shape for node in nodes]
    enums = [_enumerated(node) for node in nodes]
    least: list[float] = [shape["min"] for shape in shapes if "min" in shape]
    most: list[float] = [shape["max"] for shape in shapes if "max" in shape]
    return Leaf(
        types=tuple(dict.fromkeys(_TYPES.get(shape["type"], shape["type"]) for shape in shapes)),
        many=any(node.many for node in nodes),
        values=tuple(dict.fromkeys(value for enum in enums for value in enum)) if all(enums) else (),
        least=min(least) if len(least) == len(shapes) else None,
        most=max(most) if len(most) == len(shapes) else None,
        patterns=tuple(dict.fromkeys(shape["pattern"] for shape in shapes if "pattern" in shape)),
        sensitive=any(shape.get("sensitive") for shape in shapes),
        services=tuple(node.model.name for node in nodes),
    )


def _enumerated(node: Node) -> tuple[str, ...]:
    values: list[str] | None = node.shape.get("enum")
    return (*values, *MORE.get((node.model.name, node.name), ())) if values else ()


def leaves(record: Mapping[str, Any], part: str) -> Iterator[tuple[str, Any, Leaf | None]]:
    """The path, value and model of each value in a part of a record that is no object or list; None: not in a model.

    Nothing for a call that no model has.
    """
    source, name = record.get("eventSource"), record.get("eventName")
    if isinstance(source, str) and isinstance(name, str) and (nodes := root(source, name, part)):
        yield from _walked(record.get(part), nodes, part)


def _walked(value: Any, nodes: tuple[Node, ...], path: str) -> Iterator[tuple[str, Any, Leaf | None]]:
    stack = [(value, nodes, path)]
    while stack:  # hostile records are deep
        value, nodes, path = stack.pop()
        if isinstance(value, dict):
            stack.extend((inner, step(nodes, key), f"{path}.{key}") for key, inner in reversed(value.items()))
        elif isinstance(value, list):
            stack.extend((inner, nodes, path) for inner in reversed(value))
        else:
            yield path, value, described_by(nodes)


def faults(record: Mapping[str, Any], known: Collection[str] = ()) -> Iterator[str]:
    """Why a service's model says that AWS can't have written the parameters of this call.

    known: paths of which something better is known, which are left out.
    """
    if record.get("eventType") != "AwsApiCall" or record.get("errorCode") or record.get("errorMessage"):
        return
    for path, value, leaf in leaves(record, "requestParameters"):
        if leaf is None or path in known or not isinstance(value, str):
            continue
        if fault := _fault(value, leaf):
            yield f"{path} {fault}"


def is_fault(why: str | None) -> bool:
    """Whether a reason why AWS can't have written a record comes from here."""
    return why is not None and MODEL in why


def _fault(text: str, leaf: Leaf) -> str | None:
    """An empty text is a parameter that was not given. Soundness: a place that other types can fill too, or whose
    value is masked, is never held against a record; lengths are counted to the record's advantage."""
    if leaf.types != ("string",) or leaf.sensitive or not text or text in MASKS:
        return None
    if leaf.values and text not in leaf.values:
        return f"is not one of the values of {MODEL}: {text[:60]!r}"
    if leaf.most is not None and len(text) > leaf.most:
        return f"is longer than {leaf.most:.0f} characters, the most of {MODEL}"
    if leaf.least is not None and java_length(text) < leaf.least:
        return f"is shorter than {leaf.least:.0f} characters, the least of {MODEL}"
    return None
