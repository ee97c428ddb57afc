"""EQL for Elasticsearch: `any where …`, only constructs that become Query DSL (docs/targets.md has the facts).

Every field is optional (`?f`), so that one that no index maps yet doesn't fail the whole rule; under a negation it
is guarded (`?f != null and …`), or an unmapped field would turn the negation into no match at all. EQL has no
flattened fields: a part of an object is searched in the object's {a=b} text.
"""

from __future__ import annotations

import re
from typing import ClassVar

from sigmaproof.claims import Spot, exists_claims, null_claims, object_directions_of, regex_claims, text_claims
from sigmaproof.emit import Emitter
from sigmaproof.fidelity import Refusal
from sigmaproof.fields import Home
from sigmaproof.folding import has_case
from sigmaproof.lucenetext import checked_pattern, checked_regex, checked_term, escaped, pattern_regex, text_regex
from sigmaproof.matching import number_text
from sigmaproof.predicate import (
    Cidr,
    Compare,
    Exists,
    FieldRef,
    Null,
    Number,
    Pattern,
    Regex,
    Text,
    TimePart,
    Wild,
    plain,
)
from sigmaproof.regex import RegexError, lucene_regex, parse

from .base import TreeBackend
from .values import boolean_values, has_other_spellings, index_network, number_directions, year_bounds

__all__ = ["EqlBackend"]

_SEGMENT = re.compile(r"[A-Za-z_@][A-Za-z0-9_]*")
# The reserved words of EQL's grammar: as a segment of a name they need backticks.
_RESERVED = frozenset(
    "and any by false in join like maxspan not null of or regex sample sequence true until where with".split()
)
_ESCAPES = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


def eql_string(text: str) -> str:
    """A text as an EQL string literal."""
    return '"' + "".join(_ESCAPES.get(char) or _printable(char) for char in text) + '"'


def _printable(char: str) -> str:
    return char if char.isprintable() else f"\\u{{{ord(char):04x}}}"


def eql_field(name: str) -> str:
    """A field name as an optional EQL identifier, its odd segments in backticks."""
    return "?" + ".".join(_segment(segment) for segment in name.split("."))


def _segment(segment: str) -> str:
    if _SEGMENT.fullmatch(segment) and segment not in _RESERVED:
        return segment
    return "`" + segment.replace("`", "``") + "`"


