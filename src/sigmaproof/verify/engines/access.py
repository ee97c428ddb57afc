"""How a cluster is reached: its address as the user writes it, the credentials and the authority to trust.

Credentials come from the environment only, so that none stands in a command line, a history or a process list; no
message of this module holds one. Certificates are always verified. What is asked there is in `cluster.py`.
"""

from __future__ import annotations

import base64
import ipaddress
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

__all__ = ["CA_FILE", "KEY", "PASSWORD", "USER", "Access", "AccessError", "access"]

KEY = "SIGMAPROOF_API_KEY"
USER = "SIGMAPROOF_USER"
PASSWORD = "SIGMAPROOF_PASSWORD"  # noqa: S105 - the name of a variable
CA_FILE = "SIGMAPROOF_CA_FILE"
HOW = f"set {KEY}, or {USER} and {PASSWORD}"


class AccessError(ValueError):
    """The address or the environment is wrong; the message says what to write instead. The exit code is 2."""


@dataclass(frozen=True)
class Access:
    """What a connection needs. given: the environment variables that hold the credentials, in words. secrets: texts
    that no message may show."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    context: ssl.SSLContext | None = field(default=None, repr=False)
    given: str = ""
    secrets: tuple[str, ...] = field(default=(), repr=False)


def access(url: str, environment: Mapping[str, str]) -> Access:
    """The way to the cluster at a URL. Raises AccessError."""
    secure = _check(url)
    given, header, secrets = _credentials(environment)
    if header and not secure and not _is_here(url):
        raise AccessError(f"--engine {url}: credentials would be sent in the clear; write https://")
    headers = {"Authorization": header} if header else {}
    context = _context(environment.get(CA_FILE, "")) if secure else None
    return Access(url, headers, context, given, (*secrets, header.partition(" ")[2]) if header else ())


def _check(url: str) -> bool:
    """Whether it is https. An @ is refused wherever it stands, and before anything shows the text: what a mistyped
    URL takes for its host or its port can be a part of a password."""
    if "@" in url:
        raise AccessError(f"--engine: a URL with a user or a password in it is refused; {HOW} in the environment")
    try:
        parts = urlsplit(url)
        well = parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        well = False
    if not well or not url.isascii() or any(character.isspace() for character in url):
        raise AccessError(f"--engine {url}: write `embedded`, `opensearch`, or a URL like https://localhost:9200")
    if parts.query or parts.fragment:
        raise AccessError(
            "--engine: give only the address of the cluster, like https://localhost:9200, nothing after it"
        )
    return parts.scheme == "https"


def _is_here(url: str) -> bool:
    """Whether the address is this machine's own, so that nothing goes over a network."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _credentials(environment: Mapping[str, str]) -> tuple[str, str, tuple[str, ...]]:
    """Which variables are set, the header Authorization that they make, and what to hide."""
    key, user, password = (environment.get(name, "") for name in (KEY, USER, PASSWORD))
    if key and (user or password):
        raise AccessError(f"both {KEY} and {USER if user else PASSWORD} are set; unset one of them")
    if bool(user) != bool(password):
        missing, there = (PASSWORD, USER) if user else (USER, PASSWORD)
        raise AccessError(f"{there} is set and {missing} is not; set both, or {KEY}")
    if key:
        if not all("!" <= character <= "~" for character in key) or ":" in key:
            raise AccessError(f"{KEY} is no API key: give the value `encoded` of the answer that made it")
        return KEY, f"ApiKey {key}", (key,)
    if user:
        if ":" in user:
            raise AccessError(f"{USER} holds a colon, which no user's name can have")
        pair = base64.b64encode(f"{user}:{password}".encode("utf-8", "surrogateescape")).decode("ascii")
        return f"{USER} and {PASSWORD}", f"Basic {pair}", (password,)
    return "", "", ()


def _context(authority: str) -> ssl.SSLContext:
    """Python's defaults: the certificate and the name are verified. With a file only its authorities are trusted."""
    try:
        return ssl.create_default_context(cafile=authority or None)
    except (OSError, ValueError) as error:  # ssl's own errors are OSErrors
        reason = getattr(error, "strerror", None) or error
        raise AccessError(f"{CA_FILE}={authority}: no file of certificates (PEM): {reason}") from None
