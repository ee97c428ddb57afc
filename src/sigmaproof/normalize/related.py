"""related.user, related.ip, related.hosts: the names, addresses and hosts of the record, each once, in order.

related.hash has one source, digest files, and lives in `special`. related.entity needs a tag of the
integration that is off by default, and is not made.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address
from typing import Any

from sigmaproof.normalize.javamap import java_length, render
from sigmaproof.normalize.work import StoppedError, Work, dig

__all__ = ["add", "is_ip", "relate_request", "relate_rest"]

_AWS = ".amazonaws.com"
_AFTER_OBJECTS = "awsAccountId"
_INSTANCE_KEYS = ("instanceId", "target", "resourceId")
_INSTANCE_NAMES = frozenset((*_INSTANCE_KEYS, "instanceIds", "instancesSet"))
_INSTANCE_ID_LENGTH = 10
# Of an IPv6 address with an IPv4 tail and a scope; longer texts only fill the cache.
_LONGEST_IP = 64


def add(doc: dict[str, Any], kind: str, value: Any) -> None:
    """Append the value's text to related.<kind>, unless it is there already or empty."""
    text = value if type(value) is str else render(value)
    related = doc.get("related")
    if related is None:
        doc["related"] = {kind: [text]}
    elif kind not in related:
        related[kind] = [text]
    elif text not in related[kind]:
        related[kind].append(text)


def is_ip(text: str) -> bool:
    """Whether Elasticsearch takes a text for an IP address."""
    return len(text) <= _LONGEST_IP and _is_ip(text)


@lru_cache(maxsize=1 << 14)
def _is_ip(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return text.isascii()


def relate_request(work: Work) -> None:
    """The users that the request and the response name."""
    request, response = work.rec.get("requestParameters"), work.rec.get("responseElements")
    for source, path in (
        (request, ("userName",)),
        (request, ("newUserName",)),
        (response, ("user", "userId")),
    ):
        value = dig(source, path, at=_AFTER_OBJECTS)
        if value is not None:
            add(work.doc, "user", value)


def relate_rest(work: Work) -> None:
    """The users, addresses and hosts that the document has by now."""
    _users(work)
    doc, source = work.doc, work.doc.get("source", {})
    if "ip" in source:
        add(doc, "ip", source["ip"])
    details = work.rec.get("serviceEventDetails")
    address = details.get("sourceIpAddress") if type(details) is dict else None
    if type(address) is str and is_ip(address):
        add(doc, "ip", address)
    _hosts(work, source)


def _users(work: Work) -> None:
    doc, user = work.doc, work.doc.get("user", {})
    for value in (user.get("id"), user.get("name")):  # a changed name is there already, from the request
        if value is not None:
            add(doc, "user", value)
    behalf = doc["aws"]["cloudtrail"].get("user_identity", {}).get("on_behalf_of", {}).get("user_id")
    if behalf is not None:
        add(doc, "user", behalf)


def _hosts(work: Work, source: dict[str, Any]) -> None:
    doc = work.doc
    server = doc.get("tls", {}).get("client", {}).get("server_name")
    if server is not None and not _string(server, "tlsDetails.clientProvidedHostHeader").endswith(_AWS):
        add(doc, "hosts", server)
    address = source.get("address")
    if address is not None and "ip" not in source and _is_host(_string(address, "sourceIPAddress")):
        add(doc, "hosts", address)
    request = work.rec.get("requestParameters")
    if request is not None and "computerName" in request:
        add(doc, "hosts", request["computerName"])
    for instance in _instances(work):
        add(doc, "hosts", instance)


def _is_host(address: str) -> bool:
    return "." in address and " " not in address and not address.endswith(_AWS)


def _instances(work: Work) -> list[str]:
    found: list[Any] = []
    resources = work.doc["aws"]["cloudtrail"].get("resources")
    for resource in resources if type(resources) is list else ():
        arn = resource.get("arn")
        if type(arn) is str and ":instance/" in arn:
            found.append(arn.rpartition("/")[2])
    for name in ("requestParameters", "responseElements"):
        found += _named_instances(work.rec.get(name))
    return [text for text in found if _is_instance(text)]


def _named_instances(container: Any) -> list[Any]:
    if type(container) is not dict or _INSTANCE_NAMES.isdisjoint(container):
        return []
    found = [container[key] for key in _INSTANCE_KEYS if key in container]
    listed = container.get("instanceIds")
    found += listed if type(listed) is list else ()
    group = container.get("instancesSet")
    items = group.get("items") if type(group) is dict else None
    for item in items if type(items) is list else ():
        if type(item) is dict:
            found.append(item.get("instanceId"))
    return found


def _is_instance(value: Any) -> bool:
    return type(value) is str and value.startswith("i-") and java_length(value) >= _INSTANCE_ID_LENGTH


def _string(value: Any, name: str) -> str:
    if type(value) is str:
        return value
    raise StoppedError(f"{name} is not text", None)
