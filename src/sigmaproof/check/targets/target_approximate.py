"""The query of the target can differ from the rule.

What: a reason of docs/fidelity.md, with its direction (`misses`: the rule matches and the query doesn't; `extra`: the
query matches and the rule doesn't), and a record on which the test that it is about decides. Only with `-t`.

Why: these are the events that go unseen, or the false alarms. `sigmaproof verify` shows a record on which the two
differ, judged by a real engine.

Often the rule can say the same with another field, or has to name service and call: the help of each finding tells.
Where it can't, take another target, or accept the difference. Never take a test out of the rule for it.

Example:

    detection:
        selection:
            eventName: CreateRole
            userIdentity.userName: deploy
        condition: selection

Use instead:

    detection:
        selection:
            eventName: CreateRole
            userIdentity.arn|endswith: ':user/deploy'
        condition: selection
"""

from __future__ import annotations

from collections.abc import Iterator

from sigmaproof.check.registry import Found
from sigmaproof.check.subjects import RuleSubject
from sigmaproof.fidelity import Reason

__all__ = ["check"]


def check(subject: RuleSubject) -> Iterator[Found]:
    """Each reason of each target, at its field, with what to change."""
    from sigmaproof.verify.advice import reason_fixes

    for target in subject.targets:
        for reason in subject.conversion(target).reasons:
            message = f"approximate in {target}: {reason.code} ({reason.direction}): {reason.detail}"
            fixes = reason_fixes(reason.code, reason.direction, reason.field, subject.tree)
            help = " ".join([*fixes[:1], *_witness(subject, reason)])
            yield Found(subject.place(reason.field), message, help)


def _witness(subject: RuleSubject, reason: Reason) -> Iterator[str]:
    """The record on which a test of the field decides the rule: what the difference, if there is one, turns around."""
    from sigmaproof.predicate import field_of
    from sigmaproof.verify.records import MISSING

    coverage = subject.coverage
    for one in coverage.decisions if coverage is not None else ():
        if field_of(one.test) == reason.field and one.draft is not None and one.state == "decided":
            parts = (f"{path} {_shown(value, value is MISSING)}" for path, value in sorted(one.draft.items()))
            yield f"It decides on a record with {', '.join(parts)[:400]}."
            return


def _shown(value: object, is_missing: bool) -> str:
    import json

    return "missing" if is_missing else f"= {json.dumps(value, ensure_ascii=False, default=str)[:80]}"
