"""The embedded Elasticsearch, used by its URL: the same answers, and nothing left on it. The command line too.

It has no EQL; for that a local server stands before it, which checks every request and runs EQL lowered.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from commandline import APPROXIMATE, EXACT, REFUSED, Ended, ndjson, record, rule, sigmaproof
from fakecluster import ENVIRONMENT, KEY, FakeCluster, Fault, checked, error, opened

from sigmaproof.events import Event
from sigmaproof.rules import load_files
from sigmaproof.verify.engines import EngineUnavailable, Eql
from sigmaproof.verify.engines.access import access
from sigmaproof.verify.engines.client import Client
from sigmaproof.verify.engines.cluster import Cluster
from sigmaproof.verify.engines.elasticsearch import EmbeddedElasticsearch
from sigmaproof.verify.run import Report, verify

NESTED = rule(
    "selection:\n    requestParameters.source.sourceType: AWS_ACM_PCA\ncondition: not selection",
    "Nested",
    "33333333-3333-4333-8333-333333333333",
)
COMPARED = rule(
    "selection:\n    eventName|fieldref: eventSource\ncondition: selection",
    "Compared",
    "44444444-4444-4444-8444-444444444444",
)
RULES = {"exact": EXACT, "approximate": APPROXIMATE, "keyword": REFUSED, "nested": NESTED, "refused": COMPARED}
RECORDS = [record(1), record(2, eventName="createtrustanchor"), record(3, requestParameters={"name": "Laboratory"})]
TEMPLATE = "/_index_template/sigmaproof-test"


@pytest.fixture
def direct(engine: EmbeddedElasticsearch) -> Iterator[Client]:
    """A connection to the embedded Elasticsearch. At the end it has no index but the embedded engine's own."""
    engine.load([])
    assert engine.server is not None
    client = Client(f"http://127.0.0.1:{engine.server.port}")
    yield client
    assert engine._index is not None
    assert indices(client) == [engine._index.path.strip("/")]
    client.close()


@pytest.fixture
def url(engine: EmbeddedElasticsearch, direct: Client) -> str:
    return f"http://{direct.where}"


@pytest.fixture
def before(engine: EmbeddedElasticsearch, url: str) -> Iterator[FakeCluster]:
    """A secured cluster with EQL before it, which checks every request."""
    with checked(upstream=int(url.rpartition(":")[2])) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    for name, content in RULES.items():
        (tmp_path / "rules" / f"{name}.yml").write_text(content)
    (tmp_path / "logs.ndjson").write_text(ndjson(RECORDS))
    return tmp_path


def indices(client: Client) -> list[str]:
    found: list[str] = sorted(client.request("GET", "/_all?expand_wildcards=all"))
    return found


def report(folder: Path, engine: Any) -> Report:
    rules = load_files([folder / "rules" / f"{name}.yml" for name in RULES]).rules
    events = [Event(one, "logs.ndjson", number, True) for number, one in enumerate(RECORDS, 1)]
    return verify(rules, events, ("eql", "lucene"), engine)


def run(folder: Path, url: str, *more: str, code: int = 0) -> Ended:
    paths = (folder / "rules", folder / "logs.ndjson")
    ended = sigmaproof("verify", *paths, "--engine", url, *more, env=ENVIRONMENT)
    assert ended.code == code, ended.out + ended.err
    return ended


# the engine


def test_the_same_answers_by_url(engine: EmbeddedElasticsearch, folder: Path, url: str) -> None:
    embedded = report(folder, engine)
    with Cluster(access(url, {})) as cluster:
        by_url = report(folder, cluster)
    assert embedded.rows == by_url.rows
    assert embedded.records == by_url.records > 50
    assert sum(cell.matched for row in by_url.rows for cell in row.cells) > 50
    assert by_url.heading("eql") == "EQL, lowered"
    assert "keyword and text stand for them" in by_url.remarks[0]
    assert "What AWS can write" in by_url.remarks[1]
    assert len(by_url.remarks) == 2


