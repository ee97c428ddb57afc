"""A cluster's own ingest pipeline and index template, on a real OpenSearch by its URL, used as a team would.

The pipelines and the template are our own, small ones. Whatever happens, the cluster has the same indices before and
after, and the same pipelines and templates. What is asked is in test_own_requests.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from commandline import Ended, ndjson, record, rule, sigmaproof

from sigmaproof.verify.engines.client import Client
from sigmaproof.verify.engines.opensearch import EmbeddedOpenSearch

PIPELINE, TEMPLATE = "proof-pipeline", "proof-template"
RENDER = """
    def made = ctx._raw.requestParameters;
    if (made == null) { return; }
    if (ctx.aws == null) { ctx.aws = ['cloudtrail': ['flattened': [:]]]; }
    ctx.aws.cloudtrail.request_parameters = made.toString();
    ctx.aws.cloudtrail.flattened.request_parameters = made;
"""
PROCESSORS: list[dict[str, Any]] = [
    {"json": {"field": "message", "target_field": "_raw"}},
    {"drop": {"if": "ctx._raw.eventName == 'Dropped'"}},
    {"fail": {"if": "ctx._raw.eventName == 'Failing'", "message": "no such action"}},
    {"date": {"field": "_raw.eventTime", "formats": ["ISO8601"]}},
    {"rename": {"field": "_raw.eventName", "target_field": "event.action", "ignore_missing": True}},
    {"rename": {"field": "_raw.eventSource", "target_field": "event.provider", "ignore_missing": True}},
    {"script": {"source": RENDER}},
    {"remove": {"field": ["_raw", "message"]}},
]
WORD = {"type": "keyword", "ignore_above": 1024}


def mappings(action: dict[str, Any] = WORD) -> dict[str, Any]:
    """The template's mappings, with this one for event.action."""
    return {
        "dynamic_templates": [{"words": {"match_mapping_type": "string", "mapping": WORD}}],
        "properties": {
            "@timestamp": {"type": "date"},
            "event": {"properties": {"action": action, "provider": WORD, "dataset": {"type": "keyword"}}},
            "aws.cloudtrail.request_parameters": {"type": "keyword", "ignore_above": 8191},
            "aws.cloudtrail.flattened.request_parameters": {"type": "flat_object"},
        },
    }


EXACT = rule("selection:\n    eventName: CreateTrustAnchor\ncondition: selection", "Exact")
NESTED = rule(
    "selection:\n    eventName: CreateTrustAnchor\nfilter:\n    requestParameters.source.sourceType: AWS_ACM_PCA\n"
    "condition: selection and not filter",
    "Nested",
    "33333333-3333-4333-8333-333333333333",
)
RECORDS = [
    record(1, requestParameters={"source": {"sourceType": "CERTIFICATE_BUNDLE"}}),
    record(2, requestParameters={"source": {"sourceType": "AWS_ACM_PCA"}}),
    record(3, eventName="Dropped"),
    record(4, eventName="Failing"),
    record(5, eventTime="yesterday"),
]


@pytest.fixture(scope="module")
def client(opensearch: EmbeddedOpenSearch) -> Iterator[Client]:
    """A connection to a cluster that has a pipeline and a template of a data stream."""
    opensearch.load([])
    assert opensearch.server is not None
    client = Client(f"http://127.0.0.1:{opensearch.server.port}")
    client.request("PUT", f"/_ingest/pipeline/{PIPELINE}", {"version": 7, "processors": PROCESSORS})
    client.request("PUT", f"/_component_template/{PIPELINE}", {"template": {"mappings": mappings()}})
    made = {"settings": {"index": {"default_pipeline": PIPELINE, "number_of_replicas": 2, "codec": "best_compression"}}}
    body = {"index_patterns": ["proof-*"], "data_stream": {}, "composed_of": [PIPELINE], "priority": 300, "version": 3}
    client.request("PUT", f"/_index_template/{TEMPLATE}", {**body, "template": {**made, "aliases": {"all-logs": {}}}})
    yield client
    client.request("DELETE", f"/_index_template/{TEMPLATE}")
    client.request("DELETE", f"/_component_template/{PIPELINE}")
    client.request("DELETE", f"/_ingest/pipeline/{PIPELINE}")
    client.close()


@pytest.fixture(autouse=True)
def untouched(client: Client) -> Iterator[None]:
    """Nothing is left, and nothing else is changed."""
    paths = ("/_all?expand_wildcards=all", "/_ingest/pipeline", "/_index_template", "/_component_template")
    before = [client.request("GET", path) for path in paths]
    yield
    assert [client.request("GET", path) for path in paths] == before


def verify(client: Client, folder: Path, *more: str, rules: tuple[str, ...] = (EXACT, NESTED), code: int = 0) -> Ended:
    for number, text in enumerate(rules):
        (folder / f"{number}.yml").write_text(text)
    (folder / "logs.ndjson").write_text(ndjson(RECORDS))
    paths = [folder / f"{number}.yml" for number in range(len(rules))]
    ended = sigmaproof("verify", *paths, folder / "logs.ndjson", "--engine", f"http://{client.where}", *more)
    assert ended.code == code, ended.out + ended.err
    return ended


