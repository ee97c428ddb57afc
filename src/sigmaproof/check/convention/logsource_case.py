"""A logsource is written with capitals or spaces.

What: the values of `product`, `service` and `category` are in lower case, with `_` for spaces (specification,
LogSource).

Why: converters choose the index by them and compare them as they stand: `AWS` is no log source that any of them knows.

Example:

    logsource:
        product: AWS
        service: CloudTrail

Use instead:

    logsource:
        product: aws
        service: cloudtrail
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sigmaproof.check.registry import Found
from sigmaproof.safeyaml import Document

__all__ = ["check"]

_VALUE = re.compile(r"[a-z0-9._-]+", re.ASCII)


def check(document: Document) -> Iterator[Found]:
    """Each value that no converter compares equal."""
    logsource = document.data.get("logsource")
    for key in ("product", "service", "category"):
        value = logsource.get(key) if isinstance(logsource, dict) else None
        if isinstance(value, str) and not _VALUE.fullmatch(value):
            right = re.sub(r"\s+", "_", value.strip().lower())
            yield Found(
                document.place("logsource", key), f"{key} {value[:60]!r} is not in lower case", f"write {right}"
            )
