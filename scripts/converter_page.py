"""Writes docs/other-converters.md from what scripts/compare_converter.py measured. Every figure comes from the run."""

from __future__ import annotations

import datetime
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from converter_causes import CAUSES

from sigmaproof.verify.records import BASE

if TYPE_CHECKING:
    from compare_converter import Measured, Outcome, Wrong

LONGEST = 150
LANGUAGES = {"eql": "EQL", "lucene": "Lucene"}
# Elasticsearch's refusals, by what stands in them.
REFUSALS = {
    "flattened.": "names a part of an object by its flattened field, which EQL can't search *(field)*",
    "parsing_exception": "is no EQL",
    "verification_exception": "uses a field or an operator in a way that its type does not allow",
    "unsupported": "has no Query DSL form",
    "not run": "is too long",
    "": "has an expression that Lucene refuses",
}
HEAD = """# Other converters, on the same engine

*Made by `python scripts/compare_converter.py{rules} --write`. {date}: {versions}.*

sigmaproof exists because a converter that never runs what it emits can't know what its queries match. This page runs
the output of another one, [pySigma-backend-elasticsearch](https://github.com/SigmaHQ/pySigma-backend-elasticsearch),
on the engine and the records that our own conversions are held to. It is a good package that many people depend on, it
covers languages and log sources that ours does not, and much of what follows is a trade-off that its maintainers chose.

What to keep in mind:

* It makes no claim about CloudTrail. **The field names are those of our pipeline** `ecs_cloudtrail`, which gives each
  field one name where the integration has several: a part of `requestParameters` that of its flattened field, an
  address that of its keyword. Our backends look the other homes up, another backend can't know them: with another
  pipeline those rows would be better. They are marked *(field)*.
* A case-sensitive query on a keyword field is fast, and right on an index whose fields fold case. Here is the mapping
  of Elastic's AWS integration, where they don't.
* "Right" is what [semantics.md](semantics.md) says: the specification, and our decisions where it is silent.
* The embedded server has no EQL: a query is lowered to Query DSL as Elasticsearch does it
  ([targets.md](targets.md)). Sequences have no such form and are not run.
* A record counts only when its values fit the index and the integration changes none that the rule looks at, so that
  only the query can be wrong. Records that AWS does not write, by our field table, are counted apart: an event name
  in another case, for example.
* Public rules are named, their text is not ours to repeat; the records are made by us.
"""
UNMAPPED = """
{failing} of the {count} EQL queries that were judged name a field outright: where an index does not map it, one without
the integration's template or with an older one, Elasticsearch refuses the whole query. All fields are mapped here.
"""
OWN = """## The same records, our own conversions

What is wrong here is what the conversion itself says of it (`approximate`, with the reason); anything else fails our
tests. *Not converted* is refused, with the reason.
"""
CASES = """## Our conformance cases

These are the hard ones, chosen to be so, many after defects that were already known: the share that is wrong says
nothing about ordinary rules.
"""
DEFECTS = """## Known defects, one by one

The cases that `fixtures/known_defects.yml` lists for this converter, with what it emits (our dataset condition left
out; ⏎ is a newline, ⇥ a tab) and what the engine makes of it. Where our loader refuses a rule there is no verdict.
"""
COUNTS = "not converted | refused by Elasticsearch | not run | verdicts | wrong | of these, case only |"


def page(measured: Measured) -> str:
    """The whole page."""
    versions = ", ".join(f"{name} {version}" for name, version in measured.versions.items())
    rules = " --rules DIR" if measured.public else ""
    head = HEAD.format(rules=rules, date=datetime.date.today().isoformat(), versions=versions)
    parts = [head, *_rules(measured), *_own(measured), *_causes(measured), *_cases(measured)]
    parts += _defects(measured.cases)
    return "\n".join(parts).rstrip() + "\n"


def _rules(measured: Measured) -> Iterator[str]:
    yield "## Rules\n"
    yield f"| rules | target | rules | {COUNTS}\n|{'---|' * 9}"
    for name, outcomes in (("ours", measured.ours), ("public", measured.public)):
        yield from (_rule_row(name, target, _of(outcomes, target)) for target in LANGUAGES if outcomes)
    yield "\nOn records that AWS does not write:\n"
    yield "| rules | target | verdicts | wrong | of these, case only |\n|---|---|---|---|---|"
    for name, outcomes in (("ours", measured.ours), ("public", measured.public)):
        yield from (f"| {name} | {LANGUAGES[t]} | {_counts(_of(outcomes, t), False)} |" for t in LANGUAGES if outcomes)
    yield ""
    yield from _failures([*measured.ours, *measured.public])


