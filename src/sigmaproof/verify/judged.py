"""A record as it is judged: with its document, and whether AWS can have written it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sigmaproof.fields import table
from sigmaproof.normalize import normalize
from sigmaproof.verify.admissible import why_inadmissible
from sigmaproof.verify.compare import Judged
from sigmaproof.verify.engines import Own, Unmade

__all__ = ["judged_record", "judged_records"]


def judged_record(id: str, place: str, record: dict[str, Any], integration: str) -> Judged:
    """The record with the document that the integration makes of it. integration: the profile of the field table."""
    try:
        document = normalize(record, integration=integration)
    except ValueError as error:
        return Judged(id, place, record, {"error.message": str(error)}, inadmissible=str(error))
    return Judged(id, place, record, document, why_inadmissible(record))


def judged_records(records: Sequence[tuple[str, str, dict[str, Any]]], own: Own, integration: str) -> list[Judged]:
    """Records, each with an id and its place, as they are judged on an engine. Its own pipeline makes their documents
    where it has one; what AWS can write does not depend on who makes them. Raises EngineUnavailable."""
    if own.documents is None:
        return [judged_record(id, place, record, integration) for id, place, record in records]
    made = own.documents([(id, record) for id, _, record in records], table(integration))
    judged = [Judged(id, place, record, {}, why_inadmissible(record)) for id, place, record in records]
    return [_with(one, made[one.id]) for one in judged]


def _with(one: Judged, made: dict[str, Any] | Unmade) -> Judged:
    return replace(one, rejected=made.reason) if isinstance(made, Unmade) else replace(one, document=made)
