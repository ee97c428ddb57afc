"""Reads the dialect: what both RE2 and Python's `re` parse, with RE2's meaning (RE2's syntax page).

Both engines are asked first, so that the reader below only sees what they agree to be an expression; what it
does not know itself it refuses. Matching is in `matching`, spelling in `render`.
"""

from __future__ import annotations

import re
import string
import warnings
from functools import cache

from sigmaproof.regex.tree import (
    Anchor,
    Chars,
    Choice,
    Node,
    Ranges,
    Repeat,
    Sequence,
    chars,
    complement,
    fold_ranges,
)

__all__ = ["RegexError", "parse", "parse_spelled"]

MOST_REPEATS = 1000  # RE2's own limit
DEEPEST = 100
LONGEST = 20_000
LONGEST_SHOWN = 120

_CLASSES: dict[str, Ranges] = {
    "d": ((48, 57),),
    "s": ((9, 10), (12, 13), (32, 32)),
    "w": ((48, 57), (65, 90), (95, 95), (97, 122)),
}
_POSIX: dict[str, str] = {
    "alnum": string.ascii_letters + string.digits,
    "alpha": string.ascii_letters,
    "ascii": "".join(map(chr, range(128))),
    "blank": "\t ",
    "cntrl": "".join(map(chr, [*range(32), 127])),
    "digit": string.digits,
    "graph": "".join(map(chr, range(33, 127))),
    "lower": string.ascii_lowercase,
    "print": "".join(map(chr, range(32, 127))),
    "punct": string.punctuation,
    "space": "\t\n\v\f\r ",
    "upper": string.ascii_uppercase,
    "word": string.ascii_letters + string.digits + "_",
    "xdigit": string.hexdigits,
}
_CONTROLS = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_ANCHORS = {"A": Anchor.START, "b": Anchor.WORD, "B": Anchor.NOT_WORD}
_COUNT = re.compile(r"\{(\d+)(?:(,)(\d*))?\}")
_FLAGS = re.compile(r"\?([ims]*)(?:-([ims]+))?([:)])")
_NAME = re.compile(r"\?P<\w+>")


class RegexError(ValueError):
    """An expression outside the dialect; the message says which part, and what to write instead."""


@cache
def parse(source: str, flags: str = "") -> Node:
    """The tree of an expression. flags: a subset of `i`, `m`, `s`. Raises RegexError outside the dialect."""
    _ask_both_engines(source)
    reader = _Reader(source)
    tree = reader.choice(frozenset(flags), 0)
    if not reader.ended:
        raise RegexError(f"unbalanced parenthesis in {shown(source)}")
    return tree


def parse_spelled(source: str) -> Node:
    """The tree of an expression that we spelled for Lucene: the dialect without anchors, where `.` is any character."""
    return _Reader(source).choice(frozenset("s"), 0)


def _ask_both_engines(source: str) -> None:
    import re2

    if len(source) > LONGEST:
        raise RegexError(f"an expression of {len(source):,} characters: at most {LONGEST:,} are taken, split it")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # FutureWarning about sets: RE2's meaning is taken
            re.compile(source)
        re2.compile(source, quiet_options())
    except (re.error, re2.error, RecursionError, OverflowError, UnicodeError) as error:
        raise RegexError(
            f"{shown(source)} is not in the common dialect of RE2 and Python ({_words(error)}); look-around, "
            "back-references and \\p{…} can't run on every engine: write alternatives or a second condition"
        ) from None


def _words(error: Exception) -> str:
    detail = error.args[0] if error.args else type(error).__name__
    words = detail.decode(errors="replace") if isinstance(detail, bytes) else str(detail)
    return words if len(words) <= LONGEST_SHOWN else f"{words[:LONGEST_SHOWN]} …"


def shown(source: str) -> str:
    """An expression as a message shows it: in quotes, and shortened."""
    if len(source) <= LONGEST_SHOWN:
        return repr(source)
    return f"{source[:LONGEST_SHOWN]!r} … ({len(source):,} characters)"


@cache
def quiet_options() -> object:
    """RE2's options with its error log off, so that a bad expression is reported once, by us."""
    import re2

    options = re2.Options()
    options.log_errors = False
    return options


