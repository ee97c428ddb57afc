"""Single fields of the envelope that are more than a rename: action, service, address, account, agent."""

from __future__ import annotations

from typing import Any

from sigmaproof.normalize.javamap import render
from sigmaproof.normalize.related import is_ip
from sigmaproof.normalize.work import StoppedError, Work, dig, put

__all__ = ["fill_envelope", "fill_recipient"]

_AWS = ".amazonaws.com"


def fill_envelope(work: Work) -> None:
    """event.action, cloud.service.name, source.ip. Raises StoppedError where the pipeline would stop."""
    rec, doc = work.rec, work.doc
    _service_name(doc, rec.get("eventSource"))
    if "eventName" in rec:
        put(doc, ("event", "action"), render(rec["eventName"]))
    _authenticated_user(work)
    address = rec.get("sourceIPAddress")
    if type(address) is str and is_ip(address):
        put(doc, ("source", "ip"), address)
    if type(rec.get("userAgent", "")) is not str:
        raise StoppedError("userAgent is not text", "userAgent")


def fill_recipient(work: Work) -> None:
    """managementEvent as text, the other spelling of sharedEventID, the account when the caller has none."""
    rec, doc, cloudtrail = work.rec, work.doc, work.doc["aws"]["cloudtrail"]
    if "managementEvent" in rec:
        cloudtrail["management_event"] = _as_text(rec["managementEvent"])
    if "sharedEventId" in rec:
        cloudtrail.setdefault("shared_event_id", rec["sharedEventId"])
    if "recipientAccountId" in rec and "account" not in doc["cloud"]:
        put(doc, ("cloud", "account", "id"), rec["recipientAccountId"])


def _service_name(doc: dict[str, Any], source: Any) -> None:
    """The part of the event source before the domain."""
    if source is None:
        return
    if type(source) is not str:
        raise StoppedError("eventSource is not text", "eventSource")
    name = source.partition(_AWS)[0]
    if name and source.endswith(_AWS):
        put(doc, ("cloud", "service", "name"), name)


def _authenticated_user(work: Work) -> None:
    """UserAuthentication keeps the user in additionalEventData, from where it moves."""
    if work.rec.get("eventName") != "UserAuthentication" or "name" in work.doc.get("user", {}):
        return
    name = dig(work.rec, ("additionalEventData", "UserName"), at="awsRegion")
    if name is not None:
        put(work.doc, ("user", "name"), work.rec["additionalEventData"].pop("UserName"))


def _as_text(value: Any) -> Any:
    return [_as_text(item) for item in value] if type(value) is list else render(value)
