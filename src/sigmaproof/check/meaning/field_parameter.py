"""The calls of this rule have no such parameter.

What: the rule names service and call, and a part of `requestParameters` that AWS's service model of that call doesn't
have. Only with `pip install "sigmaproof[aws]"`; not for EC2 and S3, whose parameters CloudTrail writes otherwise.

Why: a test on it is never true. A note, as CloudTrail writes some things otherwise than the models say.

Example:

    detection:
        selection:
            eventSource: iam.amazonaws.com
            eventName: CreateRole
            requestParameters.rolName: admin
        condition: selection

Use instead:

    detection:
        selection:
            eventSource: iam.amazonaws.com
            eventName: CreateRole
            requestParameters.roleName: admin
        condition: selection
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence

from sigmaproof.check.meaning.event_name_unknown import values_in
from sigmaproof.check.registry import Found
from sigmaproof.check.subjects import RuleSubject, conjunctions
from sigmaproof.predicate import Predicate, fields_of, tests

__all__ = ["check"]

# Services whose parameters CloudTrail writes under other names than the models have, as real records show.
OTHERWISE = frozenset({"ec2.amazonaws.com", "s3.amazonaws.com"})
PART = "requestParameters."
MOST_CALLS = 50


def check(subject: RuleSubject) -> Iterator[Found]:
    """Each part that no call of the same conjunction has, where the models know all of these calls."""
    if not subject.rule.is_cloudtrail:
        return
    told: set[str] = set()
    for parts, _ in conjunctions(subject.tree):
        calls = [(source, name) for source in values_in(parts, "eventSource") for name in values_in(parts, "eventName")]
        if not 0 < len(calls) <= MOST_CALLS:
            continue
        for field in sorted(_fields(parts) - told):
            if _is_missing(calls, field):
                told.add(field)
                names = ", ".join(dict.fromkeys(name for _, name in calls[:3]))
                message = f"{field}: AWS's service model of {names} has no such part"
                yield Found(subject.place(field), message, _help(calls, field))


def _fields(parts: Sequence[Predicate]) -> set[str]:
    found = (name for part in parts for test, _ in tests(part) for name in fields_of(test))
    return {field for field in found if field.startswith(PART)}


def _is_missing(calls: Sequence[tuple[str, str]], field: str) -> bool:
    """Whether every call is known, of a form that CloudTrail writes as the model has it, and none has the first key."""
    from sigmaproof.servicemodels.names import located, root

    part, key = field.split(".")[:2]
    if not OTHERWISE.isdisjoint(source.lower() for source, _ in calls):
        return False
    roots = [root(source, name, part) for source, name in calls]
    return all(roots) and not any(located(source, name, f"{part}.{key}") for source, name in calls)


def _help(calls: Sequence[tuple[str, str]], field: str) -> str:
    from sigmaproof.servicemodels.names import root

    part, key = field.split(".")[:2]
    members = {
        name[:1].lower() + name[1:]
        for source, call in calls
        for node in root(source, call, part)
        for name in node.shape.get("members", {})
    }
    close = difflib.get_close_matches(key, sorted(members), n=1, cutoff=0.6)
    return f"did you mean {part}.{close[0]}?" if close else f"{part} has {', '.join(sorted(members)[:8]) or 'nothing'}"
