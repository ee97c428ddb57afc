"""Reads a hand-written Lucene query (query_string): the query that the engine is asked, and its cut.

The syntax is in `querystring`. Each leaf is a query_string of its own, spelled as it stands in the text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sigmaproof.diagnostics import InputError, Place
from sigmaproof.diff.backwards import Backwards, pattern_of
from sigmaproof.diff.cut import All, Any_, Cut, Leaf, Neg
from sigmaproof.diff.querystring import Clauses, QueryStringError, Term, parse, unescaped
from sigmaproof.predicate import And, Predicate

__all__ = ["cut_query_string", "read_lucene"]

_RANGE = re.compile(r"^([\[{])\s*(\"[\s\S]*?\"|\S+)\s+TO\s+(\"[\s\S]*\"|\S+?)\s*([\]}])$")
_WHOLE = ("term", "words", "quoted")
_BOUND = re.compile(r"^(>=|<=|>|<)(.+)$", re.DOTALL)
_SIGNS = {">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}


def read_lucene(text: str, file: str, backwards: Backwards) -> tuple[Mapping[str, object], Cut]:
    """The Query DSL of the whole, and its cut. Raises InputError for what Lucene's parser refuses."""
    try:
        cut = cut_query_string(text, backwards)
    except QueryStringError as error:
        line, column = _place(text, error.offset)
        raise InputError("query-syntax", Place(file, line, column), str(error), error.help) from None
    return {"query_string": {"query": text}}, cut


def cut_query_string(text: str, backwards: Backwards, field: str | None = None) -> Cut:
    """The cut of a query_string. field: the default field, when it has one. Raises QueryStringError."""
    return _Reader(text, backwards, field).clauses(parse(text))


def _place(text: str, offset: int) -> tuple[int, int]:
    line = text.count("\n", 0, offset) + 1
    return line, offset - text.rfind("\n", 0, offset)


@dataclass(frozen=True, slots=True)
class _Reader:
    text: str
    back: Backwards
    field: str | None

    def clauses(self, found: Clauses) -> Cut:
        """Optional clauses beside required ones change no verdict, so they have no leaf (query_string sets no
        minimum)."""
        must = tuple(map(self.cut, found.must))
        should = tuple(map(self.cut, found.should)) if not must else ()
        must_not = tuple(Neg(self.cut(part)) for part in found.must_not)
        if not (must or should or must_not):
            return Any_(())
        optional: tuple[Cut, ...] = (Any_(should),) if len(should) > 1 else should
        parts = (*must, *optional, *must_not)
        return parts[0] if len(parts) == 1 else All(parts)

    def cut(self, part: Clauses | Term) -> Cut:
        return self.clauses(part) if isinstance(part, Clauses) else self.leaf(part)

    def leaf(self, term: Term) -> Leaf:
        words = term.text if term.field is None else f"{term.field}:{term.text}"
        query: dict[str, object] = {"query": words}
        if self.field is not None:
            query["default_field"] = self.field
        line, column = _place(self.text, term.start)
        name = self.name(term)
        fields = () if name is None else (name,)
        return Leaf(words, fields, {"query_string": query}, self.tree(term), line=line, column=column)

    def name(self, term: Term) -> str | None:
        """The field that is searched; None for a word in all fields."""
        if term.field == "_exists_":
            return unescaped(term.value)
        return self.field if term.field is None else unescaped(term.field)

    def tree(self, term: Term) -> Predicate | None:
        """The test over raw fields, from which records are made; a fuzzy or boosted text is taken as it stands."""
        name, value = self.name(term), term.value
        if term.field == "*":
            return And(())
        if term.field == "_exists_":
            return None if name is None else self.back.exists(name)
        if name is None:
            return self.back.anywhere((unescaped(value.strip('"')),)) if term.kind in _WHOLE else None
        match term.kind:
            case "star":
                return self.back.exists(name)
            case "prefix" | "wild":
                return self.back.text(name, pattern_of(value))
            case "regexp":
                return self.back.regex(name, value[1:-1].replace("\\/", "/"))
            case "range":
                return self.between(name, value)
            case "quoted":
                return self.plain(name, unescaped(value[1:-1]))
        bound = _BOUND.match(unescaped(value))
        if bound:
            return self.back.compare(name, _SIGNS[bound[1]], bound[2])
        return self.plain(name, unescaped(value))

    def plain(self, name: str, value: str) -> Predicate | None:
        if self.back.is_address(name):
            return self.back.network(name, value)
        return self.back.text(name, (value,))

    def between(self, name: str, value: str) -> Predicate | None:
        found = _RANGE.match(value)
        if found is None:
            return None
        low, high = (bound.strip('"') for bound in (found[2], found[3]))
        parts = [
            self.back.compare(name, sign, unescaped(bound))
            for bound, sign in ((low, "gte" if found[1] == "[" else "gt"), (high, "lte" if found[4] == "]" else "lt"))
            if bound != "*"
        ]
        known = tuple(part for part in parts if part is not None)
        if not parts:
            return self.back.exists(name)
        return None if not known else known[0] if len(known) == 1 else And(known)
