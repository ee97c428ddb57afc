"""Prints the findings of `check`: text as compilers print it, or one JSON object a line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sigmaproof.diagnostics import Diagnostic, as_text
from sigmaproof.output.consoles import note, plural
from sigmaproof.output.problems import as_json

__all__ = ["write_findings"]


def write_findings(findings: Sequence[Diagnostic], rules: int, form: str) -> None:
    """The findings to stdout in the order of their places, their numbers to stderr."""
    for finding in sorted(findings, key=lambda one: (one.place.file, one.place.line, one.place.column)):
        print(as_json(finding) if form == "json" else as_text(finding))
    levels = Counter(finding.level for finding in findings)
    counts = ", ".join(plural(levels[level], level) for level in ("error", "warning", "note"))
    note(f"{plural(rules, 'rule')} checked: {counts}")
