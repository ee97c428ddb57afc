"""No service of AWS writes events under this source.

What: `eventSource` is no service's of AWS's models, nor one of those that CloudTrail has beside them; or a pattern or
an expression fits none of them. It is the service's name with `.amazonaws.com`, and not always the name of the product:
CloudWatch's is `monitoring.amazonaws.com`.

Why: no record has it, so the test is never true. A note: AWS adds services, and some log without a model.

Example:

    detection:
        selection:
            eventSource: iam.amazonaws
            eventName: CreateRole
        condition: selection

Use instead:

    detection:
        selection:
            eventSource: iam.amazonaws.com
            eventName: CreateRole
        condition: selection
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from sigmaproof.check.meaning.event_name_unknown import fits_any, patterns_of, texts_of
from sigmaproof.check.registry import Found
from sigmaproof.check.subjects import RuleSubject
from sigmaproof.predicate import describe
from sigmaproof.servicemodels.own import CONFUSED, SUFFIX, known_sources

__all__ = ["check"]

_HELP = f"it is the service's name in small letters with {SUFFIX}: see `eventSource` in a record of the call"


def check(subject: RuleSubject) -> Iterator[Found]:
    """Each source that no service has, and each pattern that fits none."""
    if not subject.rule.is_cloudtrail:
        return
    for source in dict.fromkeys(texts_of(subject, "eventSource")):
        if source.lower() not in known_sources():
            message = f"no service of AWS logs as {source[:80]!r}, as far as is known"
            yield Found(subject.value_place("eventSource", source), message, _help(source))
    for test in patterns_of(subject, "eventSource"):
        if not fits_any(test, known_sources()):
            message = f"{describe(test)[:200]}: no service of AWS that is known logs so"
            yield Found(subject.place("eventSource"), message, _HELP)


def _help(source: str) -> str:
    name = source.strip().lower()[:80].partition(".")[0]
    meant = CONFUSED.get(name, name) + SUFFIX
    close = [meant] if meant in known_sources() else difflib.get_close_matches(meant, sorted(known_sources()), 1, 0.85)
    return f"did you mean {close[0]}?" if close else _HELP
