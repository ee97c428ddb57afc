"""Writes a test file for a rule that has none, from the records that decide its tests (`verify.decide`).

What is written says what the rule does, not what it should do: it is to be read, and keeps the rule from changing
unseen. A file that is there is never touched.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from sigmaproof.diagnostics import Diagnostic, InputError, Place, shown_path
from sigmaproof.evaluate.compile import compile_predicate
from sigmaproof.evaluate.explain import pivotal
from sigmaproof.predicate import Predicate, Test, describe
from sigmaproof.rules import Rule
from sigmaproof.ruletests import subjects_of
from sigmaproof.ruletests.sidecar import places_of, sidecar_tests, test_file
from sigmaproof.ruletests.subject import Report
from sigmaproof.safeyaml import documents
from sigmaproof.verify.admissible import why_inadmissible
from sigmaproof.verify.decide import decide
from sigmaproof.verify.records import MISSING, Draft, built

__all__ = ["Written", "suggest"]

Decided: TypeAlias = frozenset[tuple[Test, bool]]
MOST_CASES = 40
"""Records of one verdict in a file; a rule with more tests gets those that decide most of them."""
LONGEST_NAME, SHORTEST = 100, 3
HEAD = "# Suggested from the rule itself: this is what it does. Is it what it should do?\n"
# What is tried for a field, so that a record looks as records do: whatever else decides the same is as good.
_ORDINARY: dict[str, tuple[str, ...]] = {
    "eventSource": ("ec2.amazonaws.com", "s3.amazonaws.com", "iam.amazonaws.com"),
    "errorCode": ("AccessDenied", "ThrottlingException"),
    "errorMessage": ("User is not authorized to perform this action",),
    "userAgent": ("aws-cli/2.15.0", "console.amazonaws.com"),
    "sourceIPAddress": ("203.0.113.10", "198.51.100.9"),
    "awsRegion": ("us-east-1", "eu-west-1"),
    "userIdentity.arn": ("arn:aws:iam::111122223333:user/alice", "arn:aws:iam::111122223333:root"),
    "userIdentity.userName": ("alice", "bob"),
}


class NothingError(Exception):
    """A rule for which no test file can be made. The message says why."""

    def __init__(self, place: Place, message: str, help: str = "") -> None:
        super().__init__(message)
        self.place, self.help = place, help


@dataclass(frozen=True)
class Written:
    """A test file that was written: of how many records, and how many of the rule's tests they decide, as `verify`
    counts them: each has to be seen true and false."""

    path: str
    match: int
    no_match: int
    decided: int
    total: int


@dataclass(frozen=True)
class _Case:
    """One record, and the tests that decide it with their truth."""

    record: dict[str, Any]
    verdict: bool
    decided: Decided


def suggest(rules: Sequence[Rule], report: Report) -> Iterator[Written]:
    """Writes a test file for each file of rules that has none. report: called for each that gets none, with why."""
    by_file: dict[str, list[Rule]] = {}
    for rule in rules:
        by_file.setdefault(rule.file, []).append(rule)
    for file, together in by_file.items():
        path = Path(file)
        found = test_file(path)
        if found is not None or not path.is_file():
            why = f"has its tests in {shown_path(found.absolute())}" if found else "is no file"
            report(Diagnostic("test-present", "note", Place(file), f"nothing written: {why}"))
            continue
        try:
            yield _write(path, together)
        except NothingError as error:
            report(Diagnostic("test-suggest", "warning", error.place, f"nothing written: {error}", error.help))
        except InputError as error:
            report(error.diagnostic)


def _write(path: Path, rules: Sequence[Rule]) -> Written:
    texts, match, no_match, decided, total = [], 0, 0, 0, 0
    for rule in rules:
        cases, mine, all_of_it = _cases(rule)
        texts.append(_text(path.name if len(rules) == 1 else _id(rule), cases))
        match += sum(case.verdict for case in cases)
        no_match += sum(not case.verdict for case in cases)
        decided += mine
        total += all_of_it
    target = _target(path)
    _put(target, HEAD + "---\n".join(texts))
    _check(target, rules)
    return Written(shown_path(target.absolute()), match, no_match, decided, total)


def _id(rule: Rule) -> str:
    if "id" not in rule.data:
        message = "the file has several rules, and this one has no id by which tests could name it"
        raise NothingError(rule.document.place(), message, "give it an id")
    return rule.id


def _target(rule: Path) -> Path:
    """Beside the rule, or in fixtures/rules/ where there is such a folder."""
    beside, *others = places_of(rule)
    return next((place for place in others if place.parent.is_dir()), beside)


def _put(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        place = Place(shown_path(path.absolute()))
        raise InputError("test-unwritable", place, f"can't be written: {error.strerror or error}") from None


def _check(path: Path, rules: Sequence[Rule]) -> None:
    """What was written must pass. Takes it away and raises InputError if it doesn't."""
    found: list[Diagnostic] = []
    results = [result for subject in subjects_of(rules, found.append) for result in sidecar_tests(subject)]
    wrong = [result for result in results if not result.passed]
    if found or wrong or not results:
        path.unlink()
        what = found[0].message if found else wrong[0].name if wrong else "it holds nothing"
        message = f"what was suggested fails: {what}"
        raise NothingError(rules[0].document.place(), message, "please report this")