def test_verified_against_the_clusters_own_pipeline_and_template(client: Client, tmp_path: Path) -> None:
    ended = verify(client, tmp_path, "--ingest-pipeline", PIPELINE, "--index-template", TEMPLATE, "--all")
    assert "0 not as claimed" in ended.out
    assert f"compared on opensearch 3.8.0 at {client.where}" in ended.out
    assert f"made of the raw records by the cluster's ingest pipeline {PIPELINE} (version 7)." in ended.out
    told = f"as the cluster's template {TEMPLATE} (version 3) makes it, without its pipelines {PIPELINE}."
    assert told in ended.out
    assert "flat_object stands for them" in ended.out


def test_what_the_pipeline_drops_or_fails_on_is_rejected(client: Client, tmp_path: Path) -> None:
    always = rule("selection:\n    eventVersion|exists: true\ncondition: selection", "Always")
    ended = verify(client, tmp_path, "--ingest-pipeline", PIPELINE, "-t", "lucene", "--all", rules=(always,), code=1)
    said = [line for line in ended.lines if "the index rejects" in line]
    assert any("the pipeline proof-pipeline drops it" in line for line in said)
    assert any("the pipeline proof-pipeline fails: fail_processor_exception: no such action" in line for line in said)
    assert any("fails: illegal_argument_exception: unable to parse date [yesterday]" in line for line in said)
    dropped = ended.out.index("logs.ndjson:3")
    assert "rule on the ECS document: rejected; Lucene: rejected" in ended.out[dropped:]
    # the pipeline does not keep eventVersion: the rule's other half can't be the one that differs
    assert "rule: match; rule on the ECS document: no match; Lucene: no match" in ended.out


@contextmanager
def template(client: Client, action: dict[str, Any]) -> Iterator[str]:
    """The name of another template, with this mapping of event.action."""
    body = {"index_patterns": ["other-*"], "template": {"mappings": mappings(action)}}
    client.request("PUT", "/_index_template/other", body)
    try:
        yield "other"
    finally:
        client.request("DELETE", "/_index_template/other")


def test_a_mapping_that_keeps_less_is_a_finding_that_says_so(client: Client, tmp_path: Path) -> None:
    with template(client, {"type": "keyword", "ignore_above": 9}) as name:
        ended = verify(client, tmp_path, "--index-template", name, "-t", "lucene", rules=(EXACT,), code=1)
    assert "Exact [lucene]: DIFFERS, and the claim (exact) doesn't explain it" in ended.out
    assert "rule: match; rule on the ECS document: match; Lucene: no match" in ended.out
    told = (
        "event.action is a keyword of at most 9 characters here; the claim is about keyword of at most 1,024 characters"
    )
    assert f"  indexed  {told}" in ended.out


def test_eql_is_lowered_by_the_mapping_that_the_index_has(client: Client, tmp_path: Path) -> None:
    with template(client, {"type": "text"}) as name:
        ended = verify(client, tmp_path, "--index-template", name, "-t", "eql", rules=(EXACT,), code=1)
    assert "the engine refuses the query: " in ended.out
    assert "No keyword/multi-field defined exact matches for [event.action]" in " ".join(ended.out.split())
    assert "indexed  event.action is a text here" in ended.out


@pytest.mark.parametrize("reroute", [{"set": {"field": "_index", "value": "elsewhere"}}], ids=["set"])
def test_a_pipeline_that_sends_documents_elsewhere_is_refused(
    client: Client, tmp_path: Path, reroute: dict[str, Any]
) -> None:
    client.request("PUT", "/_ingest/pipeline/elsewhere", {"processors": [*PROCESSORS, reroute]})
    try:
        ended = verify(client, tmp_path, "--ingest-pipeline", "elsewhere", code=3)
    finally:
        client.request("DELETE", "/_ingest/pipeline/elsewhere")
    assert "error: the pipeline elsewhere sends a document to the index elsewhere" in ended.err


@pytest.mark.parametrize(
    ("option", "told"),
    [("--ingest-pipeline", "has no ingest pipeline nope"), ("--index-template", "has no index template nope")],
)
def test_what_the_cluster_does_not_have_ends_with_3(client: Client, tmp_path: Path, option: str, told: str) -> None:
    assert told in verify(client, tmp_path, option, "nope", code=3).err


def test_as_json(client: Client, tmp_path: Path) -> None:
    more = ("--index-template", TEMPLATE, "--format", "json", "-t", "lucene")
    ended = verify(client, tmp_path, *more, rules=(NESTED,))
    (nested,) = ended.objects
    name = "aws.cloudtrail.flattened.request_parameters"
    assert nested["indexed_otherwise"] == [f"{name} is a flat_object here; the claim is about flattened"]
    assert nested["heading"] == "Lucene"
