"""Comments that silence findings: `# sigmaproof: ignore[CODE]` on a line, `# sigmaproof: ignore-file[CODE]` for a file.

A comment alone on its line is for the next line that has something else. One that names what there is not, and one
that silences nothing, are findings themselves. Only comments count: the same words in a value are a value.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

import yaml

from sigmaproof.check.registry import UnknownCodeError, chosen, entry, fault_of
from sigmaproof.diagnostics import Diagnostic, Place

__all__ = ["Comments", "comments_of"]

# Wider than what counts, so that a slip of the pen is told of; the bounds keep a hostile text from costing time.
_COMMENT = re.compile(
    r"(?:^|(?<=\s))#[ \t]*(?P<words>sigmaproof[ \t]{0,9}:?[ \t]{0,9}(?P<verb>[a-z-]{1,30}))"
    r"[ \t]{0,9}(?P<list>\[(?P<codes>[^\]\n]*)\])?",
    re.IGNORECASE,
)
MOST_LETTERS = 5  # of `ignore` that a slip of the pen has
_RIGHT = re.compile(r"sigmaproof:[ \t]*(ignore|ignore-file)")
_MARK = re.compile("sigmaproof", re.IGNORECASE)
MOST_COMMENTS, MOST_WORDS, MOST_TOLD = 200, 20, 50
"""Comments of a file, and codes of a comment, that are looked at: those beyond silence nothing. Findings about them."""


@dataclass(frozen=True, slots=True)
class _Comment:
    """One comment. line: of the findings that it silences, 0 for all of the file. slip: what is written wrongly."""

    place: Place
    line: int
    words: tuple[str, ...]
    slip: str = ""

    def silences(self, finding: Diagnostic, word: str) -> bool:
        if self.line and finding.place.line != self.line:
            return False
        return entry(finding.code).is_silenceable and _named(word)(finding.code)


@dataclass(frozen=True, slots=True)
class Comments:
    """The comments of a file."""

    found: Sequence[_Comment]

    def left(
        self, findings: Sequence[Diagnostic], wants: Callable[[str], bool], targets: Sequence[str]
    ) -> list[Diagnostic]:
        """The findings without those that are silenced, with what is wrong with the comments themselves."""
        known = {comment: [word for word in comment.words if _fault(word) is None] for comment in self.found}
        silenced: set[Diagnostic] = set()
        own = [one for comment in self.found for one in _faults(comment)]
        for comment, words in known.items():
            for word in words:
                hit = {finding for finding in findings if comment.silences(finding, word)}
                silenced |= hit
                if not hit and _counts(word, wants, targets):
                    message = f"no {word} is found here"
                    own.append(Diagnostic("ignore-unused", "note", comment.place, message, "leave the comment out"))
        kept = [finding for finding in findings if finding not in silenced]
        return [*kept, *[finding for finding in own if wants(finding.code)][:MOST_TOLD]]


@lru_cache(maxsize=1_000)
def _named(word: str) -> Callable[[str], bool]:
    return chosen((word,))


def _counts(word: str, wants: Callable[[str], bool], targets: Sequence[str]) -> bool:
    """Whether this run looked for what the word names."""
    try:
        one = entry(word)
    except UnknownCodeError:
        return False  # a layer or the beginning of codes: some of them may be looked for elsewhere
    return wants(one.code) and not word.startswith("pysigma") and (one.layer != "targets" or bool(targets))


def _faults(comment: _Comment) -> Iterator[Diagnostic]:
    if comment.slip:
        message = f"`# {comment.slip}` silences nothing: it is not the comment that does"
        yield Diagnostic("ignore-unknown", "warning", comment.place, message, "write `# sigmaproof: ignore[CODE]`")
        return
    if not comment.words:
        message = "names no code: nothing is silenced"
        yield Diagnostic("ignore-unknown", "warning", comment.place, message, "write ignore[CODE]")
    for word in comment.words:
        if fault := _fault(word):
            yield Diagnostic("ignore-unknown", "warning", comment.place, *fault)


def _fault(word: str) -> tuple[str, str] | None:
    """What is wrong with a word, and what to do."""
    return fault_of(word, ignoring=True)


def comments_of(text: str, file: str) -> Comments | None:
    """The comments of a file; None when it has none."""
    if not _MARK.search(text):
        return None
    spans = list(_scalars(text))
    starts = [start for start, _ in spans]
    matches = (
        match for match in _COMMENT.finditer(text) if _is_meant(match) and not _is_inside(match.start(), starts, spans)
    )
    following = _following(text.split("\n"))
    found = [_comment(text, match, file, following) for match in islice(matches, MOST_COMMENTS)]
    return Comments(found) if found else None


def _is_meant(match: re.Match[str]) -> bool:
    """Whether a comment is to silence something; others may say what they like about sigmaproof."""
    verb = match["verb"].lower()
    return bool(match["list"]) or (verb[0] == "i" and len(set(verb) & set("ignore")) >= MOST_LETTERS)


def _is_inside(at: int, starts: Sequence[int], spans: Sequence[tuple[int, int]]) -> bool:
    before = bisect_right(starts, at) - 1
    return before >= 0 and at < spans[before][1]


def _comment(text: str, match: re.Match[str], file: str, following: Sequence[int]) -> _Comment:
    line = text.count("\n", 0, match.start()) + 1
    begin = text.rfind("\n", 0, match.start()) + 1
    place = Place(file, line, match.start() - begin + 1)
    if not _RIGHT.fullmatch(match["words"]):
        return _Comment(place, 0, (), match["words"])
    words = tuple(word.strip() for word in (match["codes"] or "").split(",")[:MOST_WORDS] if word.strip())
    if match["verb"] == "ignore-file":
        return _Comment(place, 0, words)
    alone = not text[begin : match.start()].strip()
    return _Comment(place, following[line] if alone else line, words)


def _following(lines: Sequence[str]) -> list[int]:
    """By the number of lines before: the number of the next line that holds more than a comment."""
    found = [len(lines) + 1]
    for number in range(len(lines), 0, -1):
        line = lines[number - 1].strip()
        found.append(number if line and not line.startswith("#") else found[-1])
    return found[::-1]


def _scalars(text: str) -> Iterator[tuple[int, int]]:
    """Where values are quoted or folded: a `#` in them begins no comment."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        for token in yaml.scan(text, Loader=loader):
            if isinstance(token, yaml.ScalarToken) and token.start_mark is not None and token.end_mark is not None:
                yield token.start_mark.index, token.end_mark.index
    except yaml.YAMLError:
        return
