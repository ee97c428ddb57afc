"""The command about the tests of rules: `test`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sigmaproof.commands.changed import changed_rules
from sigmaproof.commands.given import inputs_of, loaded_of, usage
from sigmaproof.commands.options import Changed, Filters, Findings, OnlyFailing, Paths, Pipelines, RuleDirs, Status

if TYPE_CHECKING:
    from sigmaproof.rules import Rule
    from sigmaproof.ruletests import Expectation

__all__ = ["test"]


def test(
    paths: Paths = None,
    rules: RuleDirs = None,
    pipeline: Pipelines = None,
    filter: Filters = None,
    min_match: Annotated[int, typer.Option(min=0, help="Tests that each rule must have on what it matches.")] = 0,
    min_no_match: Annotated[int, typer.Option(min=0, help="And on what it doesn't match.")] = 0,
    baseline: Annotated[
        list[Path] | None, typer.Option(help="Logs in which nothing should be found: a file or a directory.")
    ] = None,
    budget: Annotated[int, typer.Option(min=0, help="Matches in the baseline that a rule may have.")] = 0,
    expectations: Annotated[Path | None, typer.Option(help="rsigma's expectations.yml; say its --corpus.")] = None,
    corpus: Annotated[list[Path] | None, typer.Option(help="The logs that --expectations is about.")] = None,
    suggest: Annotated[bool, typer.Option("--suggest", help="Write a test file for each rule without one.")] = False,
    format: Annotated[Findings, typer.Option("--format")] = Findings.text,
    only_failing: OnlyFailing = False,
    changed: Changed = None,
) -> None:
    """Test each rule against its .test.yml: what it must and must not match; and on logs where it must not."""
    from sigmaproof.output.expectations import write_expectations
    from sigmaproof.output.progress import over
    from sigmaproof.ruletests import files_of, missing, run_tests

    if (expectations is None) != (corpus is None):
        usage("--expectations needs --corpus, the logs that it is about, and the other way round")
    start, status = time.monotonic(), Status()
    status.only_errors = only_failing
    found = loaded_of(inputs_of(paths, rules), status, pipeline, filter)
    loaded = found.rules if changed is None else changed_rules(found, changed, files_of)
    if suggest:
        _suggest(loaded, status)
    results = run_tests(loaded, status.report, over("testing"))
    if expectations is not None and corpus is not None:
        results += _on_corpus(expectations, corpus, loaded, changed is not None, status)
    if baseline is not None:
        results += _on_baseline(baseline, loaded, budget, status)
    results += list(missing(loaded, results, min_match, min_no_match))
    write_expectations(results, loaded, status.heard, format.value, time.monotonic() - start, only_failing)
    status.at_least(1, any(not result.passed for result in results))
    status.end()


def _suggest(rules: Sequence[Rule], status: Status) -> None:
    """Writes test files, says which, and ends the command."""
    from sigmaproof.output.consoles import plural
    from sigmaproof.ruletests.suggest import suggest

    for one in suggest(rules, status.report):
        cases = f"{one.match:,} that must match, {one.no_match:,} that must not"
        print(f"wrote {one.path}: {plural(one.match + one.no_match, 'record')}, {cases}; ", end="")
        print(f"{one.decided:,} of {one.total:,} tests decided")
    status.at_least(1, any(one.code == "test-suggest" for one in status.heard))
    status.end()


def _on_corpus(
    file: Path, corpora: Sequence[Path], rules: Sequence[Rule], partial: bool, status: Status
) -> list[Expectation]:
    from sigmaproof.diagnostics import InputError
    from sigmaproof.inputs import sort_paths
    from sigmaproof.ruletests.rsigma import corpus_tests

    sort_paths((), logs=corpora)  # a path that doesn't exist is said as everywhere
    try:
        return corpus_tests(file, corpora, rules, status.report, partial)
    except InputError as error:
        status.report(error.diagnostic)
        return []


def _on_baseline(paths: Sequence[Path], rules: Sequence[Rule], budget: int, status: Status) -> list[Expectation]:
    from sigmaproof.inputs import sort_paths
    from sigmaproof.output.consoles import note, plural
    from sigmaproof.output.progress import Bar
    from sigmaproof.ruletests.baseline import baseline_tests

    files = sort_paths((), logs=paths).logs
    with Bar(wanted=True) as bar:
        results, records = baseline_tests(rules, files, budget, status.report, bar)
    note(f"baseline: {plural(records, 'record')} in {plural(len(files), 'file')}")
    return results
