"""What `check` and `test` found, in the form in which every renderer takes it, and which renderer writes which format.

A renderer is one file with one function, from a Report to text; it knows nothing of rules.
"""

from __future__ import annotations

import importlib
from bisect import bisect
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sigmaproof.diagnostics import Diagnostic

__all__ = ["FORMATS", "Checked", "Code", "Report", "cases_of", "ordered", "rendered", "show"]

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


def show(report: Report, form: str) -> None:
    """Prints the report in one of FORMATS; nothing where there is nothing to say."""
    text = rendered(report, form)
    if text:
        print(text)


def ordered(findings: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Findings by their place."""
    return sorted(findings, key=lambda one: (one.place.file, one.place.line, one.place.column, one.code))


def cases_of(parts: Iterable[tuple[str, int, str]], findings: Iterable[Diagnostic]) -> list[Checked]:
    """A case a document, with the findings that stand in it, and one a file for those that stand in none.

    parts: file, first line and title of each. Those without a title are cases when something is found in them.
    """
    starts: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    for file, line, title in sorted(parts):
        starts[file].append((line, title))
    inside: defaultdict[tuple[str, int], list[Diagnostic]] = defaultdict(list)
    for finding in ordered(findings):
        lines = [line for line, _ in starts[finding.place.file]]
        inside[finding.place.file, bisect(lines, finding.place.line)].append(finding)
    found = []
    for file, some in starts.items():
        for number, (line, title) in enumerate(some, 1):
            wrong = tuple(inside.pop((file, number), ()))
            if title or wrong:
                found.append(Checked(file, title or f"{file}:{line}", wrong))
    found += [Checked(file, file, tuple(some)) for (file, _), some in inside.items()]
    return sorted(found, key=_group)


def _group(case: Checked) -> str:
    return case.group
