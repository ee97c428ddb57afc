"""What fixtures/cases have to cover: every known defect of other tools, every modifier, every section of the
specification on detections. Whether the cases hold is in test_cases."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml
from cases import all_cases, documents, entries, load_cases
from conftest import ROOT

LEDGER = yaml.safe_load((ROOT / "fixtures" / "known_defects.yml").read_text(encoding="utf-8"))
# The rows of the lists with which the project began.
ROWS = {
    "12.EQL": range(1, 20),
    "12.Lucene": range(1, 8),
    "1a": range(1, 14),
    "1b": range(14, 21),
    "1c": range(21, 27),
    "1d": range(27, 35),
    "1e": range(35, 44),
    "1j": range(1, 15),
}
Entry = dict[str, Any]


class TestKnownDefects:
    def test_the_ledger_has_every_row(self) -> None:
        assert {group: list(rows) for group, rows in LEDGER.items()} == {g: list(rows) for g, rows in ROWS.items()}

    def test_each_row_is_a_case_or_says_why_not(self) -> None:
        rows = {f"{group}.{number}": row for group, found in LEDGER.items() for number, row in found.items()}
        excused = {name for name, row in rows.items() if "not_a_case" in row}
        shown = {row for _, entry in entries() for row in entry.get("row", ())}
        assert shown - set(rows) == set(), "cases name rows that the ledger does not have"
        assert shown & excused == set(), "a case closed these rows: take their not_a_case out"
        assert shown | excused == set(rows)

    def test_a_case_is_named_after_its_row(self) -> None:
        named = [(name, entry["row"][0]) for name, entry in entries() if "row" in entry]
        assert [name for name, row in named if f": {row.replace('.', ' ')}: " not in name] == []

    def test_the_tests_that_excuses_name_are_there(self) -> None:
        excuses = " ".join(row.get("not_a_case", "") for rows in LEDGER.values() for row in rows.values())
        assert all((ROOT / path).is_file() for path in re.findall(r"tests/\w+\.py", excuses))


class TestTable:
    def test_at_least_400_verdicts_on_every_target(self) -> None:
        """A verdict: a rule, its records and the claim of each target, which the real engine is held to."""
        assert all(case.records and set(case.claims) == {"eql", "lucene"} for case in all_cases())
        assert len(all_cases()) >= 400

    def test_names_are_unique(self) -> None:
        names = [name for name, _ in entries()]
        assert len(names) == len(set(names))

    def test_every_file_names_its_section(self) -> None:
        known = re.compile(r"specification|[Mm]odifiers|Sigma rules|docs/\w+\.md|fixtures/known_defects\.yml")
        assert [file.name for file, data in documents().items() if not known.search(data["section"])] == []


# The modifiers of the specification's appendix 2.1.
MODIFIERS = """all startswith endswith contains exists cased neq windash re i m s base64 base64offset utf16le utf16be
utf16 wide lt lte gt gte minute hour day week month year cidr expand fieldref""".split()
# Needs a pipeline, which a case does not have: without one the rule is refused, with one see test_cli.
NEED_PIPELINES = {"expand"}
# Modifiers that stand together in some case with verdicts, because their order or their type makes a difference.
PAIRS = {
    "cased": "contains startswith endswith all neq base64 base64offset windash",
    "neq": "all cidr re exists gt contains startswith endswith cased fieldref base64offset windash hour i",
    "all": "contains startswith endswith re cidr windash base64offset",
    "re": "i m s all neq",
    "m": "i s",
    "s": "i",
    "base64": "wide utf16 utf16be contains startswith",
    "base64offset": "contains wide utf16be",
    "windash": "contains startswith",
    "fieldref": "startswith neq",
}


def _modifiers(entry: Entry) -> Iterator[list[str]]:
    """The chains of modifiers of a case, in their order."""
    return (key.split("|")[1:] for items in _maps(entry.get("detection", {})) for key in items)


def _maps(value: Any) -> Iterator[dict[str, Any]]:
    """All maps of fields, as deep as they are nested."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _maps(inner)


def _items(entry: Entry) -> Iterator[tuple[str, list[str], Any]]:
    """Field, modifiers and each value of a case's detection, the condition left out."""
    for items in _maps(_selections(entry)):
        for key, value in items.items():
            field, *modifiers = key.split("|")
            yield from ((field, modifiers, one) for one in (value if isinstance(value, list) else [value]))


def _selections(entry: Entry) -> dict[str, Any]:
    return {name: value for name, value in entry.get("detection", {}).items() if name != "condition"}


def _conditions(entry: Entry) -> list[str]:
    found = entry.get("detection", {}).get("condition", [])
    return found if isinstance(found, list) else [found]


def _judged() -> list[Entry]:
    return [entry for _, entry in entries() if "load" not in entry]


@pytest.mark.parametrize("modifier", MODIFIERS)
def test_every_modifier_has_a_case(modifier: str) -> None:
    with_it = [entry for _, entry in entries() if any(modifier in chain for chain in _modifiers(entry))]
    assert with_it
    assert any("load" not in entry for entry in with_it) == (modifier not in NEED_PIPELINES)


@pytest.mark.parametrize(("first", "second"), [(one, other) for one, found in PAIRS.items() for other in found.split()])
def test_modifiers_stand_together(first: str, second: str) -> None:
    assert any({first, second} <= set(chain) for entry in _judged() for chain in _modifiers(entry))


