"""A local server that stands for a secured Elasticsearch: it checks every request and replays documented answers.

It knows the few requests that we may make, and notes every other one in `wrong`; it keeps the indices that are made
and removed. It searches nothing: what matches is told by `matches` and `eql`, or an Elasticsearch behind it is asked
(`upstream`), to which it adds the `_eql/search` that the embedded one does not have.
"""

from __future__ import annotations

import http.client
import json
import re
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partialmethod
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from sigmaproof.fields import table
from sigmaproof.verify.engines import Answer, EngineUnavailable
from sigmaproof.verify.engines.access import access
from sigmaproof.verify.engines.cluster import Cluster
from sigmaproof.verify.engines.mapping import mapping
from sigmaproof.verify.eql import EqlError, lower, types_of

NAME = r"sigmaproof-[0-9a-f]{16}"
ALLOWED = tuple(
    re.compile(f"{method} {path}")
    for method, path in (
        ("GET", "/"),
        ("(PUT|GET|DELETE)", f"/{NAME}"),
        ("POST", rf"/{NAME}/_bulk\?filter_path=items\.\*\._id,items\.\*\.status,items\.\*\.error"),
        ("POST", rf"/{NAME}/_bulk\?refresh=true&filter_path=errors"),
        ("POST", f"/{NAME}/_refresh"),
        ("POST", rf"/{NAME}/_pit\?keep_alive=5m"),
        ("DELETE", "/_pit"),
        ("POST", rf"/{NAME}/_search/point_in_time\?keep_alive=5m"),
        ("DELETE", "/_search/point_in_time"),
        ("GET", rf"/{NAME}/_mapping"),
        ("GET", r"/(_ingest/pipeline|_index_template)/[a-z]+"),
        ("POST", r"/_ingest/pipeline/[a-z]+/_simulate"),
        ("POST", r"/_index_template/_simulate/[a-z]+"),
        ("POST", r"/_msearch\?filter_path=[a-z_.,]+"),
        ("POST", rf"/{NAME}/_eql/search\?filter_path=[a-z_.,]+"),
    )
)
EQL_KEYS = {"query", "size", "timestamp_field", "event_category_field", "keep_on_completion"}
ROOT = {
    "name": "instance-0000000000",
    "cluster_name": "a-cluster",
    "cluster_uuid": "WBX4nH7lTNeYGK1rMq8gJw",
    "version": {"number": "9.1.3", "build_flavor": "default", "build_type": "docker", "lucene_version": "10.2.2"},
    "tagline": "You Know, for Search",
}
KEY = "VnVhQ2ZHY0JDZGJrUW0tZTVhT3g6dWkybHAyYXhUTm1zeWFrdzl0dk5udw=="
ENVIRONMENT = {"SIGMAPROOF_API_KEY": KEY}
PASSWORD = "correct-horse"
CUT = object()
"""A reply: close the connection without an answer."""
HALF = object()
"""A reply: begin an answer, and close the connection in the middle of it."""


DOCS = [(name, {"@timestamp": "2026-11-24T08:00:00Z", "event": {"action": name}}) for name in ("A", "B", "C")]
"""Three documents, which `run` loads."""


def error(status: int, kind: str, reason: str, **more: object) -> tuple[int, dict[str, Any]]:
    """An error as Elasticsearch answers it."""
    cause = {"type": kind, "reason": reason, **more}
    return status, {"error": {"root_cause": [cause], **cause}, "status": status}


NO_CREDENTIALS = error(
    401,
    "security_exception",
    "missing authentication credentials for REST request [/]",
    header={"WWW-Authenticate": ['Basic realm="security"', "ApiKey"]},
)
WRONG_CREDENTIALS = error(401, "security_exception", "unable to authenticate user [dana] for REST request [/]")
FORBIDDEN = error(
    403,
    "security_exception",
    "action [indices:admin/create] is unauthorized for user [dana] with effective roles [viewer] on indices [x]",
)
TOO_MANY = error(429, "es_rejected_execution_exception", "rejected execution of coordinating operation")
NOT_READY = error(503, "cluster_block_exception", "blocked by: [SERVICE_UNAVAILABLE/1/state not recovered];")


