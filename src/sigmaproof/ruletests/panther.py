"""Tests in Panther's form: `Tests:`, a list of Name, ExpectedResult and Log.

Panther keeps them in the YAML file that describes a Python rule. Here they stand in the Sigma rule itself, as a key of
its own (Sigma 2.1 allows keys that it doesn't know), or in the rule's test file, where the rest of a Panther file may
stay: it is not read. A test with Mocks replaces functions of a Python rule, which a Sigma rule has not: it is not run,
and that is said. Fields: panther_analysis_tool's schema of rules.
"""

from __future__ import annotations

from collections.abc import Iterator

from sigmaproof.diagnostics import Diagnostic, InputError
from sigmaproof.ruletests.files import check_json, form_is_right
from sigmaproof.ruletests.subject import Expectation, Subject
from sigmaproof.safeyaml import Document

__all__ = ["inline_tests", "panther_tests"]


def inline_tests(subject: Subject) -> Iterator[Expectation]:
    """The expectations that stand in the rule itself."""
    if "Tests" in subject.rule.data:
        yield from panther_tests(subject, subject.rule.document)


def panther_tests(subject: Subject, document: Document) -> Iterator[Expectation]:
    """The expectations of a document with `Tests:`."""
    if not form_is_right(document, "panthertests", subject.report):
        return
    for index, test in enumerate(document.data["Tests"]):
        place = document.place("Tests", index)
        if test.get("Mocks"):
            message = f"{test['Name']}: not run: a Sigma rule has no functions for which Mocks could stand in"
            subject.report(Diagnostic("test-unsupported", "warning", place, message, "write the test without Mocks"))
            continue
        try:
            check_json(test["Log"], document, ("Tests", index, "Log"))
        except InputError as error:
            subject.report(error.diagnostic)
        else:
            yield subject.judged(test["Name"], test["ExpectedResult"], test["Log"], place)