class EqlEmitter(Emitter):
    """EQL's spelling of each test."""

    AND = " and "
    OR = " or "
    NOT = "not {}"
    UNSUPPORTED: ClassVar[dict[type, str]] = {
        FieldRef: "EQL can't compare two fields on Elasticsearch",
        Compare: "these fields are keywords, which compare as text; list the values instead",
    }
    KEYWORD_FORM = "rendered"

    def spelled_field(self, name: str) -> str:
        """An optional EQL identifier."""
        return eql_field(name)

    def check(self, where: Spot) -> None:
        """EQL refuses flattened fields; a part of an object needs the object's text."""
        forms = {home.form for home in where.located.field.homes}
        if where.home.type == "flattened" and not (where.is_part and "rendered" in forms):
            raise Refusal(f"{where.raw}: EQL can't search {where.name}, which is of type flattened")

    def on_text(self, where: Spot, test: Text, negated: bool) -> str:
        """A text or a pattern."""
        if where.kind == "part":
            return self.in_rendered(where, test.pattern, test.cased, negated)
        field = self.field(where.name)
        if where.kind == "boolean":
            values = boolean_values(where.name, test)
            return self.atom(field, [f"{field} == {str(value).lower()}" for value in values])
        _check_searchable(where)
        self.claim(where, text_claims(where, where.home, test.pattern, test.cased), negated)
        operator, value = self.comparison(where, test, negated)
        return self.atom(field, [f"{field} {operator} {value}"])

    def text_list(self, where: Spot, tests: tuple[Text, ...], negated: bool) -> str | None:
        """Several texts as one list, where one operator says them all."""
        if where.kind != "keyword":
            return None
        operator, values = _one_operator(tests, [self.comparison(where, test, negated) for test in tests])
        if operator is None:
            return None
        for test in tests:
            self.claim(where, text_claims(where, where.home, test.pattern, test.cased), negated)
        self.note_clauses(1 if operator == "in" else len(values))  # `in` is one terms query, `:` a query a value
        field = self.field(where.name)
        return self.atom(field, [f"{field} {operator} ({', '.join(values)})"])

    def comparison(self, where: Spot, test: Text, negated: bool) -> tuple[str, str]:
        """The operator and the value for a keyword. `:` folds ASCII only, as Sigma's meaning does here."""
        text = plain(test.pattern)
        if text is None:
            return self.wildcard(test)
        checked_term(text)
        if self.spelled(where, text, test.cased, negated) == (text,):
            return "==", eql_string(text)
        if not _folds_in_ascii(text):
            return "regex", eql_string(checked_regex(text_regex(text)))
        if "*" in text or "?" in text:
            return "in~", f"({eql_string(text)})"
        return ":", eql_string(text)

    def wildcard(self, test: Text) -> tuple[str, str]:
        """The same for a pattern: EQL can't escape a wildcard, so a literal one makes it an expression, as does
        U+0001, which Elasticsearch puts before a literal sign when it reads the pattern."""
        if test.pattern == (Wild.ANY,):
            return "!=", "null"
        self.expensive = True
        texts = [part for part in test.pattern if isinstance(part, str)]
        literal = any(sign in text for text in texts for sign in "*?\x01")
        if literal or not (test.cased or all(map(_folds_in_ascii, texts))):
            return "regex", eql_string(checked_regex(pattern_regex(test.pattern, test.cased)))
        return ("like" if test.cased else ":"), eql_string(checked_pattern(test.pattern))

    def in_rendered(self, where: Spot, pattern: Pattern, cased: bool, negated: bool) -> str:
        """A part of an object, searched as `key=value` in the object's text."""
        home = where.located.home("rendered")
        self.claim(where, text_claims(where, home, pattern, cased), negated)
        self.because("rendered-text", "extra", where, negated, f"other text in {home.name} can look the same")
        if "number" in where.writes.types:
            for direction in number_directions(pattern):
                self.because("number", direction, where, negated, "Java writes some numbers otherwise than JSON")
        for direction in object_directions_of(where, pattern, cased):
            self.because("rendered-text", direction, where, negated, "an object is JSON for the rule, {a=b} there")
        return self.rendered(where, self.value_regex(where, pattern, cased, negated))

    def value_regex(self, where: Spot, pattern: Pattern, cased: bool, negated: bool) -> str:
        """The expression of a value in the text, with what has to stand before and after it."""
        text = plain(pattern)
        forms = self.spelled(where, text, cased, negated) if text is not None else None
        if forms is not None:
            spelled = "|".join(map(escaped, forms))
            value = f"({spelled})" if len(forms) > 1 else spelled
        else:
            value = pattern_regex(pattern, cased)
        return self.list_opening(where) + value + self.closing(where)

    def list_opening(self, where: Spot) -> str:
        """What can stand between `key=` and an element, when the value can be a list."""
        return r"(\[(.*(\[|, ))?)?" if where.writes.many else ""

    def closing(self, where: Spot) -> str:
        """What stands after a value: the next key, the end of its object, or of its list."""
        return r"[,\}\]].*" if where.writes.many else r"[,\}].*"

    def rendered(self, where: Spot, value: str) -> str:
        """The atom that finds `key=` and this expression. The key follows `{`, `, ` or, when it has dots, a dot."""
        home = where.located.home("rendered")
        key = where.located.sub.rsplit(".", 1)[-1]
        source = checked_regex(rf".*(\{{|, |\.){escaped(key)}={value}")
        self.expensive = True
        return self.regex_atom(home.name, source)

    def on_number(self, where: Spot, test: Number, negated: bool) -> str:
        """A number, as its own text."""
        text = number_text(test.value)
        if where.kind == "part":
            if has_other_spellings(test.value, where.writes):
                self.because("number", "misses", where, negated, f"{text} can be written in other ways")
            return self.in_rendered(where, (text,), True, negated)
        _check_searchable(where)
        self.claim(where, text_claims(where, where.home, (text,), True), negated)
        field = self.field(where.name)
        return self.atom(field, [f"{field} == {eql_string(text)}"])

    def on_null(self, where: Spot, test: Null, negated: bool) -> str:
        """No value."""
        if where.kind == "part":
            home = where.located.home("rendered")
            self.claim(where, null_claims(where, home), negated)
            self.because("rendered-text", "misses", where, negated, f"other text in {home.name} can look the same")
            self.below_not += 1
            text = "not " + self.rendered(where, ".*")
            self.below_not -= 1
            return text
        self.claim(where, null_claims(where, where.home), negated)
        return f"{self.field(where.name)} == null"

    def on_exists(self, where: Spot, test: Exists, negated: bool) -> str:
        """A key that is there."""
        if where.kind == "part":
            home = where.located.home("rendered")
            self.claim(where, exists_claims(where, home), negated)
            self.because("rendered-text", "extra", where, negated, f"other text in {home.name} can look the same")
            return self.rendered(where, ".*")
        self.claim(where, exists_claims(where, where.home), negated)
        return f"{self.field(where.name)} != null"

    def keyword_directions(self, pattern: Pattern, cased: bool) -> set[str]:
        """Objects are searched in their text, which holds keys as well."""
        return {"misses", "extra"}

    def found_in(self, home: Home, pattern: Pattern, cased: bool) -> str:
        """A pattern in one field."""
        field = self.field(home.name)
        operator, value = self.wildcard(Text("", pattern, cased))
        return self.atom(field, [f"{field} {operator} {value}"])

    def boolean_in(self, home: Home, values: list[str]) -> str:
        """Booleans are no texts there."""
        field = self.field(home.name)
        return self.atom(field, [f"{field} == {value}" for value in values])

    def on_timepart(self, where: Spot, test: TimePart, negated: bool) -> str:
        """A year, as a range of a date field."""
        field = self.field(where.name)
        bounds = [f"{field} {sign} {eql_string(time)}" for sign, time in year_bounds(where, test)]
        return self.atom(field, [f"({' and '.join(bounds)})" if len(bounds) > 1 else bounds[0]])

    def on_regex(self, where: Spot, test: Regex, negated: bool) -> str:
        """An expression, anchored and spelled for Lucene."""
        if where.kind != "keyword":
            raise Refusal(f"{where.raw}|re: an expression needs a keyword field, not {where.kind} of an object")
        try:
            source = lucene_regex(parse(test.source, test.flags))
        except RegexError as error:
            raise Refusal(f"{where.raw}|re: {error}") from None
        self.expensive = True
        self.claim(where, regex_claims(where, test), negated)
        return self.regex_atom(where.name, checked_regex(source))

    def on_cidr(self, where: Spot, test: Cidr, negated: bool) -> str:
        """A network, on the field's home of type ip."""
        network = index_network(test.network)
        for home in where.located.field.homes:
            if home.type == "ip":
                field = self.field(home.name)
                return self.atom(field, [f"cidrMatch({field}, {eql_string(network)})"])
        raise Refusal(f"{where.raw}|cidr: the index has no field of type ip for it")

    def regex_atom(self, name: str, source: str) -> str:
        """The atom of an expression for the whole value."""
        field = self.field(name)
        return self.atom(field, [f"{field} regex {eql_string(source)}"])

    def atom(self, field: str, texts: list[str]) -> str:
        """One or several alternatives about a field, guarded where any negation stands around: not of an unmapped
        field is neither true nor false in EQL, so an even number of negations does not cancel out."""
        text = " or ".join(texts)
        grouped = f"({text})" if len(texts) > 1 else text
        if self.below_not and texts != [f"{field} != null"]:
            return f"({field} != null and {grouped})"
        return grouped


