"""The dialect of expressions: the tree means what the source means to RE2, and Lucene's spelling means the same."""

from __future__ import annotations

import re

import pytest
import re2
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pace import within

from sigmaproof.folding import fold
from sigmaproof.regex import Node, RegexError, longest_match, lucene_regex, parse, re2_source, searcher
from sigmaproof.regex.parser import quiet_options

# Without characters whose folding RE2's own flag takes further than Sigma's (K, ſ and their kin).
ALPHABET = "abAB1_ -.\n\té\u00c9x"
ANCHORS = ["^", "$", r"\b", r"\B", r"\A"]
LITERALS = ["a", "b", "B", "1", "_", "é", "É", r"\.", r"\-", r"\n", r"\t", r"\x61", "-", " ", ","]
SETS = [".", r"\d", r"\w", r"\s", r"\D", r"\W", r"\S", "[ab]", "[^a]", "[a-c1]", r"[^\s]", r"[\w-]", "[[:alpha:]]",
        "[[:^digit:]_]", r"[^\na]", "[é-ü]", "[]a]", "[^]a]", r"[a\-z]", "[A-Z]", r"[\D]", "[.]", "[-a]"]  # fmt: skip
COUNTS = ["*", "+", "?", "{2}", "{1,3}", "{0,}", "{0}", "*?", "+?", "??", "{1,2}?"]
OPENINGS = ["(", "(?:", "(?i:", "(?s:", "(?m:", "(?-s:", "(?im:", "(?P<name>"]


