"""A cluster by URL, against a local server that checks each request and replays documented answers and errors.

In every case the index must be gone afterwards, and no other request may have been made.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from email.utils import formatdate
from typing import Any

import fakecluster as fake
import pytest
from fakecluster import CUT, DOCS, ENVIRONMENT, HALF, PASSWORD, FakeCluster, Fault, failure, opened, run

from sigmaproof.fields import table
from sigmaproof.verify.engines import Answer, Eql, Loaded, client, cluster, eqlsearch
from sigmaproof.verify.engines.access import access

ALL: dict[str, Any] = {"match_all": {}}
EQL = Eql('any where ?event.action == "CreateRole"')


@pytest.fixture
def server() -> Iterator[FakeCluster]:
    with fake.checked() as running:
        yield running


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made; none is really waited for."""
    made: list[float] = []
    monkeypatch.setattr(time, "sleep", made.append)
    return made


# the ordinary way


def test_answers_of_both_languages_in_their_order(server: FakeCluster) -> None:
    server.matches = lambda query, documents: [0] if query == ALL else [1]
    server.eql = lambda text, documents: [2] if text == EQL.text else []
    with opened(server) as engine:
        assert engine.load(DOCS) == Loaded(("A", "B", "C"))
        assert (engine.has_eql, engine.remarks) == (True, ())
        answers = engine.search([EQL, ALL, Eql("any where false"), {"term": {}}])
        assert engine.name == f"elasticsearch 9.1.3 at {server.url.removeprefix('http://')}"
        assert len(server.indices) == 1
    assert answers == [Answer(frozenset(found)) for found in ({"C"}, {"A"}, set(), {"B"})]


def test_one_index_whose_documents_are_replaced_and_one_more_for_another_mapping(server: FakeCluster) -> None:
    with opened(server) as engine:
        for fields in (None, None, table("filebeat")):
            engine.load(DOCS, fields)
            assert len(server.indices) == 1
        engine.close()
        assert server.indices == {}
    assert len(set(server.made)) == 2
    with opened(server) as engine, pytest.raises(ValueError, match="call load first"):
        engine.search([ALL])


def test_nothing_is_asked_before_the_first_load(server: FakeCluster) -> None:
    with opened(server):
        pass
    assert server.requests == []


def test_the_index_is_made_so_that_no_template_changes_it(server: FakeCluster) -> None:
    run(server)
    (asked,) = server.asked("PUT")
    settings = asked["settings"]["index"]
    assert (settings["default_pipeline"], settings["final_pipeline"]) == ("_none", "_none")
    assert settings["mapping.ignore_malformed"] is False
    properties = asked["mappings"]["properties"]
    assert properties["event"]["properties"]["dataset"] == {"type": "constant_keyword", "value": "aws.cloudtrail"}
    assert "can be deleted" in asked["mappings"]["_meta"]["made_by"]
    kinds = {rule["mapping"]["type"] for row in asked["mappings"]["dynamic_templates"] for rule in row.values()}
    assert {"wildcard", "match_only_text"} <= kinds


def test_types_that_the_cluster_does_not_have_take_the_nearest_one(server: FakeCluster) -> None:
    reason = "Failed to parse mapping: The mapper type [constant_keyword] declared on field [dataset] does not exist."
    server.faults.append(Fault("PUT", fake.error(400, "mapper_parsing_exception", reason)))
    with opened(server) as engine:
        engine.load(DOCS)
        assert "keyword and text stand for them" in engine.remarks[0]
    first, second = server.asked("PUT")
    dataset = [asked["mappings"]["properties"]["event"]["properties"]["dataset"] for asked in (first, second)]
    assert [kind["type"] for kind in dataset] == ["constant_keyword", "keyword"]
    assert len(server.asked("DELETE /sig")) == 1  # what was refused needs no removing


# EQL


def test_eql_is_sent_as_it_is(server: FakeCluster) -> None:
    run(server, EQL)
    probe, asked = server.asked("POST .*_eql")
    assert probe["query"] == "any where true"
    assert asked == {
        "query": EQL.text,
        "size": 10_000,
        "timestamp_field": "@timestamp",
        "event_category_field": "event.category",
        "keep_on_completion": False,
    }


