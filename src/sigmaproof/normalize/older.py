"""Steps of the pipelines before 7.4.0 (`early`) and of Filebeat's module (`filebeat`), where they are not today's.

Both know nothing of AWS services as actors, of session names, of hosts or addresses in `related`. Most of their
processors ignore their own failure; the few that don't end the pipeline (`FailedError`). What such a pipeline leaves
of the raw record (`json`) in the document is not made here.

Source: elastic/integrations, aws, cloudtrail, two ingest pipelines of 2.17 to 2.26; elastic/beats, module aws.
"""

from __future__ import annotations

from typing import Any

from sigmaproof.normalize.javamap import render
from sigmaproof.normalize.related import add, is_ip
from sigmaproof.normalize.special import TARGETS, reach
from sigmaproof.normalize.work import FailedError, Work, put

__all__ = [
    "fill_digest",
    "fill_envelope",
    "fill_module_digest",
    "fill_targets",
    "fill_tls",
    "identify",
    "relate_request",
]

_HASHED = "SHA-256"


def identify(work: Work) -> None:
    """user.name, user.id: the user's own name wins, the issuer's takes its place where there is none."""
    identity = work.rec.get("userIdentity")
    if type(identity) is not dict:
        return
    issuer = reach(identity, ("sessionContext", "sessionIssuer"))
    holder = identity if "userName" in identity else issuer if type(issuer) is dict else {}
    user = {
        key: source[raw]
        for key, source, raw in (("name", holder, "userName"), ("id", identity, "principalId"))
        if raw in source
    }
    if user:
        work.doc["user"] = user
    if identity.get("userName") is not None:
        add(work.doc, "user", identity["userName"])


def fill_envelope(work: Work) -> None:
    """event.action, source.ip, and managementEvent as it is."""
    rec, doc = work.rec, work.doc
    action = render(rec.get("eventName", ""))
    if action and rec["eventName"] is not None:
        put(doc, ("event", "action"), action)
    address = rec.get("sourceIPAddress")
    if type(address) is str and is_ip(address):
        put(doc, ("source", "ip"), address)
    if "managementEvent" in rec:
        doc["aws"]["cloudtrail"]["management_event"] = rec["managementEvent"]


def relate_request(work: Work) -> None:
    """The users that the request names."""
    for key in ("userName", "newUserName"):
        name = reach(_kept(work, "requestParameters"), (key,))
        if name is not None:
            add(work.doc, "user", name)


def fill_targets(work: Work) -> None:
    """The user or group on which a call acts, as text."""
    for raw, path, home in TARGETS:
        value = reach(_kept(work, raw), path)
        if value is not None and (text := render(value)):
            put(work.doc, home, text)


def fill_digest(work: Work) -> None:
    """A digest file; what is called the hash of the file is the signature of the one before."""
    _digest(work, ("aws", "cloudtrail", "flattened", "digest"))
    digest_hash = work.doc.get("file", {}).get("hash", {}).get("sha256")
    if digest_hash is not None:
        add(work.doc, "hash", digest_hash)


def fill_module_digest(work: Work) -> None:
    """The same in Filebeat's module, which relates no hash where it knows the algorithm."""
    _digest(work, ("aws", "cloudtrail", "digest"))
    signature = work.rec.get("previousDigestSignature")
    if signature is not None and work.rec.get("previousDigestHashAlgorithm") != _HASHED:
        add(work.doc, "hash", signature)


def _digest(work: Work, home: tuple[str, ...]) -> None:
    rec, doc = work.rec, work.doc
    if "awsAccountId" in rec and "account" not in doc.get("cloud", {}):
        put(doc, ("cloud", "account", "id"), rec["awsAccountId"])
    if rec.get("previousDigestHashAlgorithm") == _HASHED and "previousDigestSignature" in rec:
        put(doc, ("file", "hash", "sha256"), rec["previousDigestSignature"])
    if "publicKeyFingerprint" in rec:
        put(doc, (*home, "public_key_fingerprint"), rec["publicKeyFingerprint"])
    ended = reach(doc, (*home, "end_time"))
    if ended is not None:
        doc["@timestamp"] = ended


def fill_tls(work: Work) -> None:
    """tls.version and tls.version_protocol. Raises FailedError for a version without a v."""
    version = reach(work.rec.get("tlsDetails"), ("tlsVersion",))
    if version is None:
        return
    protocol, mark, number = version.partition("v") if type(version) is str else ("", "", "")
    if not mark:
        raise FailedError("tlsDetails.tlsVersion has no v", "tlsDetails.tlsVersion")
    put(work.doc, ("tls", "version_protocol"), protocol.lower())
    put(work.doc, ("tls", "version"), number)


def _kept(work: Work, raw: str) -> Any:
    """An object as its flattened copy has it: None for one that was too long to be copied."""
    name = {"requestParameters": "request_parameters", "responseElements": "response_elements"}[raw]
    return work.doc["aws"]["cloudtrail"].get("flattened", {}).get(name)
