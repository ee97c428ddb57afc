r"""Lucene's query_string syntax as people write it: tokens and clauses, each with the text that it came from.

The tokens are those of Lucene's QueryParser.jj, of which the longest one wins, at equal length the first: so `a&&b` is
one word, `a && b` are two with an operator. That is why this is no grammar of lark, whose lexers choose otherwise. The
default operator is OR. What a clause matches is the engine's business; `luceneside` cuts the query and finds fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["Clauses", "QueryStringError", "Term", "parse", "unescaped"]

DEEPEST = 100
_START = r"(?:[^ \t\n\r\u3000+\-!():^\[\]\"{}~*?\\/]|\\[\s\S])"
_CHAR = rf"(?:{_START}|[+\-])"
_TOKENS = {
    "AND": r"AND|&&",
    "OR": r"OR|\|\|",
    "NOT": r"NOT|!",
    "PLUS": r"\+",
    "MINUS": r"-",
    "BARE": r"[+\-!][ \t\n\r\u3000]",
    "(": r"\(",
    ")": r"\)",
    "COLON": r":",
    "STAR": r"\*",
    "BOOST": r"\^[0-9]+(?:\.[0-9]+)?",
    "QUOTED": r'"(?:[^"\\]|\\[\s\S])*"',
    "TERM": rf"{_START}{_CHAR}*",
    "FUZZY": rf"~{_CHAR}*(?:\.[0-9]+)?",
    "PREFIX": rf"{_START}{_CHAR}*\*",
    "WILD": rf"(?:{_START}|[*?])(?:{_CHAR}|[*?])*",
    "REGEXP": r"/(?:[^/\\]|\\[\s\S])*/",
    "RANGE": r"[\[{][ \t\n\r\u3000]*(?P<low>\"(?:[^\"\\]|\\[\s\S])+\"|[^ \]}]+)[ \t\n\r\u3000]+TO[ \t\n\r\u3000]+"
    r"(?P<high>\"(?:[^\"\\]|\\[\s\S])+\"|[^ \]}]+)[ \t\n\r\u3000]*[\]}]",
}
_COMPILED = {kind: re.compile(source) for kind, source in _TOKENS.items()}
_BLANK = re.compile(r"[ \t\n\r\u3000]+")
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|([\s\S]))")
_VALUES = ("STAR", "QUOTED", "TERM", "PREFIX", "WILD", "REGEXP", "BARE")
_NO_WORD_BEFORE = ("COLON", "STAR", "FUZZY", "BOOST", "AND", "OR")
_HINTS = {
    '"': 'a quoted text must end: write \\" for a quote inside it',
    "/": "an expression must end with a slash; in a word write \\/, or put the word into quotes",
    "\\": "a backslash takes the next character, and there is none",
    "[": "a range is written [low TO high]",
    "{": "a range is written {low TO high}",
    ":": "a colon inside a value is written \\:, or the value in quotes",
    "^": "a caret in a word is written \\^; a boost is ^ and a number",
    ")": "there is no ( for it, or nothing in it",
}


class QueryStringError(ValueError):
    """A text that is no query_string. offset: where, in characters. help: what to write instead."""

    def __init__(self, message: str, offset: int, help: str = "") -> None:
        super().__init__(message)
        self.offset = offset
        self.help = help


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int


@dataclass(frozen=True, slots=True)
class Term:
    """One value, asked of a field. field: as written, None without. kind: of the token, or `range`. value: as
    written, without what follows it (`~2`, `^3`). text: the value with what follows it, for a query of its own."""

    field: str | None
    kind: str
    value: str
    text: str
    start: int


@dataclass(frozen=True, slots=True)
class Clauses:
    """A group. must, should, must_not: its clauses as Lucene sorts them."""

    must: tuple[Clause, ...]
    should: tuple[Clause, ...]
    must_not: tuple[Clause, ...]


Clause: TypeAlias = "Term | Clauses"


def unescaped(text: str) -> str:
    r"""As Lucene's discardEscapeChar: `\uXXXX` is that UTF-16 unit, any other escaped character is itself."""
    found = _ESCAPE.sub(lambda escape: chr(int(escape[1], 16)) if escape[1] else str(escape[2]), text)
    return found.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def parse(text: str) -> Clauses:
    """The clauses of a query; of an empty one, none. Raises QueryStringError for what Lucene's parser refuses."""
    tokens = list(_tokens(text))
    if not tokens:
        return Clauses((), (), ())
    reader = _Reader(text, tokens)
    found = reader.clauses(None, 1)
    reader.end()
    return found


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while at < len(text):
        blank = _BLANK.match(text, at)
        if blank:
            at = blank.end()
            continue
        found = [(kind, match.end()) for kind, token in _COMPILED.items() if (match := token.match(text, at))]
        if not found:
            raise QueryStringError(f"unexpected {text[at]!r}", at, _HINTS.get(text[at], ""))
        kind, end = max(found, key=lambda one: one[1])  # of several, max takes the first
        yield _Token(kind, text[at:end], at)
        at = end


