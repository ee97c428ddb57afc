"""Hypothesis strategies: hostile texts, rules over the whole field table, and records around a rule's own values."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias

import yaml
from hypothesis import strategies as st

from sigmaproof.fields import Field, table
from sigmaproof.rules import Loaded, Rule, load_text
from sigmaproof.verify.records import BASE, MISSING, built

__all__ = [
    "KEYS",
    "any_test",
    "detections",
    "escaped",
    "event_fields",
    "hostile_texts",
    "patterns",
    "records_for",
    "rules",
    "rules_of",
    "values_around",
    "yaml_of",
]

Strategy: TypeAlias = st.SearchStrategy[Any]

# What some language or reader takes for something else than text.
FRAGMENTS = [
    '"', '"""', "'", "`", "\\", "\\\\", '\\"', "\n", "\r\n", "\t", "\u2028", "\u2029", "\x85", "\x7f", "\x01", "\x1b",
    "//", "/*", "*/", "--", "#", ";", "/", "/x/", ":", "=", "==", "{", "}", "[", "]", "(", ")", ", ", "|", "&&", "||",
    "!", "~", "~2", "^", "^3", "$", "${x}", "%{x}", "$(x)", "@", "@all", "&", "<", ">", "<5", ">=1", "+", "-", ".",
    "..", "AND", " OR ", " or true or ", "NOT ", " TO ", "null", "none", "true", "* TO *", "_exists_:", 'any where "',
    "\u202e", "\u200b", "\ufeff", "\u00ad", "\u3000", "\u00a0", "\U000e0001", "😀", "\ufffd", "\uffff", "\ue000",
    "é", "É", "ß", "ẞ", "İ", "ı", "ſ", "\u212a", "Å", "\u212b", "Σ", "ς", "ǅ", "日", "k", "K", "s", "S", "a", "B", " ",
    "0", "1.0", "1e10", "1E10", "\\u0041", "\\n", "\\d", "\\*",
]  # fmt: skip
LETTERS = st.characters(codec="utf-8", exclude_characters="\0")
# Keys below requestParameters: each is a step of a path, so none has a dot or a pipe of its own.
KEYS = ["a", "b", "source", "name", "where", "x-amz-acl", "a b", "a:b", "k`k", 'q"q', "a\nb", "é", "a/b", "a*b", "a?b",
        "a\\b", "a(b)", "{a}", "a=b", "a, b", "//", "/*", "not", "a'b", "a\tb", "\u2028", "a<b", "_exists_", "[a]", "0",
        "\u202e", "a~b", "a^b", "a&&b", "a!b", "$a", "@a", "%a", "true", "\u3000", "a#b", "\U000e0001"]  # fmt: skip
REGEXES = [
    "^abc$", "a.c", "(a|b)+c", "[^/]+/x", r"\d{3}", r"a\.b", "a/b", 'q"q', "^a|b$", "(?i)role", "x{2,3}", r"\w+\s\w",
    "é", "a b", r"\\", r'[a-c<>&~#@"]', "^$", "(?:x|y)?z", "a.*?b", r"^x/ OR y:/z$", r"\$\{x\}", "a#b&c", r"//",
    r"[\\/]",    r"^a\nb$", "~@<1-5>", r"[^a]", r"[\x00-\x1f]", r"^.{0,3}$", r"\x{e9}", "[é-ü]", "a{0}", "(a|)b",
    "(?s)a.b", "^a$|^b$",
]  # fmt: skip
NUMBERS = [0, 1, 5, -3, 1.5, 100, 10_000_000, 1.0, 1e10, -0.5, 1e-5, 123456789.0, 2**53]
NETWORKS = ["10.0.0.0/8", "203.0.113.0/24", "2001:db8::/32", "192.0.2.7/32", "::ffff:10.0.0.0/104", "0.0.0.0/0"]
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # the same text, much faster
SELECTIONS = ("one", "two", "three")
CONDITIONS = {
    1: ["one", "not one"],
    2: ["one and two", "one or two", "one and not two", "not (one and two)", "1 of them", "not one or two"],
    3: ["one and (two or not three)", "all of them", "one or (two and three)", "not (one or two) and three"],
}


def hostile_texts(most: int = 4) -> Strategy:
    """Short texts of fragments that mean something in some language, and of any letters."""
    pieces = st.one_of(st.sampled_from(FRAGMENTS), st.text(LETTERS, min_size=1, max_size=3))
    return st.lists(pieces, min_size=1, max_size=most).map("".join).filter(lambda text: "\0" not in text)


