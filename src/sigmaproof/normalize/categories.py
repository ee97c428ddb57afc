"""event.kind, event.type, event.category and event.outcome.

The table of categories is data: `fields/event_categories.yml`. The outcome is failure when the record has
an error code or an error message, whatever they say; a ConsoleLogin's own answer overrides that.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

from sigmaproof.normalize.work import Work

__all__ = ["categorize"]


def categorize(work: Work) -> None:
    """Fill the four fields. Needs event.action, and the error fields below aws.cloudtrail."""
    event: dict[str, Any] = work.doc.setdefault("event", {})
    cloudtrail = work.doc["aws"]["cloudtrail"]
    failed = "error_code" in cloudtrail or "error_message" in cloudtrail
    event["kind"] = "event"
    event["type"] = ["info"]
    event["outcome"] = "failure" if failed else "success"
    action = event.get("action")
    if action == "ConsoleLogin" and "ConsoleLogin" in work.rec.get("responseElements", {}):
        answer = work.rec["responseElements"]["ConsoleLogin"]
        if type(answer) is not str:
            work.errors.append("responseElements.ConsoleLogin is not text")
            return
        event["outcome"] = answer.lower()
    found = _table().get(action) if action is not None else None
    if found is not None:
        category, types = found
        event["category"] = [category]
        event["type"] = list(types)


@cache
def _table() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Category and types by action."""
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = resources.files("sigmaproof.fields").joinpath("event_categories.yml").read_text(encoding="utf-8")
    rows = yaml.load(text, Loader=loader)  # noqa: S506 (a safe loader)
    return {action: (category, tuple(types)) for category, types, actions in rows for action in actions}
