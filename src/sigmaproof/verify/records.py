"""Makes raw records: an ordinary one, and the same with paths set or removed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

__all__ = ["BASE", "MISSING", "Draft", "built", "only"]

MISSING = object()
Draft: TypeAlias = Mapping[str, Any]

# An ordinary record, synthetic; the identifiers are those of AWS's documentation.
BASE: dict[str, Any] = {
    "eventVersion": "1.10",
    "userIdentity": {
        "type": "IAMUser",
        "principalId": "AIDACKCEVSQ6C2EXAMPLE",
        "arn": "arn:aws:iam::111122223333:user/alice",
        "accountId": "111122223333",
        "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
        "userName": "alice",
    },
    "eventTime": "2026-01-15T09:30:00Z",
    "eventSource": "ec2.amazonaws.com",
    "eventName": "DescribeInstances",
    "awsRegion": "us-east-1",
    "sourceIPAddress": "203.0.113.10",
    "userAgent": "aws-cli/2.15.0",
    "requestParameters": None,
    "responseElements": None,
    "requestID": "2f1c1e0e-0000-4000-8000-000000000001",
    "eventID": "2f1c1e0e-0000-4000-8000-000000000002",
    "readOnly": False,
    "eventType": "AwsApiCall",
    "managementEvent": True,
    "recipientAccountId": "111122223333",
    "eventCategory": "Management",
}

# Roots that are lists of objects in every record.
_LISTS = {"resources", "logFiles"}


def built(draft: Draft) -> dict[str, Any]:
    """The record of a draft: the ordinary one with these paths set or removed."""
    record: dict[str, Any] = _copied(BASE)
    if any(path.startswith("userIdentity.sessionContext.sessionIssuer.") for path in draft):
        record["userIdentity"]["type"] = "AssumedRole"  # only then the integration looks at the issuer
        del record["userIdentity"]["userName"]
    return _with(record, draft)


def only(draft: Draft) -> dict[str, Any]:
    """The record that has nothing but these paths."""
    return _with({}, draft)


def _with(record: dict[str, Any], draft: Draft) -> dict[str, Any]:
    for path, value in draft.items():
        _put(record, path.split("."), value)
    return record


def _put(record: dict[str, Any], keys: list[str], value: Any) -> None:
    for key in keys[:-1]:
        inner = record.get(key)
        if isinstance(inner, list):
            inner = inner[0] if inner else None
        elif key in _LISTS and not isinstance(inner, dict) and value is not MISSING:
            inner = {}
            record[key] = [inner]
        if not isinstance(inner, dict):
            if value is MISSING:
                return
            inner = record[key] = {}
        record = inner
    if value is MISSING:
        record.pop(keys[-1], None)
    else:
        record[keys[-1]] = _copied(value)


def _copied(value: Any) -> Any:
    """A deep copy of plain data, in a fraction of `copy.deepcopy`'s time."""
    if isinstance(value, dict):
        return {key: _copied(inner) for key, inner in value.items()}
    return [_copied(inner) for inner in value] if isinstance(value, list) else value
