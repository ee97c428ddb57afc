"""What pySigma's own validators find, and those of the package pySigma-validators-sigmahq when it is installed.

What: each validator has a code of its own, `pysigma-` and the name of its finding: `pysigma-double-wildcard`. Those
that sigmaproof has a check for, those that ask for lists from the network, and those of conventions for Windows are
not run (`RUN` in this module says which are).

Why: they are what SigmaHQ's own pipeline runs; a rule that is to be shared should pass them.

Example:

    detection:
        selection:
            eventName: 'Create**Role'
        condition: selection

Use instead:

    detection:
        selection:
            eventName: 'Create*Role'
        condition: selection
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

from sigmaproof.check.registry import Found
from sigmaproof.check.subjects import RuleSubject

if TYPE_CHECKING:
    from sigma.validators.base import SigmaRuleValidator

__all__ = ["check", "codes", "may_have"]

# The validators that are run, by package and module: those that were read, ask for nothing from the network, and find
# what no check of ours does. Left out are those of tags, of the taxonomy (both load lists), those about Windows, and
# the one of numbers in quotes: CloudTrail writes account ids as texts, and unquoted 012345678901 is another number.
RUN = {
    "sigma.validators.core": {
        "condition": "ThemConditionWithSingleDetection",
        "metadata": "CustomAttributes",
        "modifiers": "InvalidModifierCombinations",
        "values": "DoubleWildcard",
    },
    "sigma.validators.sigmahq": {
        "condition": "SigmahqOfthemCondition SigmahqOfselectionCondition SigmahqMissingAsteriskCondition",
        "date": "SigmahqModifiedWithoutDate SigmahqRedundantModified",
        "description": "SigmahqDescriptionLength SigmahqLinkInDescription",
        "falsepositive": "SigmahqFalsepositivesCapital SigmahqFalsepositivesTypoWord",
        "fieldname": "SigmahqSpaceFieldName",
        "fields": "SigmahqFieldsExistence",
        "modifier": "SigmahqInvalidAllModifier",
        "references": "SigmahqGithubLink SigmahqMitreLink",
        "status": "SigmahqStatusToHigh SigmahqStatus",
        "title": "SigmahqTitleCase",
    },
}
LEVELS = {"LOW": "note", "MEDIUM": "note", "HIGH": "warning"}
# Which key of a rule a finding is about, by a word in its name.
_KEYS = ("title", "status", "level", "description", "references", "falsepositives", "author", "date", "logsource")


def check(subject: RuleSubject) -> Iterator[Found]:
    """The findings of every validator, and those that fail by themselves."""
    for validator in _validators():
        try:
            issues = list(validator().validate(subject.sigma))
        except Exception as error:  # whatever a validator of another package raises
            message = f"pySigma's {validator.__name__} fails on this rule: {type(error).__name__}: {error}"
            yield Found(subject.document.place(), message[:300], "", "note", "pysigma-failed")
            continue
        for issue in issues:
            code, name = _code(type(issue).__name__), type(issue).__name__
            more = [str(getattr(issue, one.name))[:80] for one in fields(issue) if one.name != "rules"]
            message = f"{issue.description}{': ' if more else ''}{', '.join(more)}"
            yield Found(_place(subject, name), message, "", LEVELS[issue.severity.name], code)


@cache
def codes() -> frozenset[str]:
    """The codes that the validators at hand can give."""
    names = {name for one in _validators() for name in _used(one) if name.endswith("Issue")}
    return frozenset({"pysigma-failed", *map(_code, names)})


def may_have(word: str) -> bool:
    """Whether a word may name a code of a package that is not installed here."""
    return word.startswith("pysigma-sigmahq") and not _is_there("sigma.validators.sigmahq")


def _code(name: str) -> str:
    """The code of an issue of pySigma, by the name of its class."""
    return "pysigma-" + re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name.removesuffix("Issue")).lower()


def _used(validator: type[SigmaRuleValidator]) -> Iterator[str]:
    """The names that a validator's functions use, those of the issues that it gives among them."""
    functions = [one for kind in validator.__mro__ for one in vars(kind).values()]
    left = [one.__code__ for one in functions if isinstance(one, FunctionType)]
    while left:
        code = left.pop()
        yield from code.co_names
        left += [inner for inner in code.co_consts if isinstance(inner, CodeType)]


def _place(subject: RuleSubject, name: str) -> Any:
    key = next((key for key in _KEYS if key.rstrip("s") in name.lower()), "detection")
    return subject.document.place(key if key in subject.rule.data else "title")


@cache
def _validators() -> tuple[type[SigmaRuleValidator], ...]:
    """The classes of RUN that the installed packages have."""
    found = []
    for package, modules in RUN.items():
        if _is_there(package):
            room = import_module(package)
            for name, classes in modules.items():
                module = getattr(room, name, None)
                found += [getattr(module, f"{one}Validator", None) for one in classes.split()]
    return tuple(one for one in found if one is not None)


def _is_there(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:
        return False
