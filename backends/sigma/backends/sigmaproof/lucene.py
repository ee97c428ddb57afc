"""Lucene query strings for Elasticsearch and Kibana (docs/targets.md has the facts).

Parentheses always, as query_string has no precedence; values always quoted or an expression; parts of an object
by their flattened sub-field, which knows equality and prefix only.
"""

from __future__ import annotations

from typing import ClassVar

from sigmaproof.claims import Spot, exists_claims, null_claims, regex_claims, text_claims
from sigmaproof.emit import Emitter
from sigmaproof.fidelity import Refusal
from sigmaproof.fields import Home
from sigmaproof.folding import has_case
from sigmaproof.lucenetext import checked_regex, pattern_regex
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
from .values import boolean_values, has_other_spellings, index_network, number_directions, starts_as_object, year_bounds

__all__ = ["LuceneBackend"]


def lucene_field(name: str) -> str:
    """A field name with every special character escaped. Raises Refusal for a `*`, which can't be."""
    if "*" in name:
        raise Refusal(f"the field name {name!r}: query_string can't escape a * in a name")
    return "".join(char if char.isalnum() or char in "._@" else f"\\{char}" for char in name)


def quoted(text: str) -> str:
    """A text as a phrase, which on a keyword is the whole value."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def prefix(text: str) -> str:
    """A text as the start of a term. Raises Refusal for < and >, which query_string can't escape."""
    if "<" in text or ">" in text:
        raise Refusal(f"a value that starts with {text!r}: query_string can't escape < and >")
    return "".join(char if char.isalnum() or char == "_" else _escaped(char) for char in text) + "*"


def _escaped(char: str) -> str:
    """A backslash before the sign; what can't be seen by its UTF-16 units, as the escape has four digits."""
    if char.isprintable():
        return f"\\{char}"
    units = char.encode("utf-16-be")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


