"""What a match means, held against slow and plain models of it."""

from __future__ import annotations

import ipaddress
import json
import sys
import unicodedata
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pace import within

from sigmaproof import paths
from sigmaproof.folding import CASELESS_FROM, fold, fold_char, has_case, variants
from sigmaproof.matching import matcher, pattern_test, value_test, value_text
from sigmaproof.predicate import (
    Boolean,
    Cidr,
    Compare,
    Exists,
    FieldRef,
    Keyword,
    Null,
    Number,
    Pattern,
    Regex,
    Text,
    TimePart,
    Wild,
)
from sigmaproof.wildcards import pattern_of

LETTERS = "abAB1 *?\\\n.éÉßẞſsSkK\u212aİiıσςΣ\ud800😀\0"
TEXTS = st.text(LETTERS, max_size=9)
PARTS = st.one_of(st.text(LETTERS, min_size=1, max_size=3), st.sampled_from([Wild.ANY, Wild.ONE]))
PATTERNS = st.lists(PARTS, max_size=6).map(tuple)


class TestFolding:
    def test_every_character(self) -> None:
        """One character folds to one, once and for all, and stays in or out of ASCII."""
        for code in range(sys.maxunicode + 1):
            char = chr(code)
            folded = fold_char.__wrapped__(char)
            assert len(folded) == 1
            assert folded.isascii() == char.isascii()
            assert folded == char or fold_char.__wrapped__(folded) == folded

    @given(st.text())
    def test_texts(self, text: str) -> None:
        assert len(fold(text)) == len(text)
        assert fold(fold(text)) == fold(text)
        assert fold(text) == "".join(map(fold_char, text))
        assert has_case(text) == any(len(variants(char)) > 1 for char in text)

    @given(st.characters())
    def test_variants_are_the_characters_that_fold_alike(self, char: str) -> None:
        assert char in variants(char)
        assert {fold(other) for other in variants(char)} == {fold(char)}
        assert fold(char) in variants(char)

    @pytest.mark.parametrize(
        ("one", "other", "same"),
        [
            ("K", "k", True), ("\u212a", "k", False), ("ſ", "s", False), ("É", "é", True), ("ẞ", "ß", True),
            ("ß", "ss", False), ("Σ", "ς", True), ("İ", "i", False), ("ı", "i", False), ("ı", "I", False),
            ("Ꭰ", "ꭰ", True), ("ﬁ", "fi", False), ("Ǆ", "ǆ", True), ("µ", "μ", True), ("Å", "\u212b", True),
        ],
    )  # fmt: skip
    def test_pairs(self, one: str, other: str, same: bool) -> None:
        assert (fold(one) == fold(other)) is same

    def test_no_letter_with_case_is_left_out(self) -> None:
        beyond = map(chr, range(CASELESS_FROM, sys.maxunicode + 1))
        assert [
            char for char in beyond if char.lower() != char or char.upper() != char or char.casefold() != char
        ] == []

    def test_nothing_beyond_unicodes_own_folding(self) -> None:
        """What folds alike is alike for Unicode too (`casefold`), so that nothing of ours is invented."""
        for code in range(128, sys.maxunicode + 1):
            char = chr(code)
            for other in variants(char) if unicodedata.category(char)[0] in "LMNS" else "":
                assert other == char or other.casefold() == char.casefold() or len(char.casefold()) > 1


def slow_match(pattern: Pattern, text: str) -> bool:
    """The definition: `*` any text, `?` one character. Every reading is tried."""
    if not pattern:
        return text == ""
    first, rest = pattern[0], pattern[1:]
    if first is Wild.ANY:
        return any(slow_match(rest, text[at:]) for at in range(len(text) + 1))
    if first is Wild.ONE:
        return text != "" and slow_match(rest, text[1:])
    assert isinstance(first, str)
    return text.startswith(first) and slow_match(rest, text[len(first) :])


