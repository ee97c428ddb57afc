"""What pySigma's classes become, and what has no meaning here: rules that come by way of pySigma or a pipeline."""

from __future__ import annotations

import re
import string
from importlib import resources
from typing import Any

import pytest
from cases import rule_of
from sigma.exceptions import SigmaError, SigmaFeatureNotSupportedByBackendError
from sigma.processing.pipeline import ProcessingPipeline
from sigma.rule import SigmaRule
from sigma.types import SigmaNull, SigmaQueryExpression, SigmaString, SpecialChars

from sigma.backends.sigmaproof.eql import eql_field
from sigma.backends.sigmaproof.values import has_other_spellings, starts_as_object, year_bounds
from sigmaproof.conversion import convert_rule
from sigmaproof.emit import Emitter, spot
from sigmaproof.fields import Writes, table
from sigmaproof.lower import LoweringError, lower_condition, lower_rule, pattern_of_string
from sigmaproof.predicate import And, FieldRef, Null, Or, Pattern, Text, TimePart, Wild
from sigmaproof.targets import backend
from sigmaproof.verify.eql.ast import Field, walk
from sigmaproof.verify.eql.parser import parse


def rule(selection: Any) -> SigmaRule:
    data = {"title": "t", "logsource": {"product": "aws", "service": "cloudtrail"}}
    return SigmaRule.from_dict({**data, "detection": {"s": selection, "condition": "s"}})


def with_pipeline(one: SigmaRule, *transformations: dict[str, Any], **top: Any) -> SigmaRule:
    ProcessingPipeline.from_dict({"transformations": list(transformations), **top}).apply(one)
    return one


def with_value(one: SigmaRule, value: Any) -> SigmaRule:
    """The rule with another value in its only item, as a pipeline would set it."""
    one.detection.detections["s"].detection_items[0].value = [value]  # type: ignore[union-attr]
    return one


@pytest.mark.parametrize(
    ("one", "message"),
    [
        (with_pipeline(rule({"a": "b"}), {"type": "drop_detection_item"}), "nothing is left of a selection"),
        (with_value(rule({"a": "b"}), SigmaQueryExpression("x or true", "id")), "SigmaQueryExpression has no meaning"),
        (with_value(rule(["b"]), SigmaNull()), "a keyword of pySigma's type SigmaNull has no meaning"),
        (rule({"a|re": ""}), "an empty expression"),
        (rule({"a|re": "(?:^)*b"}), "a repeated anchor"),
        (rule({"a|expand": "%x%"}), "the placeholder %x% has no value"),
    ],
)
def test_refusals(one: SigmaRule, message: str) -> None:
    with pytest.raises(LoweringError, match=message):
        lower_rule(one)


def test_a_node_of_another_kind_is_refused() -> None:
    with pytest.raises(LoweringError, match="pySigma's int has no meaning here"):
        lower_condition(5)


def test_what_a_placeholder_becomes_is_joined_with_its_neighbours() -> None:
    filled = with_pipeline(rule({"a|expand": "x%y%z*"}), {"type": "value_placeholders"}, vars={"y": ["1", "*2"]})
    first, second = lower_rule(filled).parts  # type: ignore[union-attr]
    assert first == Text("a", ("x1z", Wild.ANY))
    assert second == Text("a", ("x", Wild.ANY, "2z", Wild.ANY))


def test_texts_side_by_side_are_joined() -> None:
    string = SigmaString("x")
    string.s = ["a", "b", SpecialChars.WILDCARD_MULTI, "c"]
    assert pattern_of_string(string) == ("ab", Wild.ANY, "c")


def test_stars_are_joined() -> None:
    assert lower_rule(rule({"a": "x**y"})) == Text("a", ("x", Wild.ANY, "y"))


def test_a_query_expression_never_reaches_a_query() -> None:
    """`query_expression_placeholders` writes text past the quoting of a backend: our targets refuse it."""
    transformation = {"type": "query_expression_placeholders", "expression": "{field} in ({id})"}
    pipeline = ProcessingPipeline.from_dict({"transformations": [transformation]})
    with pytest.raises(SigmaFeatureNotSupportedByBackendError, match="has no meaning"):
        backend("native")(pipeline).convert_rule(rule({"a|expand": "%x%"}))