class LuceneEmitter(Emitter):
    """Lucene's spelling of each test."""

    AND = " AND "
    OR = " OR "
    NOT = "(NOT {})"
    UNSUPPORTED: ClassVar[dict[type, str]] = {
        FieldRef: "a query string can't compare two fields",
        Compare: "these fields are keywords, which compare as text; list the values instead",
    }
    KEYWORD_FORM = "flattened"

    def spelled_field(self, name: str) -> str:
        """The name with its special characters escaped."""
        return lucene_field(name)

    def on_text(self, where: Spot, test: Text, negated: bool) -> str:
        """A text or a pattern."""
        if where.kind == "boolean":
            values = [str(value).lower() for value in boolean_values(where.name, test)]
            return _one_of(self.field(where.name), values)
        if where.kind not in {"keyword", "whole", "part"}:
            raise Refusal(f"{where.raw}: {where.name} is of type {where.kind} there, which has no texts to compare")
        self.claim(where, text_claims(where, where.home, test.pattern, test.cased), negated)
        if test.pattern == (Wild.ANY,):
            return self.there(where, negated)
        if where.kind == "part":
            return self.in_flattened(where, test.pattern, test.cased, negated)
        text = plain(test.pattern)
        forms = self.spelled(where, text, test.cased, negated) if text is not None else None
        if forms is not None:
            return _one_of(self.field(where.name), [quoted(form) for form in forms])
        return self.regex(where.name, pattern_regex(test.pattern, test.cased))

    def text_list(self, where: Spot, tests: tuple[Text, ...], negated: bool) -> str | None:
        """Several texts of a keyword as one group, where each has known spellings."""
        texts = [plain(test.pattern) for test in tests]
        if where.kind != "keyword":
            return None
        forms: list[str] = []
        for test, text in zip(tests, texts, strict=True):
            spelled = self.spelled(where, text, test.cased, negated) if text is not None else None
            if spelled is None:
                return None
            forms += spelled
            self.claim(where, text_claims(where, where.home, test.pattern, test.cased), negated)
        self.note_clauses(len(forms))
        return _one_of(self.field(where.name), [quoted(form) for form in forms])

    def in_flattened(self, where: Spot, pattern: Pattern, cased: bool, negated: bool) -> str:
        """A part of an object: a keyword that knows equality and prefix, and no folding."""
        field = self.field(where.name)
        match pattern:
            case (str(start), Wild.ANY):
                self.unfolded(where, start, cased, negated)
                self.other_forms(where, pattern, negated)
                return f"{field}:{prefix(start)}"
            case () | (str(),):
                text = plain(pattern) or ""
                forms = self.spelled(where, text, cased, negated)
                self.other_forms(where, pattern, negated)
                if forms is None:
                    self.unfolded(where, text, cased, negated)
                return _one_of(field, [quoted(form) for form in forms or (text,)])
        raise Refusal(
            f"{where.raw}: a flattened sub-field knows equality and prefix only; "
            f"search the whole object instead ({where.located.field.raw}|contains)"
        )

    def other_forms(self, where: Spot, pattern: Pattern, negated: bool) -> None:
        """Notes where the value can be a number or an object, whose text in the index is another one."""
        for direction in number_directions(pattern) if "number" in where.writes.types else ():
            self.because("number", direction, where, negated, "Java writes some numbers otherwise than JSON")
        if "object" in where.writes.types and starts_as_object(pattern):
            self.because("object", "misses", where, negated, "an object has no value of its own, only its leaves")

    def unfolded(self, where: Spot, text: str, cased: bool, negated: bool) -> None:
        """Notes that a text is searched as the rule spells it, where case matters and can't be folded."""
        if has_case(text) and not cased and "string" in where.writes.types:
            self.because("case", "misses", where, negated, "a flattened sub-field can't be searched folded")

    def on_number(self, where: Spot, test: Number, negated: bool) -> str:
        """A number, as its own text."""
        if where.kind not in {"keyword", "part"}:
            raise Refusal(f"{where.raw}: {where.name} is of type {where.kind} there, which holds no numbers")
        text = number_text(test.value)
        self.claim(where, text_claims(where, where.home, (text,), True), negated)
        if has_other_spellings(test.value, where.writes):
            self.because("number", "misses", where, negated, f"{text} can be written in other ways")
        return f"{self.field(where.name)}:{quoted(text)}"

    def on_null(self, where: Spot, test: Null, negated: bool) -> str:
        """No value."""
        self.claim(where, null_claims(where, where.home), negated)
        return f"(NOT _exists_:{self.field(where.name)})"

    def on_exists(self, where: Spot, test: Exists, negated: bool) -> str:
        """A key that is there."""
        self.claim(where, exists_claims(where, where.home), negated)
        return f"_exists_:{self.field(where.name)}"

    def there(self, where: Spot, negated: bool) -> str:
        """Any value at all."""
        if where.is_part and "object" in where.writes.types:
            self.because("object", "misses", where, negated, "an object's own name is not indexed, only its leaves")
        return f"_exists_:{self.field(where.name)}"

    def keyword_directions(self, pattern: Pattern, cased: bool) -> set[str]:
        """Every value that is searched stands in the record, though Java writes some numbers in another way."""
        return {"misses"} | (number_directions(pattern) & {"extra"})

    def found_in(self, home: Home, pattern: Pattern, cased: bool) -> str:
        """A pattern in one field; of a flattened one, in any of its leaves."""
        return self.regex(home.name, pattern_regex(pattern, cased))

    def boolean_in(self, home: Home, values: list[str]) -> str:
        """Booleans are searched by their words."""
        return _one_of(self.field(home.name), values)

    def on_timepart(self, where: Spot, test: TimePart, negated: bool) -> str:
        """A year, as a range of a date field."""
        bounds = dict(year_bounds(where, test))
        least = f'["{bounds[">="]}"' if ">=" in bounds else "[*"
        most = f'"{bounds["<"]}"}}' if "<" in bounds else "*]"
        return f"{self.field(where.name)}:{least} TO {most}"

    def on_regex(self, where: Spot, test: Regex, negated: bool) -> str:
        """An expression, anchored and spelled for Lucene."""
        if where.kind != "keyword":
            raise Refusal(f"{where.raw}|re: an expression needs a keyword field, not {where.kind} of an object")
        self.claim(where, regex_claims(where, test), negated)
        try:
            return self.regex(where.name, lucene_regex(parse(test.source, test.flags)))
        except RegexError as error:
            raise Refusal(f"{where.raw}|re: {error}") from None

    def on_cidr(self, where: Spot, test: Cidr, negated: bool) -> str:
        """A network, on the field's home of type ip."""
        network = index_network(test.network)
        for home in where.located.field.homes:
            if home.type == "ip":
                return f"{self.field(home.name)}:{quoted(network)}"
        raise Refusal(f"{where.raw}|cidr: the index has no field of type ip for it")

    def regex(self, name: str, source: str) -> str:
        """A field with an expression for its whole value; a slash would end it even inside a set."""
        self.expensive = True
        return f"{self.field(name)}:/{checked_regex(source)}/"


def _one_of(field: str, values: list[str]) -> str:
    return f"{field}:{values[0]}" if len(values) == 1 else f"{field}:({' OR '.join(values)})"


class LuceneBackend(TreeBackend):
    """Lucene query strings for Elasticsearch and Kibana, ECS CloudTrail fields."""

    name: ClassVar[str] = "Lucene for Elasticsearch, proved by sigmaproof"
    identifier: ClassVar[str] = "proof_lucene"
    target: ClassVar[str] = "lucene"
    emitter = LuceneEmitter