def no_handler(path: str) -> tuple[int, dict[str, Any]]:
    """What a server without an API answers for it."""
    return 400, {"error": f"no handler found for uri [{path}] and method [POST]"}


@dataclass
class Fault:
    """An answer in place of the usual one. on: a regular expression of `METHOD path`. times: how often, None always.
    done: the request has its effect all the same."""

    on: str
    reply: Any
    times: int | None = 1
    headers: Mapping[str, str] = field(default_factory=dict)
    done: bool = False


@dataclass
class FakeCluster:
    """See the module. matches: (query, documents) -> the places that match; eql: the same for EQL."""

    authorization: str | None = None
    root: Any = (200, ROOT)
    product: str | None = "Elasticsearch"
    has_eql: bool = True
    upstream: int | None = None
    context: ssl.SSLContext | None = None
    faults: list[Fault] = field(default_factory=list)
    matches: Callable[[Any, Mapping[int, Any]], list[int]] = lambda query, documents: sorted(documents)
    eql: Callable[[str, Mapping[int, Any]], list[int]] = lambda text, documents: sorted(documents)
    pipelines: dict[str, Any] = field(default_factory=dict)
    templates: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    simulate: Callable[[Any], Any] = lambda doc: {"doc": doc}
    host: str = "127.0.0.1"
    requests: list[tuple[str, str, bytes]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    made: list[str] = field(default_factory=list)
    indices: dict[str, Any] = field(default_factory=dict)
    url: str = ""

    @contextmanager
    def running(self) -> Iterator[FakeCluster]:
        """Serves while it lasts."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        server.daemon_threads = True
        if self.context is not None:
            server.socket = self.context.wrap_socket(server.socket, server_side=True)
        self.url = f"http{'s' if self.context else ''}://{self.host}:{server.server_port}"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()

    def asked(self, on: str) -> list[Any]:
        """The JSON bodies of the requests that fit an expression."""
        return [json.loads(body) if body else None for method, path, body in self.requests if _fits(on, method, path)]

    def reply(self, method: str, path: str, body: bytes, authorization: str | None) -> tuple[Any, Mapping[str, str]]:
        """The answer, (status, JSON or bytes) or CUT or HALF, and headers beside it."""
        self.requests.append((method, path, body))
        if not any(allowed.fullmatch(f"{method} {path}") for allowed in ALLOWED):
            self.wrong.append(f"{method} {path}: no request that may be made")
        if authorization != self.authorization:
            return (WRONG_CREDENTIALS if authorization else NO_CREDENTIALS), {}
        for fault in self.faults:
            if fault.times != 0 and _fits(fault.on, method, path):
                fault.times = fault.times - 1 if fault.times else None
                if fault.done:
                    self.usual(method, path, body)
                return fault.reply, fault.headers
        return self.usual(method, path, body), {}

    def usual(self, method: str, path: str, body: bytes) -> Any:
        """What it answers when nothing is wrong."""
        name, _, api = path.partition("?")[0].strip("/").partition("/")
        if not name:
            return self.root
        if re.fullmatch(NAME, name) and method != "PUT" and name not in self.indices:
            self.wrong += [] if (method, api) == ("DELETE", "") else [f"{method} {path}: the index was never made"]
            return error(404, "index_not_found_exception", f"no such index [{name}]")
        if name in ("_ingest", "_index_template"):
            return self.own(method, path, body)
        if api == "_eql/search":
            return self.search_eql(path, name, json.loads(body)) if self.has_eql else no_handler(path)
        if (method, api) == ("PUT", ""):
            self.made.append(name)
        if self.upstream is not None:
            reply = _ask(self.upstream, method, path, body)
            if (method, reply[0]) == ("PUT", 200):
                self.indices[name] = {}
        else:
            reply = self.alone(method, name, api, body)
        if (method, api, reply[0]) == ("DELETE", "", 200):
            self.indices.pop(name, None)
        return reply

    def alone(self, method: str, name: str, api: str, body: bytes) -> Any:
        """What it answers with nobody behind it."""
        match method, api or name:
            case "PUT", _:
                if name in self.indices:
                    return error(400, "resource_already_exists_exception", f"index [{name}/x] already exists")
                self.indices[name] = {"asked": json.loads(body), "documents": {}}
                return 200, {"acknowledged": True, "shards_acknowledged": True, "index": name}
            case "GET", "_mapping":
                return 200, {name: {"mappings": self.read_back(name)["mappings"]}}
            case "GET", _:
                return 200, {name: self.read_back(name)}
            case "POST", "_bulk":
                lines = [json.loads(line) for line in body.splitlines()]
                if all("delete" in line for line in lines):
                    for line in lines:
                        self.indices[name]["documents"].pop(int(line["delete"]["_id"]), None)
                    return 200, {"errors": False}
                for action, document in zip(lines[::2], lines[1::2], strict=True):
                    self.indices[name]["documents"][int(action["index"]["_id"])] = document
                return 200, {
                    "items": [{"index": {"_id": action["index"]["_id"], "status": 201}} for action in lines[::2]]
                }
            case "POST", "_pit":
                return 200, {"id": f"pit of {name}"}
            case "POST", "_search/point_in_time":
                return 200, {"pit_id": f"pit of {name}", "_shards": {"total": 1, "failed": 0}}
            case "POST", "_msearch":
                return 200, {"responses": [self.search(json.loads(line)) for line in body.splitlines()[1::2]]}
            case ("POST", "_refresh") | ("DELETE", _):
                return 200, {"acknowledged": True}
        raise AssertionError((method, name, api))

    def own(self, method: str, path: str, body: bytes) -> Any:
        """Its own pipelines, which `simulate` stands for, and templates: (the entry, what it is put together to)."""
        *_, last, name = path.split("/") if not path.endswith("/_simulate") else path.rpartition("/")[0].split("/")
        kind = path.split("/")[1]
        known: Mapping[str, Any] = self.pipelines if kind == "_ingest" else self.templates
        if name not in known:
            return (404, {}) if kind == "_ingest" else error(404, "resource_not_found_exception", f"[{name}] not found")
        if method == "GET":
            entry = {"name": name, "index_template": self.templates[name][0]} if kind != "_ingest" else None
            return 200, {name: self.pipelines[name]} if entry is None else {"index_templates": [entry]}
        if last == "_simulate":
            return 200, {"template": self.templates[name][1], "overlapping": []}
        try:
            return 200, {"docs": [self.simulate(doc) for doc in json.loads(body)["docs"]]}
        except AssertionError:
            return error(400, "illegal_argument_exception", "a document is at fault")

    def read_back(self, name: str) -> dict[str, Any]:
        """An index as `GET /<index>` tells it: settings are texts, and have the server's own among them."""
        asked = self.indices[name]["asked"]
        own = {"uuid": "x", "creation_date": "1795563691052", "provided_name": name, "version": {"created": "9039001"}}
        settings = {key: str(value).lower() for key, value in asked["settings"]["index"].items()}
        return {"aliases": {}, "mappings": asked["mappings"], "settings": {"index": settings | own}}

    def search(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """One answer of `_msearch`."""
        name = body["pit"]["id"].removeprefix("pit of ")
        found = [{"_id": str(place), "sort": [place]} for place in self.matches(body["query"], self.documents(name))]
        shards = {"total": 1, "successful": 1, "skipped": 0, "failed": 0}
        return {"hits": {"total": {"value": len(found)}, "hits": found}, "timed_out": False, "_shards": shards}

    def documents(self, name: str) -> dict[int, Any]:
        """The documents of an index, by place."""
        found: dict[int, Any] = self.indices[name]["documents"]
        return found

    def search_eql(self, path: str, name: str, body: Mapping[str, Any]) -> Any:
        """`_eql/search`: the request must be as documented, the answer is."""
        if body.keys() - {"filter"} != EQL_KEYS or not 0 < body["size"] <= 10_000:
            self.wrong.append(f"POST {path}: {body}")
        if self.upstream is not None:
            return self.lowered(name, body)
        wanted = body.get("filter", {}).get("ids", {}).get("values")
        documents = self.documents(name)
        among = documents if wanted is None else {int(id): documents[int(id)] for id in wanted}
        return 200, eql_answer([str(place) for place in self.eql(body["query"], among)][: body["size"]], name)

    def lowered(self, name: str, body: Mapping[str, Any]) -> Any:
        """The answer of the Elasticsearch behind us to the query's lowered form."""
        try:
            query = lower(body["query"], types_of(mapping(table())))
        except EqlError as refused:
            return error(400, refused.kind, f"line {refused.line}:{refused.column}: {refused.message}")
        asked = {"query": {"bool": {"must": [query]}}, "size": body["size"], "_source": False}
        status, reply = _ask(self.upstream or 0, "POST", f"/{name}/_search", json.dumps(asked).encode())
        return (
            (200, eql_answer([hit["_id"] for hit in reply["hits"]["hits"]], name)) if status == 200 else (status, reply)
        )


@contextmanager
def checked(**more: Any) -> Iterator[FakeCluster]:
    """A server that takes KEY. At the end: nothing is left on it, and nothing was asked that may not be."""
    with FakeCluster(f"ApiKey {KEY}", **more).running() as running:
        yield running
    assert running.indices == {}
    assert running.wrong == []


def opened(server: FakeCluster, environment: Mapping[str, str] = ENVIRONMENT) -> Cluster:
    """Our engine on this server."""
    return Cluster(access(server.url, environment))


def run(server: FakeCluster, *queries: Any, environment: Mapping[str, str] = ENVIRONMENT) -> list[Answer]:
    """Loads DOCS, asks, closes."""
    with opened(server, environment) as engine:
        engine.load(DOCS)
        return engine.search(queries)


def failure(server: FakeCluster, *queries: Any, environment: Mapping[str, str] = ENVIRONMENT) -> str:
    """What the error of such a run says."""
    with pytest.raises(EngineUnavailable) as caught:
        run(server, *queries, environment=environment)
    return str(caught.value)


def eql_answer(ids: list[str], name: str = "x", **more: object) -> dict[str, Any]:
    """An answer of `_eql/search` with these events, before filter_path takes parts of it away."""
    events = [{"_index": name, "_id": id, "_source": {}} for id in ids]
    hits = {"total": {"value": len(ids), "relation": "eq"}, "events": events}
    return {"is_partial": False, "is_running": False, "took": 6, "timed_out": False, "hits": hits, **more}


def _fits(on: str, method: str, path: str) -> bool:
    return re.match(on, f"{method} {path}") is not None


def _ask(port: int, method: str, path: str, body: bytes) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    kind = "application/x-ndjson" if "_bulk" in path or "_msearch" in path else "application/json"
    connection.request(method, path, body or None, {"Content-Type": kind} if body else {})
    response = connection.getresponse()
    reply = json.loads(response.read())
    connection.close()
    return response.status, reply


def _handler(cluster: FakeCluster) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self, method: str) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            reply, headers = cluster.reply(method, self.path, body, self.headers.get("Authorization"))
            if reply is CUT:
                self.close_connection = True
                return
            status, told = (200, {"half": "of it"}) if reply is HALF else reply
            content = told if isinstance(told, bytes) else json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Content-Type", "application/json")
            if cluster.product is not None:
                self.send_header("X-elastic-product", cluster.product)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if reply is HALF else content)
            self.close_connection = reply is HALF

        do_GET = partialmethod(answer, "GET")
        do_PUT = partialmethod(answer, "PUT")
        do_POST = partialmethod(answer, "POST")
        do_DELETE = partialmethod(answer, "DELETE")

        def log_message(self, *_: object) -> None:
            pass

    return Handler
