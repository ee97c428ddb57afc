"""Raw CloudTrail record -> the ECS document that Elastic's AWS integration makes of it.

The version emulated is the one that is asked for (8.9.0 by default), with its defaults, but for `retain`, and
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
from typing import Any, TypeAlias

from sigmaproof.fields import DEFAULT, FieldTable, table
from sigmaproof.normalize import categories, dates, envelope, identity, objects, older, plan, related, special
from sigmaproof.normalize.jsontext import document_json, plain_json
from sigmaproof.normalize.prune import prune
from sigmaproof.normalize.work import FailedError, StoppedError, Work, put

__all__ = ["OptionError", "check_retain", "normalize", "normalized_json"]


class OptionError(ValueError):
    """A value of `retain` that the integration does not have."""


Step: TypeAlias = Callable[[Work], None]

# In the order of the pipeline.
_CURRENT: tuple[Step, ...] = (
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
_EARLY: tuple[Step, ...] = (
    dates.event_time,
    older.identify,
    plan.move_dates,
    older.fill_envelope,
    objects.move_objects,
    objects.move_resources,
    older.relate_request,
    special.fill_console_login,
    categories.categorize_early,
    older.fill_digest,
    older.fill_targets,
    older.fill_tls,
)
_MODULE: tuple[Step, ...] = (
    dates.event_time,
    older.identify,
    plan.move_dates,
    older.fill_envelope,
    objects.move_objects,
    older.relate_request,
    special.fill_console_login,
    categories.categorize_module,
    older.fill_module_digest,
    older.fill_targets,
)
_OLDER = {"early": _EARLY, "filebeat": _MODULE}


def normalize(record: Mapping[str, Any], *, integration: str = DEFAULT, retain: str | None = None) -> dict[str, Any]:
    """The ECS document of a CloudTrail record, Insights event or digest file, as nested dicts.

    Takes one record as a JSON parser returns it, and leaves it as it is. integration: the profile of the field
    table. retain: the integration's option, one of RETAIN, by default `all`. Raises ValueError for what is no record:
    not an object, values that no JSON parser returns, or nesting too deep to walk; OptionError for a value of
    `retain` that the integration does not have; UnknownIntegrationError.
    """
    return _checked_document(record, integration, retain, None)


def normalized_json(record: Mapping[str, Any], *, integration: str = DEFAULT, retain: str | None = None) -> str:
    """The same as a line of JSON, as `jsontext.document_json` writes it.

    Soundness: all values of a document are texts, booleans or copies of the record's own, so without a float in the
    record there is none in the document, and it need not be searched for one.
    """
    floats: list[float] = []
    document = _checked_document(record, integration, retain, floats)
    return document_json(document) if floats else plain_json(document)


def _checked_document(
    record: Mapping[str, Any], integration: str, retain: str | None, floats: list[float] | None
) -> dict[str, Any]:
    fields = table(integration)
    if retain is not None:
        check_retain(retain, fields)
    if not isinstance(record, Mapping):
        raise ValueError(  # noqa: TRY004 (one kind of error for whatever is no record)
            f"a CloudTrail record is a JSON object, this is {type(record).__name__}; "
            "give the single records, not the list that holds them"
        )
    try:
        return _document(record, fields, retain or "all", floats)
    except RecursionError:
        raise ValueError("the record is nested too deeply to be normalized") from None


def check_retain(retain: str, fields: FieldTable) -> None:
    """Raises OptionError for a value of `retain` that this integration does not have."""
    if retain not in objects.RETAIN:
        raise OptionError(f"retain {retain!r}: the values are {', '.join(objects.RETAIN)}")
    if not fields.retain:
        raise OptionError(f"retain is an option of the integration since 3.10.0; {fields.integration} has none")


def _document(record: Mapping[str, Any], fields: FieldTable, retain: str, floats: list[float] | None) -> dict[str, Any]:
    work = Work(record, prune(record, fields.pruned, floats), _constants(fields), fields, retain)
    plan.move_simple(work)
    if fields.pipeline != "current":
        return _older_document(work, _OLDER[fields.pipeline])
    try:
        for step in _CURRENT:
            step(work)
    except StoppedError as stop:
        work.errors.append(str(stop))
        plan.undo_from(work, stop.at)
    if work.errors:
        put(work.doc, ("event", "kind"), "pipeline_error")
        put(work.doc, ("error", "message"), work.errors)
    return _cleaned(work.doc)


def _older_document(work: Work, steps: tuple[Step, ...]) -> dict[str, Any]:
    """The document of a pipeline whose processors mostly ignore their own failure."""
    for step in steps:
        try:
            step(work)
        except FailedError as failure:
            plan.undo_from(work, failure.at)
            put(work.doc, ("error", "message"), str(failure))
            break
        except StoppedError:
            continue
    for name in ("aws", "cloud"):
        if work.doc[name] in ({}, {"cloudtrail": {}}):
            del work.doc[name]
    return work.doc


def _constants(fields: FieldTable) -> dict[str, Any]:
    """A new document with what every document has; constants are two names deep."""
    doc: dict[str, Any] = {group: values.copy() for group, values in _constant_groups(fields).items()}
    doc["aws"]["cloudtrail"] = {}
    return doc


@cache
def _constant_groups(fields: FieldTable) -> dict[str, dict[str, Any]]:
    doc: dict[str, Any] = {"aws": {}, "cloud": {}}
    for name, value in fields.constants.items():
        group, key = name.split(".")
        put(doc, (group, key), value)
    return doc


def _cleaned(doc: dict[str, Any]) -> dict[str, Any]:
    """Drop what can be empty after all steps, as the pipeline's last script does."""
    if not doc["aws"]["cloudtrail"]:
        del doc["aws"]
    if "related" in doc and any("" in values for values in doc["related"].values()):
        lists = {kind: [value for value in values if value] for kind, values in doc["related"].items()}
        doc["related"] = {kind: values for kind, values in lists.items() if values}
        if not doc["related"]:
            del doc["related"]
    return doc
