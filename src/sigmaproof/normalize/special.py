"""Records of their own kind: console sign-ins, digest files, TLS details, and the targets of IAM calls."""

from __future__ import annotations

from typing import Any

from sigmaproof.normalize.related import add
from sigmaproof.normalize.work import StoppedError, Work, dig, erase, put

__all__ = ["TARGETS", "email_from_name", "fill_console_login", "fill_digest", "fill_targets", "fill_tls", "reach"]

_CONSOLE = ("aws", "cloudtrail", "console_login", "additional_eventdata")
# key of additionalEventData, name in the document, whether it is kept as "anything but No"
_CONSOLE_KEYS = (
    ("MobileVersion", "mobile_version", True),
    ("LoginTo", "login_to", False),
    ("MFAUsed", "mfa_used", True),
)
TARGETS = (
    ("responseElements", ("group", "groupId"), ("group", "id")),
    ("responseElements", ("user", "userId"), ("user", "target", "id")),
    ("requestParameters", ("newUserName",), ("user", "changes", "name")),
    ("requestParameters", ("groupName",), ("group", "name")),
    ("requestParameters", ("userName",), ("user", "target", "name")),
)
# What AWS writes where it has no TLS details: the key's own name.
_NO_TLS = "tlsVersion"
_TLS_HOMES = (
    ("tls", "cipher"),
    ("tls", "client", "server_name"),
    ("aws", "cloudtrail", "tls_details", "key_exchange"),
)


def fill_console_login(work: Work) -> None:
    """The details of a ConsoleLogin, as booleans where AWS says Yes or No."""
    if work.rec.get("eventName") != "ConsoleLogin":
        return
    extra = work.rec.get("additionalEventData")
    if extra is not None and type(extra) is not dict:
        work.errors.append("additionalEventData of a ConsoleLogin is not an object")
        return
    for key, name, flag in _CONSOLE_KEYS:
        if extra is not None and extra.get(key) is not None:
            put(work.doc, (*_CONSOLE, name), extra[key] != "No" if flag else extra[key])


def fill_digest(work: Work) -> None:
    """A digest file's account, time, hash, and the older spelling of its fingerprint."""
    rec, doc = work.rec, work.doc
    if "awsAccountId" in rec and "account" not in doc["cloud"]:
        put(doc, ("cloud", "account", "id"), rec["awsAccountId"])
    digest = doc["aws"]["cloudtrail"].get("flattened", {}).get("digest", {})
    if "publicKeyFingerprint" in rec and "public_key_fingerprint" not in digest:
        put(
            doc,
            ("aws", "cloudtrail", "flattened", "digest", "public_key_fingerprint"),
            rec["publicKeyFingerprint"],
        )
    if "end_time" in digest:
        doc["@timestamp"] = digest["end_time"]
    if "previous_hash_value" in digest:
        add(doc, "hash", digest["previous_hash_value"])


def fill_targets(work: Work) -> None:
    """The user or group on which a call acts, from names in the request and ids in the response."""
    for raw, path, home in TARGETS:
        value = reach(work.rec.get(raw), path)
        if value is not None:
            put(work.doc, home, value)


def fill_tls(work: Work) -> None:
    """tls.version and tls.version_protocol: `TLSv1.2` is split at the v; without one it is all version."""
    details = work.rec.get("tlsDetails")
    version = dig(details, ("tlsVersion",), at="tlsDetails.tlsVersion")
    if version is None:
        return
    if version == _NO_TLS:
        for home in _TLS_HOMES:
            erase(work.doc, home)
        return
    protocol, mark, number = version.partition("v") if type(version) is str else ("", "", "")
    if not mark:
        put(work.doc, ("tls", "version"), version)
        return
    for name, part in (("version", number), ("version_protocol", protocol.lower())):
        if part:
            put(work.doc, ("tls", name), part)


def email_from_name(work: Work) -> None:
    """A user name that is an address is the user's email too, unless a session gave one."""
    user = work.doc.get("user", {})
    name = user.get("name")
    if name is None or "email" in user or type(name) is list:
        return
    if type(name) is not str:
        raise StoppedError("the user's name is not text", None)
    if name.find("@") > 0:
        user["email"] = name


def reach(value: Any, path: tuple[str, ...]) -> Any:
    """The value below a chain of keys, None where there is none."""
    for key in path:
        value = value.get(key) if type(value) is dict else None
    return value