def _of(outcomes: Sequence[Outcome], target: str) -> list[Outcome]:
    return [outcome for outcome in outcomes if outcome.target == target]


def _rule_row(name: str, target: str, outcomes: Sequence[Outcome]) -> str:
    raised = sum(outcome.raised is not None for outcome in outcomes)
    not_run = sum(_is_not_run(outcome) for outcome in outcomes)
    refused = sum(outcome.refused is not None for outcome in outcomes) - not_run
    counts = _counts(outcomes, admissible=True)
    return f"| {name} | {LANGUAGES[target]} | {len(outcomes)} | {raised} | {refused} | {not_run} | {counts} |"


def _is_not_run(outcome: Outcome) -> bool:
    return outcome.refused is not None and outcome.refused.startswith(("unsupported", "not run"))


def _own(measured: Measured) -> Iterator[str]:
    yield OWN
    yield f"| rules | target | rules | {COUNTS}\n|{'---|' * 9}"
    for name, outcomes in measured.own.items():
        yield from (_rule_row(name, target, _of(outcomes, target)) for target in LANGUAGES if outcomes)
    yield ""


def _counts(outcomes: Sequence[Outcome], admissible: bool) -> str:
    """Verdicts, wrong ones, and those that are wrong in case only."""
    wrong = [one for outcome in outcomes for one in outcome.wrong if one.near.admissible is admissible]
    judged = sum(near.admissible is admissible for outcome in outcomes for near in outcome.judged)
    return f"{judged:,} | {len(wrong):,} | {sum(one.cause.startswith('case') for one in wrong):,}"


