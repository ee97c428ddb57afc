"""What a target can't say of a rule, or says with another meaning: the claims of the conversions as findings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sigmaproof.diagnostics import Diagnostic, Place
from sigmaproof.fidelity import Conversion
from sigmaproof.predicate import Keyword, tests
from sigmaproof.rules import Rule, field_place

__all__ = ["claims"]


def claims(rule: Rule, targets: Sequence[str]) -> Iterator[Diagnostic]:
    """`target-refused` is a warning, `target-approximate` a note for each reason, at the line of the field."""
    from sigmaproof.conversion import convert_rule

    for target in targets:
        yield from _of(rule, convert_rule(rule, target))


def _of(rule: Rule, conversion: Conversion) -> Iterator[Diagnostic]:
    if conversion.refusal is not None:
        message = f"{conversion.target} can't say this rule: {conversion.refusal}"
        yield Diagnostic("target-refused", "warning", _refused_place(rule, conversion.refusal), message)
    for reason in conversion.reasons:
        message = f"approximate in {conversion.target}: {reason.code} ({reason.direction}): {reason.detail}"
        yield Diagnostic("target-approximate", "note", field_place(rule.document, reason.field), message)


def _refused_place(rule: Rule, refusal: str) -> Place:
    """The line of the field that the refusal begins with, otherwise of the detection."""
    names = {test.field for test, _ in tests(rule.tree) if not isinstance(test, Keyword)}
    named = [name for name in names if refusal.startswith((f"{name}:", f"{name}|", f"{name} "))]
    return field_place(rule.document, max(named, key=len)) if named else rule.document.place("detection")
