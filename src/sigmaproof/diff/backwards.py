"""From a test on an ECS field back to tests on the raw fields that fill it, so that records can be made for it.

Only what is tried depends on this, never a verdict: the engine judges the query's own text. So a translation may be
rough (a text in a rendered object is also tried as the value of a part), and what has none is None.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from sigmaproof.fields import Field, FieldTable, UnknownFieldError
from sigmaproof.normalize.categories import actions
from sigmaproof.predicate import And, Cidr, Compare, Keyword, Not, Null, Or, Pattern, Predicate, Regex, Text, Wild
from sigmaproof.regex import RegexError, parse

__all__ = ["Backwards", "pattern_of"]

FAILED: Predicate = Or((Not(Null("errorCode")), Not(Null("errorMessage"))))
SAMPLES = 3
_PART = re.compile(r"([A-Za-z0-9_-]+)=([^,{}\[\]=]+)")


def pattern_of(text: str, *, escapes: bool = True) -> Pattern:
    r"""The pattern of a text in Lucene's wildcards. escapes: a backslash takes the next character as it is."""
    parts: list[str | Wild] = []
    chars = iter(text)
    for char in chars:
        if char in "*?":
            parts.append(Wild.ANY if char == "*" else Wild.ONE)
            continue
        literal = next(chars, char) if char == "\\" and escapes else char
        if parts and isinstance(parts[-1], str):
            parts[-1] += literal
        else:
            parts.append(literal)
    return tuple(parts) or ("",)


class Backwards:
    """The translation for the documents of one integration."""

    def __init__(self, fields: FieldTable) -> None:
        self._fields = fields

    def text(self, name: str, pattern: Pattern, cased: bool = True) -> Predicate | None:
        """The field's whole value has this pattern."""
        from sigmaproof.matching import pattern_test

        known = self._fields.constants.get(name)
        if known is not None:
            return _constant(pattern_test(pattern, cased)(str(known)))
        if name in ("event.outcome", "event.category", "event.type"):
            return _derived(name, pattern_test(pattern, cased))
        return self._each(name, lambda raw, rendered: _text(raw, pattern, cased, rendered))

    def exists(self, name: str) -> Predicate | None:
        """The field has a value."""
        if name in self._fields.constants or name in ("event.outcome", "event.type", "event.kind"):
            return _constant(True)
        return self._each(name, lambda raw, _: Not(Null(raw)))

    def compare(self, name: str, op: str, value: str | int | float) -> Predicate | None:
        """The field compares so with a number; with another value, records around that value are tried."""
        try:
            number = float(value)
        except ValueError:
            return self.text(name, (str(value),))
        exact = int(number) if number.is_integer() else number
        return self._each(name, lambda raw, _: Compare(raw, op, exact))

    def regex(self, name: str, source: str, insensitive: bool = False) -> Predicate | None:
        """The field's whole value has Lucene's expression, where that means the same in our dialect."""
        if re.search(r'(?<!\\)["#&@<>~^$]', source):
            return None
        whole, flags = f"^(?:{source})$", "i" if insensitive else ""
        try:
            parse(whole, flags)
        except RegexError:
            return None
        return self._each(name, lambda raw, _: Regex(raw, whole, flags))

    def network(self, name: str, network: str) -> Predicate | None:
        """The field is an address in this network."""
        import ipaddress

        try:
            ipaddress.ip_network(network, strict=False)
        except ValueError:
            return self.text(name, (network,))
        return self._each(name, lambda raw, _: Cidr(raw, network))

    def is_address(self, name: str) -> bool:
        """Whether the field is one of addresses."""
        try:
            return self._fields.ecs(name)[1].type == "ip"
        except UnknownFieldError:
            return False

    def anywhere(self, pattern: Pattern) -> Predicate:
        """A word without a field."""
        return Keyword(tuple(part for part in pattern if part != "") or ("",), cased=True)

    def _each(self, name: str, make: Callable[[str, bool], Predicate]) -> Predicate | None:
        made = [make(raw, rendered) for raw, rendered in self._raws(name)]
        return None if not made else made[0] if len(made) == 1 else Or(tuple(made))

    def _raws(self, name: str) -> Iterable[tuple[str, bool]]:
        """The raw fields that fill it, each with whether it is there as an object's text."""
        try:
            located, home = self._fields.ecs(name)
        except UnknownFieldError:
            return ()
        if located.sub:
            return ((located.raw, False),)
        found = {field.raw: home.form == "rendered" for field in self._fields.fields if _fills(field, name)}
        others = {other: False for other in located.field.others if "." not in other or located.field.shared}
        return tuple({**found, **others}.items())


def _fills(field: Field, name: str) -> bool:
    return any(home.name == name for home in field.homes)


def _text(raw: str, pattern: Pattern, cased: bool, rendered: bool) -> Predicate:
    test = Text(raw, pattern, cased)
    parts = [part for part in pattern if isinstance(part, str)]
    found = _PART.search("".join(parts)) if rendered else None
    if found is None:
        return test
    return Or((test, Text(f"{raw}.{found[1]}", (found[2].strip() or "x",), cased)))


def _constant(truth: bool) -> Predicate:
    return And(()) if truth else Or(())


def _derived(name: str, fits: Callable[[str], bool]) -> Predicate:
    """What the integration makes of the record: its outcome from the errors, its category from the action."""
    if name == "event.outcome":
        success, failure = fits("success"), fits("failure")
        return _constant(success) if success == failure else FAILED if failure else Not(FAILED)
    found = actions()
    values = {action: types if name == "event.type" else (category,) for action, (category, types) in found.items()}
    with_it = [action for action, held in values.items() if any(map(fits, held))][:SAMPLES]
    if name == "event.type" and fits("info"):
        without = [action for action, held in values.items() if not any(map(fits, held))][:SAMPLES]
        return Not(Or(tuple(Text("eventName", (action,)) for action in without)))
    return Or(tuple(Text("eventName", (action,)) for action in with_it))
