"""event.kind, event.type, event.category and event.outcome.

The table of categories is data: `fields/event_categories.yml`. The outcome is failure when the record has
an error code or an error message, whatever they say; a ConsoleLogin's own answer overrides that.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, TypeAlias

from sigmaproof.normalize.work import FailedError, StoppedError, Work

__all__ = ["actions", "categorize", "categorize_early", "categorize_module"]

Row: TypeAlias = tuple[str, tuple[str, ...]]


def categorize(work: Work) -> None:
    """Fill the four fields. Needs event.action, and the error fields below aws.cloudtrail."""
    event: dict[str, Any] = work.doc.setdefault("event", {})
    cloudtrail = work.doc["aws"]["cloudtrail"]
    _without_action(event, cloudtrail)
    action = event.get("action")
    if action == "ConsoleLogin" and "ConsoleLogin" in work.rec.get("responseElements", {}):
        answer = work.rec["responseElements"]["ConsoleLogin"]
        if type(answer) is not str:
            work.errors.append("responseElements.ConsoleLogin is not text")
            return
        event["outcome"] = answer.lower()
    _from_table(event, action, _table())


def categorize_early(work: Work) -> None:
    """The same before 7.4.0. Raises FailedError for a ConsoleLogin that has no answer."""
    _categorize_early(work, ["info"], FailedError)


def categorize_module(work: Work) -> None:
    """The same in Filebeat's module, where the type is a text as long as nothing else is known."""
    _categorize_early(work, "info", StoppedError)


def _categorize_early(work: Work, kind: Any, failure: type[StoppedError]) -> None:
    event: dict[str, Any] = work.doc.setdefault("event", {})
    cloudtrail = work.doc["aws"]["cloudtrail"]
    _without_action(event, cloudtrail)
    event["type"] = kind
    action = event.get("action")
    if action == "ConsoleLogin":
        elements = cloudtrail.get("flattened", {}).get("response_elements")
        if type(elements) is not dict:
            raise failure("a ConsoleLogin has no responseElements", "awsAccountId")
        answer = elements.get("ConsoleLogin")
        if answer is not None and type(answer) is not str:
            raise failure("responseElements.ConsoleLogin is not text", "awsAccountId")
        event["outcome"] = answer.lower() if answer is not None else event["outcome"]
    _from_table(event, action, _early_table())


def _without_action(event: dict[str, Any], cloudtrail: dict[str, Any]) -> None:
    failed = cloudtrail.get("error_code") is not None or cloudtrail.get("error_message") is not None
    event["kind"] = "event"
    event["type"] = ["info"]
    event["outcome"] = "failure" if failed else "success"


def _from_table(event: dict[str, Any], action: Any, table: Mapping[str, Row]) -> None:
    found = table.get(action)
    if found is not None:
        event["category"] = [found[0]]
        event["type"] = list(found[1])


def actions() -> Mapping[str, Row]:
    """Category and types of the actions that have their own, in the current integration."""
    return _table()


@cache
def _table() -> dict[str, Row]:
    """Category and types by action."""
    return {action: (category, tuple(types)) for category, types, actions, *_ in _rows() for action in actions}


@cache
def _early_table() -> dict[str, Row]:
    """The same as it was before 7.4.0 and in Filebeat's module."""
    return {
        action: (category, tuple(types))
        for category, types, actions, *early in _rows()
        for action in (early[0] if early else actions)
    }


def _rows() -> Any:
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = resources.files("sigmaproof.fields").joinpath("event_categories.yml").read_text(encoding="utf-8")
    return yaml.load(text, Loader=loader)  # noqa: S506 (a safe loader)
