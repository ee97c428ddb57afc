"""The encoding modifiers against Python's own codecs, and alike under every pySigma."""

from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sigma.collection import SigmaCollection

from sigmaproof.encodings import ENCODINGS, EncodingError, encoded
from sigmaproof.evaluate.compile import compile_predicate
from sigmaproof.predicate import Wild
from sigmaproof.rules import load_text
from sigmaproof.targets import backend

UTF16 = {"wide": "utf-16-le", "utf16le": "utf-16-le", "utf16be": "utf-16-be"}
HEAD = "title: t\nlogsource: {product: aws, service: cloudtrail}\ndetection:\n    condition: s\n    s:\n"


@pytest.mark.parametrize("name", UTF16)
def test_utf16_is_python_s(name: str) -> None:
    assert encoded(("cmd", Wild.ANY, "x"), [name]) == (
        ("cmd".encode(UTF16[name]).decode("ascii"), Wild.ANY, "x".encode(UTF16[name]).decode("ascii")),
    )


def test_the_specification_s_examples() -> None:
    assert encoded(("cmd",), ["utf16le"]) == (("c\0m\0d\0",),)
    assert encoded(("cmd",), ["utf16be"]) == (("\0c\0m\0d",),)
    assert encoded(("cmd",), ["utf16", "base64"]) == ((b64encode(b"\xff\xfec\0m\0d\0").decode(),),)
    assert encoded(("cmd",), ["utf16"]) == (("\ufeff", "c\0m\0d\0"),)


@given(st.text(min_size=3, max_size=20), st.binary(max_size=5), st.binary(max_size=5), st.sampled_from(sorted(UTF16)))
@settings(max_examples=300, derandomize=True)
def test_an_offset_is_found_wherever_the_text_begins(text: str, before: bytes, after: bytes, name: str) -> None:
    if any("\ud800" <= char <= "\udfff" for char in text):
        return
    for names, codec in (([], "utf-8"), ([name], UTF16[name])):
        forms = encoded((text,), [*names, "base64offset"])
        found = b64encode(before + text.encode(codec) + after).decode()
        assert str(forms[len(before) % 3][0]) in found


@pytest.mark.parametrize(
    ("pattern", "names", "message"),
    [
        (("a", Wild.ANY), ["base64"], "a wildcard can't be encoded"),
        (("a",), ["base64offset"], "leaves no text to search"),
        (("é",), ["wide"], "put |base64"),
        (("a",), ["wide", "utf16"], "in UTF-16 twice"),
    ],
)
def test_refusals(pattern: tuple[str | Wild, ...], names: list[str], message: str) -> None:
    with pytest.raises(EncodingError, match=message.replace("|", r"\|")):
        encoded(pattern, names)


@pytest.mark.parametrize("name", sorted(ENCODINGS))
def test_every_encoding_can_be_used_in_a_rule(name: str) -> None:
    loaded = load_text(HEAD + f"        - userAgent|{name}|contains: [abcd, efgh]\n          eventName: X\n")
    form = str(encoded(("efgh",), [name])[0][-1])
    verdict = compile_predicate(loaded.rules[0].tree)
    assert verdict(
        {"userAgent": f"x{encoded(('efgh',), [name])[0][0] if name == 'utf16' else ''}{form}x", "eventName": "x"}
    )
    assert not verdict({"userAgent": "efgh", "eventName": "x"})


def test_all_with_offsets_wants_every_value_at_some_offset() -> None:
    loaded = load_text(HEAD + "        userAgent|base64offset|contains|all: [hello, world]\n")
    verdict = compile_predicate(loaded.rules[0].tree)
    assert verdict({"userAgent": b64encode(b"xhello, xxworld").decode()})
    assert not verdict({"userAgent": b64encode(b"xhello, xxhello").decode()})


def test_pysigma_s_own_loader_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in sigma-cli, which loads rules by itself: pySigma 1.5 alone cuts `bär` at another place."""
    text = HEAD + "        userAgent|base64offset|contains: bär\n        errorCode|utf16|base64: ab\n"
    theirs = backend("native")().convert_rule(SigmaCollection.from_yaml(text).rules[0])  # type: ignore[arg-type]
    ours = backend("native")().convert_rule(load_text(text).rules[0].sigma())
    assert theirs == ours
    assert str(encoded(("bär",), ["base64offset"])[1][0]) in str(theirs)
