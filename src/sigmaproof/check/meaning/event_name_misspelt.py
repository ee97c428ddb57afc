"""A call of the service is named nearly so.

What: the service in `eventSource` has no such call, as far as is known, and one that differs by a letter or two. Two
letters, or one where singular and plural are both usual (`GetJob`, `GetJobs`), count where a word of the name stands in
no call of AWS. Without `pip install "sigmaproof[aws]"`, which knows the calls of each service, only such words do.

Why: with a letter wrong the rule is silent from its first day. A name that is near none of the service's is only a
note, `event-name-unknown`: AWS adds calls every week.

Example:

    detection:
        selection:
            eventSource: s3.amazonaws.com
            eventName: PutBucketPolcy
        condition: selection

Use instead:

    detection:
        selection:
            eventSource: s3.amazonaws.com
            eventName: PutBucketPolicy
        condition: selection
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher, get_close_matches
from functools import cache

from sigmaproof.check.registry import Found
from sigmaproof.check.subjects import RuleSubject, conjunctions, values_in
from sigmaproof.folding import fold
from sigmaproof.servicemodels.own import OWN, dateless, has_event, is_event, known_events, known_sources
from sigmaproof.spelling import near_names

__all__ = ["check", "misspelt"]

MOST_LOOKED = 20  # names of a rule for which near ones are looked for, which takes time
LONGEST = 80
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_DIGITS = re.compile(r"\d")
_READS = ("Get", "Describe", "List", "Batch")


def check(subject: RuleSubject) -> Iterator[Found]:
    """Each name that no service of its conjunction has, with a near one that such a service has."""
    for name, (source, near) in subject.misspelt.items():
        message = f"{source}: no call or event {name!r} is known of it"
        yield Found(subject.value_place("eventName", name), message, f"did you mean {near}?")


def misspelt(subject: RuleSubject) -> dict[str, tuple[str, str]]:
    """The names that are misspelt, with the service and what was meant."""
    found: dict[str, tuple[str, str]] = {}
    looked: set[str] = set()
    for parts, _ in conjunctions(subject.tree) if subject.rule.is_cloudtrail else ():
        sources = [one for one in values_in(parts, "eventSource") if one.lower() in known_sources()]
        for name in values_in(parts, "eventName") if sources else ():
            if len(looked) < MOST_LOOKED and name not in looked and len(name) <= LONGEST and name.isascii():
                looked.add(name)
                near = [(one, meant) for one in sources if (meant := _near(one, name))]
                found |= dict(zip([name], near, strict=False))
    return found


def _near(source: str, name: str) -> str | None:
    """The call of a service that was meant; None when the service has this one, or none is near enough."""
    bare, calls = dateless(name), _calls(source)
    own = [one for one in OWN.get(source.lower(), "").split() if one.isalpha()]
    known = [*calls, *own] if calls or own else near_names(bare)
    if fold(bare) in map(fold, known) or (is_event(name) and has_event(source, name)):
        return None
    near = get_close_matches(bare, known, n=3, cutoff=0.85)
    return next((one for one in near if _is_slip(bare, one, sure=bool(calls or own))), None)


@cache
def _calls(source: str) -> tuple[str, ...]:
    from sigmaproof.servicemodels.data import models

    return tuple(sorted({call for model in models(source) for call in model.operations}))


def _is_slip(written: str, meant: str, sure: bool) -> bool:
    """Whether one was written for the other. sure: that the call is the service's."""
    if fold(written) == fold(meant):
        return False
    codes = SequenceMatcher(None, written, meant, autojunk=False).get_opcodes()
    slips = [(max(i2 - i1, j2 - j1), i1) for tag, i1, i2, j1, j2 in codes if tag != "equal"]
    if sum(size for size, _ in slips) > 2:
        return False
    if set(map(fold, _WORD.findall(written))) - _words():
        return True
    in_first = slips[0][1] < len(_WORD.findall(meant)[0])
    return sure and slips[0][0] == len(slips) == 1 and not in_first and not _is_usual(written, meant)


def _is_usual(one: str, other: str) -> bool:
    """Whether AWS often has both of two names: of what is read singular and plural, and numbered ones."""
    return other.startswith(_READS) or _DIGITS.sub("", one) == _DIGITS.sub("", other)


@cache
def _words() -> frozenset[str]:
    """The words of all names that are known."""
    return frozenset(fold(word) for name in known_events() for word in _WORD.findall(name))