class TestPatterns:
    @settings(max_examples=1500, deadline=None)
    @given(PATTERNS, TEXTS, st.booleans())
    @example((Wild.ANY, "ab", Wild.ANY, "ab"), "ab", True)
    @example(("a", Wild.ANY, "a"), "a", True)
    @example((Wild.ANY, Wild.ONE, Wild.ANY, Wild.ONE), "a", False)
    def test_against_the_definition(self, pattern: Pattern, text: str, cased: bool) -> None:
        folded = tuple(part if isinstance(part, Wild) else fold(part) for part in pattern)
        expected = slow_match(pattern, text) if cased else slow_match(folded, fold(text))
        assert pattern_test(pattern, cased)(text) is expected

    @settings(max_examples=500, deadline=None)
    @given(PATTERNS, st.data())
    def test_a_text_made_from_the_pattern_matches(self, pattern: Pattern, data: st.DataObject) -> None:
        made = {Wild.ANY: TEXTS, Wild.ONE: st.sampled_from(LETTERS)}
        text = "".join(data.draw(made[part]) if isinstance(part, Wild) else part for part in pattern)
        assert pattern_test(pattern, True)(text)
        assert pattern_test(pattern, False)(text)

    def test_a_selectors_pattern(self) -> None:
        assert pattern_of("a*b**c") == ("a", Wild.ANY, "b", Wild.ANY, Wild.ANY, "c")
        assert pattern_of("*") == (Wild.ANY,)
        assert pattern_of("a") == ("a",)

    def test_no_size_is_too_large_and_nothing_explodes(self) -> None:
        assert within(2, self.sizes)

    @staticmethod
    def sizes() -> None:
        many = tuple(part for _ in range(30_000) for part in ("a", Wild.ANY))
        assert pattern_test(many, False)("a" * 30_000)
        assert not pattern_test(many, False)("a" * 29_999)
        evil = (*((Wild.ANY, "a") * 30), Wild.ANY, "b")
        assert not pattern_test(evil, False)("a" * 100_000)
        ones = (Wild.ANY, "a", Wild.ONE, "a", Wild.ANY, "c")
        assert not pattern_test(ones, False)("ab" * 100_000)
        assert pattern_test(("x" * 1_000_000, Wild.ANY, "y"), False)("X" * 1_000_000 + "Y")


KEYS = st.sampled_from(["a", "b", "c", "a.b", "b.c", "a.b.c", ".", ""])
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from(["x", "Y", ""]))
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=12,
)
RECORDS = st.dictionaries(KEYS, TREES, max_size=5)
NAMES = st.lists(st.sampled_from(["a", "b", "c", ""]), min_size=1, max_size=4).map(".".join)


def slow_nodes(node: Any, name: str | None) -> list[Any]:
    """Every node that some reading of a dotted name leads to: the definition, on texts instead of keys."""
    if name is None:
        return [node]
    if isinstance(node, list):
        return [found for element in node for found in slow_nodes(element, name)]
    if not isinstance(node, dict):
        return []
    found = slow_nodes(node[name], None) if name in node else []
    for key, inner in node.items():
        if name.startswith(f"{key}."):
            found += slow_nodes(inner, name[len(key) + 1 :])
    return found


def flat(node: Any) -> list[Any]:
    """The elements of lists in lists."""
    return [inner for element in node for inner in flat(element)] if isinstance(node, list) else [node]


def in_order(values: list[Any]) -> list[str]:
    return sorted(json.dumps(value, sort_keys=True) for value in values)


