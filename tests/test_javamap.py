"""Java's text of maps: fixed facts recorded from a real Java, and 10,000 generated maps against one."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import random
import struct
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from sigmaproof.normalize import treebin
from sigmaproof.normalize.javamap import hash_order, java_double, java_length, java_text, spread_hash
from sigmaproof.normalize.prune import prune
from sigmaproof.verify.engines import EngineUnavailable

COLLIDING = ["".join(parts) for parts in itertools.product(("Aa", "BB"), repeat=4)]


def test_hash_of_strings() -> None:
    assert spread_hash("") == 0
    assert spread_hash("a") == 97
    assert spread_hash("Aa") == spread_hash("BB") == 2112
    assert len({spread_hash(key) for key in COLLIDING}) == 1
    # one astral character is two units
    code = 0xD83D * 31 + 0xDE00
    assert spread_hash("\U0001f600") == spread_hash("\ud83d\ude00") == code ^ code >> 16


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"z__": 1, "a__": 2, "m__": 3, "__t": 4}, "{a__=2, __t=4, z__=1, m__=3}"),
        ({"q": 1, "b": 2}, "{q=1, b=2}"),
        (dict.fromkeys("acdefghijklqb", 1), "{" + ", ".join(f"{key}=1" for key in "abcdefghijklq") + "}"),
        ({"BB": 1, "Aa": 2}, "{BB=1, Aa=2}"),
        ({"l": [], "m": {}, "n": None}, "{l=[], m={}, n=null}"),
        ({"a": [1, {"b": True}, [False]]}, "{a=[1, {b=true}, [false]]}"),
        ([{"z__": 1, "a__": [{"m__": 3, "__t": 4}]}], "[{a__=[{__t=4, m__=3}], z__=1}]"),
        ({"a": 2**64, "b": -(2**31)}, "{a=18446744073709551616, b=-2147483648}"),
        ("text", "text"),
        ([], "[]"),
    ],
)
def test_text(value: Any, text: str) -> None:
    assert java_text(value) == text


@pytest.mark.parametrize("value", [{1}, [b""], {"a": (1,)}], ids=str)
def test_what_is_no_json_has_no_text(value: Any) -> None:
    with pytest.raises(ValueError, match="not a JSON value"):
        java_text(value)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1e10, "1.0E10"),
        (1e-5, "1.0E-5"),
        (100.0, "100.0"),
        (0.001, "0.001"),
        (9999999.0, "9999999.0"),
        (1e7, "1.0E7"),
        (5e-324, "4.9E-324"),
        (2e-323, "2.0E-323"),
        (1e23, "1.0E23"),
        (-0.0, "-0.0"),
        (123456.789, "123456.789"),
        (4.35e-3, "0.00435"),
        (float("inf"), "Infinity"),
        (float("nan"), "NaN"),
    ],
)
def test_double(number: float, text: str) -> None:
    assert java_double(number) == text


def test_order_of_a_tree_bin() -> None:
    keys = [f"p{number}" for number in range(40)] + COLLIDING[:11]
    order = [key for key in hash_order(dict.fromkeys(keys, 0)) if key in COLLIDING]
    assert [COLLIDING.index(key) for key in order] == [3, 10, 8, 9, 0, 1, 2, 4, 5, 6, 7]


def test_a_crowded_bucket_doubles_a_small_table() -> None:
    """Ten colliding keys double the table twice; only its size, 64, tells where the others stand."""
    names = [*COLLIDING[:10], "\x10", "\x20", "\x01"]
    order = [key for key in hash_order(dict.fromkeys(names, 0)) if key not in COLLIDING]
    assert order == ["\x01", "\x10", "\x20"]
    assert hash_order({"\x10": 0, "\x20": 0, "\x01": 0}) == ("\x10", "\x20", "\x01")


def test_a_bucket_of_eight_does_not() -> None:
    """As a real Java lists them: keys of one sign are their own hashes."""
    near = [chr(1 + 16 * number) for number in (0, 1, 2, 3, 4, 5, 6, 7, 8)]
    assert hash_order(dict.fromkeys([*near[:8], "\x02"])) == (*near[:8], "\x02")
    assert hash_order(dict.fromkeys(near)) == (*near[::2], *near[1::2])


def test_pruning_keeps_the_order_of_the_parsed_keys() -> None:
    parsed: dict[str, Any] = dict.fromkeys("acdefghijkl", "") | {"q": 1, "b": 2}
    assert list(prune(parsed)) == ["b", "q"]
    assert list(prune({"q": 1, "b": 2})) == ["q", "b"]


def test_length_in_units() -> None:
    texts = ("", "abc", "é", "\U0001f600", "a\U0001f600\ud800", "\uffff", "\U00010000")
    assert [java_length(text) for text in texts] == [0, 3, 1, 2, 4, 1, 2]


# --- against a real Java

SEED = 20241117
FIRST = 1_000
PART = 100
RECORDED = (
    "f593be4fa75e75256724ecc869a14082",
    "ffb596938ae2cf105ac1b2665f551254",
    "e6c3b8d6fd8f7fc7b08c3396d0df48a4",
    "5b51622a931fd3876c993ad1df9ad283",
    "82e4612331f6fe79c26f15d1850c5748",
    "5646c110a3c900da589b789f42d1465f",
    "e7f5da8f6f85c8cce241f7c15feaf9e9",
    "8c8a15583a24d675a1e017030cd0b535",
    "77a7cc01807077c02505e8d638b6f030",
    "e364cdc3d2ce9b173b9cb180a0a69cfe",
)
"""Digests of what a real Java made of the first maps, 100 each; `test_generated_maps_against_java` asks it again."""

_ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGH_-.:/0123456789"


class Generator:
    """Maps as JSON texts: nested, crowded, with odd keys and odd numbers. The same seed, the same texts."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        # Keys that share a bucket of 64 but part as the table grows.
        self.near: dict[int, list[str]] = {}
        for number in range(20_000):
            self.near.setdefault(spread_hash(f"k{number}") % 64, []).append(f"k{number}")

    def text(self) -> str:
        """One JSON object."""
        draw = self.random
        kind = draw.random()
        if kind < 0.35:
            keys = self._keys(draw.randint(0, 12))
        elif kind < 0.65:
            keys = self._keys(draw.randint(10, 100))
        else:
            keys = self._colliding(draw.randint(5, 60)) if kind < 0.85 else self._near(draw.randint(9, 40))
            keys += self._keys(draw.randint(0, 60))
            draw.shuffle(keys)
            keys = keys[: draw.randint(9, 100)]
        return self._object(keys, 0)

    def _object(self, keys: list[str], depth: int) -> str:
        members = [f"{json.dumps(key)}: {self._value(depth + 1)}" for key in dict.fromkeys(keys)]
        return "{" + ", ".join(members) + "}"

    def _value(self, depth: int) -> str:
        kind = self.random.random()
        if depth < 4 and kind < 0.12:
            return self._object(self._keys(self.random.randint(0, 14)), depth)
        if depth < 4 and kind < 0.2:
            return "[" + ", ".join(self._value(depth + 1) for _ in range(self.random.randint(0, 4))) + "]"
        return self._scalar()

    def _scalar(self) -> str:
        draw = self.random
        kinds: tuple[Callable[[], str], ...] = (
            lambda: draw.choice(["true", "false", "null", '""', '"-"']),
            lambda: str(draw.randint(-(2**70), 2**70)),
            lambda: str(draw.randint(-100_000, 100_000)),
            lambda: str(draw.choice([2**31, 2**31 - 1, -(2**31) - 1, 2**63, 2**63 - 1, -(2**63) - 1])),
            self._float,
            self._float,
            lambda: json.dumps(self._key(), ensure_ascii=draw.random() < 0.5),
        )
        return draw.choice(kinds)()

    def _float(self) -> str:
        draw = self.random
        number = struct.unpack("<d", draw.randbytes(8))[0]
        if number != number or number in (float("inf"), float("-inf")) or draw.random() < 0.6:
            number = draw.choice([0.0, -0.0, 1e7, 1e-3, 5e-324, 1e23, draw.random(), draw.random() * 1e9])
            number *= 10.0 ** draw.randint(-12, 12)
        return draw.choice([repr(number), f"{number:e}", f"{number:.2E}", f"{number:.20e}"])

    def _keys(self, count: int) -> list[str]:
        return [self._key() for _ in range(count)]

    def _colliding(self, count: int) -> list[str]:
        length = self.random.randint(3, 7)
        return ["".join(self.random.choices(("Aa", "BB", "C#"), k=length)) for _ in range(count)]

    def _near(self, count: int) -> list[str]:
        buckets = self.random.sample(sorted(self.near), k=self.random.choice([1, 2]))
        return [key for bucket in buckets for key in self.random.sample(self.near[bucket], k=count)]

    def _key(self) -> str:
        draw = self.random
        kind = draw.random()
        if kind < 0.7:
            return "".join(draw.choices(_ALPHABET, k=draw.randint(0, 12)))
        if kind < 0.8:
            return "".join(draw.choices("äßЖ漢\u212a\u0130\x00\x7f", k=draw.randint(1, 4)))
        if kind < 0.9:
            return "".join(chr(draw.randint(0x10000, 0x10FFFF)) for _ in range(draw.randint(1, 3)))
        return draw.choice(["\ud800", "\udfff\ud800x", "a\udc00", *self._colliding(3)])


