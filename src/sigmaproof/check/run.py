"""Runs the checks over files, in several processes when there are many, and puts together what they find.

A file is checked by itself; what concerns several (one id twice, a filter that applies to nothing) is found from the
cards of all rules, and comments silence findings last. What a check is, is in `registry`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from sigmaproof.check.ignoring import Comments, comments_of
from sigmaproof.check.parts import Part, parts_of
from sigmaproof.check.registry import MILDER, Entry, Found, chosen, entry, of_kind
from sigmaproof.check.subjects import Card, RuleSubject, TextSubject
from sigmaproof.diagnostics import STDIN, Diagnostic, InputError
from sigmaproof.filters import Filter, filter_warnings
from sigmaproof.processes import shared_out
from sigmaproof.rules import Rule, load_text, read_file
from sigmaproof.safeyaml import MOST_BYTES, Document, documents

__all__ = ["Checked", "Options", "check_content", "check_files", "check_rule"]

MOST_ALONE = 60
"""Files that are checked in this process; another one takes a second to start."""
MOST_TOLD = 50
"""Findings of one code about one subject that are listed."""
CHUNK = 20  # files that a process is given at a time
_FILTER = re.compile(rb"^(\xef\xbb\xbf)?[\"']?filter[\"']?[ \t]*:", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Options:
    """What to look for. select, ignore: codes, beginnings of codes and layers."""

    select: tuple[str, ...] = ("all",)
    ignore: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()

    def wants(self) -> Callable[[str], bool]:
        """A test whether findings of a code are to be given. Raises UnknownCodeError."""
        named, left_out = chosen(self.select), chosen(self.ignore)
        return lambda code: named(code) and not left_out(code)

    def runs(self) -> Callable[[str], bool]:
        """A test whether a check is to be run; that of pySigma's validators has a code for each of them."""
        wants, one_validator = self.wants(), any(word.startswith("pysigma-") for word in self.select)
        return lambda code: wants(code) or (code == "pysigma" and one_validator)


@dataclass
class Checked:
    """What was found in some files. cards: of the rules that could be loaded. filters: those that were applied.

    parts: everything that was looked at.
    """

    findings: list[Diagnostic] = field(default_factory=list)
    cards: list[Card] = field(default_factory=list)
    filters: list[Filter] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)

    @property
    def rules(self) -> int:
        """How many rules could be loaded."""
        return len(self.cards)


@dataclass
class _File:
    """What was found in one file, before comments silence anything."""

    file: str
    findings: list[Diagnostic]
    cards: list[Card] = field(default_factory=list)
    comments: Comments | None = None
    options: Options = field(default_factory=Options)
    parts: list[Part] = field(default_factory=list)


Job = tuple[Path, Options]


def check_files(jobs: Sequence[Job], processes: int = 1, is_new: Callable[[str], bool] | None = None) -> Checked:
    """Everything that is found in these files, each with its options.

    processes: how many may be started when there are many files. is_new: whether a file is one of those that are in
    question: what two files can't both have is found in that one. Raises UnknownCodeError for a code in the options.
    """
    jobs = list(dict.fromkeys(jobs))
    for options in {options for _, options in jobs}:
        options.wants()
    filters = list(_filters(file for file, _ in jobs))
    # no fork: the parent may have threads
    files = shared_out(partial(_of_jobs, filters), jobs, MOST_ALONE + 1, CHUNK, processes, fork=False)
    return _together(files, filters, is_new)


def check_content(content: bytes, file: str, name: str = "", options: Options | None = None) -> Checked:
    """Everything that is found in the content of one file. file: what to call it; name: its name in its directory."""
    options, content = options or Options(), content[: MOST_BYTES + 1]
    filters = load_text(content, file).filters if _FILTER.search(content) else []
    return _together([_checked_content(content, file, name, options, filters)], filters)


def check_rule(rule: Rule, options: Options) -> list[Diagnostic]:
    """What the checks of documents and of rules find in a loaded rule."""
    wants, runs = options.wants(), options.runs()
    found = [*_run("document", runs, rule.document), *_of_rule(rule, options, runs)]
    return [finding for finding in found if wants(finding.code)]


def _filters(files: Iterable[Path]) -> Iterator[Filter]:
    """The filters among the files: they are for the rules of all files. Standard input can be read once only."""
    for file in files:
        if file == STDIN:
            continue
        try:
            shown, content = read_file(file)
        except InputError:
            continue  # it is told of when the file's turn comes
        if _FILTER.search(content):
            yield from load_text(content, shown).filters


def _of_jobs(filters: Sequence[Filter], jobs: Sequence[Job]) -> list[_File]:
    return [_checked(file, options, filters) for file, options in jobs]


