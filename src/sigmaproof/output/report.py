"""What `check` and `test` found, in the form in which every renderer takes it, and which renderer writes which format.

A renderer is one file with one function, from a Report to text; it knows nothing of rules.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sigmaproof.diagnostics import Diagnostic

__all__ = ["FORMATS", "Checked", "Code", "Report", "cases_of", "ordered", "rendered"]

FORMATS = ("sarif", "junit", "github", "gitlab")
"""The formats that are one document, each in the module of its name."""


@dataclass(frozen=True)
class Code:
    """What is to be said of a code wherever it is found. help: Markdown. url: its page, or nothing."""

    title: str
    help: str = ""
    url: str = ""


@dataclass(frozen=True)
class Checked:
    """One thing that was looked at, fine or not. group: the file of the rule. skipped: why it wasn't."""

    group: str
    name: str
    findings: tuple[Diagnostic, ...] = ()
    skipped: str = ""


@dataclass(frozen=True)
class Report:
    """What a command found. findings: in the order of their places. cases: everything that was looked at.

    codes: what is known of the codes. root: the repository, from which files are named.
    """

    command: str
    findings: Sequence[Diagnostic]
    cases: Sequence[Checked]
    root: Path
    codes: Mapping[str, Code] = field(default_factory=dict)
    seconds: float = 0.0


def rendered(report: Report, form: str) -> str:
    """The report in one of FORMATS."""
    text: str = importlib.import_module(f"sigmaproof.output.{form}").render(report)
    return text


def ordered(findings: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Findings by their place."""
    return sorted(findings, key=lambda one: (one.place.file, one.place.line, one.place.column, one.code))


def cases_of(rules: Iterable[tuple[str, int, str]], findings: Iterable[Diagnostic]) -> list[Checked]:
    """A case a rule, with the findings that stand in it, and one a file for those that stand in no rule.

    rules: file, first line and title of each.
    """
    starts = sorted(rules)
    of_rule: dict[int, list[Diagnostic]] = {}
    of_file: dict[str, list[Diagnostic]] = {}
    for finding in ordered(findings):
        place = finding.place
        before = [at for at, (file, line, _) in enumerate(starts) if file == place.file and line <= place.line]
        if before:
            of_rule.setdefault(before[-1], []).append(finding)
        else:
            of_file.setdefault(place.file, []).append(finding)
    found = [Checked(file, title, tuple(of_rule.get(at, ()))) for at, (file, _, title) in enumerate(starts)]
    return sorted([*found, *(Checked(file, file, tuple(some)) for file, some in of_file.items())], key=_group)


def _group(case: Checked) -> str:
    return case.group
