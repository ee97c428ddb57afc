"""A rule is so large that not all of it was judged.

What: whether a rule can match and be quiet is searched for up to 150 fields, 600 different tests and 60 different
patterns and expressions; of many places of tests the first ones and the last one are looked at. An expression with a
loop of more than 40 characters is not asked whether it backtracks.

Why: what is not looked at must be told of. Nothing is wrong with the rule; split it if all of it is to be judged.

Example:

    detection:
        selection:
            userAgent|re: '^((aa|bb|cc|dd|ee|ff|gg|hh|ii|jj|kk|ll|mm|nn|oo|pp|qq|rr|ss|tt|uu|vv)-)+$'
        condition: selection

Use instead:

    detection:
        selection:
            userAgent|re: '^([a-v]{2}-)+$'
        condition: selection
"""

from __future__ import annotations

from collections.abc import Iterator

from sigmaproof.check.registry import Found
from sigmaproof.check.subjects import RuleSubject
from sigmaproof.predicate import Regex, describe

__all__ = ["check"]


def check(subject: RuleSubject) -> Iterator[Found]:
    """Whether the search left tests out, and the expressions that are too large."""
    from sigmaproof.regex import parse
    from sigmaproof.regex.ambiguous import is_ambiguous

    coverage = subject.coverage
    if subject.rule.is_cloudtrail and subject.too_large is not None:
        message = f"has {subject.too_large}: whether it can match and be quiet is not searched for"
        yield Found(subject.condition_place(), message, "split the rule if it is to be judged")
    if coverage is not None and len(coverage.decisions) < coverage.total:
        looked = len(coverage.decisions) // 2
        message = f"of {coverage.places:,} tests only {looked:,} were judged by the search for records that decide"
        yield Found(subject.condition_place(), message, "split the rule if all of it is to be judged")
    for test in dict.fromkeys(test for test, _ in subject.field_tests if isinstance(test, Regex)):
        if is_ambiguous(parse(test.source, test.flags)) is None:
            message = f"{describe(test)[:200]}: too large to be asked whether an engine that backtracks ends"
            yield Found(subject.place(test), message, "write less of it")
