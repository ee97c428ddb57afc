"""GitLab's Code Quality report: a list of issues, which a merge request compares with those of its target branch.

Severities: an error is critical, a warning is major, a note is info.
"""

from __future__ import annotations

import json

from sigmaproof.output.report import Report
from sigmaproof.output.texts import clean, fingerprints
from sigmaproof.repository import relative

__all__ = ["render"]

_SEVERITIES = {"error": "critical", "warning": "major", "note": "info"}


def render(report: Report) -> str:
    """The findings as one JSON list."""
    issues = [
        {
            "description": clean(f"{finding.message} ({finding.help})" if finding.help else finding.message),
            "check_name": finding.code,
            "fingerprint": mark.replace(":", ""),
            "severity": _SEVERITIES[finding.level],
            "location": {
                "path": clean(relative(finding.place.file, report.root)),
                "lines": {"begin": finding.place.line or 1},
            },
        }
        for finding, mark in zip(report.findings, fingerprints(report.findings, report.root), strict=True)
    ]
    return json.dumps(issues, ensure_ascii=False, indent=1)