# records


def _cases(rule: Rule) -> tuple[list[_Case], int, int]:
    """The records for a rule, how many of its tests they decide, and how many it has."""
    if not rule.is_cloudtrail:
        message = "records are known for product: aws, service: cloudtrail only"
        raise NothingError(rule.document.place("logsource"), message)
    coverage = decide(rule.tree)
    drafts = [one.draft for one in coverage.decisions if one.state == "decided" and one.draft is not None]
    drafts += [coverage.example] if coverage.example is not None else []
    candidates = list(_candidates(rule.tree, drafts))
    chosen = _chosen(candidates)
    if not {True, False} <= {case.verdict for case in chosen}:
        words = next(coverage.findings(), "no records of both verdicts were found that AWS can write")
        raise NothingError(rule.document.place(), words, "see `sigmaproof check`")
    found = frozenset[tuple[Test, bool]]().union(*(case.decided for case in chosen))
    return chosen, sum((one.test, one.truth) in found for one in coverage.decisions), coverage.total


def _candidates(tree: Predicate, drafts: Sequence[Draft]) -> Iterator[_Case]:
    """Each record once, made to look ordinary; only what a YAML file keeps as it is."""
    seen: list[dict[str, Any]] = []
    for draft in drafts:
        record = built(draft)
        if record not in seen:
            seen.append(record)
            case = _ordinary(tree, draft)
            if why_inadmissible(case.record) is None and _is_kept(case.record):
                yield case


def _ordinary(tree: Predicate, draft: Draft) -> _Case:
    """The record of a draft with ordinary values where it has odd ones, as long as it decides the same."""
    best = _judged(tree, draft)
    for field in [field for field in _ORDINARY if _is_odd(draft, field)]:
        for value in _ORDINARY[field]:
            changed = {**draft, field: value}
            other = _judged(tree, changed)
            same = other.verdict is best.verdict and other.decided >= best.decided
            if same and why_inadmissible(other.record) is None:
                draft, best = changed, other
                break
    return best


def _is_odd(draft: Draft, field: str) -> bool:
    """Whether a draft takes away the event's source, or has a value that nobody writes, such as `x`."""
    value = draft.get(field)
    return (value is MISSING and field == "eventSource") or (isinstance(value, str) and len(value) < SHORTEST)


def _judged(tree: Predicate, draft: Draft) -> _Case:
    record = built(draft)
    decided = frozenset((test, compile_predicate(test)(record)) for test in pivotal(tree, record))
    return _Case(record, compile_predicate(tree)(record), decided)


def _is_kept(record: dict[str, Any]) -> bool:
    """Whether a YAML file gives the record as it is: a lone surrogate can't be written."""
    try:
        return [one.data for one in documents(_dumped(record), "record")] == [record]
    except (InputError, yaml.YAMLError, UnicodeError):
        return False


def _chosen(candidates: Sequence[_Case]) -> list[_Case]:
    """As few records as decide what all of them decide, at least one of each verdict; the first of equal ones."""
    left = set(frozenset[tuple[Test, bool]]().union(*(case.decided for case in candidates)))
    chosen: list[_Case] = []
    counts = {True: 0, False: 0}
    while left:
        rest = [case for case in candidates if counts[case.verdict] < MOST_CASES]
        best = max(rest, key=lambda case: len(case.decided & left), default=None)
        if best is None or not best.decided & left:
            break
        chosen.append(best)
        counts[best.verdict] += 1
        left -= best.decided
    for verdict in (True, False):
        if not counts[verdict]:
            chosen += [case for case in candidates if case.verdict is verdict][:1]
    return sorted(chosen, key=lambda case: not case.verdict)


# text


def _text(name: str, cases: Sequence[_Case]) -> str:
    data: dict[str, Any] = {"rule": name}
    named = _names(cases)
    for key, verdict in (("match", True), ("no_match", False)):
        data[key] = [
            {"name": one, "record": case.record}
            for one, case in zip(named, cases, strict=True)
            if case.verdict is verdict
        ]
    return _dumped(data)


def _names(cases: Sequence[_Case]) -> list[str]:
    """What each record is there for: the tests that it decides and those before it don't."""
    names: list[str] = []
    shown: set[tuple[Test, bool]] = set()
    for case in cases:
        new = sorted(case.decided - shown, key=lambda one: describe(one[0]))
        shown |= case.decided
        words = ", ".join(describe(test) if truth else f"not {describe(test)}" for test, truth in new)
        if not case.verdict:
            words = f"but {words}"
        elif not names:
            words = "what it is for"
        words = words if 0 < len(words) <= LONGEST_NAME else f"{words[:LONGEST_NAME]}…" if words else "another record"
        names.append(words if words not in names else f"{words} ({len(names) + 1})")
    return names


class _Dumper(yaml.SafeDumper):
    """Lists indented under their key, and no aliases for values that stand twice."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _dumped(data: Any) -> str:
    text: str = yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)
    return text
