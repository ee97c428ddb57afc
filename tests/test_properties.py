"""Properties of every conversion: the verdict of the query is the rule's, and a value is never more than a value.

The verdicts are judged by the model of Query DSL (its own proof is test_dslmodel.py), and for pairs of rules and
records by the real Elasticsearch.
"""

from __future__ import annotations

import itertools
import os
from collections import Counter
from typing import Any

from hypothesis import Phase, event, given, seed, settings
from hypothesis import strategies as st
from modelengine import ModelEngine
from querytree import fields, literals, skeleton
from strategies import detections, loaded, records_for, rules
from twins import twin

from sigmaproof.conversion import convert_rule
from sigmaproof.events import Event
from sigmaproof.fidelity import Conversion
from sigmaproof.fields import UnknownFieldError, table
from sigmaproof.folding import fold
from sigmaproof.matching import as_network
from sigmaproof.predicate import Boolean, Cidr, Keyword, Number, Pattern, Text, Wild, plain
from sigmaproof.predicate import tests as every_test
from sigmaproof.rules import Rule
from sigmaproof.verify.engines import Engine
from sigmaproof.verify.run import Report, judge, load

TARGETS = ("eql", "lucene")
NIGHTLY = os.environ.get("SIGMAPROOF_TIER") == "nightly"
SEED = int(os.environ.get("SIGMAPROOF_SEED", "0"))
PAIRS = int(os.environ.get("SIGMAPROOF_PAIRS", "100000")) if NIGHTLY else 1
RULES_IN_A_BATCH, RECORDS_OF_A_RULE = (50, 4) if NIGHTLY else (25, 4)
fewer = settings(max_examples=settings().max_examples * 6 // 10)


def judged(rules_of: list[Rule], records: list[dict[str, Any]], engine: Engine) -> Report:
    events = [Event(record, "generated", number, in_lines=False) for number, record in enumerate(records, 1)]
    return judge(rules_of, load([], events, engine), TARGETS, engine)


def wrong(report: Report) -> list[Any]:
    """What no conversion may give: a query that is refused, a difference that its claim does not explain."""
    cells = [cell for row in report.rows for cell in row.cells]
    found: list[Any] = [(cell.conversion.query, cell.error) for cell in cells if cell.error]
    for cell in cells:
        for one in cell.unexplained:
            found.append((cell.conversion.query, one.direction, one.unmapped, one.judged.record))
    return found


@fewer
@given(st.data())
def test_the_query_has_the_verdict_of_the_rule(data: st.DataObject) -> None:
    detection, rule = data.draw(rules())
    records = [data.draw(records_for(detection)) for _ in range(4)]
    report = judged([rule], records, ModelEngine())
    for cell in report.rows[0].cells:
        event(f"{cell.conversion.target} {cell.conversion.fidelity}")
        if cell.conversion.query is not None:
            event(f"matched {bool(cell.matched)}")
            event(f"some admissible {bool(cell.counted)}")
    assert wrong(report) == []


@fewer
@given(detections())
def test_a_text_is_never_more_than_a_text(detection: dict[str, Any]) -> None:
    """The query's text, read again, has the rule's fields, the rule's texts, and the structure of a twin in which
    every sign that could mean something is an underscore: no sign opens, closes, comments out or adds anything."""
    both = [loaded(one).rules for one in (detection, twin(detection))]
    for target in TARGETS if all(both) else ():
        one, other = (convert_rule(found[0], target) for found in both)
        if one.query is not None:
            assert set(fields(one)) == set(one.fields) <= allowed_fields(both[0][0])
            assert texts_in(one) <= allowed_texts(both[0][0])
            if other.query is not None:
                event(f"{target} compared")
                assert skeleton(one) == skeleton(other)


def allowed_fields(rule: Rule) -> set[str]:
    return {"event.dataset"} | {name for test, _ in every_test(rule.tree) for name in homes_of(test)}


def allowed_texts(rule: Rule) -> set[str]:
    return {"aws.cloudtrail"} | {fold(text) for test, _ in every_test(rule.tree) for text in texts_of(test)}


def texts_in(conversion: Conversion) -> set[str]:
    """The literals of a query, folded; of an expression the text is another one, and its verdict is judged above."""
    return {fold(text) for kind, text in literals(conversion) if kind != "regexp"}


def homes_of(test: Any) -> set[str]:
    """Every ECS name in which a test's field can be searched."""
    if isinstance(test, Keyword):
        return set()
    try:
        located = table().raw(test.field)
    except UnknownFieldError:
        return set()
    below = f".{located.sub}" if located.sub else ""
    return {home.name + (below if home.form == "flattened" else "") for home in located.field.homes}


def texts_of(test: Any) -> list[str]:
    match test:
        case Text():
            text = plain(test.pattern)
            known = [] if text is not None else [_spelled(test.pattern), _spelled(test.pattern[:-1])]
            return [*known, text] if text is not None else known
        case Number():
            return [str(test.value)]
        case Boolean():
            return ["true", "false"]
        case Cidr():
            return [str(as_network(test.network))]
    return []


def _spelled(pattern: Pattern) -> str:
    return "".join(part.value if isinstance(part, Wild) else part for part in pattern)


def test_pairs_on_the_real_engine(engine: Any) -> None:
    """Rules times records, every verdict on the real engine: none differs without its claim saying so, and the model
    of the other tests answers the same. 100,000 pairs in the nightly tier, one batch otherwise."""
    counts: Counter[str] = Counter()
    for number in itertools.count():
        found, records = _batch(number)
        report, modelled = judged(found, records, engine), judged(found, records, ModelEngine())
        assert wrong(report) == []
        assert report.rejected.keys() ^ modelled.rejected.keys() == set(), (report.rejected, modelled.rejected)
        assert [pair for pair in zip(shapes(report), shapes(modelled), strict=True) if pair[0] != pair[1]] == []
        counts += counted(report)
        if counts["pairs"] >= PAIRS:
            break
    print(f"\npairs of rule and record on the real engine: {dict(counts)}")
    assert counts["exact"] > counts["pairs"] / 6
    assert counts["matched"] > counts["pairs"] / 10


def shapes(report: Report) -> list[Any]:
    cells = [cell for row in report.rows for cell in row.cells]
    return [(cell.conversion.query, cell.matched, cell.counted, len(cell.explained)) for cell in cells]


def counted(report: Report) -> Counter[str]:
    """Verdicts by the claim of the conversion, and how many of them were what."""
    counts = Counter({"pairs": len(report.rows) * report.records})
    for cell in (cell for row in report.rows for cell in row.cells):
        counts[cell.conversion.fidelity] += cell.judged
        counts["matched"] += cell.matched
        counts["on admissible records"] += cell.counted
        counts["differences that the claim explains"] += len(cell.explained)
        counts["differences on inadmissible records"] += len(cell.inadmissible)
    return counts


def _batch(number: int) -> tuple[list[Rule], list[dict[str, Any]]]:
    """Rules, and records around the values of each; every rule is judged on all of them."""
    found: list[Rule] = []
    records: list[dict[str, Any]] = []

    @seed(SEED * 1000 + number)
    @settings(max_examples=RULES_IN_A_BATCH, phases=[Phase.generate], database=None, derandomize=False)
    @given(st.data())
    def collect(data: st.DataObject) -> None:
        detection, rule = data.draw(rules())
        made = [data.draw(records_for(detection)) for _ in range(RECORDS_OF_A_RULE)]
        found.append(rule)
        records.extend(made)

    collect()
    return found, records
