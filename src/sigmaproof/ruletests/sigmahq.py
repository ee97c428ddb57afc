"""SigmaHQ's regression tests: the rule names an `info.yml` as `regression_tests_path`, which names files of records.

A path is looked for from the rule's folder, then from each folder above it up to the root of the repository. A file
must give at least `match_count` matches (1 when it is left out); more of them are a warning, as in SigmaHQ's runner;
0 means none. Files of records are those of `type: json`, `ndjson` and `jsonl`; Windows event logs (`evtx`) are not
read, and that is said. Source: SigmaHQ/sigma, regression_data/README.md and tests/regression_tests_runner.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sigmaproof.diagnostics import Diagnostic, InputError, Place
from sigmaproof.evaluate.run import evaluate
from sigmaproof.repository import confined
from sigmaproof.ruletests.files import form_is_right, read_yaml, records_of, report_surprises
from sigmaproof.ruletests.subject import Expectation, Subject, counted
from sigmaproof.safeyaml import Document

__all__ = ["regression_files", "regression_tests"]

KEY = "regression_tests_path"
_TYPES = ("json", "ndjson", "jsonl")


def regression_tests(subject: Subject) -> Iterator[Expectation]:
    """The expectations of the rule's info.yml. Raises InputError when the file can't be read."""
    if KEY not in subject.rule.data:
        return
    for document in read_yaml(_info(subject), subject.report):
        if form_is_right(document, "sigmahqtests", subject.report) and _is_for(subject, document):
            report_surprises(document, subject.report)
            tests = document.data.get("regression_tests_info") or ()
            if not tests:
                place = document.place()
                subject.report(Diagnostic("test-empty", "warning", place, "no regression_tests_info: holds no test"))
            for index, test in enumerate(tests):
                yield from _judged(subject, test, document.place("regression_tests_info", index))


def regression_files(subject: Subject) -> Iterator[Path]:
    """The files that the rule's regression tests consist of, as far as they can be read."""
    try:
        if KEY in subject.rule.data:
            yield (info := _info(subject))
            for document in read_yaml(info):
                for test in document.data["regression_tests_info"]:
                    yield _found(subject, test["path"], document.place())
    except (InputError, LookupError, TypeError):
        return  # said when the tests are run


def _info(subject: Subject) -> Path:
    place, named = subject.rule.document.place(KEY), subject.rule.data[KEY]
    if not isinstance(named, str):
        raise InputError("test-path", place, f"{KEY} must be the path of an info.yml")
    return _found(subject, named, place)


def _found(subject: Subject, name: str, place: Place) -> Path:
    folders = [one for one in subject.path.absolute().parents if one.is_relative_to(subject.root)]
    return confined(name, folders, subject.root, place)


def _is_for(subject: Subject, document: Document) -> bool:
    """Whether the tests are those of the rule; SigmaHQ's runner holds the first id to be the rule's."""
    ids = [one["id"] for one in document.data.get("rule_metadata") or () if "id" in one]
    if not ids or subject.rule.id in ids:
        return True
    message = f"the tests are those of the rule {ids[0]}, named by the rule {subject.rule.id}"
    subject.report(Diagnostic("test-rule", "error", document.place("rule_metadata"), message, "name the rule's id"))
    return False


def _judged(subject: Subject, test: dict[str, Any], place: Place) -> Iterator[Expectation]:
    name = test.get("name") or test["path"]
    if test["type"] not in _TYPES:
        message = f"{name}: not run: records of type {test['type']} are not read here"
        subject.report(Diagnostic("test-unsupported", "warning", place, message, f"types: {', '.join(_TYPES)}"))
        return
    if test.get("pipelines") or test.get("filters"):
        message = f"{name}: its pipelines and filters are not applied: the rule is judged on the records as they are"
        subject.report(Diagnostic("test-unsupported", "warning", place, message, "give them with -p and --filter"))
    try:
        file = _found(subject, test["path"], place)
        places = [match.event.place for match in evaluate([subject.rule], records_of([file], place))]
    except InputError as error:
        subject.report(error.diagnostic)
        return
    least = test.get("match_count", 1)
    yield counted(subject.rule, name, least, None if least else 0, places, len(places), place)
    if least and len(places) > test.get("match_count", len(places)):
        message = f"{name}: {len(places):,} records match, more than match_count says"
        subject.report(Diagnostic("test-more", "warning", place, message, "correct match_count, or the rule"))