def escaped(text: str) -> str:
    """A text as Sigma spells it, so that nothing of it is a wildcard."""
    return "".join(f"\\{char}" if char in "\\*?" else char for char in text)


def patterns() -> Strategy:
    """Sigma's spelling of a value: literal texts with wildcards between them."""
    part = st.one_of(hostile_texts(2).map(escaped), hostile_texts(2).map(escaped), st.sampled_from(["*", "?"]))
    return st.lists(part, min_size=1, max_size=4).map("".join)


@cache
def event_fields() -> tuple[Field, ...]:
    """The table's fields of events."""
    return tuple(field for field in table().fields if not field.digest)


def field_names() -> Strategy:
    """Raw field names of every kind."""
    return st.one_of(st.sampled_from([field.raw for field in event_fields()]), parts())


def parts() -> Strategy:
    """Parts of the open objects, with hostile keys."""
    keys = st.lists(st.sampled_from(KEYS), min_size=1, max_size=2).map(".".join)
    return st.tuples(st.sampled_from([field.raw for field in event_fields() if field.open]), keys).map(".".join)


@cache
def _keywords() -> tuple[str, ...]:
    return tuple(field.raw for field in event_fields() if field.homes[0].type == "keyword" and not field.open)


def items() -> Strategy:
    """A field with modifiers, and its value. Fields and modifiers that a target refuses together are less frequent."""
    return st.one_of(*(st.sampled_from(_keywords()).flatmap(any_test),) * 3, *(parts().flatmap(_simple_test),) * 2,
                     field_names().flatmap(any_test), _network_test())  # fmt: skip


@st.composite
def calls(draw: st.DrawFn) -> dict[str, Any]:
    """An API call, with tests of parts of its parameters of which the table knows what AWS writes there."""
    leaf = draw(st.sampled_from(table().leaves))
    event = draw(st.sampled_from(leaf.events))
    source, name = event.split("/")
    same = [one for one in table().leaves if event in one.events]
    found: dict[str, Any] = {"eventSource": source, "eventName": name}
    for one in draw(st.lists(st.sampled_from([leaf, *same]), min_size=1, max_size=2)):
        texts = st.sampled_from([*one.writes.values, *(value.lower() for value in one.writes.values), "x y", "none"])
        found |= [draw(st.one_of(_with(one.raw, (["", "|cased", "|startswith"], texts)), _simple_test(one.raw)))]
    return found


def _network_test() -> Strategy:
    return st.tuples(st.just("sourceIPAddress|cidr"), st.sampled_from(NETWORKS))


def _plain(field: str) -> Strategy:
    known = next((entry.writes.values for entry in event_fields() if entry.raw == field), ())
    hostile = hostile_texts().map(escaped)
    return st.one_of(hostile, st.sampled_from(known)) if known else hostile


def _simple_test(field: str) -> Strategy:
    """What a part of an object can be tested for in every target."""
    return _with(
        field,
        (["", "|cased", "|neq", "|startswith"], _plain(field)),
        (["", "|cased"], st.lists(_plain(field), min_size=2, max_size=3)),
        (["", "|neq"], st.one_of(st.sampled_from(NUMBERS), st.booleans(), st.none())),
        (["|exists"], st.booleans()),
    )


def any_test(field: str) -> Strategy:
    """A test of a field with any modifier: the field with it, and the value."""
    return _with(
        field,
        (["", "|cased", "|neq"], st.one_of(_plain(field), patterns())),
        (["|contains", "|startswith", "|endswith", "|contains|cased"], _plain(field)),
        (["", "|cased", "|contains|all"], st.lists(_plain(field), min_size=2, max_size=3)),
        (["|re"], st.sampled_from(REGEXES)),
        (["|re", "|re|i"], hostile_texts(2)),
        (["", "|neq"], st.one_of(st.sampled_from(NUMBERS), st.booleans(), st.none())),
        (["|exists"], st.booleans()),
    )


def _with(field: str, *kinds: tuple[list[str], Strategy]) -> Strategy:
    return st.one_of(
        *(st.tuples(st.sampled_from([field + modifier for modifier in found]), value) for found, value in kinds)
    )


@st.composite
def detections(draw: st.DrawFn) -> dict[str, Any]:
    """One to three selections with a condition over them."""
    names = SELECTIONS[: draw(st.integers(1, 3))]
    found: dict[str, Any] = {name: dict(draw(st.lists(items(), min_size=1, max_size=2))) for name in names}
    if draw(st.integers(0, 2)) == 0:
        found["one"] = draw(calls())
    return {**found, "condition": draw(st.sampled_from(CONDITIONS[len(names)]))}


