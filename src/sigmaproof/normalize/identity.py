"""Who did it: user.name, user.id, user.email, service.name, and the names for related.user.

The rules are those of Elastic's AWS integration 8.9.0: an AWS service is not a user; the user of an assumed
role is the role, not the session; the session's name only goes to related.user, and to user.email when it
is an address.
"""

from __future__ import annotations

import re
from typing import Any

from sigmaproof.normalize.related import add
from sigmaproof.normalize.work import StoppedError, Work, dig, put

__all__ = ["identify"]

_SERVICE_ROLE = ":role/aws-service-role/"
_SESSION_ARN = re.compile(r"arn:[a-z0-9-]+:sts:.*/(.*)", re.ASCII)
_AFTER_ARN = "userIdentity.onBehalfOf.userId"
_WITH_SESSION = ("AssumedRole", "FederatedUser", "IdentityCenterUser")


def identify(work: Work) -> None:
    """Fill the user's fields from userIdentity. Raises StoppedError where the pipeline would stop."""
    identity = work.rec.get("userIdentity")
    kind = identity.get("type") if type(identity) is dict else None
    try:
        work.service_actor = _service_actor(identity, kind) if work.fields.service_actors else None
    except StoppedError as error:
        work.errors.append(str(error))
    if work.service_actor is not None:
        put(work.doc, ("service", "name"), work.service_actor)
    if type(identity) is not dict:
        return
    user = _user(identity, kind, is_service=work.service_actor is not None)
    if user:
        work.doc["user"] = user
    if kind in _WITH_SESSION:
        _session(work, identity.get("arn"))
    if kind == "IdentityCenterUser":
        _identity_center(work, identity)


def _service_actor(identity: Any, kind: Any) -> str | None:
    """The AWS service that acts, or None: type AWSService, or a role that is linked to a service."""
    invoked_by = _text(dig(identity, ("invokedBy",)), "userIdentity.invokedBy")
    if kind == "AWSService":
        return invoked_by
    if kind != "AssumedRole":
        return None
    arn = _text(dig(identity, ("sessionContext", "sessionIssuer", "arn")), "sessionIssuer.arn") or ""
    _, marker, rest = arn.partition(_SERVICE_ROLE)
    if not marker:
        return None
    service, slash, _ = rest.partition("/")
    return invoked_by or (service if slash and service else None)


def _user(identity: dict[str, Any], kind: Any, *, is_service: bool) -> dict[str, Any]:
    if is_service:
        return {}
    user = {"name": identity.get("userName"), "id": identity.get("principalId")}
    if kind in ("AssumedRole", "FederatedUser"):
        context = identity.get("sessionContext")
        issuer = context.get("sessionIssuer") if type(context) is dict else None
        role = issuer.get("userName") if type(issuer) is dict else None
        user["name"] = role if role is not None else user["name"]
    return {key: value for key, value in user.items() if value is not None}


def _session(work: Work, arn: Any) -> None:
    """The session's name, the last part of an STS ARN."""
    if arn is None or type(arn) is list:
        return
    if type(arn) is not str:
        raise StoppedError("userIdentity.arn is not text", _AFTER_ARN)
    if ":sts:" not in arn or "/" not in arn:
        return
    match = _SESSION_ARN.fullmatch(arn)
    if match is None:
        work.errors.append("userIdentity.arn has no session name")
        return
    name = match[1]
    add(work.doc, "user", name)
    local, at, _ = name.partition("@")
    if at:
        add(work.doc, "user", local)
        put(work.doc, ("user", "email"), name)


def _identity_center(work: Work, identity: dict[str, Any]) -> None:
    behalf = identity.get("onBehalfOf")
    user = behalf.get("userId") if type(behalf) is dict else None
    if user is not None and "id" not in work.doc.get("user", {}):
        put(work.doc, ("user", "id"), user)


def _text(value: Any, name: str) -> str | None:
    if value is None or type(value) is str:
        return value
    raise StoppedError(f"{name} is not text", None)
