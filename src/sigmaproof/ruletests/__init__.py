"""Tests rules on records that each must and must not match. One form of tests a file, which docs/testing.md shows.

LOADERS names the forms that belong to a rule; the tests of a whole corpus are in `rsigma` and `baseline`, tests that
are made of a rule in `suggest`. What a rule means is not known here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from sigmaproof.diagnostics import Diagnostic, InputError
from sigmaproof.rules import Rule
from sigmaproof.ruletests.panther import inline_tests
from sigmaproof.ruletests.rsigma import exemplar_tests
from sigmaproof.ruletests.sidecar import named_files, places_of, sidecar_tests, test_file
from sigmaproof.ruletests.sigmahq import KEY, regression_files, regression_tests
from sigmaproof.ruletests.subject import Expectation, Report, Subject

__all__ = ["LOADERS", "Expectation", "files_of", "missing", "run_tests", "subjects_of"]

Loader: TypeAlias = Callable[[Subject], Iterator[Expectation]]
LOADERS: tuple[Loader, ...] = (sidecar_tests, regression_tests, inline_tests, exemplar_tests)
_INLINE = (KEY, "Tests", "rsigma.exemplars")


def subjects_of(rules: Sequence[Rule], report: Report) -> list[Subject]:
    """The rules as what is tested, each with the ids of those in its file."""
    ids: defaultdict[str, set[str]] = defaultdict(set)
    for rule in rules:
        ids[rule.file].add(rule.id)
    return [Subject(rule, report, frozenset(ids[rule.file])) for rule in rules]


def run_tests(
    rules: Sequence[Rule], report: Report, progress: Callable[[Sequence[Subject]], Iterable[Subject]] = iter
) -> list[Expectation]:
    """Runs the expectations of every rule, in all forms. A rule without tests is reported as a warning.

    progress: goes over the rules, and may show how far it is.
    """
    results: list[Expectation] = []
    for subject in progress(subjects_of(rules, report)):
        if not _has_tests(subject.rule):
            help = (
                f"write {subject.path.stem}.test.yml beside it or in fixtures/rules/, "
                f"or let `sigmaproof test {subject.path} --suggest` write one"
            )
            place = subject.rule.document.place()
            report(Diagnostic("test-missing", "warning", place, "the rule has no test file", help))
            continue
        for loader in LOADERS:
            try:
                results += loader(subject)
            except InputError as error:
                report(error.diagnostic)
    return results


def _has_tests(rule: Rule) -> bool:
    attributes = rule.data.get("custom_attributes")
    inline = {*rule.data, *(attributes if isinstance(attributes, dict) else ())}
    return test_file(Path(rule.file)) is not None or not inline.isdisjoint(_INLINE)


def missing(rules: Sequence[Rule], results: Iterable[Expectation], match: int, no_match: int) -> Iterator[Expectation]:
    """A failed expectation for each rule with fewer tests that must match, or that must not, than are asked for."""
    have: defaultdict[tuple[int, str], int] = defaultdict(int)
    for result in results:
        have[id(result.rule), result.kind] += 1
    for rule in rules:
        for kind, words, least in (("match", "must match", match), ("no_match", "must not match", no_match)):
            count = have[id(rule), kind]
            if count < least:
                wanted, got = f"at least {least:,}", f"{count:,}"
                yield Expectation(
                    rule, f"tests on what it {words}", "required", wanted, got, False, rule.document.place()
                )


def files_of(rule: Rule) -> Iterator[Path]:
    """The files on which the outcome of a rule's tests depends, also those that could be and are not there."""
    path = Path(rule.file)
    yield path
    yield from places_of(path)
    yield from named_files(path)
    yield from regression_files(Subject(rule, lambda _: None))
