"""A rule doesn't say what whoever gets its alert needs to know.

What: `description`, `status`, `level`, `date`, `author`, `references`, `tags` or `falsepositives` is missing. Of a
filter only the description is asked for; correlations need no references.

Why: an alert at night is judged by these lines: what was found, how sure it is, what harmless cause there can be, whom
to ask. The specification calls them optional; SigmaHQ doesn't take a rule without.

Example:

    title: Role Created
    id: 6d5f3a52-3f3e-4d54-9a52-5b5d1f0e7c11
    logsource:
        product: aws
        service: cloudtrail
    detection:
        selection:
            eventName: CreateRole
        condition: selection

Use instead:

    falsepositives:
        - Administrators who create roles
"""

from __future__ import annotations

from collections.abc import Iterator

from sigmaproof.check.registry import Found
from sigmaproof.safeyaml import Document

__all__ = ["check"]

_ASKED = {
    "rule": ("description", "status", "level", "date", "author", "references", "tags", "falsepositives"),
    "correlation": ("description", "status", "level", "date", "author"),
    "filter": ("description",),
}


def check(document: Document) -> Iterator[Found]:
    """The keys that are missing or empty, in one finding."""
    kind = next((kind for kind in ("correlation", "filter") if kind in document.data), "rule")
    asked = _ASKED["rule" if "detection" in document.data else kind]
    missing = [key for key in asked if not document.data.get(key)]
    if missing:
        yield Found(
            document.place("title"), f"says nothing of {', '.join(missing)}", "add what an analyst needs to know"
        )