class _Reader:
    """One pass over the source. `flags` in force are passed down; a flag group changes them to its end."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0

    @property
    def ended(self) -> bool:
        return self.at >= len(self.source)

    def peek(self, text: str) -> bool:
        return self.source.startswith(text, self.at)

    def take(self, text: str) -> bool:
        if self.peek(text):
            self.at += len(text)
            return True
        return False

    def next(self) -> str:
        if self.ended:
            raise RegexError(f"{shown(self.source)} ends too early")
        self.at += 1
        return self.source[self.at - 1]

    def choice(self, flags: frozenset[str], depth: int) -> Node:
        if depth > DEEPEST:
            raise RegexError(f"groups nested deeper than {DEEPEST}")
        branches: list[Node] = []
        while True:
            branch, flags = self.sequence(flags, depth)
            branches.append(branch)
            if not self.take("|"):
                return branches[0] if len(branches) == 1 else Choice(tuple(branches))

    def sequence(self, flags: frozenset[str], depth: int) -> tuple[Node, frozenset[str]]:
        parts: list[Node] = []
        while not self.ended and not self.peek("|") and not self.peek(")"):
            part, flags = self.atom(flags, depth)
            if part is not None:
                parts.append(self.repeated(part))
        return (parts[0] if len(parts) == 1 else Sequence(tuple(parts))), flags

    def repeated(self, part: Node) -> Node:
        while (count := self.count()) is not None:
            if isinstance(part, Anchor):
                raise RegexError(f"a repeated anchor in {shown(self.source)}: leave the repetition out")
            self.take("?")  # lazy or not finds the same records
            part = Repeat(part, *count)
        return part

    def count(self) -> tuple[int, int | None] | None:
        for sign, count in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self.take(sign):
                return count
        match = _COUNT.match(self.source, self.at)
        if match is None:
            return None
        self.at = match.end()
        least = int(match[1])
        most = least if match[2] is None else int(match[3]) if match[3] else None
        if max(least, most or 0) > MOST_REPEATS:
            raise RegexError(f"a repetition of more than {MOST_REPEATS}")
        return least, most

    def atom(self, flags: frozenset[str], depth: int) -> tuple[Node | None, frozenset[str]]:
        char = self.next()
        if char == "(":
            return self.group(flags, depth)
        if char == "[":
            return self.set(flags), flags
        if char == "\\":
            return self.escape(flags), flags
        if char == ".":
            return Chars(((0, 0x10FFFF),) if "s" in flags else complement(((10, 10),))), flags
        if char == "^":
            return (Anchor.LINE_START if "m" in flags else Anchor.START), flags
        if char == "$":
            return (Anchor.LINE_END if "m" in flags else Anchor.END), flags
        return _literal(char, flags), flags

    def group(self, flags: frozenset[str], depth: int) -> tuple[Node | None, frozenset[str]]:
        inner = flags
        if named := _NAME.match(self.source, self.at):
            self.at = named.end()
        elif match := _FLAGS.match(self.source, self.at):
            self.at = match.end()
            inner = (flags | set(match[1])) - set(match[2] or "")
            if match[3] == ")":
                return None, inner
        elif self.peek("?"):
            raise RegexError(f"the group at {self.source[self.at : self.at + 10]!r} is not in the dialect")
        tree = self.choice(inner, depth + 1)
        if not self.take(")"):
            raise RegexError(f"a group in {shown(self.source)} is not closed")
        return tree, flags

    def escape(self, flags: frozenset[str]) -> Node:
        char = self.next()
        if char in _ANCHORS:
            return _ANCHORS[char]
        ranges = self.escaped_set(char)
        return Chars(ranges) if ranges else _literal(self.escaped_char(char), flags)

    def escaped_set(self, char: str) -> Ranges | None:
        ranges = _CLASSES.get(char.lower())
        return complement(ranges) if ranges and char.isupper() else ranges

    def escaped_char(self, char: str) -> str:
        if char in _CONTROLS:
            return _CONTROLS[char]
        if char == "x":
            digits = self.next() + self.next()
            return chr(int(digits, 16))
        if char.isascii() and not char.isalnum():
            return char
        raise RegexError(f"the escape \\{char} is not in the dialect; write the character itself")

    def set(self, flags: frozenset[str]) -> Node:
        negated = self.take("^")
        ranges: list[tuple[int, int]] = []
        first = True
        while first or not self.take("]"):
            ranges.extend(self.set_item())
            first = False
        whole = chars(ranges)
        folded = fold_ranges(whole) if "i" in flags else whole
        return Chars(complement(folded) if negated else folded)

    def set_item(self) -> Ranges:
        if self.peek("[:") and (end := self.source.find(":]", self.at)) > 0:
            name = self.source[self.at + 2 : end]
            self.at = end + 2
            return _posix(name)
        char = self.next()
        if char == "\\":
            char = self.next()
            if ranges := self.escaped_set(char):
                return ranges
            char = self.escaped_char(char)
        return ((ord(char), ord(self.range_end() or char)),)

    def range_end(self) -> str | None:
        if not self.peek("-") or self.source.startswith("-]", self.at):
            return None
        self.at += 1
        char = self.next()
        return self.escaped_char(self.next()) if char == "\\" else char


def _posix(name: str) -> Ranges:
    members = _POSIX.get(name.removeprefix("^"))
    if members is None:
        raise RegexError(f"[:{name}:] is not a known class")
    ranges = chars((ord(char), ord(char)) for char in members)
    return complement(ranges) if name.startswith("^") else ranges


def _literal(char: str, flags: frozenset[str]) -> Node:
    single = ((ord(char), ord(char)),)
    return Chars(fold_ranges(single) if "i" in flags else single)