class _Reader:
    def __init__(self, text: str, tokens: list[_Token]) -> None:
        self.text, self.tokens, self.at = text, tokens, 0

    def kind(self, ahead: int = 0) -> str:
        return self.tokens[self.at + ahead].kind if self.at + ahead < len(self.tokens) else "end"

    def next(self) -> _Token:
        self.at += 1
        return self.tokens[self.at - 1]

    def end(self) -> None:
        if self.kind() != "end":
            raise self.unexpected()

    def unexpected(self) -> QueryStringError:
        if self.kind() == "end":
            return QueryStringError("the query ends too early", len(self.text), "finish it, or take the last word away")
        token = self.tokens[self.at]
        hint = _HINTS.get(token.text[0], f'as a word write it in quotes: "{token.text[:40]}"')
        return QueryStringError(f"unexpected {token.text[:40]!r}", token.start, hint)

    def clauses(self, field: str | None, depth: int) -> Clauses:
        """Lucene's addClause: AND makes the clause before it required too, OR and nothing make none required."""
        if depth > DEEPEST:
            start = self.tokens[min(self.at, len(self.tokens) - 1)].start
            raise QueryStringError(f"nested deeper than {DEEPEST} levels", start, "write less deeply")
        found: list[tuple[str, Clause]] = []
        while self.kind() not in ("end", ")") or not found:
            if (words := self.words(field)) is not None:
                found.append(("should", words))
                continue
            joined = self.next().kind if found and self.kind() in ("AND", "OR") else ""
            sign = self.next().kind if self.kind() in ("PLUS", "MINUS", "NOT") else ""
            clause = self.clause(field, depth)
            if joined == "AND" and found[-1][0] == "should":
                found[-1] = ("must", found[-1][1])
            how = "must_not" if sign in ("MINUS", "NOT") else "must" if sign == "PLUS" or joined == "AND" else "should"
            found.append((how, clause))
        must, should, must_not = (
            tuple(clause for how, clause in found if how == wanted) for wanted in ("must", "should", "must_not")
        )
        return Clauses(must, should, must_not)

    def words(self, field: str | None) -> Term | None:
        """Words side by side are one value (query_string does not split at blanks): of a keyword the
        whole of them. The last one must not belong to what follows it."""
        count = 0
        while self.kind(count) == "TERM" and (count == 0 or self.kind(count + 1) not in _NO_WORD_BEFORE):
            count += 1
        if count < 2:
            return None
        first, *_, last = (self.next() for _ in range(count))
        text = self.text[first.start : last.start + len(last.text)]
        value = " ".join(_BLANK.split(text))
        return Term(field, "words", value, f"({text})" if field else text, first.start)

    def clause(self, field: str | None, depth: int) -> Clause:
        if self.kind() in ("TERM", "STAR") and self.kind(1) == "COLON":
            field = self.next().text
            self.next()
        if self.kind() != "(":
            return self.term(field)
        self.next()
        inner = self.clauses(field, depth + 1)
        if self.kind() != ")":
            raise self.unexpected()
        self.next()
        if self.kind() == "BOOST":
            self.next()
        return inner

    def term(self, field: str | None) -> Term:
        if self.kind() not in (*_VALUES, "RANGE"):
            raise self.unexpected()
        first = self.next()
        last = first
        allowed = {"BOOST"} if first.kind == "RANGE" else {"BOOST", "FUZZY"}
        while self.kind() in allowed:
            last = self.next()
            allowed.remove(last.kind)
        text = self.text[first.start : last.start + len(last.text)]
        return Term(field, first.kind.lower(), first.text, text, first.start)
