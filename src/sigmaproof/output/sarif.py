"""SARIF 2.1.0 (OASIS, errata 01), so that GitHub's code scanning takes it.

Files are named from the root of the repository (`%SRCROOT%`), never by a path of the machine. A finding keeps its
`primaryLocationLineHash` when lines above it move. Columns count characters.
"""

from __future__ import annotations

import json
from typing import Any

from sigmaproof.diagnostics import Diagnostic
from sigmaproof.output.report import Code, Report
from sigmaproof.output.texts import clean, fingerprints
from sigmaproof.repository import uri

__all__ = ["render"]

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "%SRCROOT%"
_RANKS = ("note", "warning", "error")


def render(report: Report) -> str:
    """The report as one SARIF log."""
    codes = list(dict.fromkeys(finding.code for finding in report.findings))
    marks = fingerprints(report.findings, report.root)
    results = [
        _result(finding, codes.index(finding.code), mark, report)
        for finding, mark in zip(report.findings, marks, strict=True)
    ]
    run = {
        "tool": {"driver": _driver(report, codes)},
        "automationDetails": {"id": f"sigmaproof/{report.command}/"},
        "invocations": [{"executionSuccessful": True}],
        "originalUriBaseIds": {ROOT: {"description": {"text": "The root of the repository."}}},
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=1)


def _driver(report: Report, codes: list[str]) -> dict[str, Any]:
    from sigmaproof import __version__

    rules = [_rule(code, report) for code in codes]
    return {"name": "sigmaproof", "semanticVersion": __version__, "rules": rules}


def _rule(code: str, report: Report) -> dict[str, Any]:
    """What is known of a code: the level is the highest with which it was found."""
    known = report.codes.get(code, Code(code.replace("-", " ")))
    ranks = [_RANKS.index(one.level) for one in report.findings if one.code == code]
    described: dict[str, Any] = {
        "id": code,
        "name": "".join(part.capitalize() for part in code.split("-")),
        "shortDescription": {"text": clean(known.title)},
        "fullDescription": {"text": clean(known.title)},
        "help": {"text": clean(known.help or known.title), "markdown": clean(known.help or known.title)},
        "defaultConfiguration": {"level": _RANKS[max(ranks)]},
        "properties": {"tags": ["sigma", "detection"]},
    }
    return described | ({"helpUri": known.url} if known.url else {})


def _result(finding: Diagnostic, rule: int, mark: str, report: Report) -> dict[str, Any]:
    text = f"{finding.message}\n{finding.help}" if finding.help else finding.message
    region = {"startLine": finding.place.line or 1}
    if finding.place.column:
        region["startColumn"] = finding.place.column
    where = uri(finding.place.file, report.root)
    artifact = {"uri": where} if where.startswith("file:") else {"uri": where, "uriBaseId": ROOT}
    return {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": finding.level,
        "message": {"text": clean(text)},
        "locations": [{"physicalLocation": {"artifactLocation": artifact, "region": region}}],
        "partialFingerprints": {"primaryLocationLineHash": mark},
    }
