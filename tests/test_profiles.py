"""Profiles of the field table: which can be named, what each has, and how they are asked for.

What is claimed under each is in fixtures/cases/integrations.yml, what documents look like in normalize.yml.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from commandline import ID, rule
from commandline import sigmaproof as sigmaproof_command
from conftest import ROOT
from sigma.collection import SigmaCollection
from sigma.exceptions import SigmaConfigurationError, SigmaError
from sigma.rule import SigmaRule

import sigmaproof
from sigma.pipelines.sigmaproof import ecs_cloudtrail, ecs_cloudtrail_filebeat
from sigmaproof.fields import DEFAULT, FILEBEAT, UnknownFieldError, UnknownIntegrationError, table
from sigmaproof.normalize import OptionError, normalize
from sigmaproof.targets import backend
from sigmaproof.verify.engines.mapping import mapping

EqlBackend, LuceneBackend = backend("eql"), backend("lucene")
RECORDS = ROOT / "fixtures/events/rolesanywhere.ndjson"


@pytest.mark.parametrize(
    ("integration", "pipeline"),
    [
        ("2.17.0", "early"),
        ("2.25.0", "early"),
        ("3.7.1", "early"),
        ("6.22.0", "current"),
        ("6.30.1", "current"),
        ("7.0.1", "current"),
        ("7.3.1", "current"),
        ("7.4.0", "current"),
        (DEFAULT, "current"),
        ("8.99.0", "current"),
        (FILEBEAT, "filebeat"),
    ],
)
def test_known_profiles(integration: str, pipeline: str) -> None:
    fields = table(integration)
    assert (fields.integration, fields.pipeline) == (integration, pipeline)
    assert fields is table(integration)


@pytest.mark.parametrize(
    "integration",
    [
        "",
        "x",
        "8",
        "8.9",
        "8.9.0.1",
        "٨.9.0",
        "8.9.0-beta",
        "1.2.0",
        "2.16.9",
        "3.8.0",
        "6.21.9",
        "7.0.0",
        "7.1.1",
        "7.3.0",
        "9.0.0",
        "99999999999.0.0",
    ],
)
def test_unknown_profiles_say_what_is_known(integration: str) -> None:
    with pytest.raises(UnknownIntegrationError, match=r"known are the versions 2\.17\.0 .*, 7\.4\.0 .* and filebeat"):
        table(integration)


def test_a_version_between_says_why() -> None:
    with pytest.raises(UnknownIntegrationError, match=r"user\.name was split at the at sign"):
        table("5.5.0")


@pytest.mark.parametrize(
    ("integration", "limit"), [("2.40.9", 1024), ("2.41.0", 8191), (DEFAULT, 8191), (FILEBEAT, 1024)]
)
def test_limits_of_texts(integration: str, limit: int) -> None:
    assert table(integration).raw("requestParameters").field.homes[0].ignore_above == limit
    properties: Any = mapping(table(integration))["properties"]
    cloudtrail = properties["aws"]["properties"]["cloudtrail"]["properties"]
    assert cloudtrail["request_parameters"]["ignore_above"] == limit
    assert cloudtrail["additional_eventdata"]["ignore_above"] == 1024


def test_every_field_of_the_newest_version_is_kept_or_explained() -> None:
    for integration in ("2.25.0", "7.4.0", FILEBEAT):
        fields = table(integration)
        kept = {field.raw for field in fields.fields}
        assert kept.isdisjoint(fields.dropped)
        assert kept | set(fields.dropped) == {field.raw for field in table().fields} | set(table().dropped)


def test_a_change_names_only_what_there_is() -> None:
    """A misspelt name in the YAML would change nothing, silently."""
    from sigmaproof.fields import _data

    data = _data()
    raws = {entry["raw"] for entry in data["fields"]}
    homes = {home["name"] for entry in [*data["fields"]] for home in entry["homes"]}
    for change in [*data["changes"], data["filebeat"]]:
        assert set(change.get("fields", {})) | set(change.get("gone", {})) <= raws
        assert set(change.get("homes", {})) <= homes
        assert change["source"]


def test_filebeat_maps_every_keyword_with_its_limit() -> None:
    def keywords(node: Any) -> list[Any]:
        found = [node] if node.get("type") == "keyword" else []
        return found + [leaf for inner in node.get("properties", {}).values() for leaf in keywords(inner)]

    made = mapping(table(FILEBEAT))
    assert {leaf.get("ignore_above") for leaf in keywords(made)} == {1024}
    assert made["properties"]["aws"]["properties"]["cloudtrail"]["properties"]["read_only"]["type"] == "keyword"
    assert [list(template) for template in made["dynamic_templates"]] == [["ecs_strings"]]
    assert "data_stream" not in normalize({"eventName": "x"}, integration=FILEBEAT)


@pytest.mark.parametrize(
    ("integration", "raw", "told"),
    [
        ("2.25.0", "sharedEventID", "since 7.4.0, and this is 2.25.0"),
        ("2.25.0", "userIdentity.sessionContext.webIdFederationData.attributes.aud", "since 7.4.0"),
        (FILEBEAT, "requestID", "looks for requestId"),
        (FILEBEAT, "sessionCredentialFromConsole", "Filebeat's module does not keep it"),
    ],
)
def test_fields_that_a_profile_does_not_have(integration: str, raw: str, told: str) -> None:
    assert table().raw(raw)
    with pytest.raises(UnknownFieldError, match=told):
        table(integration).raw(raw)


def test_retain_is_checked() -> None:
    with pytest.raises(OptionError, match="the values are all, keyword"):
        normalize({}, retain="some")
    with pytest.raises(OptionError, match=r"since 3\.10\.0; filebeat has none"):
        normalize({}, retain="all", integration=FILEBEAT)


# --- pySigma

RULE = """
title: Filebeat
logsource: {product: aws, service: cloudtrail}
detection: {s: {readOnly: true, FIELD: x}, condition: s}
"""
IN_ECS = """
title: Filebeat
logsource: {product: aws, service: cloudtrail}
detection: {s: {aws.cloudtrail.read_only: "true"}, condition: s}
"""


def converted(made: Any, field: str = "userAgent") -> Any:
    return made.convert(SigmaCollection.from_yaml(RULE.replace("FIELD", field)))


def test_the_pipeline_tells_the_backend_its_profile() -> None:
    """EQL compares a boolean field with a boolean, a keyword with a text."""
    assert "?aws.cloudtrail.read_only == true" in converted(EqlBackend(ecs_cloudtrail()))[0]
    assert '?aws.cloudtrail.read_only : "true"' in converted(EqlBackend(ecs_cloudtrail_filebeat()))[0]
    one = SigmaRule.from_yaml(f"id: {ID}{RULE.replace('FIELD', 'userAgent')}")
    conversion = EqlBackend(ecs_cloudtrail_filebeat()).conversion(one)
    assert (conversion.integration, conversion.rule_id, conversion.title) == (FILEBEAT, ID, "Filebeat")


def test_a_pipeline_of_no_profile_goes_with_any() -> None:
    query = EqlBackend(integration=FILEBEAT).convert(SigmaCollection.from_yaml(IN_ECS))[0]
    assert query == 'any where ?aws.cloudtrail.read_only : "true"'


def test_the_option_names_a_version() -> None:
    made = LuceneBackend(ecs_cloudtrail(), integration="2.25.0")
    assert "aws.cloudtrail.read_only:true" in converted(made)[0]
    with pytest.raises(SigmaError, match=r"shared_event_id is not a field"):
        converted(made, "sharedEventID")


@pytest.mark.parametrize(
    "make",
    [
        lambda: EqlBackend(ecs_cloudtrail(), integration=FILEBEAT),
        lambda: EqlBackend(ecs_cloudtrail_filebeat(), integration=DEFAULT),
    ],
)
def test_pipeline_and_option_must_agree(make: Any) -> None:
    with pytest.raises(
        SigmaConfigurationError, match="the pipeline ecs_cloudtrail_filebeat is for integration=filebeat"
    ):
        converted(make())


def test_an_unknown_profile_is_a_configuration_error() -> None:
    with pytest.raises(SigmaConfigurationError, match="unknown integration"):
        EqlBackend(ecs_cloudtrail(), integration="logstash")


# --- the API and the command line


def test_verbs_take_a_profile() -> None:
    rule = sigmaproof.load_text(RULE.replace("FIELD", "userAgent"), "rule.yml").rules[0]
    conversion = sigmaproof.convert(rule, "eql", integration=FILEBEAT)
    assert conversion.integration == conversion.to_json()["integration"] == FILEBEAT
    with pytest.raises(UnknownIntegrationError):
        sigmaproof.convert(rule, "eql", integration="1.0.0")


def test_normalize_writes_the_layout_that_is_asked_for() -> None:
    made = sigmaproof_command("normalize", RECORDS, "--integration", FILEBEAT)
    assert made.code == 0
    assert all(document["fileset"] == {"name": "cloudtrail"} for document in made.objects)
    assert [document["event"]["id"] for document in made.objects] == [
        document["event"]["id"] for document in sigmaproof_command("normalize", RECORDS).objects
    ]


def test_a_bulk_body_has_an_action_before_each_document() -> None:
    made = sigmaproof_command("normalize", RECORDS, "--format", "bulk", "--retain", "none").objects
    plain = sigmaproof_command("normalize", RECORDS, "--retain", "none").objects
    assert made[::2] == [{"create": {}}] * len(plain)
    assert made[1::2] == plain
    assert all("request_parameters" not in document["aws"]["cloudtrail"] for document in plain)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["normalize", RECORDS, "--integration", "7.3.0"], "nothing is known of version 7.3.0"),
        (["convert", "-t", "eql", ROOT / "sigma_rules", "--integration", "1.2.0"], "versions 2.17.0"),
        (["evaluate", ROOT / "sigma_rules", RECORDS, "--integration", "beats"], "unknown integration"),
        (["fields", "--integration", "beats"], "unknown integration"),
        (["fields", "requestID", "--integration", FILEBEAT], "looks for requestId"),
        (["normalize", RECORDS, "--integration", FILEBEAT, "--retain", "all"], "filebeat has none"),
        (["normalize", RECORDS, "--retain", "some"], "some"),
        (["convert", "-t", "eql", ROOT / "sigma_rules", "-p", "ecs_cloudtrail_filebeat"], "--integration filebeat"),
    ],
    ids=lambda value: None if isinstance(value, list) else value,
)
def test_wrong_profiles_are_wrong_usage(arguments: list[Any], told: str) -> None:
    ended = sigmaproof_command(*arguments)
    assert ended.code == 2
    assert told in ended.err
    assert not ended.out


def test_convert_refuses_what_the_profile_does_not_have(tmp_path: Path) -> None:
    path = tmp_path / "rule.yml"
    path.write_text(rule("s:\n    sharedEventID: x\ncondition: s"), encoding="utf-8")
    made = sigmaproof_command("convert", "-t", "eql", "--format", "json", "--integration", "2.25.0", path)
    assert made.code == 1
    assert "since 7.4.0, and this is 2.25.0" in made.objects[0]["refusal"]
    assert made.objects[0]["integration"] == "2.25.0"
    assert sigmaproof_command("convert", "-t", "eql", "--integration", "7.4.0", path).code == 0


def test_evaluate_and_explain_map_a_rule_for_the_documents_layout(tmp_path: Path) -> None:
    path, documents = tmp_path / "rule.yml", tmp_path / "documents.ndjson"
    path.write_text(rule("s:\n    insightDetails.state: Start\ncondition: s"), encoding="utf-8")
    raw = {"eventCategory": "Insight", "insightDetails": {"state": "Start"}}
    documents.write_text(json.dumps(normalize(raw, integration=FILEBEAT)) + "\n", encoding="utf-8")
    options = ("--input", "ecs", "--integration")
    assert len(sigmaproof_command("evaluate", path, documents, "--format", "json", *options, FILEBEAT).objects) == 1
    assert sigmaproof_command("evaluate", path, documents, "--format", "json", *options, DEFAULT).objects == []
    assert ": match" in sigmaproof_command("explain", path, f"{documents}:1", *options, FILEBEAT).out
    assert ": no match" in sigmaproof_command("explain", path, f"{documents}:1", *options, DEFAULT).out


def test_fields_shows_the_profiles_homes() -> None:
    assert (
        "aws.cloudtrail.insight_details (flattened)"
        in sigmaproof_command("fields", "insightDetails", "--integration", FILEBEAT).out
    )


def test_verify_runs_on_the_profiles_mapping(engine: Any) -> None:
    """A rule on a boolean: EQL refuses to compare it with a text, which is what Filebeat's keyword needs."""
    from sigmaproof.verify.run import verify

    loaded = sigmaproof.load_text(rule("s:\n    readOnly: true\ncondition: s"), "rule.yml").rules
    for integration in (DEFAULT, FILEBEAT, "2.25.0"):
        report = verify(loaded, [], ("eql", "lucene"), engine, integration=integration)
        assert report.integration == integration
        assert not report.has_findings
        assert all(cell.matched for row in report.rows for cell in row.cells)
