"""What the emitters of all query languages share: the walk over the tree, the homes, the claim.

How a language spells a test is in its backend; what a test means is in `matching`; which field lies where is in
the field table. A construct that a language neither handles nor declares as unsupported is an error at import.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar

from sigmaproof import predicate
from sigmaproof.calls import calls_of
from sigmaproof.claims import Claim, Spot
from sigmaproof.fidelity import Reason, Refusal, flip
from sigmaproof.fields import Field, FieldTable, Home, Located, UnknownFieldError, Writes, table
from sigmaproof.folding import has_case
from sigmaproof.keywords import keyword_homes
from sigmaproof.matching import pattern_test
from sigmaproof.predicate import And, Boolean, Keyword, Not, Null, Or, Pattern, Predicate, Test, Text, Wild
from sigmaproof.spelling import spellings

__all__ = ["Emitter", "spot"]

# The least that Elasticsearch's limit of clauses can be: from 8.1 on it grows with the memory of a node.
MOST_CLAUSES = 1024
MOST_BYTES = 250_000
# Tests of whole objects in a query: what each can miss is tried on objects that are made up, which takes time.
MOST_WHOLE = 100
# What an unknown part of an open object can be: any sub-field is legal there.
_ANYTHING = Writes(types=("string", "number", "boolean", "object"), many=True, empty=True)


def spot(fields: FieldTable, name: str, calls: frozenset[str], origins: Mapping[str, str] | None = None) -> Spot:
    """Looks an ECS name up. Raises Refusal for a name that no home of the table has.

    origins: the raw path that a name was mapped from, as one ECS field can have several raw ones.
    """
    if name in fields.constants:
        home = Home(name, "keyword")
        constant = Field(name, (home,), Writes(spelling="values", values=(str(fields.constants[name]),)))
        return Spot(fields, name, Located(constant), home, constant.writes)
    try:
        located, home = fields.ecs(name)
    except UnknownFieldError as error:
        raise Refusal(f"{error}; apply the pipeline ecs_cloudtrail") from None
    if origins and name in origins:
        located = fields.raw(origins[name])
    if located.field.digest:
        raise Refusal(f"{located.raw} is a key of digest files, which are no events")
    if not located.sub:
        return Spot(fields, name, located, home, located.field.writes, calls=calls)
    leaf = fields.leaf(located.raw, calls)
    return Spot(fields, name, located, home, leaf.writes if leaf else _ANYTHING, leaf, calls)


class Emitter:
    """Turns one tree into one query. Subclasses are tables of templates and a method for each kind of test.

    AND, OR, NOT: templates. UNSUPPORTED: kinds of test that the language can't say, with the reason.
    KEYWORD_FORM: which home of an open object a keyword is searched in, `flattened` or `rendered`.
    """

    AND: ClassVar[str]
    OR: ClassVar[str]
    NOT: ClassVar[str]
    UNSUPPORTED: ClassVar[dict[type, str]]
    KEYWORD_FORM: ClassVar[str]

    def __init__(
        self, fold_case: bool = True, origins: Mapping[str, str] | None = None, fields: FieldTable | None = None
    ) -> None:
        self.fold_case = fold_case
        self.origins = origins
        self.table = fields or table()
        self.expensive = False
        self.below_not = 0  # how many negations stand around what is emitted now
        self._reasons: dict[tuple[str, str], Reason] = {}
        self._calls: frozenset[str] = frozenset()
        self.fields: dict[str, None] = {}  # the names that the query searches, in its order
        self._covered: set[str] = set()  # fields that the or around tests for null as well
        self._clauses = 0
        self._whole = 0  # tests of whole objects
        self._outer = ""  # the last group made: the outermost one needs no parentheses

    def __init_subclass__(cls) -> None:
        for kind in predicate.TESTS:
            if kind not in cls.UNSUPPORTED and not hasattr(cls, _method(kind)):
                raise TypeError(f"{cls.__name__} neither handles nor refuses {kind.__name__}")

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Why the emitted query is not exact, sorted; empty when it is."""
        return tuple(sorted(self._reasons.values()))

    def field(self, name: str) -> str:
        """A field name as the language spells it, noted as searched."""
        self.fields[name] = None
        return self.spelled_field(name)

    def spelled_field(self, name: str) -> str:
        """A field name as the language spells it. Raises Refusal for one that it can't say."""
        raise NotImplementedError

    def query(self, tree: Predicate) -> str:
        """The query text of a tree with ECS names. Raises Refusal."""
        self._calls = calls_of(tree)
        self.note_clauses(_least_clauses(tree))  # before work is spent on what is too large
        self._clauses = 0
        text = self.emit(tree, negated=False)
        size = len(text.encode())
        if size > MOST_BYTES:
            raise Refusal(f"a query of {size:,} bytes: at most {MOST_BYTES:,} are written, split the rule")
        return text[1:-1] if self._outer == text else text

    def note_clauses(self, count: int) -> None:
        """Counts clauses as Elasticsearch does. Raises Refusal for more than every cluster takes."""
        self._clauses += count
        if self._clauses > MOST_CLAUSES:
            setting = "indices.query.bool.max_clause_count"
            raise Refusal(f"more than {MOST_CLAUSES:,} clauses, which a cluster can refuse ({setting}): split the rule")

    def emit(self, tree: Predicate, negated: bool) -> str:
        """The text of one node. negated: it stands under an odd number of negations."""
        match tree:
            case And():
                return self.joined(_flat(tree.parts, And), self.AND, negated)
            case Or():
                return self.any_of(_flat(tree.parts, Or), negated)
            case Not():
                self.below_not += 1
                text = self.NOT.format(self.emit(tree.part, not negated))
                self.below_not -= 1
                return text
        return self.test(tree, negated)

    def joined(self, parts: Iterable[Predicate], operator: str, negated: bool) -> str:
        """The parts with an operator between, always in parentheses."""
        texts = [self.emit(part, negated) for part in parts]
        if len(texts) == 1:
            return texts[0]
        self._outer = f"({operator.join(texts)})"
        return self._outer

    def any_of(self, parts: tuple[Predicate, ...], negated: bool) -> str:
        """An OR; a list of values of one field is one expression where the language has that."""
        first = parts[0]
        if isinstance(first, Text) and all(isinstance(p, Text) and p.field == first.field for p in parts):
            values = tuple(part for part in parts if isinstance(part, Text))
            listed = self.text_list(spot(self.table, first.field, self._calls, self.origins), values, negated)
            if listed is not None:
                return listed
        covered, self._covered = self._covered, {part.field for part in parts if isinstance(part, Null)}
        text = self.joined(parts, self.OR, negated)
        self._covered = covered
        return text

    def text_list(self, where: Spot, tests: tuple[Text, ...], negated: bool) -> str | None:
        """One expression for several texts of one field, or None to write them one by one."""
        return None

    def test(self, test: Test, negated: bool) -> str:
        """The text of one test. Raises Refusal for what the language can't say."""
        if type(test) in self.UNSUPPORTED:
            raise Refusal(f"{predicate.describe(test)}: {self.UNSUPPORTED[type(test)]}")
        self.note_clauses(1)
        if isinstance(test, Keyword):
            return self.on_keyword(test, negated)
        where = spot(self.table, test.field, self._calls, self.origins)
        self.check(where)
        self._whole += where.kind == "whole"
        if self._whole > MOST_WHOLE:
            raise Refusal(f"more than {MOST_WHOLE} tests of whole objects, each judged on many: split the rule")
        handler: Callable[[Spot, Test, bool], str] = getattr(self, _method(type(test)))
        return handler(where, test, negated)

    def on_keyword(self, test: Keyword, negated: bool) -> str:
        """A keyword: its pattern anywhere in any of the fields that hold what AWS wrote."""
        pattern = (Wild.ANY, *test.pattern, Wild.ANY)
        directions = self.keyword_directions(pattern, test.cased)
        detail = "a keyword is searched in the mapped fields, which are not all values of the record"
        for direction in directions:
            self._note("scope", flip(direction) if negated else direction, "", detail)
        holds = pattern_test(pattern, test.cased)
        texts = []
        for home in keyword_homes(self.table, self.KEYWORD_FORM):
            if home.type != "boolean":
                texts.append(self.found_in(home, pattern, test.cased))
            elif values := [text for text in ("true", "false") if holds(text)]:
                texts.append(self.boolean_in(home, values))
        self.note_clauses(len(texts))
        return f"({self.OR.join(texts)})"

    def keyword_directions(self, pattern: Pattern, cased: bool) -> set[str]:
        """In which directions a keyword's verdict can differ here from that on the record."""
        raise NotImplementedError

    def found_in(self, home: Home, pattern: Pattern, cased: bool) -> str:
        """The text for a pattern in one home, whatever else is searched. Raises Refusal."""
        raise NotImplementedError

    def boolean_in(self, home: Home, values: list[str]) -> str:
        """The text for a home of type boolean with one of these values."""
        raise NotImplementedError

    def on_boolean(self, where: Spot, test: Boolean, negated: bool) -> str:
        """A boolean: its text, or the boolean itself where the index has that type."""
        return self.test(Text(test.field, (str(test.value).lower(),)), negated)

    def check(self, where: Spot) -> None:
        """Raises Refusal when the language can't search that field at all."""

    def claim(self, where: Spot, claims: Iterable[Claim], negated: bool) -> None:
        """Notes what `claims` says of a test."""
        for code, direction, detail in claims:
            if direction == "misses" and self._is_covered(where, code):
                continue  # `or null` beside it finds what was pruned or is too long
            self.because(code, direction, where, negated, detail)

    def _is_covered(self, where: Spot, code: str) -> bool:
        """Whether the or around tests the field for null too, which finds what is not indexed at all.

        One value of a list can be pruned or too long beside another that is indexed; an object is kept or not.
        """
        kept_as_a_whole = code == "limit" and where.is_part  # a whole object is no list
        return (
            code in {"limit", "pruned"} and where.name in self._covered and (kept_as_a_whole or not where.writes.many)
        )

    def because(self, code: str, direction: str, where: Spot, negated: bool, detail: str) -> None:
        """Notes a reason; direction is that of the positive test, and flips when it stands under a not."""
        self._note(code, flip(direction) if negated else direction, where.raw, detail)

    def _note(self, code: str, direction: str, raw: str, detail: str) -> None:
        """Keeps a reason, in both directions when another test of the rule has given it in the other one."""
        known = self._reasons.get((code, raw))
        if known and known.direction != direction:
            direction = "both"
        self._reasons[code, raw] = Reason(code, direction, raw, detail)

    def spelled(self, where: Spot, text: str, cased: bool, negated: bool) -> tuple[str, ...] | None:
        """The exact forms that a keyword term must have, or None when the query has to fold the text."""
        if cased or not has_case(text):
            return (text,)
        forms = spellings(where.writes, text)
        if self.fold_case or forms == (text,):
            return forms
        self.because("case", "misses", where, negated, "--case exact")
        return (text,)


def _least_clauses(tree: Predicate) -> int:
    """The clauses that a tree becomes at least: a list of texts of one field can be one."""
    match tree:
        case And() | Or():
            if isinstance(tree, Or) and all(isinstance(part, Text) for part in tree.parts):
                return len({part.field for part in tree.parts if isinstance(part, Text)})
            return sum(map(_least_clauses, tree.parts))
        case Not():
            return _least_clauses(tree.part)
    return 1


def _method(kind: type) -> str:
    return f"on_{kind.__name__.lower()}"


def _flat(parts: Iterable[Predicate], kind: type[And] | type[Or]) -> tuple[Predicate, ...]:
    """The parts with nested nodes of the same kind opened: (a and (b and c)) is a and b and c."""
    flat: list[Predicate] = []
    for part in parts:
        flat.extend(_flat(part.parts, kind) if isinstance(part, kind) else (part,))
    return tuple(flat)
