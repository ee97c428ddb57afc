"""rsigma's tests: `expectations.yml` of `rsigma rule backtest`, and the exemplars that stand in a rule.

An expectation says how often a rule (its id, or its exact title) matches in a corpus of logs, or in one of its files:
`exactly`, or `at_least` and `at_most`. What matches without one is, by `defaults.unexpected_detections`, a failure, a
warning (the default) or nothing. Exemplars are `rsigma.exemplars` of `custom_attributes`, or at the top of the rule.
Source: timescale/rsigma, its pages on `rule backtest`, `rule test` and custom attributes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sigmaproof.diagnostics import Diagnostic, InputError, Place
from sigmaproof.evaluate.run import evaluate
from sigmaproof.inputs import is_log
from sigmaproof.rules import Rule
from sigmaproof.ruletests.files import check_json, form_is_right, read_yaml, records_of, report_surprises, section
from sigmaproof.ruletests.subject import MOST_SHOWN, Expectation, Report, Subject, counted
from sigmaproof.safeyaml import Document

__all__ = ["corpus_tests", "exemplar_tests"]

_EXEMPLARS = "rsigma.exemplars"
_LEVELS = {"fail": "error", "warn": "warning"}


def exemplar_tests(subject: Subject) -> Iterator[Expectation]:
    """The expectations of the exemplars that stand in the rule."""
    attributes = subject.rule.data.get("custom_attributes")
    nested = isinstance(attributes, dict) and _EXEMPLARS in attributes
    if not nested and _EXEMPLARS not in subject.rule.data:
        return
    where = ("custom_attributes", _EXEMPLARS) if nested else (_EXEMPLARS,)
    document = section(subject.rule.document, *where)
    if form_is_right(document, "exemplars", subject.report):
        for index, one in enumerate(document.data):
            place = document.place(index)
            try:
                check_json(one["event"], document, (index, "event"))
            except InputError as error:
                subject.report(error.diagnostic)
            else:
                name = one.get("name") or f"exemplar {index + 1}"
                yield subject.judged(name, one["expect"] == "match", one["event"], place)


@dataclass
class _Found:
    """Matches of the rules in a corpus: how many in which file, and where the first ones are."""

    counts: Counter[tuple[int, str]] = field(default_factory=Counter)
    places: dict[tuple[int, str], list[str]] = field(default_factory=dict)

    def of(self, rule: Rule, file: str | None) -> tuple[list[str], int]:
        """Places and number of a rule's matches, in one file or in all."""
        keys = [key for key in self.counts if key[0] == id(rule) and file in (None, key[1])]
        return [place for key in keys for place in self.places[key]], sum(self.counts[key] for key in keys)


def corpus_tests(
    path: Path, corpora: Sequence[Path], rules: Sequence[Rule], report: Report, partial: bool = False
) -> list[Expectation]:
    """The expectations of an expectations.yml over the logs of a corpus, for these rules.

    partial: the rules are only some of the repository's, so that expectations of others are passed over. Raises
    InputError for a file, or a record of the corpus, that can't be read.
    """
    results: list[Expectation] = []
    for document in read_yaml(path, report):
        if not form_is_right(document, "rsigmatests", report):
            continue
        report_surprises(document, report)
        found, files = _matches(rules, corpora, document.place())
        covered: set[tuple[int, str | None]] = set()
        for index, one in enumerate(document.data.get("expectations") or ()):
            place = document.place("expectations", index)
            try:
                rule = _rule(one["rule"], rules, place, partial)
                if rule is not None:
                    covered.add((id(rule), one.get("corpus")))
                    results.append(_expectation(one, rule, found, files, place))
            except InputError as error:
                report(error.diagnostic)
        level = (document.data.get("defaults") or {}).get("unexpected_detections", "warn")
        if level != "ignore":
            results += _unexpected(rules, found, files, covered, document, level, report)
    return results


def _matches(rules: Sequence[Rule], corpora: Sequence[Path], place: Place) -> tuple[_Found, set[str]]:
    found = _Found()
    files: dict[str, Path] = {}
    for root in corpora:
        inner = sorted(one for one in root.rglob("*") if one.is_file() and is_log(one)) if root.is_dir() else [root]
        files |= {one.relative_to(root).as_posix() if root.is_dir() else one.name: one for one in inner}
    for name, file in files.items():
        for match in evaluate(rules, records_of([file], place)):
            key = (id(match.rule), name)
            found.counts[key] += 1
            if found.counts[key] <= MOST_SHOWN:
                found.places.setdefault(key, []).append(match.event.place)
    return found, set(files)


def _rule(named: str, rules: Sequence[Rule], place: Place, partial: bool) -> Rule | None:
    by_title = [rule for rule in rules if rule.title == named]
    found = [rule for rule in rules if rule.data.get("id") == named] or by_title
    if len(found) > 1:
        message = f"{len(found)} rules are called {named}"
        raise InputError("test-rule", place, message, "name the rule by its id")
    if not found and not partial:
        raise InputError("test-rule", place, f"no rule has the id or the title {named}", "name a rule that is tested")
    return found[0] if found else None


def _expectation(one: dict[str, Any], rule: Rule, found: _Found, files: set[str], place: Place) -> Expectation:
    file = one.get("corpus")
    if file is not None and file not in files:
        raise InputError("test-path", place, f"{file}: no such file in the corpus", "write it from the corpus' root")
    least = one.get("exactly", one.get("at_least", 0))
    most = one.get("exactly", one.get("at_most"))
    if most is not None and least > most:
        raise InputError("test-form", place, f"at_least ({least}) is more than at_most ({most})")
    places, count = found.of(rule, file)
    return counted(rule, f"in {file or 'the corpus'}", least, most, places, count, place)


def _unexpected(
    rules: Sequence[Rule],
    found: _Found,
    files: set[str],
    covered: set[tuple[int, str | None]],
    document: Document,
    level: str,
    report: Report,
) -> Iterator[Expectation]:
    """Matches that no expectation covers: one for the whole corpus, or for the file in which they are."""
    for rule in rules:
        left = [file for file in sorted(files) if not {(id(rule), None), (id(rule), file)} & covered]
        places = [place for file in left for place in found.of(rule, file)[0]]
        count = sum(found.of(rule, file)[1] for file in left)
        if count and level == "fail":
            yield counted(rule, "no expectation covers it", 0, 0, places, count, document.place("defaults"))
        elif count:
            message = f"{rule.title}: {count:,} matches that no expectation covers, the first at {places[0]}"
            report(Diagnostic("test-unexpected", _LEVELS[level], document.place(), message, "add an expectation"))
