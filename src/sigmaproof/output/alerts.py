"""A match as an alert in ECS: the document of the event, with the fields that say which rule found it, and how grave.

Sources: ECS, "event.kind" (`alert` is for rules that run outside of the Elastic Stack), "Rule fields", "Threat
fields", `event.severity` (a number whose meaning is the source's: here Elastic's own risk scores of its four levels,
with 1 for informational), `event.original` (the whole event as text), `log.file.path` (the full path). No field is
ours; none is Kibana's. What the document of an event is, is the normalizer's matter; its `data_stream` is left out, as
it says where the event lies, and a data stream takes no document that names another one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import orjson

from sigmaproof.diagnostics import Diagnostic, Place
from sigmaproof.evaluate.run import source
from sigmaproof.normalize import normalize
from sigmaproof.normalize.jsontext import document_json
from sigmaproof.output.threats import threat

if TYPE_CHECKING:
    from sigmaproof.evaluate.run import Match
    from sigmaproof.rules import Rule

__all__ = ["SEVERITY", "Alerts", "alert"]

SEVERITY = {"informational": 1, "low": 21, "medium": 47, "high": 73, "critical": 99}
# Top-level objects into which the alert writes: in a document with dotted names these are made whole first.
_TOUCHED = ("event",)
_LEFT_OUT = ("data_stream", "rule", "threat")  # where the event lies; another detection's words: this alert is ours


class Alerts:
    """Makes alerts, and what is the same in all alerts of a rule only once.

    integration: the profile by which raw records are normalized. report: called for a record of which no document
    can be made; its alert has the record's text all the same.
    """

    def __init__(self, integration: str, report: Callable[[Diagnostic], None]) -> None:
        self._integration = integration
        self._report = report
        self._rules: dict[int, tuple[Rule, Mapping[str, Any]]] = {}

    def line(self, match: Match) -> str:
        """The alert as JSON on one line, in ASCII."""
        rule = match.rule
        _, fields = self._rules.setdefault(id(rule), (rule, rule_fields(rule)))
        return document_json(self._alert(match, fields))

    def _alert(self, match: Match, fields: Mapping[str, Any]) -> dict[str, Any]:
        try:
            document = _document(match, self._integration)
        except ValueError as error:
            place = Place(match.event.place)
            self._report(
                Diagnostic("alert-document", "warning", place, f"an alert without its event's fields: {error}")
            )
            document = {"event": {"original": _text(match.event.record)}, "error": {"message": str(error)}}
        document["event"].update(fields["event"])
        return {**document, **{name: value for name, value in fields.items() if name != "event"}}


def alert(match: Match, integration: str) -> dict[str, Any]:
    """The alert of one match. Raises ValueError for a record of which no document can be made."""
    problems: list[Diagnostic] = []
    made = Alerts(integration, problems.append)._alert(match, rule_fields(match.rule))
    if problems:
        raise ValueError(problems[0].message)
    return made


def rule_fields(rule: Rule) -> dict[str, Any]:
    """What an alert says of its rule. ECS has one `rule.reference`: the first."""
    data = rule.data
    authors = [name.strip() for name in str(data.get("author") or "").split(",") if name.strip()]
    about = {
        "id": rule.id,
        "name": rule.title,
        "description": str(data.get("description") or "").strip(),
        "reference": next(iter(data.get("references") or ()), ""),
        "author": authors,
        "license": str(data.get("license") or ""),
    }
    fields: dict[str, Any] = {
        "event": {"kind": "alert", "severity": SEVERITY[rule.level]},
        "rule": {name: value for name, value in about.items() if value},
    }
    found = threat(data.get("tags") or ())
    return fields | ({"threat": found} if found else {})


def _document(match: Match, integration: str) -> dict[str, Any]:
    """A document of our own, with the objects that an alert writes into."""
    if match.is_ecs:
        return _nested(source(match.event.record))
    document = normalize(match.event.record, integration=integration)
    document.pop("data_stream", None)
    document["event"]["original"] = _text(match.event.record)
    if match.event.file != "<stdin>":
        document["log"] = {"file": {"path": _full(match.event.file)}}
    return document


def _full(file: str) -> str:
    return file if "://" in file else os.path.abspath(file)  # noqa: PTH100 - links stay as they are named


def _text(record: Mapping[str, Any]) -> str:
    """The record as JSON without blanks; in ASCII where it holds what UTF-8 can't say or numbers beyond 64 bits."""
    try:
        return orjson.dumps(record).decode()
    except TypeError:
        return json.dumps(record, separators=(",", ":"))


def _nested(document: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of an ECS document in which `event.kind` is a key of an object, however it was written.

    Elasticsearch reads a dotted name and an object alike; beside each other they would be two values of one field.
    """
    made: dict[str, Any] = {}
    for name, value in document.items():
        first, _, rest = name.partition(".")
        if first in _LEFT_OUT:
            continue
        if first not in _TOUCHED:
            made[name] = value
        elif rest:
            made.setdefault(first, {})[rest] = value
        elif isinstance(value, dict):
            made.setdefault(first, {}).update(value)
    made.setdefault("event", {})
    return made
