"""Raw CloudTrail record -> the ECS document that Elastic's AWS integration makes of it.

The version emulated is the one that the field table names (8.9.0), with its defaults: `retain` not set, and
without the tag `actor_target_mapping`, so there are no `*.entity.id` fields and no `related.entity`. Not
made here: what the agent adds (`event.original`, `event.created`, `tags`), and what depends on a database
of its own (geo, AS, the parsed user agent). Simple renames come from the field table (`plan`); each
exception has a module.

A record that makes the pipeline itself fail gives the document that the pipeline would have indexed: what was
mapped until then, `event.kind: pipeline_error`, and `error.message` (in our words).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from sigmaproof.fields import DEFAULT, FieldTable, table
from sigmaproof.normalize import categories, dates, envelope, identity, objects, plan, related, special
from sigmaproof.normalize.prune import prune
from sigmaproof.normalize.work import StoppedError, Work, put

__all__ = ["normalize"]

# In the order of the pipeline.
_STEPS: tuple[Callable[[Work], None], ...] = (
    dates.event_time,
    identity.identify,
    plan.move_dates,
    envelope.fill_envelope,
    objects.move_objects,
    objects.move_resources,
    envelope.fill_recipient,
    related.relate_request,
    special.fill_console_login,
    categories.categorize,
    special.fill_digest,
    special.fill_targets,
    special.fill_tls,
    special.email_from_name,
    related.relate_rest,
)


def normalize(record: Mapping[str, Any], *, integration: str = DEFAULT) -> dict[str, Any]:
    """The ECS document of a CloudTrail record, Insights event or digest file, as nested dicts.

    Takes one record as a JSON parser returns it, and leaves it as it is. integration: the profile of the field
    table. Raises ValueError for what is no record: not an object, values that no JSON parser returns, or nesting
    too deep to walk; UnknownIntegrationError.
    """
    if not isinstance(record, Mapping):
        raise ValueError(  # noqa: TRY004 (one kind of error for whatever is no record)
            f"a CloudTrail record is a JSON object, this is {type(record).__name__}; "
            "give the single records, not the list that holds them"
        )
    try:
        return _document(record, table(integration))
    except RecursionError:
        raise ValueError("the record is nested too deeply to be normalized") from None


def _document(record: Mapping[str, Any], fields: FieldTable) -> dict[str, Any]:
    work = Work(record, prune(record), _constants(fields), fields)
    plan.move_simple(work)
    try:
        for step in _STEPS:
            step(work)
    except StoppedError as stop:
        work.errors.append(str(stop))
        plan.undo_from(work, stop.at)
    if work.errors:
        put(work.doc, ("event", "kind"), "pipeline_error")
        put(work.doc, ("error", "message"), work.errors)
    return _cleaned(work.doc)


def _constants(fields: FieldTable) -> dict[str, Any]:
    doc: dict[str, Any] = {"aws": {"cloudtrail": {}}, "cloud": {}}
    for path, value in _constant_paths(fields):
        put(doc, path, value)
    return doc


@cache
def _constant_paths(fields: FieldTable) -> tuple[tuple[tuple[str, ...], Any], ...]:
    return tuple((tuple(name.split(".")), value) for name, value in fields.constants.items())


def _cleaned(doc: dict[str, Any]) -> dict[str, Any]:
    """Drop what can be empty after all steps, as the pipeline's last script does."""
    if not doc["aws"]["cloudtrail"]:
        del doc["aws"]
    if "related" in doc:
        lists = {kind: [value for value in values if value] for kind, values in doc["related"].items()}
        doc["related"] = {kind: values for kind, values in lists.items() if values}
        if not doc["related"]:
            del doc["related"]
    return doc
