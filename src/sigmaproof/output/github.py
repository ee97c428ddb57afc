"""Annotations on the changed lines of a pull request: workflow commands, which GitHub's runner takes from stdout.

GitHub shows ten of each level for a step. What a command is made of is escaped, so that no rule can write one.
"""

from __future__ import annotations

from sigmaproof.diagnostics import Diagnostic
from sigmaproof.output.report import Report
from sigmaproof.output.texts import clean
from sigmaproof.repository import relative

__all__ = ["render"]

_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}
_DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY = _DATA | {":": "%3A", ",": "%2C"}


def render(report: Report) -> str:
    """The findings as commands, one a line, the gravest first: GitHub drops those that are too many."""
    found = sorted(report.findings, key=lambda one: list(_COMMANDS).index(one.level))
    return "\n".join(_command(finding, report) for finding in found)


def _command(finding: Diagnostic, report: Report) -> str:
    place = finding.place
    properties = {"file": relative(place.file, report.root), "line": place.line, "col": place.column}
    properties["title"] = finding.code
    named = ",".join(f"{key}={_escaped(str(value), _PROPERTY)}" for key, value in properties.items() if value)
    text = f"{finding.message}\n{finding.help}" if finding.help else finding.message
    return f"::{_COMMANDS[finding.level]} {named}::{_escaped(text, _DATA)}"


def _escaped(text: str, table: dict[str, str]) -> str:
    shown = clean(text.replace("\r\n", "\n"))
    return "".join(table.get(char, char) for char in shown)