@pytest.mark.parametrize(
    ("modifier", "verdicts"),
    [
        ("fieldref", [True, False, False, False]),
        ("fieldref|startswith", [True, True, False, False]),
        ("fieldref|endswith", [True, False, True, False]),
        ("fieldref|contains", [True, True, True, True]),
    ],
)
def test_references_to_a_field(modifier: str, verdicts: list[bool]) -> None:
    tree = lower_rule(rule({f"a|{modifier}": "b"}))
    assert isinstance(tree, FieldRef)
    verdict = backend("native")().compile(rule({f"a|{modifier}": "b"}))  # type: ignore[attr-defined]
    assert [verdict({"a": value, "b": "x"}) for value in ("X", "xy", "yx", "yxy")] == verdicts


@pytest.mark.parametrize(
    ("name", "spelled"),
    [("a.b_c", "?a.b_c"), ("a.b-c", "?a.`b-c`"), ("a.where", "?a.`where`"), ("6f", "?`6f`"), ("a`b", "?`a``b`")],
)
def test_odd_segments_of_a_name_are_quoted(name: str, spelled: str) -> None:
    assert eql_field(name) == spelled


def test_any_name_is_read_as_itself() -> None:
    grammar = resources.files("sigmaproof.verify.eql").joinpath("eql.lark").read_text(encoding="utf-8")
    words = re.findall(r'"([a-z]+)"', grammar)
    assert len(words) > 15
    for segment in (*words, "A_z0", "@t", "_a", "9a", "é", "a[0]", "a`b", "`", "a b", "a]", "a\\"):
        (where,) = parse(f"any where {eql_field(f'{segment}.x')} == null").filters
        names = [node.name for node, _ in walk(where.condition) if isinstance(node, Field)]
        assert names == [f"{segment}.x"]
    for first in string.ascii_letters + "_@":
        bare = f"{first}{string.ascii_letters}{string.digits}_"
        assert eql_field(f"{bare}.{first}@") == f"?{bare}.`{first}@`"


@pytest.mark.parametrize(
    ("pattern", "is_start"),
    [
        ((), False),
        ((Wild.ANY,), False),
        ((Wild.ONE, "{"), False),
        (("a",), False),
        (("{",), False),
        (("{", Wild.ANY), True),
        (('{"', Wild.ANY), True),
        (("{}", Wild.ANY), True),
        (("{}",), True),
        (('{"a":1}',), True),
        (("{x", Wild.ANY), False),
        (("x{", Wild.ANY), False),
        ((' {"a":1}',), False),
        (("[1]",), False),
        (("{" * 10_000,), False),
    ],
)
def test_starts_of_objects(pattern: Pattern, is_start: bool) -> None:
    assert starts_as_object(pattern) is is_start


@pytest.mark.parametrize("target", ["eql", "lucene"])
def test_a_number_of_a_keyword_is_its_text(target: str) -> None:
    query = convert_rule(rule_of("number", {"s": {"userIdentity.accountId": 123}, "condition": "s"}), target).query
    assert '"123"' in (query or "")


@pytest.mark.parametrize(
    ("value", "writes", "others"),
    [
        (1, Writes(types=("number",)), True),
        (1, Writes(types=("number",), longest=3), True),
        (1, Writes(types=("number",), longest=2), False),
        (1, Writes(types=("string",)), False),
        (1.0, Writes(types=("number",)), False),
        (1e10, Writes(types=("number",), longest=11), True),
    ],
    ids=str,
)
def test_other_spellings_of_a_number(value: float, writes: Writes, others: bool) -> None:
    """1 is 1.0 too, which has three characters; 10000000000.0 is 1.0E10 for Java."""
    assert has_other_spellings(value, writes) is others


@pytest.mark.parametrize("target", ["eql", "lucene"])
def test_the_option_case(target: str) -> None:
    fields = {"user_agent.original": "Boto3", "aws.cloudtrail.error_code": "AccessDenied"}
    made: Any = backend(target)
    reasons = made(case="exact").conversion(rule(fields)).reasons
    assert {(one.code, one.direction) for one in reasons if one.field.startswith("user")} == {("case", "misses")}
    assert not made(case="fold").conversion(rule({"user_agent.original": "Boto3"})).reasons
    assert not made(case="exact").conversion(rule({"event.action": "CreateUser"})).reasons
    with pytest.raises(TypeError, match="it is fold or exact"):
        made(case="maybe")


