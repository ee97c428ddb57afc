"""Safe YAML: plain data with the line of every key; the faults are in test_bad_input."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pace import within

from sigmaproof.diagnostics import InputError
from sigmaproof.safeyaml import DEEPEST, MOST_NODES, documents


def only(text: str | bytes) -> Any:
    return next(iter(documents(text, "f.yml")))


def fault(text: str | bytes) -> tuple[str, int]:
    with pytest.raises(InputError) as raised:
        list(documents(text, "f.yml"))
    return raised.value.diagnostic.code, raised.value.diagnostic.place.line


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**9), 10**9),
    st.text(max_size=8),
    st.floats(-1e6, 1e6).map(lambda x: x + 0.5),
)
DATA = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=6), inner, max_size=4)),
    max_leaves=15,
)


@settings(max_examples=300, deadline=None)
@given(DATA, st.booleans())
def test_plain_data_is_what_pyyaml_reads(data: Any, flow: bool) -> None:
    text = yaml.safe_dump(data, default_flow_style=flow, allow_unicode=False)
    document = only(text)
    assert document.data == yaml.safe_load(text) == data
    assert all(one.message.startswith("YAML 1.2 ") for one in document.warnings), "a text such as 09 has no quotes"


HOSTILE = st.one_of(st.text("ab:-[]{}&*!|>%@`\"'#?,\n\t <~01.", max_size=40), st.binary(max_size=60))


@settings(max_examples=500, deadline=None)
@given(HOSTILE)
def test_anything_ends_in_data_or_in_a_fault_with_its_place(content: str | bytes) -> None:
    with suppress(InputError):
        for document in documents(content, "f.yml"):
            json.dumps(document.data, default=str)
            assert document.place().line >= 1


def test_the_line_of_every_key_and_item() -> None:
    text = "# first\na: 1\nb:\n    c:\n        - x\n        - d: 2\n    e: >\n        folded\n---\nz: 1\n"
    first, second = documents(text, "f.yml")
    assert first.place("a").line == 2
    assert first.place("b", "c", 1, "d").line == 6
    assert first.place("b", "e").line == 7
    assert first.place("b", "nosuch", "deeper").line == 3  # the nearest key above
    assert (second.line, second.place("z").line) == (10, 10)
    assert str(first.place("b", "c", 0)) == "f.yml:5:11"


def test_keys_are_texts() -> None:
    assert list(only("1: a\ntrue: b\nnull: c\n2024-01-01: d\n").data) == ["1", "true", "null", "2024-01-01"]


def test_an_alias_is_a_copy_that_counts() -> None:
    assert only("a: &x [1, 2]\nb: *x\n").data == {"a": [1, 2], "b": [1, 2]}
    lines = "a: &x [" + ",".join(["1"] * 1000) + "]\n" + "".join(f"b{n}: *x\n" for n in range(MOST_NODES // 1000))
    assert fault(lines)[0] == "yaml-alias-bomb"


def test_depth() -> None:
    assert only("[" * DEEPEST + "]" * DEEPEST).data
    assert fault("[" * (DEEPEST + 1) + "]" * (DEEPEST + 1)) == ("yaml-too-deep", 1)


# What stands there, what YAML 1.1 reads, and what else there is to say.
WORDS: dict[str, tuple[Any, str | None]] = {
    "on": (True, "write true; "),
    "No": (False, "write false; "),
    "true": (True, None),
    "010": (8, "YAML 1.2 as 10 "),
    "1_000": (1000, "YAML 1.2 as a text "),
    "1:30": (90, "YAML 1.2 as a text "),
    "0x1F": (31, "reads 0x1F as 31 |"),
    "1.10": (1.1, "reads 1.10 as 1.1 |"),
    ".5": (0.5, "reads .5 as 0.5 |"),
    "-0": (0, "reads -0 as 0 |"),
    "0o17": ("0o17", "as the number 15,"),
    "09": ("09", "as the number 9,"),
    "012345678901": ("012345678901", "as the number 12345678901,"),
    "1e3": ("1e3", "as the number 1000.0,"),
    "1.5e3": ("1.5e3", "as the number 1500.0,"),
    "-.5": ("-.5", "as the number -0.5,"),
    "0" + "9" * 9000: ("0" + "9" * 9000, "as the number 999"),
    "1e999999999": ("1e999999999", "as the number inf,"),
    "0.5": (0.5, None),
    "12": (12, None),
    "+12": (12, None),
    "0x1G": ("0x1G", None),
    "1.2.3": ("1.2.3", None),
}


@pytest.mark.parametrize("word", WORDS, ids=lambda word: word[:20])
def test_what_a_yaml_reads_otherwise_is_said(word: str) -> None:
    value, words = WORDS[word]
    document = only(f"a: {word}\n")
    assert document.data == {"a": value}
    assert [type(document.data["a"])] == [type(value)]
    said = [f"{one.message} | {one.help}" for one in document.warnings]
    assert len(said) == (words is not None)
    assert all(str(words) in one and len(one) < 400 for one in said)
    assert only(f"a: '{word}'\n").warnings == []


def test_good_documents_before_a_broken_one() -> None:
    stream = documents("a: 1\n---\nb: 2\n---\nc: [\n", "f.yml")
    assert next(stream).data == {"a": 1}
    assert next(stream).data == {"b": 2}
    with pytest.raises(InputError) as raised:
        next(stream)
    assert (raised.value.diagnostic.code, raised.value.diagnostic.place.line) == ("yaml-syntax", 6)


def test_bom_and_lone_surrogates() -> None:
    assert only("\ufeffa: 1\n").data == {"a": 1}
    assert fault("a: \ud800\n") == ("yaml-encoding", 1)
    assert fault(b"a: 1\n\xff\n") == ("yaml-encoding", 2)


def test_hostile_sizes_end_at_once() -> None:
    texts = (
        "[" * 1_000_000,
        "{a: " * 200_000,
        "- " * 500_000,
        "? " * 500_000,
        "&a " * 300_000,
        "!!str " * 100_000,
    )
    assert within(3, lambda: [fault(text) for text in texts])