def yaml_of(detection: dict[str, Any]) -> str:
    """The text of a rule with this detection."""
    data = {"title": "A rule", "logsource": {"product": "aws", "service": "cloudtrail"}, "detection": detection}
    text: str = yaml.dump(data, Dumper=_DUMPER, sort_keys=False)
    return text


def loaded(detection: dict[str, Any]) -> Loaded:
    return load_text(yaml_of(detection), "generated")


def rules() -> Strategy:
    """Loaded rules, each with its detection."""
    return rules_of(detections())


def rules_of(found: Strategy) -> Strategy:
    """The same of these detections."""
    return found.map(lambda one: (one, loaded(one))).filter(lambda pair: bool(pair[1].rules)).map(_first)


def _first(pair: tuple[dict[str, Any], Loaded]) -> tuple[dict[str, Any], Rule]:
    return pair[0], pair[1].rules[0]


# values of records

ODD = [None, "", "-", "none", "None", {}, [], [None], True, False, "true", "True", 0, 1, 1.0, 1e10, 1.5, "1.0", "x",
       {"k": "x"}, [{"k": "x"}], ["x", "y"], [["x"]], "a\nb", "y" * 1025, "y" * 8192, {"a": {"b": "x"}}]  # fmt: skip
CHANGES: list[Callable[[str], Any]] = [
    str, str.upper, str.lower, str.swapcase, str.casefold,
    lambda t: f"x{t}", lambda t: f"{t}x", lambda t: f"x{t}x", lambda t: f"{t}\n", lambda t: f"{t}, k={t}",
    lambda t: f"k={t}", lambda t: [t, "x"], lambda t: ["x", [t]], lambda t: {"k": t},
    lambda t: {t: "x"}, lambda t: [{"k": t}],
    lambda t: t[1:], lambda t: t[:-1], lambda t: t * 2, lambda t: t + "y" * 1024, lambda t: t + "y" * 8191,
    lambda t: t.replace("\\", ""), lambda t: t.replace("\\", "/"), lambda t: t.replace("*", "x"),
    lambda t: t.replace("?", "x"), lambda t: t.replace("k", "\u212a"), lambda t: t.replace(" ", ""),
]  # fmt: skip


def _texts(value: Any) -> list[str]:
    """What a record can hold for a value of a rule: its text, with something for its wildcards."""
    if isinstance(value, list):
        return [text for one in value for text in _texts(one)]
    if not isinstance(value, str):
        return [str(value).lower()] if value is not None else []
    return [_filled(value, star) for star in ("", "x", "a\nb")]


def _filled(value: str, star: str) -> str:
    found, at = "", 0
    while at < len(value):
        char = value[at]
        if char == "\\" and value[at + 1 : at + 2] in ("\\", "*", "?") and value[at + 1 :]:
            at += 1
            found += value[at]
        else:
            found += {"*": star, "?": "y"}.get(char, char)
        at += 1
    return found


def _tests(detection: dict[str, Any]) -> list[tuple[str, Any]]:
    return [
        (key.partition("|")[0], value)
        for name in SELECTIONS
        for key, value in detection.get(name, {}).items()
    ]  # fmt: skip


@st.composite
def records_for(draw: st.DrawFn, detection: dict[str, Any]) -> dict[str, Any]:
    """A record with values around those that the rule tests, at the places that it tests."""
    draft: dict[str, Any] = {}
    for field, value in _tests(detection):
        draft[field] = draw(values_around(value, field))
        if draw(st.integers(0, 9)) == 0:
            other = draw(st.one_of(field_names(), st.sampled_from([leaf.raw for leaf in table().leaves])))
            draft[other] = draw(values_around(value, field))
    record = built(draft)
    if draw(st.integers(0, 9)) == 0:
        record.update(draw(st.dictionaries(st.sampled_from(list(BASE)), st.sampled_from(ODD), max_size=2)))
    return copy.deepcopy(record)


def values_around(value: Any, field: str) -> Strategy:
    """What a record can hold in a field that a rule compares with a value, or MISSING."""
    texts = _texts(value) or ["x"]
    changed = st.tuples(st.sampled_from(texts), st.sampled_from(CHANGES)).map(lambda pair: pair[1](pair[0]))
    known = [text for entry in (*event_fields(), *table().leaves) if entry.raw == field for text in entry.writes.values]
    plain = st.sampled_from(texts + known)
    if field in ("eventSource", "eventName"):  # or nothing that follows from the call is ever seen
        return st.one_of(plain, plain, plain, plain, changed)
    return st.one_of(plain, plain, changed, st.just(value), st.sampled_from(ODD), st.just(MISSING), hostile_texts(2))