class TestPaths:
    @settings(max_examples=800, deadline=None)
    @given(RECORDS, NAMES)
    @example({"a": {"b": 1}, "a.b": 2}, "a.b")
    @example({"a": [{"b": [1, [2]]}, {"b": None}]}, "a.b")
    def test_against_the_definition(self, record: dict[str, Any], name: str) -> None:
        nodes = slow_nodes(record, name)
        assert in_order(paths.getter(name)(record)) == in_order([value for node in nodes for value in flat(node)])
        assert paths.found(name)(record) is bool(nodes)
        assert matcher(Exists(name))(record) is bool(nodes)
        assert matcher(Null(name))(record) is all(value is None for node in nodes for value in flat(node))

    @given(RECORDS)
    def test_leaves(self, record: dict[str, Any]) -> None:
        def slow(node: Any) -> list[Any]:
            inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else None
            return [node] if inner is None else [leaf for one in inner for leaf in slow(one)]

        assert list(paths.leaves(record)) == slow(record)

    @given(RECORDS, NAMES, TEXTS)
    def test_any_element_satisfies(self, record: dict[str, Any], name: str, text: str) -> None:
        test = Text(name, (Wild.ANY, text, Wild.ANY) if text else (Wild.ANY,))
        single = value_test(test)
        assert matcher(test)(record) is any(single(value) for value in paths.getter(name)(record))

    @given(RECORDS, NAMES, NAMES)
    def test_field_references(self, record: dict[str, Any], one: str, other: str) -> None:
        mine, others = (
            [fold(value_text(value)) for value in paths.getter(name)(record) if value is not None]
            for name in (one, other)
        )
        pairs = [(a, b) for a in mine for b in others]
        assert matcher(FieldRef(one, other))(record) is any(a == b for a, b in pairs)
        assert matcher(FieldRef(one, other, starts=True))(record) is any(a.startswith(b) for a, b in pairs)
        assert matcher(FieldRef(one, other, ends=True))(record) is any(a.endswith(b) for a, b in pairs)

    @given(RECORDS, st.sampled_from(["x", "y", "1", "true", "null", "{"]))
    def test_keywords(self, record: dict[str, Any], word: str) -> None:
        texts = [fold(value_text(leaf)) for leaf in paths.leaves(record) if leaf is not None]
        assert matcher(Keyword((word,)))(record) is any(word in text for text in texts)


def holds(test: Any, value: Any) -> bool:
    """A test of the field `f` on one value, through the whole matcher."""
    return matcher(test)({"f": value})


