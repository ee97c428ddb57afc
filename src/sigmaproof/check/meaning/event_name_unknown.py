"""No service of AWS has a call, or an event, of this name.

What: `eventName` is none of the calls of AWS's service models, nor one of the events that CloudTrail writes beside
calls; or a pattern or an expression fits none of them. With `pip install "sigmaproof[aws]"` it is also asked whether
the service in `eventSource` has the call.

Why: most often a name is wrong (`event-name-misspelt` is said of one that is near the right one), or the call belongs
to another service. A note: AWS adds calls every week, and the console makes some that no model has.

Example:

    detection:
        selection:
            eventSource: iam.amazonaws.com
            eventName: CreateEverything
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
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

from sigmaproof.check.registry import Found
from sigmaproof.check.subjects import RuleSubject, conjunctions, values_in
from sigmaproof.matching import matcher
from sigmaproof.predicate import FieldTest, Regex, Text, describe, plain
from sigmaproof.servicemodels.own import dated_forms, has_event, is_event, known_events
from sigmaproof.spelling import near_names

__all__ = ["check", "fits_any", "patterns_of", "texts_of"]

_HELP = "write the name of the call as AWS's API reference has it"
MOST_HELPED = 5  # names for which near ones are looked for, which takes time
MOST_PATTERNS, MOST_MISFITS = 10, 3  # which are tried on all names, and of which it is told: it takes time
_DATE = re.compile(r"\d{3}|\\d")


def check(subject: RuleSubject) -> Iterator[Found]:
    """Each name that nobody has, and each that the service of the same conjunction doesn't have."""
    if not subject.rule.is_cloudtrail:
        return
    slips = subject.misspelt.keys()
    unknown = {name for name in texts_of(subject, "eventName") if not is_event(name)} - slips
    for number, name in enumerate(sorted(unknown)):
        message = f"no service of AWS has a call or an event {name[:80]!r}, as far as is known"
        yield Found(subject.value_place("eventName", name), message, _help(name) if number < MOST_HELPED else _HELP)
    for test in islice(filter(_fits_nothing, patterns_of(subject, "eventName")), MOST_MISFITS):
        message = f"{describe(test)[:200]}: no call or event of AWS that is known fits"
        yield Found(subject.place("eventName"), message, _help_of(test))
    told = set(slips)
    for parts, _ in conjunctions(subject.tree):
        sources, names = values_in(parts, "eventSource"), values_in(parts, "eventName")
        for name in names:
            if name not in told | unknown and sources and not any(has_event(source, name) for source in sources):
                told.add(name)
                message = f"{' and '.join(sources[:3])}: no call or event {name!r} is known of it"
                help = "check the name and the service; several calls of several services need a selection each"
                yield Found(subject.value_place("eventName", name), message, help)


def texts_of(subject: RuleSubject, field: str) -> list[str]:
    """The texts without wildcards that a field is compared with."""
    tests = [test for test, _ in subject.field_tests if isinstance(test, Text) and test.field == field]
    return [text for test in tests if (text := plain(test.pattern))]


def patterns_of(subject: RuleSubject, field: str) -> list[FieldTest]:
    """The tests of a field by texts with wildcards and by expressions, as many as are tried on all names."""
    tests = dict.fromkeys(test for test, _ in subject.field_tests if isinstance(test, Text | Regex))
    found = [one for one in tests if one.field == field and not (isinstance(one, Text) and _is_plain(one))]
    return list(found[:MOST_PATTERNS])


def _is_plain(test: Text) -> bool:
    return plain(test.pattern) is not None


def _fits_nothing(test: FieldTest) -> bool:
    """Whether no name is known that passes; not where a test asks for dates, of which AWS writes others too."""
    return not (_DATE.search(describe(test)) or fits_any(test, known_events()) or fits_any(test, dated_forms()))


def fits_any(test: FieldTest, names: Iterable[str]) -> bool:
    """Whether a test is true of one of these names."""
    holds = matcher(test)
    return any(holds({test.field: name}) for name in names)


def _help_of(test: FieldTest) -> str:
    """What to do about a test that fits no name."""
    if isinstance(test, Regex) and "i" not in test.flags:
        folded = replace(test, flags="".join(sorted({*test.flags, "i"})))
        if fits_any(folded, known_events()):
            return "an expression tells capitals apart: write |re|i, or the capitals that AWS writes"
    return _HELP


def _help(name: str) -> str:
    if not name.isascii() or len(name) > 80 or " " in name:
        return _HELP
    close = difflib.get_close_matches(name, near_names(name), n=1, cutoff=0.75)
    return f"did you mean {close[0]}?" if close else _HELP
