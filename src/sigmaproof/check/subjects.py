"""What the functions of checks are given: a file, a document, a rule; and what several of them ask of it, once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sigmaproof.diagnostics import Place
from sigmaproof.predicate import And, FieldTest, Keyword, Not, Or, Predicate, Test, Text, plain, tests
from sigmaproof.rules import Rule, field_place
from sigmaproof.safeyaml import Document

if TYPE_CHECKING:
    from sigma.rule import SigmaRule

    from sigmaproof.fidelity import Conversion
    from sigmaproof.verify.decide import Coverage

__all__ = ["Card", "RuleSubject", "TextSubject", "conjunctions"]


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
        """The records that decide its tests; None for another log source, of which no record is known."""
        from sigmaproof.verify.decide import decide

        return decide(self.tree) if self.rule.is_cloudtrail else None

    @cached_property
    def sigma(self) -> SigmaRule:
        """pySigma's rule."""
        return self.rule.sigma()

    def conversion(self, target: str) -> Conversion:
        """The rule in a target."""
        from sigmaproof.conversion import convert_rule

        if target not in self._conversions:
            self._conversions[target] = convert_rule(self.rule, target)
        return self._conversions[target]

    def place(self, field: str) -> Place:
        """The first line on which a field is tested."""
        return field_place(self.document, field)

    def value_place(self, field: str, text: str) -> Place:
        """The line of a value of a field, otherwise of the field."""
        for path in self.document.lines:
            if path[0] == "detection" and len(path) > 2 and _names(path, field) and self.at(path) == text:
                return self.document.place(*path)
        return self.place(field)

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


def _names(path: Sequence[str | int], field: str) -> bool:
    keys = [key for key in path if isinstance(key, str)]
    return keys[-1].split("|")[0] == field


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