def _value(test: Callable[[str, list[str], Any], bool]) -> Callable[[Entry], bool]:
    return lambda entry: any(test(*item) for item in _items(entry))


def _text(pattern: str) -> Callable[[Entry], bool]:
    """A value without an expression that has this in its text."""
    found = re.compile(pattern)
    return _value(lambda _, modifiers, value: "re" not in modifiers and bool(found.search(str(value))))


def _condition(pattern: str) -> Callable[[Entry], bool]:
    return lambda entry: any(re.search(pattern, text) for text in _conditions(entry))


def _selection(test: Callable[[Any], bool]) -> Callable[[Entry], bool]:
    return lambda entry: any(map(test, _selections(entry).values()))


def _has(kind: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and any(isinstance(one, kind) for one in value)


def _map_with(kind: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, dict) and any(isinstance(one, kind) for one in value.values())


# What the specification says on detections, section by section, as what a case must have in it.
SECTIONS: dict[str, Callable[[Entry], bool]] = {
    "General: texts ignore case": _value(lambda f, m, v: isinstance(v, str) and not m and v != v.swapcase()),
    "General: an expression minds case": _value(lambda f, m, v: m == ["re"] and v != v.swapcase()),
    "String Wildcard: ?": _text(r"(?<!\\)\?"),
    "String Wildcard: *": _text(r"(?<!\\)\*"),
    "Escape Character: a plain backslash": _text(r"(?<!\\)\\(?![\\*?])."),
    "Escape Character: a double backslash": _text(r"(?<!\\)\\\\(?![\\*?])."),
    "Escape Character: an escaped *": _text(r"(?<!\\)\\\*"),
    "Escape Character: an escaped ?": _text(r"(?<!\\)\\\?"),
    "Escape Character: a backslash before a wildcard": _text(r"(?<!\\)\\\\\*"),
    "Escape Character: a backslash and a plain wildcard": _text(r"(?<!\\)\\\\\\\*"),
    "Escape Character: three backslashes": _text(r"(?<!\\)\\\\\\(?![\\*?])."),
    "Escape Character: four backslashes": _text(r"(?<!\\)\\\\\\\\(?![\\*?])."),
    "Lists: of texts": _selection(_has(str)),
    "Lists: of maps": _selection(_has(dict)),
    "Lists: of lists": _selection(_has(list)),
    "Maps: several fields": _selection(lambda value: isinstance(value, dict) and len(value) > 1),
    "Maps: a list of values": _selection(_map_with(list)),
    "Maps: a whole number": _value(lambda f, m, v: type(v) is int and not m),
    "Special Field Values: the empty text": _value(lambda f, m, v: v == "" and not m),
    "Special Field Values: null": _value(lambda f, m, v: v is None and not m),
    "Special Field Values: not null": lambda e: _has_null(e) and _condition(r"\bnot\b")(e),
    "Special Field Values: empty or null": lambda e: _has_null(e) and _value(lambda f, m, v: v == "")(e),
    "Field Existence: true": _value(lambda f, m, v: "exists" in m and v is True),
    "Field Existence: false": _value(lambda f, m, v: "exists" in m and v is False),
    "Value Modifiers: a chain": lambda e: any(len(chain) > 2 for chain in _modifiers(e)),
    "Placeholders: a plain percent sign": _value(lambda f, m, v: "expand" not in m and "%" in str(v)),
    "Keywords search: any": _selection(lambda value: isinstance(value, list) and len(value) > 1 and _has(str)(value)),
    "Keywords search: all": _selection(lambda value: isinstance(value, dict) and "|all" in value),
    "Condition: and": _condition(r"\band\b"),
    "Condition: or": _condition(r"\bor\b"),
    "Condition: 1 of them": _condition(r"\b1 of them\b"),
    "Condition: all of them": _condition(r"\ball of them\b"),
    "Condition: names with an underscore are not among them": lambda e: (
        _condition("of them")(e) and any(name.startswith("_") for name in _selections(e))
    ),
    "Condition: 1 of a pattern": _condition(r"\b1 of \w*\*"),
    "Condition: all of a pattern": _condition(r"\ball of \w*\*"),
    "Condition: a pattern in the middle": _condition(r" of \*\w+\*"),
    "Condition: not": _condition(r"\bnot\b"),
    "Condition: not 1 of a pattern": _condition(r"\bnot 1 of \w+\*"),
    "Condition: brackets": _condition(r"\("),
    "Condition: not before brackets": _condition(r"\bnot \("),
    "Condition: and binds more than or": _condition(r"^\w+ or \w+ and \w+$"),
    "Condition: not binds more than and": _condition(r"^not \w+ and \w+$"),
    "Condition: a list": lambda e: len(_conditions(e)) > 1,
}


def _has_null(entry: Entry) -> bool:
    return any(value is None and not modifiers for _, modifiers, value in _items(entry))


@pytest.mark.parametrize("section", SECTIONS)
def test_every_section_has_cases(section: str) -> None:
    assert any(SECTIONS[section](entry) for entry in _judged())


@pytest.mark.parametrize(
    "error",
    ["null in a list", "the placeholder", "an empty list of values", "holds a map", "selects nothing", "correlation"],
)
def test_what_must_not_load_has_a_case(error: str) -> None:
    assert any(error in case.error for case in load_cases())