def test_more_documents_than_an_answer_holds_are_asked_for_in_parts(
    server: FakeCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(eqlsearch, "PAGE", 10)
    server.eql = lambda text, documents: [place for place in sorted(documents) if place != 7]
    with opened(server) as engine:
        engine.load((f"doc-{number}", {}) for number in range(25))
        (answer,) = engine.search([EQL])
    assert answer == Answer(frozenset(f"doc-{number}" for number in range(25) if number != 7))
    parts = [asked["filter"]["ids"]["values"] for asked in server.asked("POST .*_eql") if "filter" in asked]
    assert [len(part) for part in parts] == [10, 10, 5]


def test_a_query_that_the_cluster_refuses_is_no_miss(server: FakeCluster) -> None:
    unknown = fake.error(400, "verification_exception", "Found 1 problem\nline 1:11: Unknown column [event.actoin]")
    planner = fake.error(500, "ql_illegal_argument_exception", "Cannot compare")
    probe = (200, fake.eql_answer(["0"]))
    server.faults += [Fault("POST .*_eql", reply) for reply in (probe, unknown, planner)]
    answers = run(server, EQL, EQL, EQL)
    assert answers[0].error == "verification_exception: Found 1 problem line 1:11: Unknown column [event.actoin]"
    assert answers[1].error == "ql_illegal_argument_exception: Cannot compare"
    assert answers[2] == Answer(frozenset("ABC"))


SHARD = {"shard": 0, "index": "x", "reason": {"type": "circuit_breaking_exception", "reason": "Data too large"}}


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (fake.eql_answer(["0"], shard_failures=[SHARD]), "1 shards failed: circuit_breaking_exception: Data too large"),
        (fake.eql_answer(["0"], timed_out=True), "ran out of time"),
        (fake.eql_answer(["0"], is_partial=True), "the engine's answer is partial"),
        (fake.eql_answer(["0"], id="Fkx", is_running=True, is_partial=True), "the engine's answer is partial"),
        (fake.eql_answer([], hits={"total": {"value": 1, "relation": "eq"}}), "incomplete: 0 documents came back of 1"),
        (
            fake.eql_answer([], hits={"total": {"value": 1, "relation": "gte"}}),
            "incomplete: 0 documents came back of 1",
        ),
        (fake.eql_answer([], hits={"total": {"value": 1}, "sequences": []}), "sequences"),
        (fake.eql_answer([], hits={}), "without a number of hits"),
        ({}, "ran out of time"),
    ],
)
def test_an_eql_answer_that_is_not_complete_is_an_error(server: FakeCluster, reply: Any, told: str) -> None:
    server.faults += [Fault("POST .*_eql", (200, fake.eql_answer([]))), Fault("POST .*_eql", (200, reply))]
    (answer,) = run(server, EQL)
    assert answer.matched == frozenset()
    assert told in str(answer.error)


@pytest.mark.parametrize("ids", [["3"], ["x"], ["0", "0"], ["-1"]])
def test_documents_that_are_not_ours_are_an_error(server: FakeCluster, ids: list[str]) -> None:
    server.faults += [
        Fault("POST .*_eql", (200, fake.eql_answer([]))),
        Fault("POST .*_eql", (200, fake.eql_answer(ids))),
    ]
    assert "documents that are not ours" in failure(server, EQL)


def test_a_cluster_without_eql(server: FakeCluster) -> None:
    server.has_eql = False
    with opened(server) as engine:
        engine.load(DOCS)
        assert engine.has_eql is False
        assert engine.search([ALL]) == [Answer(frozenset("ABC"))]
        with pytest.raises(ValueError, match="no EQL to run 'any where"):
            engine.search([ALL, EQL])


def test_eql_that_may_not_be_asked_is_not_taken_for_missing(server: FakeCluster) -> None:
    reply = fake.error(403, "security_exception", "action [indices:data/read/eql] is unauthorized for user [dana]")
    server.faults.append(Fault("POST .*_eql", reply))
    assert "the credentials in SIGMAPROOF_API_KEY need the privilege `all` on the indices sigmaproof-*" in failure(
        server
    )
    server.faults.append(Fault("POST .*_eql", fake.error(404, "index_not_found_exception", "no such index [x]")))
    assert "HTTP 404: index_not_found_exception" in failure(server)


