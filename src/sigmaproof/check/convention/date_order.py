"""A date can't be right.

What: `modified` is before `date`, or a date is no day of the calendar.

Why: who looks for what changed since the last deployment misses the rule.

Example:

    date: 2026-01-15
    modified: 2025-12-01

Use instead:

    date: 2025-12-01
    modified: 2026-01-15
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

from sigmaproof.check.registry import Found
from sigmaproof.safeyaml import Document

__all__ = ["check"]


def check(document: Document) -> Iterator[Found]:
    """The order of the dates, and whether they are dates. Their form is a matter of `rule-schema`."""
    days = {key: _day(document.data.get(key)) for key in ("date", "modified")}
    for key, day in days.items():
        if day is False:
            yield Found(
                document.place(key), f"{key} is no day of the calendar: {document.data[key]}", "write YYYY-MM-DD"
            )
    written, changed = days.values()
    if isinstance(written, datetime.date) and isinstance(changed, datetime.date) and changed < written:
        message = f"modified {changed} is before date {written}"
        yield Found(document.place("modified"), message, "date is when the rule was written, modified the last change")


def _day(value: Any) -> datetime.date | bool | None:
    """The day of a date; False for a text of the right form that is none; None for anything else."""
    if isinstance(value, datetime.datetime):
        return value.date()
    if isinstance(value, datetime.date):
        return value
    if not isinstance(value, str) or len(value) != 10 or not value.replace("-", "").replace("/", "").isdecimal():
        return None
    try:
        return datetime.date.fromisoformat(value.replace("/", "-"))
    except ValueError:
        return False
