"""What the engines do without Java: HTTP, bulk loading and searching against a scripted server, the jars."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from sigmaproof.cachefolder import cache_folder
from sigmaproof.fields import DEFAULT, FILEBEAT, table
from sigmaproof.verify.engines import Answer, EngineUnavailable, index, jars
from sigmaproof.verify.engines.client import Client, Refused, describe
from sigmaproof.verify.engines.index import Index
from sigmaproof.verify.engines.jars import Jar
from sigmaproof.verify.engines.mapping import mapping
from sigmaproof.verify.engines.products import MODULE

CUT = None
Reply = tuple[int, object] | None
Script = Callable[[str, str, bytes], Reply]


class Scripted:
    """A local HTTP server that answers as a function says: (status, JSON), or None to cut the connection."""

    def __init__(self) -> None:
        self.script: Script = lambda *_: (200, {})
        self.requests: list[tuple[str, str, bytes]] = []
        self.connections: set[Any] = set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer.requests.append((self.command, self.path, body))
                outer.connections.add(self.client_address)
                reply = outer.script(self.command, self.path, body)
                if reply is None:
                    self.close_connection = True
                    return
                content = reply[1] if isinstance(reply[1], bytes) else json.dumps(reply[1]).encode()
                self.send_response(reply[0])
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_DELETE = answer

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    server = Scripted()
    yield server
    server.server.shutdown()
    server.server.server_close()


def engine_script(search: Callable[[list[dict[str, Any]]], Reply]) -> Script:
    """An index that takes every document, and searches as the function says."""

    def script(method: str, path: str, body: bytes) -> Reply:
        if "_bulk" in path:
            actions = [json.loads(line)["index"] for line in body.splitlines()[::2]]
            return 200, {"items": [{"index": {"_id": action["_id"], "status": 201}} for action in actions]}
        if "_msearch" in path:
            return search([json.loads(line) for line in body.splitlines()[1::2]])
        return 200, {"id": "a-pit"}

    return script


def hits(ids: list[int], total: int, **more: object) -> dict[str, Any]:
    found = [{"_id": str(number), "sort": [number]} for number in ids]
    shards = {"total": 1, "failed": 0}
    return {"hits": {"total": {"value": total}, "hits": found}, "timed_out": False, "_shards": shards} | more


def loaded(scripted: Scripted, count: int) -> Index:
    made = Index(Client(scripted.url), {})
    made.load((f"doc-{number}", {"n": number}) for number in range(count))
    return made


# the connection


def test_one_connection_serves_many_requests(scripted: Scripted) -> None:
    client = Client(scripted.url)
    for _ in range(5):
        client.request("GET", "/x")
    assert len(scripted.connections) == 1


def test_a_kept_connection_that_was_closed_is_opened_again(scripted: Scripted) -> None:
    client = Client(scripted.url)
    client.request("GET", "/x")
    replies: list[Reply] = [CUT, (200, {"fine": True})]
    scripted.script = lambda *_: replies.pop(0)
    assert client.request("GET", "/x") == {"fine": True}


def test_a_cut_connection_is_a_clear_error(scripted: Scripted) -> None:
    scripted.script = lambda *_: CUT
    with pytest.raises(EngineUnavailable, match=r"127\.0\.0\.1:\d+ cut the connection during POST /_bulk"):
        Client(scripted.url).request("POST", "/_bulk?x=1", b"{}\n")
    assert len(scripted.requests) == 1


def test_nobody_listens(scripted: Scripted) -> None:
    scripted.server.shutdown()
    scripted.server.server_close()
    with pytest.raises(EngineUnavailable, match=r"can't connect to 127\.0\.0\.1:\d+.*is an Elasticsearch running"):
        Client(scripted.url).request("GET", "/")


def test_no_answer_in_time(scripted: Scripted) -> None:
    waiting = threading.Event()
    scripted.script = lambda *_: (200, {"late": waiting.wait(5)})
    with pytest.raises(EngineUnavailable, match=r"did not answer GET /slow within 0\.2 s"):
        Client(scripted.url, timeout=0.2).request("GET", "/slow")
    waiting.set()


def test_an_http_error_carries_status_and_root_cause(scripted: Scripted) -> None:
    error = {"root_cause": [{"type": "parsing_exception", "reason": "unknown query [x]"}], "type": "outer"}
    scripted.script = lambda *_: (400, {"error": error, "status": 400})
    with pytest.raises(Refused, match=r"GET /x: HTTP 400: parsing_exception: unknown query \[x\]") as caught:
        Client(scripted.url).request("GET", "/x")
    assert caught.value.status == 400


def test_something_that_is_no_elasticsearch(scripted: Scripted) -> None:
    scripted.script = lambda *_: (502, b"<html>Bad gateway</html>")
    with pytest.raises(EngineUnavailable, match=r"HTTP 502 and no JSON.*Bad gateway"):
        Client(scripted.url).request("GET", "/")


@pytest.mark.parametrize("url", ["localhost:9200", "ftp://host", "http://", "nonsense"])
def test_a_wrong_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="write it like http://localhost:9200"):
        Client(url)


def test_a_path_before_the_api_and_headers_are_kept(scripted: Scripted) -> None:
    Client(scripted.url + "/es/").request("GET", "/_x")
    assert scripted.requests[0][1] == "/es/_x"


def test_errors_in_one_line() -> None:
    shard = {
        "type": "query_shard_exception",
        "reason": "bad",
        "caused_by": {"type": "t", "reason": "col\n 3"},
    }
    assert describe({"failed_shards": [{"reason": shard}], "type": "x"}) == "query_shard_exception: bad (t: col 3)"
    assert describe("plain words") == "plain words"


# loading


def test_documents_go_in_few_requests(scripted: Scripted) -> None:
    scripted.script = engine_script(lambda _: CUT)
    loaded(scripted, 5000)
    assert sum("_bulk" in path for _, path, _ in scripted.requests) == 3


def test_chunks_are_bounded_by_bytes(scripted: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "BULK_BYTES", 1000)
    scripted.script = engine_script(lambda _: CUT)
    made = Index(Client(scripted.url), {})
    made.load([("small", {}), ("large", {"a": "x" * 5000}), ("last", {})])
    assert sum("_bulk" in path for _, path, _ in scripted.requests) == 3


def test_the_same_id_twice_is_an_error(scripted: Scripted) -> None:
    with pytest.raises(ValueError, match='two documents have the id "a"'):
        Index(Client(scripted.url), {}).load([("a", {}), ("a", {})])


def test_a_rejection_is_the_documents_and_names_the_callers_id(scripted: Scripted) -> None:
    error = {"type": "document_parsing_exception", "reason": "no, not the one with id '1'"}
    items = [{"index": {"_id": "0", "status": 201}}, {"index": {"_id": "1", "status": 400, "error": error}}]
    scripted.script = lambda _, path, __: (200, {"items": items} if "_bulk" in path else {})
    got = Index(Client(scripted.url), {}).load([("good", {}), ("bad", {})])
    assert got.ids == ("good",)
    assert got.rejected == {"bad": "document_parsing_exception: no, not the one with id 'bad'"}


def test_a_busy_server_is_asked_again_and_is_no_rejection(scripted: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "PAUSES", (0.0,))
    sent: list[list[str]] = []

    def script(_: str, path: str, body: bytes) -> Reply:
        if "_bulk" not in path:
            return 200, {}
        ids = [json.loads(line)["index"]["_id"] for line in body.splitlines()[::2]]
        sent.append(ids)
        status = {name: 429 if name == "1" and len(sent) == 1 else 201 for name in ids}
        return 200, {"items": [{"index": {"_id": name, "status": status[name], "error": "full"}} for name in ids]}

    scripted.script = script
    got = Index(Client(scripted.url), {}).load([("a", {}), ("b", {})])
    assert (got.ids, got.rejected, sent) == (("a", "b"), {}, [["0", "1"], ["1"]])
    scripted.script = lambda _, path, __: (429, {"error": "full"}) if "_bulk" in path else (200, {})
    with pytest.raises(EngineUnavailable, match="too busy to take documents: full"):
        Index(Client(scripted.url), {}).load([("a", {})])


def test_a_document_that_the_answer_leaves_out_is_an_error(scripted: Scripted) -> None:
    scripted.script = lambda *_: (200, {"items": []})
    with pytest.raises(EngineUnavailable, match="did not say what became of every document"):
        Index(Client(scripted.url), {}).load([("a", {})])


# searching


def test_a_partial_failure_is_an_error_of_that_query_only(scripted: Scripted) -> None:
    failure = {"reason": {"type": "too_many", "reason": "buckets"}}
    part = hits([0], 1, _shards={"total": 2, "failed": 1, "failures": [failure]})
    late = hits([0], 1, timed_out=True)
    cut = hits([0, 1], 3)
    bare = {"status": 200, "timed_out": False, "_shards": {"failed": 0}}
    rounds = [[hits([0, 1], 2), part, late, cut, bare], [hits([], 3)]]
    scripted.script = engine_script(lambda _: (200, {"responses": rounds.pop(0)}))
    answers = loaded(scripted, 3).search([{"match_all": {}}] * 5)
    assert answers[0] == Answer(frozenset({"doc-0", "doc-1"}))
    assert [answer.matched for answer in answers[1:]] == [frozenset()] * 4
    assert answers[1].error == "1 of 2 shards failed: too_many: buckets"
    assert "ran out of time" in str(answers[2].error)
    assert answers[3].error == "incomplete: 2 documents came back of 3 that match"
    assert "without a number of hits" in str(answers[4].error)


def test_more_hits_than_a_page_are_all_fetched(scripted: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "PAGE", 10)

    def search(bodies: list[dict[str, Any]]) -> Reply:
        starts = [body.get("search_after", [-1])[0] + 1 for body in bodies]
        return 200, {"responses": [hits(list(range(start, min(start + 10, 25))), 25) for start in starts]}

    scripted.script = engine_script(search)
    (answer,) = loaded(scripted, 25).search([{"match_all": {}}])
    assert answer == Answer(frozenset(f"doc-{number}" for number in range(25)))
    assert sum("_msearch" in path for _, path, _ in scripted.requests) == 3


def test_a_body_that_cannot_be_parsed_is_found_among_many(scripted: Scripted) -> None:
    def search(bodies: list[dict[str, Any]]) -> Reply:
        if any("nonsense" in body["query"] for body in bodies):
            return 400, {"error": {"type": "parsing_exception", "reason": "unknown query [nonsense]"}}
        return 200, {"responses": [hits([0], 1) for _ in bodies]}

    scripted.script = engine_script(search)
    queries: list[dict[str, Any]] = [{"match_all": {}} for _ in range(100)]
    queries[77] = {"nonsense": {}}
    answers = loaded(scripted, 1).search(queries)
    assert [place for place, answer in enumerate(answers) if answer.error] == [77]
    assert answers[77].error == "parsing_exception: unknown query [nonsense]"
    assert all(answer.matched == {"doc-0"} for answer in answers if not answer.error)


def test_a_missing_answer_is_an_error(scripted: Scripted) -> None:
    scripted.script = engine_script(lambda _: (200, {"responses": []}))
    with pytest.raises(EngineUnavailable, match="answered 0 of 2 queries"):
        loaded(scripted, 1).search([{"match_all": {}}] * 2)


# the jars

CONTENTS = {f"org.example:part{number}:1.{number}": f"content {number}".encode() for number in range(4)}


def fake_fetch(jar: Jar, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "download.jar"
    path.write_bytes(CONTENTS[jar.coordinate])
    return path


@pytest.fixture
def pins(monkeypatch: pytest.MonkeyPatch) -> tuple[Jar, ...]:
    made = tuple(
        Jar(hashlib.sha256(content).hexdigest(), len(content), ("lib", MODULE)[place % 2], name)
        for place, (name, content) in enumerate(CONTENTS.items())
    )
    monkeypatch.setattr(jars, "pinned", lambda _: made)
    return made


def test_the_pins_are_the_47_jars_of_40_mb() -> None:
    assert len(jars.pinned()) == 47
    assert sum(jar.size for jar in jars.pinned()) == 41_412_204
    assert {jar.folder for jar in jars.pinned()} == {"lib", MODULE}


def test_jars_are_fetched_once_with_one_message(
    tmp_path: Path, pins: tuple[Jar, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    home = jars.ensure(tmp_path / "cache", fake_fetch)
    assert all((home / jar.path).is_file() for jar in pins)
    assert sorted(path.name for path in home.iterdir()) == ["lib", "lock", "modules"]
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert "4 jars" in err
    assert str(home) in err
    assert jars.ensure(tmp_path / "cache", lambda *_: pytest.fail("fetched again")) == home
    assert capsys.readouterr().err == ""


def test_a_download_that_is_not_the_pinned_file_is_refused(tmp_path: Path, pins: tuple[Jar, ...]) -> None:
    def wrong(jar: Jar, folder: Path) -> Path:
        path = fake_fetch(jar, folder)
        path.write_bytes(b"something else")
        return path

    with pytest.raises(EngineUnavailable, match="is not the file that sigmaproof expects: its sha256 is"):
        jars.ensure(tmp_path, wrong)
    assert not list(tmp_path.rglob("*.jar"))
    assert not list(tmp_path.rglob("fetching-*"))


def test_a_changed_or_unknown_jar_in_the_cache_is_refused_and_removed(tmp_path: Path, pins: tuple[Jar, ...]) -> None:
    home = jars.ensure(tmp_path, fake_fetch)
    changed, unknown = home / pins[1].path, home / MODULE / "other-1.0.jar"
    changed.write_bytes(b"content X")
    with pytest.raises(EngineUnavailable, match="is not the file"):
        jars.ensure(tmp_path, fake_fetch)
    assert not changed.exists()
    unknown.write_bytes(b"")
    with pytest.raises(EngineUnavailable, match=r"other-1\.0\.jar is no jar of Elasticsearch"):
        jars.ensure(tmp_path, fake_fetch)
    assert not unknown.exists()
    jars.ensure(tmp_path, fake_fetch)
    assert changed.read_bytes() == b"content 1"


def test_an_interrupted_download_goes_on_where_it_stopped(tmp_path: Path, pins: tuple[Jar, ...]) -> None:
    got: list[str] = []

    def interrupted(jar: Jar, folder: Path) -> Path:
        got.append(jar.coordinate)
        if len(got) == 3:
            (folder / "half.jar").write_bytes(b"cont")
            raise KeyboardInterrupt
        return fake_fetch(jar, folder)

    with pytest.raises(KeyboardInterrupt):
        jars.ensure(tmp_path, interrupted)
    assert len(list(tmp_path.rglob("*.jar"))) == 2
    jars.ensure(tmp_path, interrupted)
    assert [name for name in CONTENTS if got.count(name) == 2] == [pins[2].coordinate]


def test_a_failed_download_says_what_to_do(tmp_path: Path, pins: tuple[Jar, ...]) -> None:
    def offline(jar: Jar, folder: Path) -> Path:
        raise ConnectionError("no route to host")

    with pytest.raises(EngineUnavailable, match=r"can't fetch org\.example:part0.*no route.*HTTPS_PROXY"):
        jars.ensure(tmp_path, offline)


def test_two_at_once_fetch_each_jar_once(tmp_path: Path, pins: tuple[Jar, ...]) -> None:
    got: list[str] = []

    def counted(jar: Jar, folder: Path) -> Path:
        got.append(jar.coordinate)
        return fake_fetch(jar, folder)

    with ThreadPoolExecutor(4) as pool:
        homes = set(pool.map(lambda _: jars.ensure(tmp_path, counted), range(4)))
    assert (len(homes), sorted(got)) == (1, sorted(CONTENTS))


def test_a_cache_that_cannot_be_written_says_what_to_do(tmp_path: Path, pins: tuple[Jar, ...]) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EngineUnavailable, match="set SIGMAPROOF_CACHE to a folder that can be written"):
        jars.ensure(tmp_path / "file", fake_fetch)


def test_where_the_cache_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("SIGMAPROOF_CACHE", raising=False)
    assert cache_folder() == tmp_path / "sigmaproof"
    monkeypatch.setenv("SIGMAPROOF_CACHE", str(tmp_path / "own"))
    assert cache_folder() == tmp_path / "own"


# the mapping


def test_constants_are_the_integrations_only() -> None:
    event = [mapping(table(name), elastic=True)["properties"]["event"]["properties"] for name in (DEFAULT, FILEBEAT)]
    assert event[0]["dataset"] == {"type": "constant_keyword", "value": "aws.cloudtrail"}
    assert event[1]["dataset"] == {"type": "keyword", "ignore_above": 1024}


def test_the_mapping_has_every_home_with_its_limit() -> None:
    properties = mapping(table())["properties"]

    def at(name: str) -> dict[str, Any]:
        node: dict[str, Any] = {"properties": properties}
        for part in name.split("."):
            node = (node.get("properties") or node["fields"])[part]
        return node

    homes = [home for field in table().fields for home in field.homes if home.within is None]
    for home in (*homes, *table().derived):
        assert at(home.name)["type"] == home.type, home.name
        assert at(home.name).get("ignore_above") == home.ignore_above, home.name
    assert at("aws.cloudtrail.flattened") == {"properties": at("aws.cloudtrail.flattened")["properties"]}
    assert at("aws.cloudtrail.request_parameters")["ignore_above"] == 8191