# searching


def test_a_partial_shard_failure_and_a_late_answer_are_no_misses(server: FakeCluster) -> None:
    whole = {"hits": {"total": {"value": 1}, "hits": [{"_id": "0", "sort": [0]}]}, "timed_out": False}
    shards = {"total": 2, "successful": 1, "failed": 1, "failures": [SHARD]}
    replies = [{**whole, "_shards": shards}, {**whole, "_shards": {"total": 1, "failed": 0}, "timed_out": True}]
    server.faults.append(Fault("POST /_msearch", (200, {"responses": replies})))
    part, late = run(server, ALL, ALL)
    assert (part.matched, part.error) == (
        frozenset(),
        "1 of 2 shards failed: circuit_breaking_exception: Data too large",
    )
    assert (late.matched, "ran out of time" in str(late.error)) == (frozenset(), True)


def test_a_query_that_the_cluster_was_too_busy_for_is_asked_again(server: FakeCluster, pauses: list[float]) -> None:
    busy = {"responses": [{**fake.TOO_MANY[1]}, {**fake.TOO_MANY[1]}]}
    server.faults.append(Fault("POST /_msearch", (200, busy)))
    assert run(server, ALL, ALL) == [Answer(frozenset("ABC"))] * 2
    assert pauses == [0.2]
    server.faults.append(Fault("POST /_msearch", (200, busy), times=None))
    assert "too busy to search: es_rejected_execution_exception" in failure(server, ALL, ALL)


def test_documents_that_did_not_become_searchable_are_an_error(server: FakeCluster) -> None:
    shards = {"total": 1, "successful": 0, "failed": 1, "failures": [SHARD]}
    server.faults.append(Fault("POST .*_refresh", (200, {"_shards": shards})))
    assert "did not make the documents searchable" in failure(server, ALL)


# errors of HTTP


def test_missing_credentials_say_what_to_set(server: FakeCluster) -> None:
    told = failure(server, environment={})
    assert "HTTP 401: security_exception: missing authentication credentials" in told
    assert "set SIGMAPROOF_API_KEY, or SIGMAPROOF_USER and SIGMAPROOF_PASSWORD in the environment" in told


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"SIGMAPROOF_API_KEY": "d3Jvbmc="}, "SIGMAPROOF_API_KEY"),
        ({"SIGMAPROOF_USER": "dana", "SIGMAPROOF_PASSWORD": PASSWORD}, "SIGMAPROOF_USER and SIGMAPROOF_PASSWORD"),
    ],
)
def test_wrong_credentials_name_their_variables(server: FakeCluster, environment: dict[str, str], named: str) -> None:
    told = failure(server, environment=environment)
    assert told.endswith(f"it does not accept the credentials in {named}")
    assert not any(secret in told for name, secret in environment.items() if name != "SIGMAPROOF_USER")


def test_a_user_and_a_password_are_accepted(server: FakeCluster) -> None:
    server.authorization = "Basic " + base64.b64encode(f"dana:{PASSWORD}".encode()).decode()
    environment = {"SIGMAPROOF_USER": "dana", "SIGMAPROOF_PASSWORD": PASSWORD}
    assert run(server, ALL, environment=environment) == [Answer(frozenset("ABC"))]


def test_a_missing_privilege_says_which(server: FakeCluster) -> None:
    server.faults.append(Fault("PUT", fake.FORBIDDEN))
    assert "need the privilege `all` on the indices sigmaproof-*" in failure(server)


