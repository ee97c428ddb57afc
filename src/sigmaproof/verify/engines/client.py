"""JSON over HTTP to an Elasticsearch, with the standard library and one kept-alive connection.

What is asked, and what the answers mean, is in `index.py`. Nothing here knows where the server runs. A request
that the server is too busy for is sent again after a pause; what a server says is shown without our secrets.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlsplit

from sigmaproof.verify.engines import EngineUnavailable

__all__ = ["BUSY", "PAUSES", "Client", "Refused", "describe", "escape"]

JSON = "application/json"
NDJSON = "application/x-ndjson"
SHOWN = 300
"""How many characters of an answer that isn't JSON an error shows."""
BUSY = (429, 503)
"""The HTTP statuses of a server that is too busy, or not ready: the request can be sent again later."""
PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Seconds to wait before what the server was too busy for is sent again."""
LONGEST_PAUSE = 60.0
"""Seconds that one pause may last, whatever the server's Retry-After says."""
HIDDEN = "[hidden]"


class Refused(EngineUnavailable):
    """The server answered a request with an HTTP error. status: of HTTP. reason: in the server's words.
    wait: seconds after which the server wants to be asked again, 0 when it says nothing."""

    def __init__(self, request: str, status: int, reason: str, wait: float = 0.0) -> None:
        super().__init__(f"{request}: HTTP {status}: {reason}")
        self.status = status
        self.reason = reason
        self.wait = wait


class Client:
    """One connection to one server; not for several threads at once.

    url: `http://host:port`, `https` too, with an optional path before the API. headers: sent with every
    request, such as Authorization. timeout: seconds without any byte before a request fails. secrets: texts that
    no error may show, even when the server repeats them.
    """

    def __init__(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: float = 120.0,
        context: ssl.SSLContext | None = None,
        secrets: Sequence[str] = (),
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url} is no URL of an Elasticsearch; write it like http://localhost:9200")
        self.where = f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname
        self._prefix = parts.path.rstrip("/")
        self._headers = {"Accept": JSON, **(headers or {})}
        self._secrets = sorted({secret for secret in secrets if secret}, key=len, reverse=True)
        self.product: str | None = None
        """What the last answer's header X-elastic-product says, as every answer of Elasticsearch does."""
        self._connection: http.client.HTTPConnection
        if parts.scheme == "https":
            self._connection = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=timeout, context=context)
        else:
            self._connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)

    def request(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """The JSON object that the server answers with.

        body: bytes are sent as NDJSON, anything else as JSON, None as no body. A server that is too busy is asked
        again after each of PAUSES. Raises Refused for an HTTP error, EngineUnavailable when the server can't be
        reached, cuts the connection or answers no JSON.
        """
        for pause in PAUSES:
            try:
                return self._once(method, path, body)
            except Refused as refused:
                if refused.status not in BUSY:
                    raise
                time.sleep(max(pause, refused.wait))
        return self._once(method, path, body)

    def _once(self, method: str, path: str, body: object) -> dict[str, Any]:
        request = f"{method} {path.partition('?')[0]}"
        status, text, wait = self._exchange(request, method, self._prefix + path, body)
        try:
            answer = json.loads(text)
        except ValueError:
            shown = self._shown(repr(text[:SHOWN].decode("utf-8", "replace")))
            if status in (*BUSY, 401):  # OpenSearch's refusal of credentials is no JSON
                raise Refused(request, status, shown, wait) from None
            raise EngineUnavailable(
                f"{self.where} answered {request} with HTTP {status} and no JSON, so it is no Elasticsearch, "
                f"or something stands before it: {shown}"
            ) from None
        if status >= 300 or not isinstance(answer, dict):
            reason = describe(answer.get("error", answer)) if isinstance(answer, dict) else str(answer)
            raise Refused(request, status, self._shown(reason), wait)
        return answer

    def _shown(self, text: str) -> str:
        """A server's words without our secrets."""
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text

    def close(self) -> None:
        """Close the connection; the next request would open a new one."""
        self._connection.close()

    def _exchange(self, request: str, method: str, path: str, body: object) -> tuple[int, bytes, float]:
        """Send, and read the answer: its status, its text, when to ask again.

        A kept connection that the server has closed meanwhile is opened once more: every request that we make may be
        repeated (documents carry ids, the index a name of its own, the rest only reads).
        """
        content, headers = self._encode(body)
        reused = self._connection.sock is not None
        for again in (reused, False):
            try:
                self._connection.request(method, path, body=content, headers=headers)
                response = self._connection.getresponse()
                self.product = response.getheader("X-elastic-product")
                return response.status, response.read(), _wait(response.getheader("Retry-After"))
            except (OSError, http.client.HTTPException) as error:
                self._connection.close()
                if not again or isinstance(error, TimeoutError):
                    raise EngineUnavailable(self._explain(request, error)) from error
        raise AssertionError("unreachable")  # the second round returns or raises

    def _encode(self, body: object) -> tuple[bytes | None, dict[str, str]]:
        if body is None:
            return None, self._headers
        if isinstance(body, bytes):
            return body, {**self._headers, "Content-Type": NDJSON}
        return json.dumps(body).encode("ascii"), {**self._headers, "Content-Type": JSON}

    def _explain(self, request: str, error: Exception) -> str:
        if isinstance(error, TimeoutError):
            return f"{self.where} did not answer {request} within {self._connection.timeout:g} s"
        if isinstance(error, ConnectionRefusedError | socket.gaierror):
            return f"can't connect to {self.where}: {error}; is an Elasticsearch running there?"
        if isinstance(error, OSError) and not isinstance(error, ConnectionError):
            return f"can't talk to {self.where}: {error}"
        return f"{self.where} cut the connection during {request}: {error or type(error).__name__}"


def _wait(header: str | None) -> float:
    """The seconds of a Retry-After, which is a number or a date (RFC 9110, 10.2.3); at most LONGEST_PAUSE."""
    if header is None:
        return 0.0
    try:
        seconds = float(header) if header.strip().isdigit() else parsedate_to_datetime(header).timestamp() - time.time()
    except ValueError:
        return 0.0
    return min(max(seconds, 0.0), LONGEST_PAUSE)


def describe(error: object) -> str:
    """An error object of Elasticsearch in one line: type and reason of its root, and what caused it."""
    if not isinstance(error, Mapping):
        return str(error)
    root = _root(error)
    cause = root.get("caused_by")
    text = f"{root.get('type', 'error')}: {root.get('reason', '')}"
    if isinstance(cause, Mapping) and cause.get("reason") and str(cause["reason"]) not in text:
        text += f" ({cause.get('type')}: {cause['reason']})"
    return " ".join(text.split())


def _root(error: Mapping[str, Any]) -> Mapping[str, Any]:
    """The most telling part: the first failed shard's reason (it has a cause), else the root cause."""
    for shard in error.get("failed_shards") or ():
        if isinstance(shard.get("reason"), Mapping):
            reason: Mapping[str, Any] = shard["reason"]
            return reason
    roots = error.get("root_cause") or ()
    if roots and isinstance(roots[0], Mapping) and "caused_by" not in error:
        root: Mapping[str, Any] = roots[0]
        return root
    return error


def escape(part: str) -> str:
    """One part of a path, such as an index's name, with nothing left that could end it."""
    return quote(part, safe="")
