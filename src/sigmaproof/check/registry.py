"""Every code that the product can give: its layer, its level, and what finds it. The table is the registry.

The page of a code is the docstring of its module, `LAYER/CODE.py` with `_` for `-`. What is found by loading has a
page and no function there; codes of the commands that read other things than rules stand in `others`.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, TypeAlias

from sigmaproof.diagnostics import Place

__all__ = [
    "FIXED",
    "LAYERS",
    "MILDER",
    "Entry",
    "Found",
    "UnknownCodeError",
    "chosen",
    "entries",
    "entry",
    "fault_of",
]

# layer, code, level, on. on: what its function is given: `text` a file, `document` one of its documents, `rule` a
# loaded rule, `set` all rules together; `loading`: loading finds it; `ignoring`: comments that silence findings.
_TABLE = """
form       file-unreadable     error    loading
form       yaml-encoding       error    loading
form       yaml-too-large      error    loading
form       yaml-syntax         error    loading
form       yaml-too-deep       error    loading
form       yaml-alias-bomb     error    loading
form       yaml-tag            error    loading
form       yaml-key            error    loading
form       yaml-merge-key      error    loading
form       yaml-scalar         error    loading
form       yaml-duplicate-key  error    loading
form       yaml-surprise       warning  loading
form       yaml-bom            note     text
form       yaml-line-end       note     text
form       yaml-tab            note     text
form       yaml-alias          note     text
form       yaml-documents      note     text
form       rule-empty          error    loading
form       rule-form           error    loading
form       rule-unsupported    note     loading
form       rule-schema         warning  document
form       rule-value          error    loading
form       rule-regex          error    loading
form       rule-condition      error    loading
form       rule-timeframe      warning  loading
form       rule-too-large      error    loading
form       rule-invalid        error    loading
form       filter-form         error    loading
form       filter-too-many     error    loading
form       filter-unused       warning  loading
form       filter-keeps        warning  loading
form       ignore-unknown      warning  ignoring
form       ignore-unused       note     ignoring
convention metadata-missing    note     document
convention id-missing          note     document
convention id-duplicate        warning  set
convention title-form          note     document
convention date-order          warning  document
convention tag-unknown         warning  document
convention tag-retired         note     document
convention reference-form      note     document
convention falsepositive-form  note     document
convention file-name           note     text
convention logsource-case      warning  document
convention rule-logsource      warning  rule
convention value-wildcards     note     rule
convention pysigma             note     rule
meaning    field-unknown       warning  rule
meaning    field-dropped       note     rule
meaning    field-parameter     note     rule
meaning    event-name-unknown  note     rule
meaning    event-source-unknown  note   rule
meaning    selection-unused    warning  rule
meaning    condition-precedence note    document
meaning    rule-contradictory  error    rule
meaning    rule-always-true    error    rule
meaning    rule-unwritten      warning  rule
meaning    field-conflict      error    rule
meaning    test-constant       note     rule
meaning    value-unwritten     warning  rule
meaning    value-empty         warning  text
meaning    value-everything    warning  rule
meaning    value-redundant     note     rule
meaning    value-quotes        warning  rule
meaning    value-injection     warning  rule
meaning    object-text         note     rule
meaning    not-missing         note     rule
meaning    regex-backtracks    warning  rule
meaning    check-limited       note     rule
targets    target-refused      warning  rule
targets    target-approximate  note     rule
"""
LAYERS = {
    "form": "Is it a Sigma rule, written so that every reader of YAML reads the same?",
    "convention": "Is it written as people who share rules agreed on?",
    "meaning": "Can it match, can it be quiet, and does each part of it do something?",
    "targets": "What does the target of `-t` say otherwise than the rule?",
    "input": "What other commands and options can't read.",
}
FIXED = ("yaml-bom", "yaml-line-end", "id-missing", "rule-schema", "tag-unknown", "title-form", "value-wildcards")
"""Codes of which `--fix` repairs what can be repaired without changing what a rule means."""
MILDER = frozenset({"rule-unsupported"})
"""Codes that are errors in commands which need the rule, and that `check` gives on the level of the table."""


@dataclass(frozen=True, slots=True)
class Found:
    """One finding of a check. level, code: others than those of the entry, for the few checks that have several."""

    place: Place
    message: str
    help: str = ""
    level: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One code. module: where its page, and its function `check` if it has one, are."""

    code: str
    layer: str
    level: str
    on: str

    @property
    def module(self) -> str:
        """The name of its module."""
        return f"sigmaproof.check.{self.layer}.{self.code.replace('-', '_')}"

    @property
    def run(self) -> Callable[..., Iterator[Found]]:
        """Its function, from a subject to what it finds."""
        function: Callable[..., Iterator[Found]] = import_module(self.module).check
        return function

    @property
    def is_silenceable(self) -> bool:
        """Whether it can be ignored: not where a rule is lost by it, which is never done silently."""
        return not (self.level == "error" and self.on == "loading") and self.layer != "input"