@pytest.mark.parametrize("form", ["json", "html"])
@pytest.mark.parametrize(
    "environment", [ENVIRONMENT, {"SIGMAPROOF_USER": "dana", "SIGMAPROOF_PASSWORD": PASSWORD}], ids=["key", "user"]
)
def test_a_server_that_repeats_our_credentials_is_not_quoted(
    server: FakeCluster, environment: dict[str, str], form: str
) -> None:
    header = access(server.url, environment).headers["Authorization"]
    words = f"bad header: Authorization: {header} ({PASSWORD})"
    reply = fake.error(400, "x", words) if form == "json" else (400, f"<html>{words}</html>".encode())
    server.authorization = header
    server.faults.append(Fault("PUT", reply))
    told = failure(server, environment=environment)
    assert "bad header: Authorization: " in told
    assert "[hidden]" in told
    assert header.split()[1] not in told
    assert environment is ENVIRONMENT or PASSWORD not in told


@pytest.mark.parametrize(
    "on", ["GET /", "PUT", "GET /sig", "POST .*_bulk", "POST .*_refresh", "POST .*_eql", "POST /_ms"]
)
@pytest.mark.parametrize("reply", [fake.TOO_MANY, fake.NOT_READY, (503, b"<html>Service Unavailable</html>")])
def test_a_busy_cluster_is_asked_again_when_it_says(
    server: FakeCluster, pauses: list[float], on: str, reply: Any
) -> None:
    server.faults.append(Fault(on, reply, times=2, headers={"Retry-After": "3"}))
    assert run(server, ALL) == [Answer(frozenset("ABC"))]
    assert pauses == [3.0, 3.0]


def test_a_cluster_that_stays_busy_is_given_up(server: FakeCluster, pauses: list[float]) -> None:
    server.faults.append(Fault("POST .*_bulk", fake.NOT_READY, times=None))
    assert "is too busy to take documents: cluster_block_exception: blocked by" in failure(server)
    assert tuple(pauses) == client.PAUSES
    server.faults.append(Fault("POST .*_eql", fake.TOO_MANY, times=None))
    server.faults.pop(0)
    assert "HTTP 429: es_rejected_execution_exception" in failure(server)


@pytest.mark.parametrize(
    ("header", "low", "high"), [("7", 7, 7), ("86400", 60, 60), ("soon", 0.2, 0.2), ("-5", 0.2, 0.2)]
)
def test_how_long_retry_after_is_honoured(
    server: FakeCluster, pauses: list[float], header: str, low: float, high: float
) -> None:
    server.faults.append(Fault("PUT", fake.TOO_MANY, headers={"Retry-After": header}))
    run(server)
    assert low <= pauses[0] <= high


def test_retry_after_as_a_date(server: FakeCluster, pauses: list[float]) -> None:
    at = formatdate(time.time() + 20, usegmt=True)
    server.faults.append(Fault("PUT", fake.TOO_MANY, headers={"Retry-After": at}))
    run(server)
    assert 15 < pauses[0] <= 20


@pytest.mark.parametrize("reply", [CUT, HALF], ids=["cut", "half"])
@pytest.mark.parametrize("on", ["GET /", "PUT", "GET /sig", "POST .*_bulk", "POST .*_pit", "POST /_ms", "POST .*_eql"])
def test_a_cut_connection_is_an_error_and_leaves_nothing(server: FakeCluster, on: str, reply: Any) -> None:
    server.faults.append(Fault(on, reply, times=None, done=True))
    assert "cut the connection during" in failure(server, ALL, EQL)
    assert on == "GET /" or len(set(server.made)) == 1


def test_a_connection_that_was_cut_once_is_opened_again(server: FakeCluster) -> None:
    server.faults += [
        Fault(on, CUT, done=True) for on in ("PUT", "GET /sig", "POST .*_bulk", "POST /_ms", "POST .*_eql")
    ]
    assert run(server, ALL, EQL) == [Answer(frozenset("ABC"))] * 2
    assert len(server.asked("PUT")) == 2
    assert len(server.indices) == 0


def test_an_index_that_appears_after_the_cut_is_removed_too(
    server: FakeCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.faults.append(Fault("PUT", CUT, times=None))

    def appear(seconds: float) -> None:
        if seconds == cluster.REMOVAL_PAUSES[1]:
            server.indices[server.requests[-1][1].strip("/")] = {}

    monkeypatch.setattr(time, "sleep", appear)
    failure(server)
    assert [method for method, _, _ in server.requests].count("DELETE") == 3
