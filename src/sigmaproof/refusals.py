"""What pySigma, or the reading of encodings, refuses in a rule: at the value by which it is refused.

What is wrong is known only when the rule is made; which value it is, is found by making a rule of each value alone.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from sigmaproof.diagnostics import InputError, Place
from sigmaproof.encodings import EncodingError
from sigmaproof.items import alone, items

if TYPE_CHECKING:
    from sigmaproof.rules import Rule

__all__ = ["refusal"]

_HARMLESS = {"value": {"eventName": "x"}, "condition": "value"}
MOST_TRIED = 300
"""Values of which it is tried whether they are refused alone."""


def refusal(rule: Rule, error: Exception, is_lowering: bool = False) -> InputError:
    """The fault that an error is. error: of pySigma, or what its code raises otherwise; is_lowering: of our reading of
    its rule, which begins at the condition."""
    message = str(error)
    place = _value_place(rule, message)
    if isinstance(error.__cause__, EncodingError) and place is not None:
        said, _, help = message.partition(": ")
        return InputError("rule-value", place, said, help)
    of_all = rule.document.place("detection", "condition")
    return InputError("rule-invalid", place or (of_all if is_lowering else _key_place(rule, message)), message)


def _key_place(rule: Rule, message: str) -> Place:
    """The place of the key that pySigma's message names, otherwise of the detection."""
    words = {word.strip("'.,").rstrip("s") for word in message.split()}
    return rule.document.place(next((key for key in rule.data if key.rstrip("s") in words), "detection"))


def _value_place(rule: Rule, message: str) -> Place | None:
    """The place of the first value that alone is refused in the same words; None where the rest of the rule is."""
    if _refused({**rule.data, "detection": _HARMLESS}, rule) == message:
        return None
    for path, key, value in islice(items(rule.document), MOST_TRIED):
        detection = {"value": alone(key, value), "condition": "value"}
        if _refused({**rule.data, "detection": detection}, rule) == message:
            return rule.document.place(*path)
    return None


def _refused(data: dict[str, object], rule: Rule) -> str | None:
    from sigma.exceptions import SigmaError

    from sigmaproof.lower import LoweringError, lower_rule
    from sigmaproof.sigmarule import sigma_rule

    try:
        lower_rule(sigma_rule(data, rule.pipelines))
    except (SigmaError, LoweringError, TypeError, ValueError, LookupError, AttributeError) as error:
        return str(error)
    return None