def test_the_same_answers_of_eql_as_it_is(engine: EmbeddedElasticsearch, folder: Path, before: FakeCluster) -> None:
    embedded = report(folder, engine)
    with opened(before) as cluster:
        by_url = report(folder, cluster)
        assert cluster.search([Eql("any where ?event.nothing == 1 and event.nowhere == 1")])[0].error
    assert embedded.rows == by_url.rows
    assert (by_url.heading("eql"), by_url.heading("eql", "event.action")) == ("EQL", "EQL, lowered")
    texts = {cell.conversion.query for row in by_url.rows for cell in row.cells if cell.conversion.target == "eql"}
    assert texts - {None} < {asked["query"] for asked in before.asked("POST .*_eql")}


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ({"aliases": {"everything": {}}}, "the alias everything"),
        ({"settings": {"index.mapping.coerce": False}}, "the setting index.mapping.coerce"),
        (
            {"mappings": {"properties": {"event": {"properties": {"extra": {"type": "long"}}}}}},
            "mappings.properties.event",
        ),
        (
            {"mappings": {"dynamic_templates": [{"all": {"mapping": {"type": "keyword"}}}]}},
            "mappings.dynamic_templates",
        ),
        (
            {"settings": {"number_of_replicas": 3, "default_pipeline": "p", "final_pipeline": "q", "priority": 7}},
            None,
        ),
    ],
)
def test_templates_of_the_cluster(direct: Client, url: str, template: dict[str, Any], told: str | None) -> None:
    direct.request("PUT", TEMPLATE, {"index_patterns": ["sigmaproof-*"], "priority": 500, "template": template})
    try:
        with Cluster(access(url, {})) as cluster:
            if told is None:
                assert cluster.load([("a", {})]).ids == ("a",)
            else:
                with pytest.raises(EngineUnavailable, match=f"another index than it was asked for: {told}"):
                    cluster.load([("a", {})])
    finally:
        direct.request("DELETE", TEMPLATE)


# the command line


def test_verify_on_a_cluster_with_eql(before: FakeCluster, folder: Path) -> None:
    ended = run(folder, before.url)
    heading = next(line for line in ended.lines if "matches:" in line)
    assert heading.split("generated")[1].split() == ["EQL", "Lucene"]
    assert f"compared on elasticsearch 9.1.3 at {before.url.removeprefix('http://')}: 0 not as claimed" in ended.out
    assert "EQL ran as it is (_eql/search)" in ended.out
    assert all(f"Compared [{target}]: refused: " in ended.out for target in ("eql", "lucene"))
    assert KEY not in ended.out + ended.err
    asked = Counter(body["query"] for body in before.asked("POST .*_eql"))
    assert len(asked) == 1 + 3  # the question whether there is EQL, and three rules, which are asked more than once
    assert all(count > 1 for query, count in asked.items() if query != "any where true")


def test_verify_as_json_says_what_judged(before: FakeCluster, folder: Path) -> None:
    objects = run(folder, before.url, "--format", "json").objects
    assert {(one["target"], one["heading"]) for one in objects} == {("eql", "EQL"), ("lucene", "Lucene")}
    assert all(one["engine"].startswith("elasticsearch 9.1.3 at ") for one in objects)
    assert {d["heading"] for one in objects for d in one["differences"] if one["target"] == "eql"} == {"EQL"}


def test_verify_on_a_cluster_without_eql(url: str, folder: Path) -> None:
    ended = run(folder, url)
    assert "EQL, lowered" in ended.out
    assert "EQL ran as it is" not in ended.out


def test_a_query_that_eql_refuses_is_a_finding(before: FakeCluster, folder: Path) -> None:
    refused = error(400, "verification_exception", "Found 1 problem\nline 1:11: Unknown column [event.action]")
    before.faults += [Fault("POST .*_eql", (200, json.loads('{"hits": {}}'))), Fault("POST .*_eql", refused)]
    ended = run(folder, before.url, "-t", "eql", code=1)
    assert (
        "the engine refuses the query: verification_exception: Found 1 problem line 1:11: Unknown column" in ended.out
    )


def test_an_index_that_is_left_is_told_after_the_report(before: FakeCluster, folder: Path) -> None:
    before.faults.append(Fault("DELETE /sigmaproof", error(403, "security_exception", "no"), times=None))
    ended = run(folder, before.url, code=3)
    assert "0 not as claimed" in ended.out
    assert f"error: THE INDEX {before.made[-1]} IS LEFT ON" in ended.err
    before.faults.clear()
    with opened(before) as cluster:
        cluster._to_remove = {before.made[-1]: True}
