"""The emitter and what Elasticsearch makes of a query, tied together: for any tree over keyword fields and any
document, the query has the tree's verdict.

Other than in test_properties.py nothing is allowed here: no claim explains a difference, and no normalizer made the
document. Judged by the model of Query DSL, and in one batch by the real Elasticsearch.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from deeptrees import deep_detections, documents_for
from hypothesis import Phase, event, given, seed, settings
from hypothesis import strategies as st
from modelengine import ModelEngine
from strategies import rules_of

from sigmaproof.conversion import convert_rule, mapped_tree
from sigmaproof.evaluate.compile import compile_predicate
from sigmaproof.rules import Rule
from sigmaproof.verify.engines import Engine
from sigmaproof.verify.queries import questions

DOCUMENTS = 5
RULES_IN_A_BATCH = 60
TARGETS = ("eql", "lucene")


def differences(pairs: list[tuple[Rule, list[Any]]], engine: Engine, counts: Counter[str]) -> list[Any]:
    """Each query on the documents of its rule, whose verdict is not that of the rule's tree over ECS names."""
    names = {(n, m): f"{n}-{m}" for n, (_, documents) in enumerate(pairs) for m in range(len(documents))}
    loaded = engine.load((names[n, m], pairs[n][1][m]) for n, m in names)
    counts["rejected"] += len(loaded.rejected)
    asked = [(number, rule, query) for number, (rule, _) in enumerate(pairs) for query in queries(rule, counts)]
    answers = engine.search([query for _, _, query in asked])
    wrong: list[Any] = []
    for (number, rule, query), answer in zip(asked, answers, strict=True):
        assert answer.error is None, (query, answer.error)
        holds = compile_predicate(mapped_tree(rule))
        for place, document in enumerate(pairs[number][1]):
            name = names[number, place]
            if name not in loaded.rejected:
                counts["pairs"] += 1
                counts["matches"] += holds(document)
                if holds(document) != (name in answer.matched):
                    wrong.append((query, document, holds(document)))
    return wrong


def queries(rule: Rule, counts: Counter[str]) -> list[Any]:
    """What the engine is asked for a rule: EQL lowered, Lucene as it is."""
    found = []
    for target in TARGETS:
        conversion = convert_rule(rule, target)
        counts[f"{target} {'refused' if conversion.query is None else 'asked'}"] += 1
        if conversion.query is not None:
            first = next(iter(questions(conversion)))
            assert first.error is None, (conversion.query, first.error)
            found.append(first.query)
    return found


def drawn(data: st.DataObject) -> tuple[Rule, list[Any]]:
    detection, rule = data.draw(rules_of(deep_detections()))
    return rule, [data.draw(documents_for(detection)) for _ in range(DOCUMENTS)]


@settings(max_examples=settings().max_examples * 4 // 10)
@given(st.data())
def test_the_query_has_the_tree_s_verdict_in_the_model(data: st.DataObject) -> None:
    counts: Counter[str] = Counter()
    assert differences([drawn(data)], ModelEngine(), counts) == []
    event(f"pairs {bool(counts['pairs'])}, matches {bool(counts['matches'])}")


def test_the_query_has_the_tree_s_verdict_on_the_engine(engine: Any) -> None:
    """And there are enough of both verdicts, in both languages."""
    pairs: list[tuple[Rule, list[Any]]] = []

    @seed(1)
    @settings(max_examples=RULES_IN_A_BATCH, phases=[Phase.generate], database=None, derandomize=False)
    @given(st.data())
    def collect(data: st.DataObject) -> None:
        pairs.append(drawn(data))

    collect()
    counts: Counter[str] = Counter()
    assert differences(pairs, engine, counts) == []
    print(f"\n{dict(counts)}")
    assert counts["matches"] > counts["pairs"] / 5
    assert counts["pairs"] - counts["matches"] > counts["pairs"] / 5
    assert min(counts[f"{target} asked"] for target in TARGETS) > RULES_IN_A_BATCH / 3