def java_texts(texts: list[str]) -> list[str]:
    """The texts through Elasticsearch's parser and a real HashMap, or a skip that says what was not run."""
    try:
        from sigmaproof.verify.engines.java import map_to_strings

        return map_to_strings(texts)
    except (EngineUnavailable, ImportError) as error:
        if os.environ.get("SIGMAPROOF_REQUIRE_ENGINE") == "1":
            raise
        pytest.skip(f"not run: {len(texts)} maps against a real java.util.HashMap ({error})")


def digest(texts: list[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


@cache
def first_texts() -> list[str]:
    generator = Generator(seed=SEED)
    return [generator.text() for _ in range(FIRST)]


@pytest.mark.parametrize("start", range(0, FIRST, PART))
def test_the_first_maps_as_recorded_from_java(start: int) -> None:
    found = [java_text(json.loads(text)) for text in first_texts()[start : start + PART]]
    assert digest(found) == RECORDED[start // PART]


def test_generated_maps_against_java(monkeypatch: pytest.MonkeyPatch) -> None:
    trees: list[tuple[str, ...]] = []
    simulated = treebin.tree_order

    def counted(names: tuple[str, ...]) -> tuple[str, ...]:
        trees.append(names)
        return simulated(names)

    monkeypatch.setattr(treebin, "tree_order", counted)
    generator = Generator(seed=SEED)
    texts = [generator.text() for _ in range(10_000)]
    expected = java_texts(texts)
    assert tuple(digest(expected[start : start + PART]) for start in range(0, FIRST, PART)) == RECORDED
    different = [
        (text, ours, theirs)
        for text, theirs in zip(texts, expected, strict=True)
        if (ours := java_text(json.loads(text))) != theirs
    ]
    assert not different, f"{len(different)} of {len(texts)}, the first: {different[0]}"
    assert len(trees) > 1_000, "the generator no longer makes crowded buckets"
    assert sum("E" in text for text in expected) > 1_000, "the generator no longer makes exponents"
