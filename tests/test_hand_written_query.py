"""What a query on the rendered text does where our rule is right: shown on the engine, with our fixtures.

The query is the usual hand-written form for this detection: no alert when the request's text holds
`sourceType=AWS_ACM_PCA`. Its weak points are the reason why our conversion searches otherwise, or says what it costs.
"""

from __future__ import annotations

from typing import Any

import pytest
from conftest import ROOT

from sigmaproof.evaluate.compile import compile_predicate
from sigmaproof.events import Event, read_events
from sigmaproof.fields import table
from sigmaproof.normalize import normalize
from sigmaproof.rules import load_file
from sigmaproof.verify.engines.mapping import mapping
from sigmaproof.verify.eql import EqlError, lower, types_of

CALL = 'event.provider == "rolesanywhere.amazonaws.com" and event.action == "CreateTrustAnchor"'
WHERE = f'event.dataset == "aws.cloudtrail" and {CALL} and event.outcome == "success"'
NO_TEXT = 'not stringContains(aws.cloudtrail.request_parameters, "sourceType=AWS_ACM_PCA")'
QUERY = f"info where {WHERE} and {NO_TEXT}"
RULE = load_file(ROOT / "sigma_rules/aws/cloudtrail/aws_rolesanywhere_external_ca_trust_anchor.yml").rules[0]


@pytest.fixture(scope="module")
def hazards() -> dict[int, Event]:
    """The hazards by their line; fixtures/events/README.md says what each is."""
    events = read_events(ROOT / "fixtures" / "events" / "hazards.ndjson", lambda finding: pytest.fail(str(finding)))
    return {event.number: event for event in events}


@pytest.fixture(scope="module")
def alerts(engine: Any, hazards: dict[int, Event]) -> dict[str, set[str]]:
    """The lines on which each query alerts."""
    engine.load((str(number), normalize(event.record)) for number, event in hazards.items())
    types = types_of(mapping(table()))
    by_type = lower(QUERY, types, event_category_field="event.type")
    answers = engine.search([lower(QUERY, types), by_type])
    assert not any(answer.error for answer in answers)
    return dict(zip(("by category", "by type"), (set(answer.matched) for answer in answers), strict=True))


def test_without_an_override_it_never_alerts(alerts: dict[str, set[str]]) -> None:
    """These documents have no event.category, so `info where` finds none of them."""
    assert alerts["by category"] == set()


def test_a_private_ca_with_many_tags_is_a_false_alert(alerts: dict[str, set[str]], hazards: dict[int, Event]) -> None:
    """120 masked tags make the text longer than the 8,191 characters that are indexed."""
    record = hazards[1].record
    assert record["requestParameters"]["source"]["sourceType"] == "AWS_ACM_PCA"
    assert len(record["requestParameters"]["tags"]) == 120
    assert not compile_predicate(RULE.tree)(record)
    assert "1" in alerts["by type"]


def test_text_elsewhere_in_the_request_silences_it(alerts: dict[str, set[str]], hazards: dict[int, Event]) -> None:
    """Synthetic for tags, whose values AWS masks in these records; free text such as a bundle's is not masked."""
    verdict = compile_predicate(RULE.tree)
    external = [n for n, event in hazards.items() if verdict(event.record) and "AWS_ACM_PCA" in str(event.record)]
    silenced = [n for n in external if str(n) not in alerts["by type"]]
    assert len(silenced) >= 2


def test_an_unmapped_field_fails_the_whole_query() -> None:
    types = {name: kind for name, kind in types_of(mapping(table())).items() if name != "event.outcome"}
    with pytest.raises(EqlError, match=r"Unknown column \[event.outcome\]"):
        lower(QUERY, types, event_category_field="event.type")
