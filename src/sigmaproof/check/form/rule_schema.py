"""A key of a rule, correlation or filter has another form than Sigma 2.1 says.

What: what the JSON Schema `schema/sigma-2.1.json` refuses and loading doesn't: a date that is not YYYY-MM-DD, a
`related` without its type, a correlation without a `timespan`.

Why: the rule runs, but other tools read it otherwise, or not at all. Editors that know JSON Schema show the same while
you type: see docs/check.md. `--fix` repairs dates written with `/`.

Example:

    date: 2026/01/15

Use instead:

    date: 2026-01-15
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

from sigmaproof.check.registry import Found
from sigmaproof.safeyaml import Document

__all__ = ["check"]

MOST = 20  # faults of one document that are told
_SELECTION = {"selection": {"field": "value"}, "condition": "selection"}
_LOADED = {"detection": _SELECTION, "filter": {**_SELECTION, "rules": "any"}}
"""Keys whose values loading checks by itself, with better words: here something right stands for them."""


def check(document: Document) -> Iterator[Found]:
    """What the schema refuses, each at its place."""
    from itertools import islice

    from sigmaproof.rules import schema_faults

    data = {key: _LOADED.get(key, value) for key, value in document.data.items()}
    texts = Document(_texts(data), document.file, document.line, document.lines, [], document.columns)
    faults = list(islice(schema_faults(texts, "sigma", "rule-schema"), MOST))
    refused = {(one.place, one.message) for one in _loading_faults(texts)} if faults else set()
    for fault in faults:
        if (fault.place, fault.message) not in refused:
            yield Found(fault.place, fault.message, fault.help)


def _loading_faults(document: Document) -> Iterator[Any]:
    """What loading says of the same keys."""
    from sigmaproof.rules import schema_faults

    if "correlation" not in document.data:
        is_filter = "filter" in document.data and "detection" not in document.data
        yield from schema_faults(document, "filter" if is_filter else "rule", "")


def _texts(value: Any) -> Any:
    """The data as JSON has it: YAML 1.1 reads a date without quotes as a date, an editor and YAML 1.2 read a text."""
    if isinstance(value, dict):
        return {key: _texts(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_texts(inner) for inner in value]
    return value.isoformat() if isinstance(value, datetime.date) else value
