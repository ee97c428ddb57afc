"""The open objects as text and as flattened copies, and the list of resources.

A flattened copy is kept only when the text is shorter than Lucene's longest term would allow; the limit of
each object is `dropped_from` in the field table.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sigmaproof.fields import FieldTable
from sigmaproof.normalize.javamap import hash_order, java_length, render
from sigmaproof.normalize.work import Work

__all__ = ["RETAIN", "move_objects", "move_resources"]

# The values of the integration's option `retain`, and which copies of an object they keep.
RETAIN = ("all", "keyword", "flattened", "none", "minimal")
_TEXTS = frozenset(("all", "keyword", "minimal"))
_COPIES = frozenset(("all", "flattened", "minimal"))
_MINIMAL = (
    ("additional_eventdata", "SSEApplied"),
    ("request_parameters", "cidrIp"),
    ("request_parameters", "dryRun"),
    ("request_parameters", "fromPort"),
    ("request_parameters", "includeDeprecated"),
    ("request_parameters", "policyArn"),
    ("request_parameters", "serialNumber"),
    ("request_parameters", "withDecryption"),
    ("request_parameters", "x-amz-server-side-encryption-customer-algorithm"),
)


def move_objects(work: Work) -> None:
    """Fill aws.cloudtrail.<object> and aws.cloudtrail.flattened.<object>, as far as `retain` keeps them."""
    cloudtrail = work.doc["aws"]["cloudtrail"]
    flattened: dict[str, Any] = cloudtrail.get("flattened", {})
    copies: dict[str, Any] = {}
    keeps_empty = work.fields.pipeline != "current"
    for raw, name, limit in _objects(work.fields):
        value = work.rec.get(raw)
        if value is None:
            continue
        text = render(value)
        if work.retain in _TEXTS:
            cloudtrail[name] = text
        # The copy of an object that lost its last key is empty, and is pruned.
        if work.retain in _COPIES and (value or keeps_empty) and java_length(text) < limit:
            copies[name] = value
    flattened.update(_minimal(copies) if work.retain == "minimal" else copies)
    if flattened or (keeps_empty and cloudtrail):
        cloudtrail["flattened"] = flattened


def _minimal(copies: dict[str, Any]) -> dict[str, Any]:
    """The parts that Elastic's own detection rules need."""
    kept: dict[str, dict[str, Any]] = {}
    for name, key in _MINIMAL:
        value = copies[name].get(key) if type(copies.get(name)) is dict else None
        if value is not None:
            kept.setdefault(name, {})[key] = value
    return kept


@cache
def _objects(fields: FieldTable) -> tuple[tuple[str, str, int], ...]:
    """Raw name, name below aws.cloudtrail, and the length from which the copy is dropped."""
    found = []
    for field in fields.fields:
        if any(home.form == "rendered" for home in field.homes):
            limit = next(home.dropped_from for home in field.homes if home.dropped_from is not None)
            found.append((field.raw, field.homes[0].name.removeprefix("aws.cloudtrail."), limit))
    return tuple(found)


def move_resources(work: Work) -> None:
    """Fill aws.cloudtrail.resources: each once, in the order of a HashMap over ARN, account and type."""
    resources = work.rec.get("resources")
    if type(resources) is list:
        unique: dict[str, dict[str, Any]] = {}
        for resource in resources:
            if type(resource) is dict:
                renamed = {_RENAMED.get(key, key): value for key, value in _aws_last(resource)}
                unique["_".join(render(renamed.get(key, "")) for key in _KEY)] = renamed
        resources = [unique[key] for key in hash_order(unique)]
    if resources:
        work.doc["aws"]["cloudtrail"]["resources"] = resources


_RENAMED = {"ARN": "arn", "accountId": "account_id"}
_KEY = ("arn", "account_id", "type")


def _aws_last(resource: dict[str, Any]) -> list[tuple[str, Any]]:
    """The items, with those that are renamed at the end: they override what already has the new name."""
    return sorted(resource.items(), key=lambda item: item[0] in _RENAMED)
