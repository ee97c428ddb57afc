"""Prints the ECS documents of `normalize`: one a line, or as the body of a `_bulk` request.

A bulk body has an action line before each document: `create`, which data streams (`logs-aws.cloudtrail-default`) and
plain indices both take, and which never overwrites. No `_id` is given: the agents make theirs from the record's text
and place, which a file of records doesn't tell, and without one Elasticsearch makes an own.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from sigmaproof.diagnostics import Diagnostic, Place
from sigmaproof.fields import table

if TYPE_CHECKING:
    from sigmaproof.events import Event

__all__ = ["write_documents"]

_ACTION = {"ndjson": "", "bulk": '{"create":{}}\n'}


def write_documents(
    events: Iterable[Event],
    report: Callable[[Diagnostic], None],
    integration: str,
    retain: str | None = None,
    form: str = "ndjson",
) -> None:
    """Prints the document of each raw record. What is no record is reported and skipped. Raises OptionError."""
    from sigmaproof.normalize import check_retain, normalized_json

    if retain is not None:
        check_retain(retain, table(integration))
    action, write = _ACTION[form], sys.stdout.write
    for event in events:
        try:
            line = normalized_json(event.record, integration=integration, retain=retain)
        except ValueError as error:
            report(Diagnostic("log-record", "error", Place(event.place), f"record skipped: {error}"))
        else:
            write(f"{action}{line}\n")
