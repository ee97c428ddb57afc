"""Prints what came of the expectations of `test`: text, one JSON object a line, or a document for a pipeline."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from sigmaproof.diagnostics import Diagnostic
from sigmaproof.output.consoles import note, plural
from sigmaproof.output.findings import codes_of, took
from sigmaproof.output.report import FORMATS, Checked, Report, ordered, show
from sigmaproof.output.texts import one_line
from sigmaproof.repository import root_of
from sigmaproof.rules import Rule
from sigmaproof.ruletests import Expectation

__all__ = ["write_expectations"]

_CORRECT = "correct the rule or the record"
_NARROW = "narrow the rule, or say in its test file `baseline: {max_matches: N}`"
_WRITE = "write them into its test file; `sigmaproof test --suggest` writes one that is not there"


def write_expectations(
    results: Sequence[Expectation],
    rules: Sequence[Rule],
    heard: Sequence[Diagnostic],
    form: str,
    seconds: float,
    only_failing: bool = False,
) -> None:
    """Each expectation to stdout, and how long it took to stderr.

    heard: what was reported on the way, which goes into the documents too. only_failing: without what is fine.
    """
    shown = [result for result in results if not (only_failing and result.passed)]
    if form in FORMATS:
        show(_report(shown, rules, heard, seconds, only_failing), form)
    elif form == "json":
        for result in shown:
            print(_json(result))
    else:
        _print(shown)
    failed = sum(not result.passed for result in results)
    totals = f"{plural(len(results) - failed, 'expectation')} met, {failed:,} failed"
    print(totals) if form == "text" else note(totals)
    note(f"{plural(len(rules), 'rule')} tested {took(seconds)}")


def _print(results: Sequence[Expectation]) -> None:
    from sigmaproof.output.excerpt import excerpt

    for result in results:
        line = f"{result.rule.title}: {result.name}"
        if result.passed:
            print(one_line(f"ok     {line}: {result.wanted}"))
            continue
        print(one_line(f"FAILED {line}: expected {result.wanted}, got {result.got} ({result.place})"))
        for shown in excerpt(as_finding(result)):
            print(f"     {shown}")
        for step in result.steps:
            values = f"   [{'; '.join(step.values)}]" if step.values else ""
            print(one_line(f"         {'true ' if step.verdict else 'false'} {'  ' * step.depth}{step.words}{values}"))
        if not result.steps:
            for why in result.why:
                print(one_line(f"         {why}"))


def _json(result: Expectation) -> str:
    """rule_id, title, rule, name, kind, wanted, got, passed, file, line, column, why (a contract)."""
    rule = {"rule_id": result.rule.id, "title": result.rule.title, "rule": result.rule.file}
    outcome = {key: getattr(result, key) for key in ("name", "kind", "wanted", "got", "passed")}
    fields = {**rule, **outcome, **result.place.to_json(), "why": result.why}
    return json.dumps(fields, ensure_ascii=False)


def as_finding(result: Expectation) -> Diagnostic:
    """A failed expectation as a finding."""
    why = f": {'; '.join(result.why)}" if result.why else ""
    message = f"{result.rule.title}: {result.name}: expected {result.wanted}, got {result.got}{why}"
    if result.kind == "baseline":
        return Diagnostic("test-baseline", "error", result.place, message, _NARROW)
    if result.kind == "required":
        return Diagnostic("test-required", "error", result.place, message, _WRITE)
    return Diagnostic("test-failed", "error", result.place, message, _CORRECT + _explained(result))


def _explained(result: Expectation) -> str:
    """How to see every test of the rule on the record, where `explain` can read it from the test file."""
    from sigmaproof.ruletests.cases import is_case

    record = f"{result.place.file}:{result.place.line}"
    shown = result.steps and is_case(record)
    return f"; `sigmaproof explain {result.rule.file} {record}` shows every test of the rule" if shown else ""


def _report(
    results: Sequence[Expectation],
    rules: Sequence[Rule],
    heard: Sequence[Diagnostic],
    seconds: float,
    only_failing: bool,
) -> Report:
    heard = [one for one in heard if not only_failing or one.level == "error"]
    cases = []
    for result in results:
        found = () if result.passed else (as_finding(result),)
        cases.append(Checked(result.rule.file, f"{result.rule.title}: {result.name}", found))
    titles = {rule.document.place(): rule.title for rule in rules}
    for one in heard:
        if one.code == "test-missing":
            name = titles.get(one.place, one.place.file)
            cases.append(Checked(one.place.file, name, skipped=one.message))
        else:
            cases.append(Checked(one.place.file, f"{one.code} at {one.place}", (one,)))
    cases.sort(key=lambda case: case.group)
    findings = ordered([*heard, *(as_finding(result) for result in results if not result.passed)])
    files = [rule.file for rule in rules] or [one.place.file for one in heard] or ["."]
    return Report("test", findings, cases, root_of(*map(Path, files)), codes_of(findings), seconds)
