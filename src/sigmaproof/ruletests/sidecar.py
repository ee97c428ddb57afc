"""Our own form of tests: `<rule>.test.yml` with `match:` and `no_match:`, records inline or by file.

The file is looked for beside the rule, then in `fixtures/rules/` of each folder above it. One that holds `Tests:` is
read as Panther's (`panther`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sigmaproof.diagnostics import Diagnostic, InputError
from sigmaproof.repository import enclosing, root_of
from sigmaproof.ruletests.files import check_json, event_of, form_is_right, read_yaml, report_surprises, split_place
from sigmaproof.ruletests.panther import panther_tests
from sigmaproof.ruletests.subject import Expectation, Subject
from sigmaproof.safeyaml import Document

__all__ = ["budget_of", "named_files", "places_of", "sidecar_tests", "test_file"]

_KEYS = {"match": True, "no_match": False}


def places_of(rule: Path) -> list[Path]:
    """Where the test file of a rule's file may lie, the first one that is there counts.

    Nothing above the repository is looked at, or above the working directory; a rule that lies in neither may have its
    tests in any folder above it.
    """
    name, root = f"{rule.stem}.test.yml", enclosing(rule)
    above = [one for one in rule.absolute().parents if root is None or one.is_relative_to(root)]
    return [rule.parent / name, *(parent / "fixtures" / "rules" / name for parent in above)]


def test_file(rule: Path) -> Path | None:
    """The test file of a rule's file, or None."""
    return next((place for place in places_of(rule) if place.is_file()), None)


def sidecar_tests(subject: Subject) -> Iterator[Expectation]:
    """The expectations of the rule's test file. Raises InputError when the file can't be read."""
    path = test_file(subject.path)
    if path is None:
        return
    root = root_of(subject.path, path)  # tests in fixtures/rules/ may name what lies beside that folder
    for document in read_yaml(path, subject.report):
        if isinstance(document.data, dict) and "Tests" in document.data and not document.data.keys() & _KEYS.keys():
            report_surprises(document, subject.report)
            yield from panther_tests(subject, document)
        elif form_is_right(document, "ruletest", subject.report) and _is_for(subject, document):
            report_surprises(document, subject.report)
            yield from _expectations(subject, document, path, root)


def _is_for(subject: Subject, document: Document) -> bool:
    """Whether the tests are those of the rule: a file with several rules has a document each, which names its id."""
    rule, named = subject.rule, document.data.get("rule")
    if named in (None, subject.path.name, rule.id):
        return True
    if named not in subject.siblings:
        message = f"the tests are those of {named}, beside the rule {subject.path.name}"
        help = "name the rule's file or its id, or leave it out"
        subject.report(Diagnostic("test-rule", "error", document.place("rule"), message, help))
    return False


def _expectations(subject: Subject, document: Document, path: Path, root: Path) -> Iterator[Expectation]:
    """Every expectation; a record that can't be used is reported, and the others are still judged."""
    if not any(document.data.get(key) for key in (*_KEYS, "baseline")):
        help = "write `match:` and `no_match:`, each a list of cases"
        subject.report(Diagnostic("test-empty", "warning", document.place(), "holds no case", help))
    for key, expected in _KEYS.items():
        for index, case in enumerate(document.data.get(key) or ()):
            place = document.place(key, index)
            try:
                if "file" in case:
                    record = event_of(case["file"], path.parent, root, place).record
                else:
                    record = case["record"]
                    check_json(record, document, (key, index, "record"))
            except InputError as error:
                subject.report(error.diagnostic)
            else:
                yield subject.judged(case["name"], expected, record, place)


def budget_of(subject: Subject) -> int | None:
    """How often the rule's test file lets it match in the baseline; None when it says nothing, or can't be read."""
    for data in _readable(subject.path):
        baseline = data.get("baseline")
        if isinstance(baseline, dict) and data.get("rule") in (None, subject.path.name, subject.rule.id):
            most = baseline.get("max_matches")
            if isinstance(most, int) and not isinstance(most, bool):
                return most
    return None


def named_files(rule: Path) -> Iterator[Path]:
    """The files with records that the rule's test file names, as far as it can be read."""
    path = test_file(rule)
    for data in _readable(rule):
        for case in (case for key in _KEYS for case in data.get(key) or () if isinstance(case, dict)):
            if path is not None and isinstance(case.get("file"), str):
                yield path.parent / split_place(case["file"])[0]


def _readable(rule: Path) -> Iterator[dict[str, Any]]:
    path = test_file(rule)
    try:
        yield from (one.data for one in read_yaml(path) if isinstance(one.data, dict)) if path is not None else ()
    except InputError:
        return  # said when its tests are run