@pytest.mark.parametrize("target", ["eql", "lucene", "native"])
def test_names_of_the_targets(target: str) -> None:
    """pySigma's names are global, ours on the command line are short. A rule keeps its queries, as pySigma has it."""
    made: Any = backend(target)()
    one = rule({"event.action": "x"})
    conversion = made.conversion(one) if target != "native" else None
    assert made.identifier == f"proof_{target}"
    assert conversion is None or conversion.target == target
    one = rule({"event.action": "x"})
    assert made.convert_rule(one) == one.get_conversion_result() != []


@pytest.mark.parametrize("word", ["true", "false"])
def test_a_keyword_names_its_boolean_fields(word: str) -> None:
    """Each optional in EQL, and each among the fields that are told."""
    one = rule_of("keyword", {"s": [word], "condition": "s"})
    eql, lucene = (convert_rule(one, target) for target in ("eql", "lucene"))
    assert f"?aws.cloudtrail.read_only == {word}" in (eql.query or "")
    assert "aws.cloudtrail.read_only" in eql.fields
    assert f"aws.cloudtrail.read_only:{word}" in (lucene.query or "")
    assert "aws.cloudtrail.read_only" in lucene.fields


@pytest.mark.parametrize("target", ["eql", "lucene"])
def test_a_group_of_one_is_its_part(target: str) -> None:
    made: Any = backend(target)
    emitter: type[Emitter] = made.emitter
    test, other = Null("event.action"), Null("event.provider")
    assert emitter().query(And((test,))) == emitter().query(test)
    assert emitter().query(Or((And((test,)), other))) == emitter().query(Or((test, other)))


@pytest.mark.parametrize("item", [{"": "x"}, {"": None}, {"|exists": True}, {"|re": "x"}, {".k": None}], ids=str)
def test_eql_refuses_the_flattened_copy(item: dict[str, Any]) -> None:
    """By its own name, which no pipeline writes for a whole object; a part of it is searched in the text."""
    ((suffix, value),) = item.items()
    made: Any = backend("eql")()
    conversion = made.conversion(rule({f"aws.cloudtrail.flattened.request_parameters{suffix}": value}))
    assert (conversion.refusal is None) is suffix.startswith(".")
    assert suffix.startswith(".") or "of type flattened" in conversion.refusal


@pytest.mark.parametrize("target", ["eql", "lucene", "native"])
def test_what_pysigma_is_given(target: str) -> None:
    """Errors are kept for who wants to skip them; a callback can change or drop a query; a rule can have no output."""
    refused = rule({"a|re": ""}) if target == "native" else rule({"event.action|fieldref": "event.provider"})
    made: Any = backend(target)(collect_errors=True)
    assert made.convert_rule(refused) == []
    assert [one for one, _ in made.errors] == [refused]
    with pytest.raises(SigmaError):
        backend(target)().convert_rule(refused)
    one = rule({"event.action": "x"})
    (query,) = made.convert_rule(one)
    assert made.convert_rule(one, callback=lambda *given: None) == []
    assert made.convert_rule(one, callback=lambda *given: [given[-1]]) == [[query]]
    one.disable_output()
    assert made.convert_rule(one) == []
    assert one.get_conversion_result() == [query]


def test_a_rule_without_an_id_has_none() -> None:
    made: Any = backend("eql")()
    assert made.conversion(rule({"event.action": "x"})).rule_id == ""


def test_the_range_of_a_year() -> None:
    where = spot(table(), "@timestamp", frozenset())
    assert year_bounds(where, TimePart("@timestamp", "year", 999)) == [
        (">=", "0999-01-01T00:00:00.000Z"),
        ("<", "1000-01-01T00:00:00.000Z"),
    ]


def test_a_name_that_no_raw_one_was_mapped_to() -> None:
    assert spot(table(), "user.name", frozenset(), {"event.action": "eventName"}).name == "user.name"


def test_a_keyword_is_searched_in_objects() -> None:
    """In EQL in their text, as it has no flattened fields; in Lucene in all leaves of the copy."""
    one = rule_of("keyword", {"s": ["word"], "condition": "s"})
    eql, lucene = (convert_rule(one, target) for target in ("eql", "lucene"))
    for name in ("request_parameters", "response_elements", "additional_eventdata", "service_event_details"):
        assert f"aws.cloudtrail.{name}" in set(eql.fields) - set(lucene.fields)
        assert f"aws.cloudtrail.flattened.{name}" in set(lucene.fields) - set(eql.fields)