def _failures(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Rules that could not be judged, and EQL's fields that an index may not map yet."""
    for outcome in outcomes:
        if told := _not_judged(outcome):
            yield f"* {LANGUAGES[outcome.target]}, *{outcome.subject.name}*: {told}."
    converted = [one for one in _of(outcomes, "eql") if one.queries and not one.refused]
    failing = sum(bool(one.unmapped) for one in converted)
    yield UNMAPPED.format(count=len(converted), failing=failing)


def _not_judged(outcome: Outcome) -> str | None:
    if outcome.raised:
        return f"not converted, {_code(outcome.raised)}"
    if _is_not_run(outcome):
        return f"not run, the query {_refusal(outcome)}"
    if outcome.refused:
        return f"Elasticsearch refuses the query, it {_refusal(outcome)}"
    return None


def _refusal(outcome: Outcome) -> str:
    error = outcome.refused or ""
    if outcome.target == "lucene" and not _is_not_run(outcome):
        return "is no query string that it takes"
    return next(told for part, told in REFUSALS.items() if part in error)


def _causes(measured: Measured) -> Iterator[str]:
    yield "## What the wrong verdicts are about\n"
    yield "The smallest record of each cause, as the fields in which it differs from an ordinary one.\n"
    yield "| cause | target | rules | cases | smallest record, rule | the query |\n|---|---|---|---|---|---|"
    for cause, told in CAUSES.items():
        for target in LANGUAGES:
            of_rules = _wrong([*measured.ours, *measured.public], target, cause)
            of_cases = _wrong(measured.cases, target, cause)
            if of_rules or of_cases:
                yield _cause_row(told, target, of_rules, of_cases)
    yield ""


def _wrong(outcomes: Sequence[Outcome], target: str, cause: str) -> list[tuple[Outcome, Wrong]]:
    found = [(one, wrong) for one in _of(outcomes, target) for wrong in one.wrong]
    return [(one, wrong) for one, wrong in found if wrong.cause == cause and wrong.near.admissible]


def _cause_row(
    told: str, target: str, of_rules: list[tuple[Outcome, Wrong]], of_cases: list[tuple[Outcome, Wrong]]
) -> str:
    outcome, wrong = min(of_rules or of_cases, key=lambda pair: len(_difference(pair[1].near.record)))
    record = f"{_code(_difference(wrong.near.record))}: {_direction(wrong)} (*{outcome.subject.name}*)"
    numbers = f"{len(of_rules)} | {len(of_cases)}"
    return f"| {told} | {LANGUAGES[target]} | {numbers} | {record} | {_code(' '.join(outcome.queries))} |"


def _direction(wrong: Wrong) -> str:
    return "the rule matches, the query does not" if wrong.near.right else "the query matches, the rule does not"


def _difference(record: Mapping[str, Any]) -> str:
    """The fields in which a record differs from the ordinary one, as compact JSON."""
    changed = dict(_changed(record, BASE))
    return json.dumps(changed, ensure_ascii=False) if changed else "the ordinary record"


def _changed(record: Mapping[str, Any], base: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for key in [*base, *(key for key in record if key not in base)]:
        old, new = base.get(key), record.get(key, "(missing)")
        if isinstance(old, dict) and isinstance(new, dict):
            yield from _changed(new, old, f"{path}{key}.")
        elif key not in base or new != old:
            yield path + key, new


def _cases(measured: Measured) -> Iterator[str]:
    yield CASES
    yield f"| cases | target | cases | {COUNTS}\n|{'---|' * 9}"
    topics = dict.fromkeys(outcome.subject.name.split(":")[0] for outcome in _judgeable(measured.cases))
    for topic in topics:
        of_topic = [one for one in _judgeable(measured.cases) if one.subject.name.split(":")[0] == topic]
        yield from (_rule_row(topic, target, _of(of_topic, target)) for target in LANGUAGES)
    yield from (_rule_row("**all**", target, _of(_judgeable(measured.cases), target)) for target in LANGUAGES)
    refused = Counter(_refusal(one) for one in _of(_judgeable(measured.cases), "eql") if one.refused)
    yield "\nWhy Elasticsearch refuses EQL queries of these cases: the query\n"
    yield from (f"* {told}: {count}" for told, count in refused.most_common())
    yield ""


def _judgeable(outcomes: Sequence[Outcome]) -> list[Outcome]:
    return [one for one in outcomes if one.subject.rule is not None]


def _defects(outcomes: Sequence[Outcome]) -> Iterator[str]:
    yield DEFECTS
    yield "| case | Sigma | target | emitted | what happens |\n|---|---|---|---|---|"
    for outcome in sorted(outcomes, key=_row_of):
        name = outcome.subject.name.split(": ", 1)[1]
        only = {"12 E": "eql", "12 L": "lucene"}.get(name[:4], outcome.target)
        if name.startswith(("12 ", "1j ")) and outcome.target == only:
            yield _defect_row(name, outcome)


def _row_of(outcome: Outcome) -> tuple[str, int]:
    """The group and the number of a row, of a name such as `known_defects_eql: 12 EQL 6: …`."""
    group, _, number = outcome.subject.name.split(": ")[1].rpartition(" ")
    return group, int(number) if number.isdecimal() else 0


def _defect_row(name: str, outcome: Outcome) -> str:
    emitted = " ".join(map(_short_query, outcome.queries))
    shown = _code(emitted) if emitted else "–"
    return f"| {_cell(name)} | {_code(_sigma(outcome))} | {LANGUAGES[outcome.target]} | {shown} | {_what(outcome)} |"


def _short_query(query: str) -> str:
    for dataset in ('event.dataset:"aws.cloudtrail" and ', "event.dataset:aws.cloudtrail AND "):
        query = query.replace(dataset, "")
    return query


def _sigma(outcome: Outcome) -> str:
    """The detection in one line; for a text that we refuse, the text itself."""
    if outcome.subject.rule is not None:
        return json.dumps(outcome.subject.rule.data["detection"], ensure_ascii=False)
    return outcome.subject.text.rsplit("---\n", 1)[-1].split("detection:", 1)[-1]


def _what(outcome: Outcome) -> str:
    if told := _not_judged(outcome):
        return f"{told}: {_code(outcome.refused)}" if outcome.refused and not _is_not_run(outcome) else told
    if outcome.subject.rule is None:
        return "converted; we refuse the rule"
    wrong = [one for one in outcome.wrong if one.near.admissible] or outcome.wrong
    if not wrong:
        shown = "12 EQL 15" in outcome.subject.name and outcome.unmapped
        refused = f", refused where no index maps {_code(outcome.unmapped[-1])}" if shown else ""
        return f"right on {len(outcome.judged)} records{refused}"
    first = min(wrong, key=lambda one: len(_difference(one.near.record)))
    told = f"{_direction(first)} on {_code(_difference(first.near.record))}"
    return f"**wrong** on {len(outcome.wrong)} of {len(outcome.judged)} records: {told}"


def _code(text: str) -> str:
    """A text as code in a table's cell, shortened."""
    text = " ".join(text.strip().replace("\n", "⏎").replace("\t", "⇥").split())
    text = text if len(text) <= LONGEST else f"{text[: LONGEST - 20]} … {text[-15:]}"
    quotes = "``" if "`" in text else "`"
    return f"{quotes}{_cell(text)}{quotes}" if quotes == "`" else f"{quotes} {_cell(text)} {quotes}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
