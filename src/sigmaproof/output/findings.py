"""Prints the findings of `check`: text as compilers print it, one JSON object a line, or a document for a pipeline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from sigmaproof.diagnostics import Diagnostic
from sigmaproof.output.consoles import note, plural
from sigmaproof.output.problems import as_json
from sigmaproof.output.report import FORMATS, Code, Report, cases_of, ordered, show
from sigmaproof.repository import root_of

__all__ = ["codes_of", "took", "write_codes", "write_findings", "write_page"]

FOR_PEOPLE = ("text", "github")
"""The forms beside which a person reads what stands on stderr: the others are documents for programs."""
WITHOUT_MODELS = (
    "without AWS's service models: whether a service has a call, and a call a parameter, was not looked at; "
    "pip install 'sigmaproof[aws]'"
)


def write_page(code: str) -> None:
    """The page of a code."""
    from sigmaproof.check.pages import page
    from sigmaproof.check.registry import FIXED, entry

    one = entry(code)
    repaired = ", repaired by --fix" if code in FIXED else ""
    print(f"{code} ({one.layer}, {one.level}{repaired})\n\n{page(code).text}")


def write_codes() -> None:
    """Every code in a line: its level and the first line of its page, by layer."""
    from sigmaproof.check.pages import page
    from sigmaproof.check.registry import LAYERS, entries

    for layer, question in LAYERS.items():
        print(f"{layer}: {question}")
        for code, one in entries().items():
            if one.layer == layer:
                print(f"  {code:20} {one.level:8} {page(code).summary}")


def write_findings(
    findings: Sequence[Diagnostic],
    parts: Sequence[tuple[str, int, str]],
    rules: int,
    form: str,
    seconds: float,
    only_failing: bool = False,
) -> None:
    """The findings to stdout in the order of their places, their numbers to stderr.

    parts: file, first line and title of each document. rules: how many of them were loaded. only_failing: without notes
    and, in JUnit's XML, without what is fine.
    """
    shown = ordered(one for one in findings if not only_failing or one.level != "note")
    if form in FORMATS:
        cases = cases_of(parts, shown)
        cases = [case for case in cases if case.findings or not only_failing]
        files = [file for file, _, _ in parts] or [finding.place.file for finding in shown] or ["."]
        report = Report("check", shown, cases, root_of(*map(Path, files)), codes_of(shown), seconds)
        show(report, form)
    else:
        _print(shown, form)
    levels = Counter(finding.level for finding in findings)
    counts = ", ".join(plural(levels[level], level) for level in ("error", "warning", "note"))
    note(f"{plural(rules, 'rule')} checked {took(seconds)}{_lost(findings)}: {counts}")
    if form in FOR_PEOPLE and rules:
        _say_without_models()


def _lost(findings: Sequence[Diagnostic]) -> str:
    """In how many files something could not be loaded: that is none of the rules that were checked."""
    from sigmaproof.check.registry import entry

    files = {one.place.file for one in findings if one.level == "error" and entry(one.code).on == "loading"}
    return f", {plural(len(files), 'file')} with rules that can't be used" if files else ""


def _say_without_models() -> None:
    from sigmaproof.servicemodels.data import available

    if not available():
        note(WITHOUT_MODELS)


def codes_of(findings: Sequence[Diagnostic]) -> dict[str, Code]:
    """What the pages of these codes say."""
    from sigmaproof.check.pages import page

    pages = {code: page(code) for code in dict.fromkeys(finding.code for finding in findings)}
    return {code: Code(one.summary, one.text) for code, one in pages.items()}


def took(seconds: float) -> str:
    """How long something took, for the line with the numbers."""
    return f"in {seconds:.1f} s"


def _print(findings: Sequence[Diagnostic], form: str) -> None:
    from sigmaproof.output.excerpt import finding_text

    for finding in findings:
        print(as_json(finding) if form == "json" else finding_text(finding))
