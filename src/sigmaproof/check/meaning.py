"""Rules that can never match, or always do: proved by the search for records that decide their tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sigmaproof.diagnostics import Diagnostic
from sigmaproof.predicate import describe
from sigmaproof.rules import Rule

__all__ = ["meaning"]


def meaning(rule: Rule, targets: Sequence[str]) -> Iterator[Diagnostic]:  # noqa: ARG001 - one form for all checks
    """`rule-contradictory` and `rule-always-true` are errors, a test that can't decide anything is a note."""
    from sigmaproof.verify.decide import decide

    if not rule.is_cloudtrail:
        return
    coverage, place = decide(rule.tree), rule.document.place("detection", "condition")
    if coverage.matches is False:
        message = "the condition is contradictory: no record makes the rule true"
        yield Diagnostic("rule-contradictory", "error", place, message, "loosen one of its tests")
    if coverage.misses is False:
        message = "the condition is always true: every record matches"
        yield Diagnostic("rule-always-true", "error", place, message, "drop what makes up for the other tests")
    if coverage.matches is False or coverage.misses is False:
        return
    for words in dict.fromkeys(describe(one.test) for one in coverage.decisions if one.state == "infeasible"):
        message = f"{words}: has the same verdict on every record"
        yield Diagnostic("test-constant", "note", place, message, "drop it, or correct what it compares with")
