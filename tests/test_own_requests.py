"""A cluster's own pipeline and template, against a local server that checks each request: nothing is asked but what
reads, simulates, or concerns our own temporary index. How a real one answers is in test_own_cluster."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import fakecluster as fake
import pytest
from commandline import EXACT, sigmaproof
from fakecluster import ENVIRONMENT, KEY, FakeCluster, Fault

from sigmaproof.fields import table
from sigmaproof.verify.engines import EngineUnavailable, Unmade
from sigmaproof.verify.engines.access import access
from sigmaproof.verify.engines.cluster import Cluster
from sigmaproof.verify.engines.opening import UsageError, engine_of
from sigmaproof.verify.engines.pipeline import BATCH

SETTINGS = {
    "index": {
        "mapping": {"ignore_malformed": "true", "total_fields": {"limit": "5000"}},
        "lifecycle": {"name": "logs"},
        "default_pipeline": "logs-aws.cloudtrail-8.9.0",
        "final_pipeline": "_none",
        "number_of_replicas": "2",
        "sort": {"field": "host.name"},
        "analysis": {"normalizer": {"lower": {"type": "custom", "filter": ["lowercase"]}}},
    }
}
MAPPINGS = {
    "_data_stream_timestamp": {"enabled": True},
    "_meta": {"managed": True},
    "dynamic": "true",
    "properties": {},
}
ENTRY = {"version": 4, "_meta": {"package": {"name": "aws", "version": "8.9.0"}}, "index_patterns": ["logs-*"]}


@pytest.fixture
def server() -> Iterator[FakeCluster]:
    with fake.checked() as running:
        running.pipelines["own"] = {"version": 12, "processors": []}
        running.templates["own"] = (ENTRY, {"settings": SETTINGS, "mappings": MAPPINGS, "aliases": {"all": {}}})
        yield running


def opened(server: FakeCluster, pipeline: str | None = None, template: str | None = None) -> Cluster:
    return Cluster(access(server.url, ENVIRONMENT), pipeline, template)


def made(server: FakeCluster, records: list[Mapping[str, Any]]) -> list[Any]:
    with opened(server, "own") as engine:
        engine.meet()
        assert engine.own.documents is not None
        named = [(str(number), record) for number, record in enumerate(records)]
        found = engine.own.documents(named, table())
    assert found.keys() == dict(named).keys()
    return [found[name] for name, _ in named]


def test_a_template_makes_the_index_without_what_belongs_to_a_data_stream(server: FakeCluster) -> None:
    with opened(server, template="own") as engine:
        engine.load([("a", {})])
        assert engine.own.types is not None
        assert engine.own.types() == {}
        told = "template own (version 4, package aws 8.9.0) makes it, without its pipelines logs-aws.cloudtrail-8.9.0."
        assert engine.remarks == (f"Index: as the cluster's {told}",)
    (asked,) = server.asked("PUT")
    assert asked["settings"]["index"] == {
        "mapping.ignore_malformed": "true",
        "mapping.total_fields.limit": "5000",
        "analysis.normalizer.lower.type": "custom",
        "analysis.normalizer.lower.filter": ["lowercase"],
        "number_of_shards": 1,
        "number_of_replicas": 0,
        "refresh_interval": "-1",
        "translog.durability": "async",
        "default_pipeline": "_none",
        "final_pipeline": "_none",
    }
    assert asked["mappings"].keys() == {"_meta", "dynamic", "properties"}
    assert asked["mappings"]["_meta"].keys() == {"managed", "made_by"}
    assert "aliases" not in asked


def test_a_template_of_time_series_is_refused(server: FakeCluster) -> None:
    server.templates["own"] = (ENTRY, {"settings": {"index": {"mode": "time_series"}}})
    with opened(server, template="own") as engine, pytest.raises(EngineUnavailable, match=r"index\.mode time_series"):
        engine.meet()


def test_a_pipeline_gets_what_an_agent_sends(server: FakeCluster) -> None:
    record = {"eventName": "A", "n": 1e10}
    (document,) = made(server, [record])
    assert document["message"] == '{"eventName":"A","n":1.0E10}'
    assert document["data_stream"] == {"type": "logs", "dataset": "aws.cloudtrail", "namespace": "default"}
    assert document["event"] == {"module": "aws", "dataset": "aws.cloudtrail"}
    assert document.keys() == {"@timestamp", "data_stream", "event", "message"}
    (asked,) = server.asked("POST .*_simulate")
    assert {doc["_index"].partition("-")[0] for doc in asked["docs"]} == {"sigmaproof"}


def test_records_are_sent_in_batches(server: FakeCluster) -> None:
    documents = made(server, [{"n": number} for number in range(BATCH + 1)])
    assert [json.loads(document["message"])["n"] for document in documents] == list(range(BATCH + 1))
    assert [len(asked["docs"]) for asked in server.asked("POST .*_simulate")] == [BATCH, 1]


def test_each_record_that_gets_no_document_has_its_reason(server: FakeCluster) -> None:
    def simulated(doc: Any) -> Any:
        number = json.loads(doc["_source"]["message"])["n"]
        failed = {"error": {"root_cause": [{"type": "x", "reason": "bad"}], "type": "x", "reason": "bad"}}
        return {1: None, 2: failed}.get(number, {"doc": doc})

    server.simulate = simulated
    deep: dict[str, Any] = {"n": 3}
    for _ in range(100_000):
        deep = {"k": deep}
    document, *others = made(server, [{"n": 0}, {"n": 1}, {"n": 2}, deep])
    assert json.loads(document["message"]) == {"n": 0}
    told = ["the pipeline own drops it", "the pipeline own fails: x: bad", "nested too deeply to be written as JSON"]
    assert others == [Unmade(reason) for reason in told]


def test_a_request_that_fails_as_a_whole_is_divided(server: FakeCluster) -> None:
    def simulated(doc: Any) -> Any:
        assert json.loads(doc["_source"]["message"])["n"] != 2
        return {"doc": doc}

    server.simulate = simulated
    documents = made(server, [{"n": number} for number in range(4)])
    assert documents[2] == Unmade("the pipeline own fails: illegal_argument_exception: a document is at fault")
    assert [json.loads(one["message"])["n"] for one in documents if isinstance(one, dict)] == [0, 1, 3]


def test_a_document_for_another_index_ends_the_run_before_anything_is_made(server: FakeCluster) -> None:
    server.simulate = lambda doc: {"doc": {**doc, "_index": "logs-aws.cloudtrail-default"}}
    with pytest.raises(EngineUnavailable, match=r"sends a document to the index logs-aws\.cloudtrail-default"):
        made(server, [{"n": 1}])
    assert server.made == []


@pytest.mark.parametrize("reply", [{"docs": []}, {}, {"docs": [{"doc": {"_index": "x"}}]}])
def test_an_answer_without_documents_is_an_error(server: FakeCluster, reply: Any) -> None:
    server.faults.append(Fault("POST .*_simulate", (200, reply)))
    with pytest.raises(EngineUnavailable, match="answered"):
        made(server, [{"n": 1}])


@pytest.mark.parametrize("which", [("nope", None), (None, "nope")])
def test_what_is_not_there(server: FakeCluster, which: tuple[str | None, str | None]) -> None:
    with (
        opened(server, *which) as engine,
        pytest.raises(EngineUnavailable, match=r"has no (ingest pipeline|index template) nope"),
    ):
        engine.meet()


def test_a_missing_privilege_says_which(server: FakeCluster) -> None:
    server.faults.append(Fault("GET /_ingest", fake.FORBIDDEN))
    with opened(server, "own", "own") as engine, pytest.raises(EngineUnavailable) as caught:
        engine.meet()
    assert "sigmaproof-*, and of the cluster read_pipeline and manage_index_templates" in str(caught.value)


@pytest.mark.parametrize("option", ["--ingest-pipeline", "--index-template"])
@pytest.mark.parametrize(
    ("engine", "name", "told"),
    [
        ("embedded", "own", "is one of a cluster of your own: give its URL with --engine"),
        ("opensearch", "own", "is one of a cluster of your own: give its URL with --engine"),
        ("https://h", "logs-*", "'logs-*': give the name of one, without wildcards"),
        ("https://h", "", "'': give the name of one, without wildcards"),
    ],
)
def test_wrong_usage(option: str, engine: str, name: str, told: str) -> None:
    names = (name, None) if option == "--ingest-pipeline" else (None, name)
    with pytest.raises(UsageError) as caught:
        engine_of(engine, {}, *names)
    assert str(caught.value) == f"{option} {told}"


def test_wrong_usage_ends_with_2(tmp_path: Any) -> None:
    (tmp_path / "rule.yml").write_text(EXACT)
    ended = sigmaproof("verify", tmp_path / "rule.yml", "--ingest-pipeline", "own")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == "error: --ingest-pipeline is one of a cluster of your own: give its URL with --engine\n"


# OpenSearch

ROOT = {"version": {"number": "2.19.6", "distribution": "opensearch"}}


def test_opensearch_has_an_api_of_its_own(server: FakeCluster) -> None:
    server.root, server.product = (200, ROOT), None
    with opened(server) as engine:
        engine.load(fake.DOCS)
        assert (engine.name.partition(" at ")[0], engine.has_eql) == ("opensearch 2.19.6", False)
        assert engine.search([{"match_all": {}}])[0].matched == frozenset("ABC")
        assert "flat_object" in engine.remarks[0]
    assert server.asked("DELETE /_search") == [{"pit_id": [f"pit of {server.made[0]}"]}]
    assert server.asked("POST .*_eql") == []
    (asked,) = server.asked("PUT")
    trail = asked["mappings"]["properties"]["aws"]["properties"]["cloudtrail"]["properties"]
    assert trail["flattened"]["properties"]["request_parameters"] == {"type": "flat_object"}


def test_the_words_of_opensearch_for_wrong_credentials_are_no_json(server: FakeCluster) -> None:
    server.faults.append(Fault("GET /", (401, b"Unauthorized")))
    with opened(server) as engine, pytest.raises(EngineUnavailable) as caught:
        engine.load([])
    assert "it does not accept the credentials in SIGMAPROOF_API_KEY" in str(caught.value)
    assert KEY not in str(caught.value)