def _one_operator(tests: tuple[Text, ...], shapes: list[tuple[str, str]]) -> tuple[str | None, list[str]]:
    """The list operator that says all comparisons, and their values; None when there is none.

    `:` in a list takes wildcards and folds, so a value compared with `==` joins it only when neither matters.
    """
    operators = {operator for operator, _ in shapes}
    values = [value for _, value in shapes]
    if operators == {"=="}:
        return "in", values
    joins = all(
        operator == ":" or (operator == "==" and not test.cased and "*" not in value and "?" not in value)
        for test, (operator, value) in zip(tests, shapes, strict=True)
    )
    return (":" if joins else None), values


def _folds_in_ascii(text: str) -> bool:
    """Whether `:` and `like~` fold this text as Sigma does: they fold ASCII letters only."""
    return not any(has_case(char) for char in text if not char.isascii())


def _check_searchable(where: Spot) -> None:
    if where.kind not in {"keyword", "whole"}:
        raise Refusal(f"{where.raw}: {where.name} is of type {where.kind} there, which has no texts to compare")


class EqlBackend(TreeBackend):
    """EQL for Elasticsearch and Elastic Security, ECS CloudTrail fields."""

    name: ClassVar[str] = "EQL for Elasticsearch, proved by sigmaproof"
    identifier: ClassVar[str] = "proof_eql"
    target: ClassVar[str] = "eql"
    emitter = EqlEmitter

    def wrap(self, query: str) -> str:
        """Any event category: CloudTrail documents mostly have none."""
        return f"any where {query}"
