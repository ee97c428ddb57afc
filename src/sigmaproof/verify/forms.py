"""The values at which engines disagree, around the value that a test wants: data and nothing else.

Whether AWS can write them is in `admissible`; whether engines differ on them is measured, never assumed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from sigmaproof.claims import number_candidates, object_candidates
from sigmaproof.folding import fold, variants
from sigmaproof.predicate import Boolean, Number, Regex, Test, Text, Wild
from sigmaproof.verify.records import MISSING
from sigmaproof.verify.values import fitting, text_of

__all__ = ["ODD", "around", "sized"]

# Whatever a test wants: nothing, what the integration removes, other types.
ODD: tuple[Any, ...] = (MISSING, None, "", "-", "none", {}, [], [None], [""], "x", {"k": "x"}, True, 0, "a\nb")

# Characters whose folding differs between engines: in another case some of them are ASCII letters, or two letters.
FOLDED = {"k": "\u212a", "s": "\u017f", "i": "\u0130", "I": "\u0131", "ss": "\u00df", "µ": "\u03bc", "å": "\u212b"}

Form = Callable[[str], str]
# Other texts made of the wanted one.
FORMS: tuple[Form, ...] = (
    str.swapcase,
    str.upper,
    str.lower,
    str.title,
    lambda text: f"x{text}",
    lambda text: f"{text}x",
    lambda text: text[1:],
    lambda text: f"x{text[1:]}",
    lambda text: text[:-1],
    lambda text: f"{text}, x",
    lambda text: f" {text}",
    lambda text: f"{text} ",
    lambda text: f'"{text}"',
    lambda text: f"'{text}'",
    lambda text: f"{text}\\",
    lambda text: f"\\{text}",
    lambda text: f"{text[:1]}\\{text[1:]}",
    lambda text: f"{text}*",
    lambda text: f"{text[:1]}*{text[2:]}",
    lambda text: f"{text[:1]}?{text[2:]}",
    lambda text: f"{text[:1]}x{text[2:]}",
    lambda text: f"{text[:1]}é{text[2:]}",
    lambda text: f"{text[:1]}{text[1:2]}{text[1:]}",
    lambda text: f"{text}\n",
    lambda text: f"{text}\nx",
    lambda text: f"x\n{text}",
    lambda text: f"{text[:1]}\n{text[1:]}",
    lambda text: f"{text[:1]}\t{text[1:]}",
)


def around(test: Test, is_whole: bool) -> Iterator[Any]:
    """Values of a test's own field. is_whole: the field is an object that any part can be below."""
    yield from ODD
    if isinstance(test, Number | Boolean):
        text = str(test.value).lower()
        yield from (test.value, text, text.upper(), [test.value], float(test.value), f"{text}.0", f"0{text}")
    if isinstance(test, Text):
        yield from _around_text(test)
    if is_whole and isinstance(test, Text):
        yield from object_candidates(test.pattern)
        yield from ({"a": text_of(test), "b": None}, {"a": 1, text_of(test): {}})
        for text in _texts_around(text_of(test)):
            yield from ({"a": text}, {text: 1})
    if is_whole and isinstance(test, Regex):
        yield from _objects_around(test)


def _around_text(test: Text) -> Iterator[Any]:
    text = text_of(test)
    yield from _texts_around(text)
    yield from ([text], ["sigmaproof", text], [text, text], {"k": text}, [{"k": text}], [{"k": text}, {"k": "x"}])
    yield from _wild_texts(test)
    with suppress(ValueError, RecursionError):
        yield json.loads(text)
    yield from number_candidates(text)


def _texts_around(text: str) -> Iterator[str]:
    yield from (form(text) for form in FORMS)
    yield from (text.replace(part, other) for part, other in FOLDED.items() if part in text)
    if not text.isascii():
        yield fold(text)
        yield "".join(next((other for other in variants(char) if other != char), char) for char in text)


def _objects_around(test: Regex) -> Iterator[Any]:
    """Objects with a text that the expression is found in, and with that text in other forms."""
    for values in fitting(test, True):
        for example in values.values():
            if isinstance(example, str):
                yield from ({"a": text} for text in (example, *_texts_around(example)))


def _wild_texts(test: Text) -> Iterator[str]:
    """The pattern with other things for its wildcards."""
    if any(isinstance(part, Wild) for part in test.pattern):
        for star in ("x", "é", "\n", '"', "\\", "/", "*", " "):
            yield text_of(test, star)
            yield "".join(p if isinstance(p, str) else "" if p is Wild.ANY else star for p in test.pattern)


def sized(test: Test, example: str, size: int) -> Iterator[str]:
    """Texts with exactly that many characters and with one more and one less, on which the test is true if it can."""
    for length in (size - 1, size, size + 1):
        if isinstance(test, Text) and Wild.ANY in test.pattern:
            yield _filled(test, length)
        elif isinstance(test, Regex):
            yield example + "y" * max(0, length - len(example))
            yield "y" * max(0, length - len(example)) + example
            yield example[:1] * max(0, length - len(example)) + example
        else:
            yield "y" * length


def _filled(test: Text, length: int) -> str:
    """The pattern with its first `*` filled up to a length."""
    missing = max(0, length - len(text_of(test)))
    parts = []
    for part in test.pattern:
        filled = missing if part is Wild.ANY else 0
        missing -= filled
        parts.append(part if isinstance(part, str) else "y" * filled if part is Wild.ANY else "x")
    return "".join(parts)
