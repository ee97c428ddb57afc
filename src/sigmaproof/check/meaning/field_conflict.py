"""Several tests of one field ask for values that no single value is.

What: tests that must hold together are of a field that AWS writes one value into, and no value satisfies all of them.
It is proved on the languages of the texts. An error when the whole rule needs it, a warning when a part of it does.

Why: two selections joined with `and` where `or` was meant, `|all` on a field that is no list, a filter that takes away
exactly what the selection asks for. What depends on it never matches.

Example:

    detection:
        one:
            eventName: CreateRole
        other:
            eventName: CreateUser
        condition: one and other

Use instead:

    detection:
        one:
            eventName: CreateRole
        other:
            eventName: CreateUser
        condition: one or other
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sigmaproof.check.registry import Found
from sigmaproof.check.single import Literal, is_impossible
from sigmaproof.check.subjects import RuleSubject, conjunctions
from sigmaproof.predicate import FieldRef, Keyword, Not, Or, Predicate, describe, field_of

__all__ = ["check"]


def check(subject: RuleSubject) -> Iterator[Found]:
    """Each conjunction with tests of a field that no single value satisfies."""
    if subject.coverage is None or subject.coverage.matches is False:
        return  # not a rule for CloudTrail, or contradictory as a whole
    told: set[str] = set()
    for parts, needed in conjunctions(subject.tree):
        for field, demands in _by_field(parts).items():
            if field not in told and _is_single(field) and is_impossible(tuple(map(tuple, demands))):
                told.add(field)
                yield _found(subject, field, demands, needed)


def _found(subject: RuleSubject, field: str, demands: Sequence[Sequence[Literal]], needed: bool) -> Found:
    words = [" or ".join(_words(one) for one in choices[:3]) for choices in demands[:3]]
    message = f"AWS writes one value into {field}, and none is: {'; and '.join(words)}"
    help = "join the selections with `or`, or put the values into one list"
    return Found(subject.place(demands[0][0][0]), message, help, None if needed else "warning")


def _words(literal: Literal) -> str:
    test, negated = literal
    return f"{'not ' if negated else ''}{describe(test)}"


def _by_field(parts: Sequence[Predicate]) -> dict[str, list[list[Literal]]]:
    """What each field must satisfy: of each part that is over one field, its alternatives."""
    found: dict[str, list[list[Literal]]] = {}
    for part in parts:
        choices = _alternatives(part)
        fields = {field_of(test) for test, _ in choices}
        if len(fields) == 1 and choices:
            found.setdefault(fields.pop(), []).append(choices)
    return {field: demands for field, demands in found.items() if len(demands) > 1 and field}


def _alternatives(part: Predicate) -> list[Literal]:
    """The tests of which one must hold; none when the part is no such alternative.

    A negated `or` is several demands; each of them alone is less than all, so that leaving it out proves no more.
    """
    if isinstance(part, Or):
        inner = [_alternatives(one) for one in part.parts]
        return [literal for one in inner for literal in one] if all(inner) else []
    test, negated = (part.part, True) if isinstance(part, Not) else (part, False)
    if isinstance(test, Or | Not | Keyword | FieldRef) or hasattr(test, "parts"):
        return []
    return [(test, negated)]


def _is_single(field: str) -> bool:
    """Whether AWS writes one text into the field, where it writes it."""
    from sigmaproof.fields import table

    located = table().raw(field) if table().knows(field) else None
    if located is None or located.sub or located.field.open:
        return False
    writes = located.field.writes
    return not writes.many and writes.types == ("string",)
