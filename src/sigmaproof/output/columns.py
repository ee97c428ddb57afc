"""What a match is in a table: its flat columns, from a raw record and from an ECS document alike.

CSV, Parquet and the tables for people take their cells from here. Where a field lies in ECS is what the field table
says of the usual profiles; the whole record stands in the JSON forms and in Parquet's last column.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from sigmaproof.evaluate.run import source
from sigmaproof.paths import getter

if TYPE_CHECKING:
    from sigmaproof.evaluate.run import Match

__all__ = ["COLUMNS", "cells", "moment", "short_principal", "value"]

_getter = cache(getter)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Column -> fields of the raw record and of the document, of which the first that has a value counts.
FIELDS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "time": (("eventTime",), ("@timestamp",)),
    "event_id": (("eventID",), ("event.id",)),
    "account": (
        ("recipientAccountId", "userIdentity.accountId"),
        ("aws.cloudtrail.recipient_account_id", "cloud.account.id"),
    ),
    "region": (("awsRegion",), ("cloud.region",)),
    "principal": (
        ("userIdentity.arn", "userIdentity.principalId", "userIdentity.userName", "userIdentity.invokedBy"),
        ("aws.cloudtrail.user_identity.arn", "user.id", "user.name", "aws.cloudtrail.user_identity.invoked_by"),
    ),
    "event_source": (("eventSource",), ("event.provider",)),
    "event_name": (("eventName",), ("event.action",)),
    "source_ip": (("sourceIPAddress",), ("source.address", "source.ip")),
    "error_code": (("errorCode",), ("aws.cloudtrail.error_code",)),
}
_OF_MATCH: Mapping[str, Callable[[Match], str]] = {
    "rule_id": lambda match: match.rule.id,
    "title": lambda match: match.rule.title,
    "level": lambda match: match.rule.level,
    "file": lambda match: match.event.place,
}
COLUMNS = ("rule_id", "title", "level", *FIELDS, "file")
"""The columns of a match, in their order (a contract)."""


def cells(match: Match) -> list[str | None]:
    """The texts of the columns; None where the record has no value."""
    return [_OF_MATCH[name](match) if name in _OF_MATCH else value(match, name) for name in COLUMNS]


def value(match: Match, column: str) -> str | None:
    """The text of one column that comes from the record."""
    found = _found(match, column)
    return found if found is None or isinstance(found, str) else json.dumps(found, ensure_ascii=False)


def _found(match: Match, column: str) -> Any:
    record = source(match.event.record) if match.is_ecs else match.event.record
    for field in FIELDS[column][match.is_ecs]:
        for one in _getter(field)(record):
            if one is not None and one != "":
                return one
    return None


def moment(match: Match) -> datetime | None:
    """When the event happened, in UTC; None where the record tells no date.

    A date is what the normalizer takes for one; in a document also milliseconds since 1970, as Elasticsearch reads it.
    """
    from sigmaproof.normalize.dates import iso_date  # the whole normalizer: only where a date is asked for

    when = _found(match, "time")
    try:
        if match.is_ecs and isinstance(when, int | float):
            return _EPOCH + timedelta(milliseconds=when)
        text = None if when is None else iso_date(when)
        return None if text is None else datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        return None


def short_principal(principal: str) -> str:
    """An ARN without what stands before the name, as accounts have a column of their own; any other text as it is."""
    return principal.split(":", 5)[-1] if principal.startswith("arn:") else principal