class TestValues:
    @given(st.integers(-(10**20), 10**20))
    def test_whole_numbers(self, number: int) -> None:
        test = Number("f", number)
        assert holds(test, number)
        assert holds(test, str(number))
        assert holds(test, [None, "x", number])
        assert not holds(test, number + 1)
        assert not holds(test, f" {number}")
        assert not holds(test, None)

    @pytest.mark.parametrize(
        ("wanted", "value", "same"),
        [
            (1, True, False), (0, False, False), (1, 1.0, True), (1, "1.0", False), (1, "01", False), (1, "+1", False),
            (1.5, 1.5, True), (1.5, "1.5", True), (1, {"a": 1}, False), (1, [[1]], True), (1, "", False),
            (10**25, 10**25, True), (10**25, 1e25, False), (0.1, 0.1, True), (-1, "-1", True), (1, [], False),
        ],
    )  # fmt: skip
    def test_numbers(self, wanted: float, value: Any, same: bool) -> None:
        assert holds(Number("f", wanted), value) is same

    @pytest.mark.parametrize("wanted", [True, False])
    @pytest.mark.parametrize(
        "value", [True, False, "true", "TRUE", "False", 1, 0, "1", "yes", None, [], [True], {"a": True}, "true "]
    )
    def test_booleans(self, wanted: bool, value: Any) -> None:
        spelled = [value] if not isinstance(value, list) else value
        expected = any(
            one is wanted or (isinstance(one, str) and one.lower() == str(wanted).lower()) for one in spelled
        )
        assert holds(Boolean("f", wanted), value) is expected

    @given(st.sampled_from(["lt", "lte", "gt", "gte"]), st.integers(-50, 50), st.integers(-50, 50), st.booleans())
    def test_comparisons(self, op: str, bound: int, value: int, as_text: bool) -> None:
        expected = {"lt": value < bound, "lte": value <= bound, "gt": value > bound, "gte": value >= bound}[op]
        assert holds(Compare("f", op, bound), str(value) if as_text else value) is expected

    @pytest.mark.parametrize(
        "value", ["", "a", "1e5", "+6", " 6", "6 ", ".6", "6.", "٦", "0x6", True, None, {}, [], "6\n"]
    )
    @pytest.mark.parametrize("op", ["lt", "lte", "gt", "gte"])
    def test_what_is_no_number_compares_as_false(self, value: Any, op: str) -> None:
        assert not holds(Compare("f", op, 5), value)

    def test_numbers_without_end(self) -> None:
        assert holds(Compare("f", "gt", 5), "9" * 10_000)
        assert holds(Compare("f", "lt", 5), "-" + "9" * 10_000)
        assert holds(Compare("f", "gt", 5), 10**400)
        assert holds(Compare("f", "gt", 2**53), "9007199254740993")

    @given(st.ip_addresses(v=4), st.integers(0, 32))
    def test_networks(self, address: ipaddress.IPv4Address, bits: int) -> None:
        network = ipaddress.ip_network(f"{address}/{bits}", strict=False)
        test = Cidr("f", str(network))
        assert holds(test, str(address))
        assert holds(test, str(network[0]))
        assert holds(test, str(network[-1]))
        outside = int(network[-1]) + 1
        assert outside > 2**32 - 1 or not holds(test, str(ipaddress.IPv4Address(outside)))

    @pytest.mark.parametrize(
        "value", ["", "a", "10.0.0", "10.0.0.1/32", "010.0.0.1", 167772161, None, True, "fe80::1%eth0"]
    )
    def test_what_is_no_address(self, value: Any) -> None:
        assert not holds(Cidr("f", "0.0.0.0/0"), value)
        assert not holds(Cidr("f", "::/0"), value)

    @pytest.mark.parametrize(
        ("part", "value", "time_text"),
        [
            ("minute", 30, "2026-01-01T00:30:00Z"), ("hour", 23, "2026-01-01T01:30:00+02:00"),
            ("day", 31, "2025-12-31T23:59:59Z"), ("week", 1, "2025-12-29T00:00:00Z"), ("month", 2, "2026-02-01T00:00"),
            ("year", 2025, "2026-01-01T00:30:00+01:00"), ("week", 53, "2027-01-01T00:00:00.123Z"),
        ],
    )  # fmt: skip
    def test_parts_of_a_time(self, part: str, value: int, time_text: str) -> None:
        assert holds(TimePart("f", part, value), time_text)
        assert not holds(TimePart("f", part, value + 1), time_text)

    @pytest.mark.parametrize("value", ["", "today", 5, None, "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+23:59", {}])
    def test_what_is_no_time(self, value: Any) -> None:
        assert not any(holds(TimePart("f", "hour", hour), value) for hour in range(24))

    def test_objects_are_their_compact_text_in_their_own_order(self) -> None:
        record = {"z": "é", "a": [1, None, {"b": True}], "q": 'say "hi"\n', "s": "\u2028"}
        assert value_text(record) == '{"z":"é","a":[1,null,{"b":true}],"q":"say \\"hi\\"\\n","s":"\u2028"}'
        assert holds(Text("f", (Wild.ANY, '"z":"É"', Wild.ANY)), record)
        assert not holds(Text("f", (Wild.ANY, '"z":"É"', Wild.ANY), cased=True), record)

    def test_a_lone_surrogate_is_no_reason_to_fail(self) -> None:
        assert holds(Regex("f", "a.b"), "a\ud800b")
        assert holds(Regex("f", "\ufffd"), "\udfff")
        assert holds(Text("f", ("a", Wild.ONE, "b")), "a\ud800b")

    def test_an_empty_text_is_a_value(self) -> None:
        assert not holds(Null("f"), "")
        assert holds(Text("f", ()), "")
        assert holds(Text("f", (Wild.ANY,)), "")
        assert not holds(Text("f", (Wild.ANY,)), None)
        assert not matcher(Text("f", (Wild.ANY,)))({})
        assert holds(Null("f"), None)
        assert holds(Null("f"), [])
        assert holds(Exists("f"), None)
        assert not matcher(Exists("f"))({})