def _checked(file: Path, options: Options, filters: Sequence[Filter]) -> _File:
    try:
        shown, content = read_file(file)
    except InputError as error:
        return _File(error.diagnostic.place.file, [error.diagnostic])
    name = "" if file == STDIN else file.name
    if file == STDIN and _FILTER.search(content):
        filters = [*filters, *load_text(content, shown).filters]
    return _checked_content(content, shown, name, options, filters)


def _checked_content(content: bytes, file: str, name: str, options: Options, filters: Sequence[Filter]) -> _File:
    runs = options.runs()
    loaded = load_text(content, file, filters=filters)
    read, text = list(_documents(content, file)), _decoded(content)
    findings = [*map(_milder, loaded.findings), *_run("text", runs, TextSubject(file, name, text, read))]
    for document in read:
        findings += _run("document", runs, document)
    for rule in loaded.rules:
        findings += _of_rule(rule, options, runs)
    cards = [Card.of(rule.document) for rule in loaded.rules]
    return _File(file, findings, cards, comments_of(text or "", file), options, parts_of(file, text, read))


def _milder(finding: Diagnostic) -> Diagnostic:
    """What loading found, on its level here: what other commands can't use may be right all the same."""
    return replace(finding, level=entry(finding.code).level) if finding.code in MILDER else finding


def _documents(content: bytes, file: str) -> Iterator[Document]:
    """The documents of the file that are maps, up to the first that can't be read."""
    try:
        for document in documents(content, file):
            if isinstance(document.data, dict):
                yield document
    except InputError:
        return  # loading has told of it


def _decoded(content: bytes) -> str | None:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _of_rule(rule: Rule, options: Options, runs: Callable[[str], bool]) -> Iterator[Diagnostic]:
    return _run("rule", runs, RuleSubject(_for_cloudtrail(rule), options.targets))


def _for_cloudtrail(rule: Rule) -> Rule:
    """The rule as one of CloudTrail where only capitals make it another one: `logsource-case` tells of them, and what
    else is wrong with it is told too."""
    folded = {key: value.strip().lower() for key, value in rule.data["logsource"].items() if isinstance(value, str)}
    meant = Rule.of_tree(replace(rule.document, data={**rule.data, "logsource": folded}), rule.tree)
    return meant if meant.is_cloudtrail and not rule.is_cloudtrail else rule


def _run(kind: str, runs: Callable[[str], bool], subject: Any) -> Iterator[Diagnostic]:
    """What the checks of this kind find in a subject."""
    for one in of_kind(kind):
        if runs(one.code):
            yield from _limited(one, (_diagnostic(one, found) for found in one.run(subject)))


def _limited(one: Entry, found: Iterator[Diagnostic]) -> Iterator[Diagnostic]:
    """The first findings of a code, and that there are more: nobody reads thousands, and each costs time."""
    last = None
    for last in islice(found, MOST_TOLD):
        yield last
    if last is not None and next(found, None) is not None:
        message = f"and more than {MOST_TOLD} findings of {one.code}, which are not listed"
        yield replace(last, message=message, help="repair or ignore these first")


def _diagnostic(one: Entry, found: Found) -> Diagnostic:
    return Diagnostic(found.code or one.code, found.level or one.level, found.place, found.message, found.help)


def _together(
    files: Sequence[_File], filters: Sequence[Filter], is_new: Callable[[str], bool] | None = None
) -> Checked:
    """The findings of all files, with those that several of them make, and without what is silenced."""
    cards = [card for one in files for card in one.cards]
    parts = [part for one in files for part in one.parts]
    checked = Checked(cards=cards, filters=list(filters), parts=parts)
    # a finding about a rule stands in the file of a filter where the filter is what it is about
    found_in: dict[str, list[Diagnostic]] = {one.file: [] for one in files}
    newest_last = sorted(cards, key=lambda card: is_new(card.place.file)) if is_new else cards
    for finding in [*(finding for one in files for finding in one.findings), *_of_all(newest_last, filters)]:
        found_in.setdefault(finding.place.file, []).append(finding)
    for one in files:
        wants = one.options.wants()
        found = found_in.pop(one.file, [])
        kept = [finding for finding in dict.fromkeys(found) if _is_kept(finding, wants)]
        checked.findings += one.comments.left(kept, wants, one.options.targets) if one.comments else kept
    return checked


def _is_kept(finding: Diagnostic, wants: Callable[[str], bool]) -> bool:
    return wants(finding.code) or not entry(finding.code).is_silenceable


def _of_all(cards: Sequence[Card], filters: Sequence[Filter]) -> Iterator[Diagnostic]:
    for one in of_kind("set"):
        yield from (_diagnostic(one, found) for found in one.run(cards))
    data = [card.data for card in cards]
    for filter in filters:
        yield from filter_warnings(filter, data)
