"""What the functions of checks are given: a file, a document, a rule; and what several of them ask of it, once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sigmaproof.check.places import Places
from sigmaproof.diagnostics import Place
from sigmaproof.predicate import And, FieldTest, Keyword, Not, Or, Predicate, Regex, Test, Text, field_of, plain, tests
from sigmaproof.rules import Rule
from sigmaproof.safeyaml import Document

if TYPE_CHECKING:
    from sigma.rule import SigmaRule

    from sigmaproof.fidelity import Conversion
    from sigmaproof.verify.decide import Coverage

MOST_FIELDS, MOST_TESTS, MOST_PATTERNS = 150, 600, 60
"""Up to these numbers of a rule records are searched for it: the time grows with their squares."""
__all__ = ["Card", "RuleSubject", "TextSubject", "conjunctions", "plain_values", "values_in"]


@dataclass(frozen=True)
class TextSubject:
    """A file. text: None when it is no UTF-8. documents: those that YAML reads. name: of the file, "" of stdin."""

    file: str
    name: str
    text: str | None
    documents: Sequence[Document] = ()

    def place(self, line: int = 0, column: int = 0) -> Place:
        """A place in it."""
        return Place(self.file, line, column)


@dataclass(frozen=True)
class Card:
    """What the checks of all rules together need to know of one."""

    place: Place
    title_place: Place
    data: Mapping[str, Any]

    @staticmethod
    def of(document: Document) -> Card:
        """The card of a rule's document."""
        data = {key: document.data.get(key) for key in ("id", "name", "title", "logsource")}
        return Card(document.place("id"), document.place("title"), data)


@dataclass
class RuleSubject:
    """A loaded rule."""

    rule: Rule
    targets: Sequence[str] = ()
    _conversions: dict[str, Conversion] = field(default_factory=dict)

    @property
    def tree(self) -> Predicate:
        """The rule's tree over raw fields."""
        return self.rule.tree

    @property
    def document(self) -> Document:
        """The rule's document."""
        return self.rule.document

    @cached_property
    def tests(self) -> list[tuple[Test, bool]]:
        """Each test with whether it is negated."""
        return list(tests(self.tree))

    @cached_property
    def field_tests(self) -> list[tuple[FieldTest, bool]]:
        """The same without keywords."""
        return [(test, negated) for test, negated in self.tests if not isinstance(test, Keyword)]

    @cached_property
    def coverage(self) -> Coverage | None:
        """The records that decide its tests; None for another log source, of which no record is known, and of a rule
        that is too large for the search (`check-limited` says so)."""
        from sigmaproof.verify.decide import decide

        return decide(self.tree) if self.rule.is_cloudtrail and self.too_large is None else None

    @cached_property
    def too_large(self) -> str | None:
        """What of the rule is more than the search for records takes in a second or two; None when nothing is."""
        distinct = {test for test, _ in self.tests}
        counts = (
            (len({field_of(test) for test in distinct}), MOST_FIELDS, "fields"),
            (len(distinct), MOST_TESTS, "different tests"),
            (sum(map(_is_pattern, distinct)), MOST_PATTERNS, "different patterns and expressions"),
        )
        return next((f"{count:,} {what}, more than {most}" for count, most, what in counts if count > most), None)

    @cached_property
    def sigma(self) -> SigmaRule:
        """pySigma's rule."""
        return self.rule.sigma()

    @cached_property
    def misspelt(self) -> dict[str, tuple[str, str]]:
        """The names of calls that are misspelt, with the service and what was meant; they take time to find."""
        from sigmaproof.check.meaning.event_name_misspelt import misspelt

        return misspelt(self)

    def conversion(self, target: str) -> Conversion:
        """The rule in a target."""
        from sigmaproof.conversion import convert_rule

        if target not in self._conversions:
            self._conversions[target] = convert_rule(self.rule, target)
        return self._conversions[target]

    @cached_property
    def _places(self) -> Places:
        return Places(self.rule)

    def place(self, what: Test | str) -> Place:
        """Where a test stands, or a field is tested, first."""
        if isinstance(what, str):
            return self._places.of_field(what)
        return self._places.of_test(what) or self._places.of_field(field_of(what))

    def value_place(self, field: str, text: str) -> Place:
        """Where a field is compared with a text first, otherwise where it is tested."""
        return self._places.of_text(field, text) or self._places.of_field(field)

    def place_beside(self, test: Test, other: Test) -> Place:
        """Where a test stands nearest to another one; of one that is there twice, where it is again."""
        return self._places.beside(test, other) or self._places.of_field(field_of(test))

    def condition_place(self) -> Place:
        """The line of the condition."""
        return self.document.place("detection", "condition")

    def at(self, path: Sequence[str | int]) -> Any:
        """The value at a path of the rule's data; None where there is none."""
        value: Any = self.rule.data
        for key in path:
            try:
                value = value[key]
            except (LookupError, TypeError):
                return None
        return value


def _is_pattern(test: Test) -> bool:
    return isinstance(test, Regex) or (isinstance(test, Text) and plain(test.pattern) is None)


def conjunctions(tree: Predicate) -> Iterator[tuple[Sequence[Predicate], bool]]:
    """The parts of each `and`, nested ones joined; and whether all of them must be true for the rule to be."""
    yield from _conjunctions(tree, True)


def _conjunctions(tree: Predicate, needed: bool) -> Iterator[tuple[Sequence[Predicate], bool]]:
    parts = list(_joined(tree))
    yield parts, needed
    for part in parts:
        inner = part.part if isinstance(part, Not) else part
        for child in inner.parts if isinstance(inner, And | Or) else ():
            alone = isinstance(inner, Or) and len(inner.parts) == 1 and not isinstance(part, Not)
            yield from _conjunctions(child, needed and alone)


def _joined(tree: Predicate) -> Iterator[Predicate]:
    if isinstance(tree, And):
        for part in tree.parts:
            yield from _joined(part)
    else:
        yield tree


def plain_values(tree: Predicate, field: str) -> list[str] | None:
    """The texts of which a field is one by this part of a tree: of one test, or of an `or` of such; else None."""
    parts = tree.parts if isinstance(tree, Or) else (tree,)
    found = [plain(part.pattern) if isinstance(part, Text) and part.field == field else None for part in parts]
    return [text for text in found if text is not None] if found and None not in found else None


def values_in(parts: Sequence[Predicate], field: str) -> list[str]:
    """The texts of which a field must be one, of the first part that says so."""
    return next((list(filter(None, values)) for part in parts if (values := plain_values(part, field))), [])
