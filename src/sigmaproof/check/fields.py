"""Fields that no CloudTrail record has, and fields that no index holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sigmaproof.diagnostics import Diagnostic
from sigmaproof.fields import table
from sigmaproof.predicate import Keyword, tests
from sigmaproof.rules import Rule, field_place, field_warnings

__all__ = ["fields"]


def fields(rule: Rule, targets: Sequence[str]) -> Iterator[Diagnostic]:  # noqa: ARG001 - one form for all checks
    """`field-unknown` and `rule-logsource` are warnings, `field-dropped` is a note: such a rule runs on raw logs."""
    yield from field_warnings(rule)
    if not rule.is_cloudtrail:
        return
    names = {test.field for test, _ in tests(rule.tree) if not isinstance(test, Keyword)}
    for name in sorted(names & set(table().dropped)):
        message = f"{name} is removed by Elastic's integration: the rule runs on raw logs only"
        yield Diagnostic("field-dropped", "note", field_place(rule.document, name), message)