Entries: TypeAlias = dict[str, Entry]


class UnknownCodeError(LookupError):
    """A code, a prefix of codes or a layer that there is not; the message says what is meant."""


@cache
def entries() -> Entries:
    """Every code, in the order of the layers."""
    from sigmaproof.check.others import OTHERS

    rows = [line.split() for line in _TABLE.split("\n") if line]
    found = {code: Entry(code, layer, level, on) for layer, code, level, on in rows}
    return {**found, **{code: Entry(code, "input", other.level, "loading") for code, other in OTHERS.items()}}


def entry(code: str) -> Entry:
    """The entry of a code; all of pySigma's validators share one. Raises UnknownCodeError."""
    known = entries()
    if code in known:
        return known[code]
    if code.startswith("pysigma-"):
        return known["pysigma"]
    raise UnknownCodeError(f"there is no code {code!r}{_meant(code, known)}")


def _meant(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else "; `sigmaproof check --explain codes` lists them"


def chosen(words: Iterable[str]) -> Callable[[str], bool]:
    """A test whether a code is named by these words: codes, beginnings of codes (`yaml`), and layers.

    Raises UnknownCodeError for a word that names nothing.
    """
    words = tuple(words)
    for word in words:
        if not any(_names(word, one) for one in entries().values()):
            _check_validator(word)
    return lambda code: any(_names(word, entry(code), code) for word in words)


def _check_validator(word: str) -> None:
    """Raises UnknownCodeError for a word that names none of pySigma's validators either."""
    from sigmaproof.check.convention.pysigma import codes, may_have

    known = codes() if word.startswith("pysigma-") else frozenset()
    if not any(code == word or code.startswith(f"{word}-") for code in known) and not may_have(word):
        raise UnknownCodeError(f"there is no code or layer {word!r}{_meant(word, [*LAYERS, *entries(), *known])}")


def fault_of(word: str, ignoring: bool) -> tuple[str, str] | None:
    """Why a word chooses nothing, and what to do; None when it chooses something. ignoring: findings to leave out."""
    try:
        chosen((word,))
    except UnknownCodeError as error:
        return str(error), "correct it, or leave it out"
    named = [one for one in entries().values() if _names(word, one)] or [entry(word)]
    if all(one.layer == "input" for one in named):
        return f"{word}: no finding of a rule has this code", "leave it out"
    if ignoring and not any(one.is_silenceable for one in named):
        return f"{word} can't be silenced: the rule is lost by it", "repair the rule"
    return None


def _names(word: str, one: Entry, code: str = "") -> bool:
    code = code or one.code
    return word in {one.layer, code, "all"} or code.startswith(f"{word}-")


def of_kind(kind: Any) -> list[Entry]:
    """The codes whose functions are given this: `text`, `document`, `rule` or `set`."""
    return [one for one in entries().values() if one.on == kind]
