"""Dates, as Elasticsearch's date processor reads and writes them.

It reads ISO 8601 (`2014`, `2014-07`, ... `2014-07-16T15:49:27.123456789+02:00`) and, where the pipeline
asks for it, the basic form (`20140716T154927Z`); it writes UTC with milliseconds, cutting off what is
finer. Without a zone a date is in UTC.

Source: Elasticsearch reference, date processor and the format `iso8601`; elastic/integrations for which
field has which formats.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from sigmaproof.normalize.javamap import render
from sigmaproof.normalize.work import Work

__all__ = ["BASIC_TOO", "event_time", "iso_date"]

_ZONE = r"(?P<zone>Z|[+-]\d\d(?::?\d\d)?)"
_ISO = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)(?:T(?:(?P<hour>\d\d)(?::(?P<minute>\d\d)"
    r"(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?)?)?" + _ZONE + "?)?)?)?)?",
    re.ASCII,
)
_BASIC = re.compile(
    r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)T(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)"
    r"(?:\.(?P<fraction>\d{1,9}))?" + _ZONE,
    re.ASCII,
)
# The usual spelling, for which nothing has to be computed but that the day exists.
_USUAL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
BASIC_TOO = (_BASIC,)


def event_time(work: Work) -> None:
    """Fill @timestamp from eventTime, which is read before anything is pruned.

    A value that is no date is an error of the document; `@timestamp` is then left out here, while in the real
    pipeline the time at which the agent read the record stays.
    """
    value = work.raw.get("eventTime")
    if value is None or value == "":
        return
    date = iso_date(value)
    if date is None:
        work.errors.append("eventTime is not a date in ISO 8601")
    else:
        work.doc["@timestamp"] = date


def iso_date(value: Any, basic: Iterable[re.Pattern[str]] = ()) -> str | None:
    """A date as `2014-07-16T15:49:27.000Z`, or None for what is no date. A number is read as its digits."""
    text = render(value)
    try:
        if _USUAL.fullmatch(text):
            datetime.fromisoformat(text)
            return text[:-1] + ".000Z"
        for pattern in (_ISO, *basic):
            if match := pattern.fullmatch(text):
                return _written(match)
    except (ValueError, OverflowError):
        return None
    return None


def _written(match: re.Match[str]) -> str:
    part = match.groupdict()
    numbers = [int(part[key] or default) for key, default in _PARTS]
    millis = int((part["fraction"] or "0")[:3].ljust(3, "0"))
    moment = datetime(*numbers, tzinfo=UTC) - _offset(part["zone"])  # type: ignore[arg-type, misc]
    return f"{moment.year:04}-{moment:%m-%dT%H:%M:%S}.{millis:03}Z"


_PARTS = (("year", "1"), ("month", "1"), ("day", "1"), ("hour", "0"), ("minute", "0"), ("second", "0"))


def _offset(zone: str | None) -> timedelta:
    if zone in (None, "Z"):
        return timedelta()
    digits = str(zone)[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return -offset if str(zone).startswith("-") else offset
