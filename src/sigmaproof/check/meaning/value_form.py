"""A value has another form than all that AWS writes into this field.

What: a network where addresses are compared as texts, a region that is spelled as none is (`us-east1`), an account that
has not twelve digits, an ARN that doesn't begin with `arn:`, `true` where AWS writes `Yes`.

Why: the test is never true. It reads well, converts well, and the rule is silent from its first day.

Example:

    detection:
        selection:
            eventName: DeleteTrail
            sourceIPAddress: 10.0.0.0/8
        condition: selection

Use instead:

    detection:
        selection:
            eventName: DeleteTrail
            sourceIPAddress|cidr: 10.0.0.0/8
        condition: selection
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TypeAlias

from sigmaproof.check.regions import meant_region
from sigmaproof.check.registry import Found
from sigmaproof.check.subjects import RuleSubject
from sigmaproof.fields import Writes, table
from sigmaproof.folding import fold
from sigmaproof.matching import number_text
from sigmaproof.predicate import Boolean, FieldTest, Number, Text, Wild, describe

__all__ = ["check"]

Told: TypeAlias = "tuple[str, str] | None"

_ACCOUNTS = re.compile(r"(recipientAccountId|(userIdentity|resources)(\.\w+)*\.accountId)", re.ASCII)
_ARNS = re.compile(r"userIdentity(\.\w+)*\.(arn|\w+Arn)", re.ASCII)
# Parts of open objects with a list of values (CloudTrail user guide, "AWS Management Console sign-in events").
_VALUES = {
    "additionalEventData.MFAUsed": ("Yes", "No"),
    "additionalEventData.MobileVersion": ("Yes", "No"),
    "responseElements.ConsoleLogin": ("Success", "Failure"),
}


def check(subject: RuleSubject) -> Iterator[Found]:
    """Each test of a text, number or boolean that no value of its field's form passes."""
    if not subject.rule.is_cloudtrail:
        return
    for test in dict.fromkeys(test for test, _ in subject.field_tests if isinstance(test, Text | Number | Boolean)):
        if told := _told(test):
            yield Found(subject.place(test), f"{describe(test)}: {told[0]}", told[1])


def _told(test: FieldTest) -> Told:
    text = _text(test)
    return next((tell(test, text) for fits, tell in _FORMS if text and fits(test.field)), None)


def _text(test: FieldTest) -> str:
    """What is compared, with the wildcards as signs."""
    if isinstance(test, Text):
        return "".join(part if isinstance(part, str) else part.value for part in test.pattern)
    return number_text(test.value) if isinstance(test, Number) else str(getattr(test, "value", "")).lower()


def _has_wildcards(test: FieldTest) -> bool:
    return isinstance(test, Text) and any(isinstance(part, Wild) for part in test.pattern)


def _network(test: FieldTest, text: str) -> Told:
    bare = text.strip("*")
    with suppress(ValueError):
        ipaddress.ip_network(bare, strict=False)
        if "/" in bare:
            return "a network is compared as a text; AWS writes an address", f"write `{test.field}|cidr: {bare}`"
    return None


def _account(test: FieldTest, text: str) -> Told:
    """Only of digits: AWS writes words too, for callers that are nobody."""
    if _has_wildcards(test) or not (text.isascii() and text.isdigit()) or len(text) == 12:
        return None
    zero = ", in quotes where the first one is 0" if isinstance(test, Number) else ""
    return f"an account has twelve digits, this has {len(text)}", f"write all twelve digits{zero}"


def _arn(test: FieldTest, text: str) -> Told:
    begin = test.pattern[0] if isinstance(test, Text) else text
    if not isinstance(begin, str) or fold(begin).startswith("arn:"):
        return None
    if _has_wildcards(test) and ("arn:".startswith(fold(begin)) or fold(text).startswith(("arn*", "arn?"))):
        return None
    end = ":root" if fold(text) == "root" else f"/{text.strip('*:/')}"
    return "an ARN begins with `arn:`", f"write the whole ARN, or how it ends: `{test.field}|endswith: '{end}'`"


def _region(test: FieldTest, text: str) -> Told:
    meant = None if _has_wildcards(test) else meant_region(fold(text))
    return ("no region of AWS is named so", f"did you mean {meant}?") if meant else None


def _listed(test: FieldTest, text: str) -> Told:
    values = _VALUES[test.field]
    if _has_wildcards(test) or fold(text) in map(fold, values):
        return None
    told = " or ".join(map(repr, values))
    fitting = dict(zip(("true", "false"), values, strict=True)).get(fold(text)) if values[0] == "Yes" else None
    return f"AWS writes {told}", f"write '{fitting}'" if fitting else f"write {told}"


def _boolean(test: FieldTest, text: str) -> Told:
    """Other texts are told by `value-unwritten` where the field has a list of them."""
    if isinstance(test, Boolean) or _has_wildcards(test) or fold(text) in ("true", "false"):
        return None
    if isinstance(test, Text) and _writes(test.field).spelling == "values":
        return None
    meant = {"yes": "true", "1": "true", "no": "false", "0": "false"}.get(fold(text), "true or false")
    return "AWS writes true or false", f"write {meant}"


def _writes(field: str) -> Writes:
    located = table().raw(field) if table().knows(field) else None
    return Writes() if located is None or located.sub else located.field.writes


def _is_boolean(field: str) -> bool:
    writes = _writes(field)
    return writes.types == ("boolean",) or writes.values == ("true", "false")


_FORMS: tuple[tuple[Callable[[str], object], Callable[[FieldTest, str], Told]], ...] = (
    ("sourceIPAddress".__eq__, _network),
    (_ACCOUNTS.fullmatch, _account),
    (_ARNS.fullmatch, _arn),
    ("awsRegion".__eq__, _region),
    (_VALUES.__contains__, _listed),
    (_is_boolean, _boolean),
)