def grouped(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    opening = st.sampled_from(OPENINGS[:-1])
    return st.builds(lambda start, body: f"{start}{body})", opening, inner)


def sequences(atoms: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    counted = st.builds(lambda atom, count: atom + count, atoms, st.sampled_from(["", "", *COUNTS]))
    part = st.one_of(counted, counted, st.sampled_from(ANCHORS))
    sequence = st.lists(part, max_size=4).map("".join)
    return st.lists(sequence, min_size=1, max_size=3).map("|".join)


ATOMS = st.one_of(st.sampled_from(LITERALS), st.sampled_from(SETS))
EXPRESSIONS = st.recursive(sequences(ATOMS), lambda inner: sequences(st.one_of(ATOMS, grouped(inner))), max_leaves=4)
FLAGS = st.sets(st.sampled_from("ims")).map(lambda chosen: "".join(sorted(chosen)))
SUBJECTS = st.lists(st.text(ALPHABET, max_size=8), min_size=5, max_size=25)


def original(source: str, flags: str) -> re.Pattern[str]:
    """What RE2 itself makes of the source."""
    compiled: re.Pattern[str] = re2.compile(f"(?{flags}){source}" if flags else source, quiet_options())
    return compiled


def lucene_model(spelled: str) -> re.Pattern[str]:
    """Lucene's expression as one of Python: `.` is any character, the whole value must match, operators are bare.

    Fails on a bare character that is an operator with some of Lucene's flags.
    """
    out: list[str] = []
    inside = False
    chars = iter(spelled)
    for char in chars:
        if char == "\\":
            out.append(re.escape(next(chars)))
        elif inside:
            inside = char != "]"
            out.append(r"\[" if char == "[" else char)
        else:
            assert char not in '#@&<>~"^$/', spelled
            inside = char == "["
            out.append(char)
    return re.compile("".join(out), re.DOTALL)


def parsed(source: str, flags: str) -> Node:
    """The tree; a case where an anchor is repeated, which is refused, is passed over."""
    try:
        return parse(source, flags)
    except RegexError as refusal:
        assume("repeated anchor" not in str(refusal))
        raise


@settings(max_examples=500, deadline=None)
@given(EXPRESSIONS, FLAGS, SUBJECTS)
def test_the_tree_means_what_the_source_means(source: str, flags: str, subjects: list[str]) -> None:
    tree = parsed(source, flags)
    wanted, ours = original(source, flags), searcher(source, flags)
    for subject in subjects:
        assert ours(subject) == (wanted.search(subject) is not None), (re2_source(tree), subject)


@settings(max_examples=500, deadline=None)
@given(EXPRESSIONS, FLAGS, SUBJECTS)
def test_lucene_finds_the_same_values(source: str, flags: str, subjects: list[str]) -> None:
    tree = parsed(source, flags)
    try:
        spelled = lucene_regex(tree)
    except RegexError as refusal:
        assert re.search("anchor|without characters|branches", str(refusal))  # noqa: PT017 - only these are refused
        return
    model, wanted = lucene_model(spelled), original(source, flags)
    for subject in subjects:
        assert (model.fullmatch(subject) is not None) == (wanted.search(subject) is not None), (spelled, subject)


@settings(max_examples=300, deadline=None)
@given(EXPRESSIONS, FLAGS, SUBJECTS)
def test_no_value_longer_than_the_longest_match_is_found(source: str, flags: str, subjects: list[str]) -> None:
    longest, search = longest_match(parsed(source, flags)), searcher(source, flags)
    assert all(longest is None or len(subject) <= longest for subject in subjects if search(subject))


@given(st.text("kKsSaéÉßẞſ\u212aİıiΣςσ", min_size=1, max_size=5), st.text("kKsSaéÉßẞſ\u212aİıiΣςσ", max_size=5))
def test_ignoring_case_folds_as_a_text_does(literal: str, other: str) -> None:
    """`|i` never joins ASCII with other letters, as RE2's own flag does for the Kelvin sign."""
    search = searcher(f"^{literal}$", "i")
    assert search(literal)
    assert search(literal.swapcase()) == (fold(literal.swapcase()) == fold(literal))
    assert search(other) == (fold(other) == fold(literal))


@pytest.mark.parametrize(
    ("source", "subject", "found"),
    [
        ("k", "K", True), ("k", "\u212a", False), ("[^k]", "\u212a", True), ("[^k]", "K", False), ("[j-l]", "K", True),
        ("(?-i:a)b", "Ab", False), ("(?-i:a)b", "aB", True), ("[à-é]", "É", True), (r"[\w]", "\u212a", False),
    ],
)  # fmt: skip
def test_ignoring_case_in_sets_and_groups(source: str, subject: str, found: bool) -> None:
    assert searcher(source, "i")(subject) is found


@pytest.mark.parametrize(
    ("source", "flags", "subject", "found"),
    [
        ("a.b", "", "a\nb", False),
        ("a.b", "s", "a\nb", True),
        ("^b", "", "a\nb", False),
        ("^b", "m", "a\nb", True),
        ("a$", "", "a\n", False),  # the very end, not Python's end before a newline
        ("a$", "m", "a\nb", True),
        (r"\d", "", "٣", False),
        (r"\w", "", "é", False),
        (r"\s", "", "\u00a0", False),
        (r"\s", "", "\v", False),  # RE2's \s, unlike Perl's of today
        ("[[:space:]]", "", "\v", True),
        ("a{,2}", "", "a{,2}", True),  # RE2: no count, but text
        ("", "", "", True),
        (r"[^\s\S]", "", "a", False),
        (r"x*[^\s\S]?", "", "", True),
    ],
)
def test_re2_is_the_judge(source: str, flags: str, subject: str, found: bool) -> None:
    assert searcher(source, flags)(subject) is found


@pytest.mark.parametrize(
    "source",
    ["(?=a)", "(?!a)", "(?<=a)", "(?<!a)", r"(a)\1", r"(?P<n>a)(?P=n)", r"\p{L}", r"\pL", "(?>a)", "a++", "(?#c)",
     r"\Z", r"\z", r"\C", r"\Qa\E", r"\x{41}", r"\u0041", r"\0", r"\07", "(?x)a", "(?U)a", "a(?i)b", "(a", "a)", "[a",
     "a**", "a{2}{3}", "a{5,2}", "a{1001}", "^*", r"\b+", "[z-a]", r"[\w-z]", "[[:nosuch:]]", "(?<n>a)", "*a", "\\",
     "(?(1)a|b)", "(" * 101 + ")" * 101, "\ud800"],
)  # fmt: skip
def test_outside_of_the_dialect(source: str) -> None:
    with pytest.raises(RegexError) as raised:
        parse(source)
    assert len(str(raised.value)) < 600


def test_a_choice_without_anchors_may_have_many_branches() -> None:
    words = [f"word{number}" for number in range(100)]
    assert lucene_regex(parse(f"^({'|'.join(words)})$")) == f"({'|'.join(words)})"
    model = lucene_model(lucene_regex(parse("|".join(words))))
    assert model.fullmatch("a word99 b")
    with pytest.raises(RegexError, match="branches"):
        lucene_regex(parse("(^a|b$)" * 8))


def test_nothing_explodes() -> None:
    assert within(2, repeated_letters)


def repeated_letters() -> None:
    for source in ("(a*)*b", "(a|aa)+$", "(.*)*x", "(a{0,30}){0,30}" * 3, "(x+x+)+y"):
        assert not searcher(source)("a" * 50_000 + "!") or "{0" in source
