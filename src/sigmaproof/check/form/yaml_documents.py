"""A file holds several rules.

What: documents with `---` between them. Correlations and filters may stand with the rules that they are for; here are
two detection rules or more.

Why: one rule a file is what most tools, reviews and histories expect: a file name says which rule, and a test file
belongs to one (`sigmaproof test`). Put each into a file of its own.

Example:

    title: Role Created
    logsource:
        product: aws
        service: cloudtrail
    detection:
        selection:
            eventName: CreateRole
        condition: selection
    ---
    title: User Created
    logsource:
        product: aws
        service: cloudtrail
    detection:
        selection:
            eventName: CreateUser
        condition: selection

Use instead:

    title: Role or User Created
    logsource:
        product: aws
        service: cloudtrail
    detection:
        selection:
            eventName: [CreateRole, CreateUser]
        condition: selection
"""

from __future__ import annotations

from collections.abc import Iterator

from sigmaproof.check.registry import Found
from sigmaproof.check.subjects import TextSubject

__all__ = ["check"]


def check(subject: TextSubject) -> Iterator[Found]:
    """The second detection rule of a file, unless a correlation stands with them."""
    if any("correlation" in one.data for one in subject.documents):
        return
    rules = [one for one in subject.documents if "detection" in one.data]
    if len(rules) > 1:
        yield Found(rules[1].place(), f"the second of {len(rules):,} rules in one file", "give each a file of its own")
