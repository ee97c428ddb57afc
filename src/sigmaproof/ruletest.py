"""Tests rules against their `.test.yml`: records that each must and must not match.

The file is looked for beside the rule, then in `fixtures/rules/` of each folder above it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sigmaproof.diagnostics import Diagnostic, InputError, Place, shown_path
from sigmaproof.evaluate.compile import compile_predicate
from sigmaproof.evaluate.explain import Step, explain
from sigmaproof.events import event_at
from sigmaproof.rules import Rule, schema_faults
from sigmaproof.safeyaml import Document, documents

__all__ = ["Expectation", "run_tests", "test_file"]

Report = Callable[[Diagnostic], None]
_KEYS = {"match": True, "no_match": False}


@dataclass(frozen=True)
class Expectation:
    """One expected verdict and what came of it. steps: the explanation, when it failed."""

    rule: Rule
    name: str
    expected: bool
    actual: bool
    place: Place
    steps: tuple[Step, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the verdict is the expected one."""
        return self.expected is self.actual


def run_tests(rules: Sequence[Rule], report: Report) -> list[Expectation]:
    """Runs the expectations of every rule. A rule without a test file is reported as a warning."""
    results: list[Expectation] = []
    for rule in rules:
        path = test_file(Path(rule.file))
        if path is None:
            help = f"write {Path(rule.file).stem}.test.yml beside it or in fixtures/rules/"
            report(Diagnostic("test-missing", "warning", rule.document.place(), "the rule has no test file", help))
            continue
        try:
            results += _run(rule, path, report)
        except InputError as error:
            report(error.diagnostic)
    return results


def test_file(rule: Path) -> Path | None:
    """The test file of a rule's file, or None."""
    name = f"{rule.stem}.test.yml"
    folders = [rule.parent, *(parent / "fixtures" / "rules" for parent in rule.absolute().parents)]
    return next((folder / name for folder in folders if (folder / name).is_file()), None)


def _run(rule: Rule, path: Path, report: Report) -> Iterator[Expectation]:
    for document in documents(_content(path), shown_path(path.absolute())):
        faults = list(schema_faults(document, "ruletest", "test-form"))
        faults += [] if faults else _content_faults(rule, document)
        for fault in faults:
            report(fault)
        if not any(fault.level == "error" for fault in faults):
            yield from _expectations(rule, document, path, report)


def _content_faults(rule: Rule, document: Document) -> Iterator[Diagnostic]:
    """What a test file of the right form can still have wrong."""
    named = document.data.get("rule")
    if named is not None and named != Path(rule.file).name:
        message = f"the tests are those of {named}, beside the rule {Path(rule.file).name}"
        yield Diagnostic("test-rule", "error", document.place("rule"), message, "name the rule's file, or leave it out")
    if not any(document.data.get(key) for key in _KEYS):
        help = "write `match:` and `no_match:`, each a list of cases"
        yield Diagnostic("test-empty", "warning", document.place(), "holds no case", help)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        place = Place(shown_path(path.absolute()))
        raise InputError("test-unreadable", place, f"can't be read: {error.strerror or error}") from None


def _expectations(rule: Rule, document: Document, path: Path, report: Report) -> Iterator[Expectation]:
    """Every expectation; a record that can't be used is reported, and the others are still judged."""
    verdict = compile_predicate(rule.tree)
    for key, expected in _KEYS.items():
        for index, case in enumerate(document.data.get(key) or ()):
            place = document.place(key, index)
            try:
                record = _record(case, path.parent, document, (key, index))
            except InputError as error:
                report(error.diagnostic)
                continue
            actual = verdict(record)
            steps = () if actual is expected else tuple(explain(rule.tree, record))
            yield Expectation(rule, case["name"], expected, actual, place, steps)


def _record(case: dict[str, Any], folder: Path, document: Document, where: tuple[str | int, ...]) -> dict[str, Any]:
    if "record" in case:
        record: dict[str, Any] = case["record"]
        _check_json(record, document, (*where, "record"))
        return record
    try:
        return event_at(str(folder / case["file"])).record
    except LookupError as error:
        raise InputError("test-record", document.place(*where), str(error.args[0])) from None


def _check_json(value: Any, document: Document, path: tuple[str | int, ...]) -> None:
    """Raises InputError for a value that JSON doesn't have: YAML reads a date without quotes as a date."""
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            _check_json(inner, document, (*path, key))
    elif isinstance(value, float) and not math.isfinite(value):
        raise InputError("test-record", document.place(*path), "not a finite number", "put the value in quotes")
    elif value is not None and not isinstance(value, str | int | float):
        message = f"a {type(value).__name__} is no value of a record"
        raise InputError("test-record", document.place(*path), message, "put the value in quotes")
