"""A record as it is judged: with its document, and whether AWS can have written it."""

from __future__ import annotations

from typing import Any

from sigmaproof.normalize import normalize
from sigmaproof.verify.admissible import why_inadmissible
from sigmaproof.verify.compare import Judged

__all__ = ["judged_record"]


def judged_record(id: str, place: str, record: dict[str, Any], integration: str) -> Judged:
    """The record with the document that the integration makes of it. integration: the profile of the field table."""
    try:
        document = normalize(record, integration=integration)
    except ValueError as error:
        return Judged(id, place, record, {"error.message": str(error)}, inadmissible=str(error))
    return Judged(id, place, record, document, why_inadmissible(record))
