"""What pySigma's own validators find, and those of the package pySigma-validators-sigmahq when it is installed.

What: each validator has a code of its own, `pysigma-` and the name of its finding: `pysigma-number-as-string`. Those
that sigmaproof has a check for, those that ask for lists from the network, and those of conventions for Windows are
left out (`LEFT_OUT` in this module says which and why).

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
from inspect import getmembers, isabstract, isclass
from typing import TYPE_CHECKING, Any

from sigmaproof.check.registry import Found
from sigmaproof.check.subjects import RuleSubject

if TYPE_CHECKING:
    from sigma.validators.base import SigmaRuleValidator

__all__ = ["check"]

# Modules whose validators are run. `tags` of both load ATT&CK and D3FEND from the network.
_MODULES = {
    "sigma.validators.core": "condition logsources metadata modifiers values",
    "sigma.validators.sigmahq": "author condition correlation date description detection falsepositive fieldname "
    "fields level logsource modifier references status title",
}
# Classes that are not run, and the check that finds the same or the reason.
LEFT_OUT = {
    "DanglingDetectionValidator": "selection-unused",
    "DanglingConditionValidator": "rule-condition",
    "IdentifierExistenceValidator": "id-missing",
    "IdentifierUniquenessValidator": "id-duplicate",
    "DuplicateTitleValidator": "a validator with a memory: each file is checked by itself here",
    "DuplicateFilenameValidator": "the same",
    "DuplicateReferencesValidator": "reference-form",
    "FilenameLengthValidator": "file-name",
    "WildcardsInsteadOfModifiersValidator": "value-wildcards",
    "ControlCharacterValidator": "yaml-tab",
    "FieldnameLogsourceValidator": "field-unknown",
    "SpecificInsteadOfGenericLogsourceValidator": "about Windows",
    "EscapedWildcardValidator": "an escaped wildcard is right where a star is meant",
    "AllOfThemConditionValidator": "right where the selections are made for it",
    "SigmahqFieldnameCastValidator": "field-unknown",
    "SigmahqInvalidFieldnameValidator": "field-unknown",
    "SigmahqFilenameConventionValidator": "file-name",
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
            name = type(issue).__name__.removesuffix("Issue")
            code = "pysigma-" + re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()
            more = [str(getattr(issue, one.name))[:80] for one in fields(issue) if one.name != "rules"]
            message = f"{issue.description}{': ' if more else ''}{', '.join(more)}"
            yield Found(_place(subject, name), message, "", LEVELS[issue.severity.name], code)


def _place(subject: RuleSubject, name: str) -> Any:
    key = next((key for key in _KEYS if key.rstrip("s") in name.lower()), "detection")
    return subject.document.place(key if key in subject.rule.data else "title")


@cache
def _validators() -> tuple[type[SigmaRuleValidator], ...]:
    from sigma.validators.base import SigmaRuleValidator

    found: dict[str, type[SigmaRuleValidator]] = {}
    for package, modules in _MODULES.items():
        for name in modules.split():
            if _is_there(package, name):
                for one, cls in getmembers(import_module(f"{package}.{name}"), isclass):
                    if issubclass(cls, SigmaRuleValidator) and not isabstract(cls) and one.endswith("Validator"):
                        found[one] = cls
    return tuple(cls for one, cls in sorted(found.items()) if one not in LEFT_OUT)


def _is_there(package: str, name: str) -> bool:
    try:
        return find_spec(f"{package}.{name}") is not None
    except ModuleNotFoundError:
        return False
