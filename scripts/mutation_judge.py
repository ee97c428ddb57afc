"""Whether `verify` fails under a mutant: judged on the engine, for the rules whose query or documents it changes.

`verify` fails by a finding (a difference that the claim doesn't explain, a query that the engine refuses, a claim
without evidence) or by an exception. Other judges come after it and are counted apart: the ledgers of claims
(fixtures/claims.yml, fixtures/cases), the tables of documents and of how EQL is lowered, and the other quick tests.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import FrameType
from typing import Any

from mutation_corpus import TARGETS, Corpus, Entry, Held, asked_of, document_of, repr_of, signature
from mutation_patch import Source, UnusableError, in_force
from mutation_reach import Reach
from mutation_sites import Mutant
from mutation_tests import Tests

from sigmaproof.verify.compare import Cell, Judged
from sigmaproof.verify.engines import EngineUnavailable
from sigmaproof.verify.engines.elasticsearch import EmbeddedElasticsearch
from sigmaproof.verify.judge import judge_rows
from sigmaproof.verify.judged import judged_record

__all__ = ["KILLED", "Judge", "Outcome", "limited"]

KILLED = ("verify", "crash", "ledger", "table", "tests")
"""Kinds of outcomes of which a judge saw the mutant, in the order in which they are asked."""

QUICK = bool(os.environ.get("SIGMAPROOF_QUICK"))
"""Whether tests come before verify."""

AT_ONCE = 6
"""Rules that are judged before looking whether there is a finding."""
MOST_RULES = 40
"""Rules with changes that are judged before a mutant counts as a survivor."""
MOST_RECORDS = 80
"""Changed documents of one rule that are judged."""
LONGEST = 30.0
"""Seconds of the processor after which a mutant's own code counts as one that never ends."""
AGAIN = 0.01
"""The same until it is asked once more, when the code can't be stopped where it is."""


@dataclass(frozen=True)
class Outcome:
    """How a mutant ended. kind: `verify` (a finding), `crash` (an exception in verify), `ledger`, `table`, `tests`; of
    survivors `unseen` (something changed), `hostile` (only documents of records that AWS can't write, which never break
    a claim), `same` (nothing changed), `not run`; or `unusable`."""

    kind: str
    by: str = ""
    entry: Entry | None = None

    @property
    def is_killed(self) -> bool:
        """Whether verify or another judge saw it."""
        return self.kind in KILLED


class NeverEndsError(Exception):
    """A mutant's code ran for too long."""


class Judge:
    """Judges mutants of one side: `queries` (backends, claims), `lowering` or `documents` (the normalizer)."""

    def __init__(self, corpus: Corpus, engine: EmbeddedElasticsearch, tests: Tests, reach: Reach) -> None:
        self.corpus, self.engine, self.tests, self.reach = corpus, engine, tests, reach
        self.clean: dict[str, bool] = {}
        for entry in corpus.entries[:3]:  # what fails here fails without a mutant, and is no kill
            self.is_clean(entry)
            if found := self._on_documents([(entry, entry.judged[:MOST_RECORDS])]):
                raise AssertionError(f"without a mutant verify fails: {found.by}")

    def is_clean(self, entry: Entry) -> bool:
        """Whether verify finds nothing without a mutant. An entry of which it finds something would kill anything."""
        if entry.name not in self.clean:
            self.clean[entry.name] = next(self._findings([(entry, entry.conversions)]), None) is None
            if not self.clean[entry.name]:
                print(f"WITHOUT A MUTANT verify has findings: {entry.name}", flush=True)
                self.corpus.entries.remove(entry)
        return self.clean[entry.name]

    def judge(self, source: Source, mutant: Mutant, side: str) -> Outcome:
        """What becomes of a mutant; once more without what saw it, when that sees something without a mutant."""
        while True:
            outcome = self._judged(source, mutant, side)
            if self._is_sound(outcome):
                return outcome

    def _is_sound(self, outcome: Outcome) -> bool:
        if outcome.kind in {"table", "tests"}:
            return self.tests.is_sound(outcome.by)
        return outcome.kind != "verify" or outcome.entry is None or self.is_clean(outcome.entry)

    def _judged(self, source: Source, mutant: Mutant, side: str) -> Outcome:
        entries = self._reached(mutant)
        judges: list[Callable[[], Outcome]] = [lambda: self._by_verify(entries, side), lambda: self._by_tests(mutant)]
        outcomes = []
        try:
            with in_force(source, mutant):
                for judge in reversed(judges) if QUICK else judges:
                    outcomes.append(judge())
                    if outcomes[-1].is_killed:
                        return outcomes[-1]
        except UnusableError as error:
            return Outcome("unusable", str(error))
        return outcomes[1 if QUICK else 0]

    def _by_tests(self, mutant: Mutant) -> Outcome:
        found = self.tests.failing(self.reach.tiers(mutant))
        return Outcome("table" if found.is_table else "tests", found.item.nodeid) if found else Outcome("same")

    def _reached(self, mutant: Mutant) -> list[Entry]:
        return next(filter(None, map(self.corpus.running, self.reach.tiers(mutant))), [])

    def _by_verify(self, entries: Sequence[Entry], side: str) -> Outcome:
        if not entries:
            return Outcome("not run")
        changed = {"queries": self._queries, "lowering": self._lowered, "documents": self._documents}[side]
        try:
            return changed(entries)
        except EngineUnavailable:
            raise
        except Exception as error:  # whatever a mutant raises
            return Outcome("crash", f"{type(error).__name__}: {error}"[:160])

    # queries and claims

    def _queries(self, entries: Sequence[Entry]) -> Outcome:
        last = Outcome("same")
        for some in _some(self._with_other_query(entries)):
            for found in self._findings(some):
                return found
            last = Outcome("unseen", some[-1][0].name)
            for entry, made in some:
                if entry.claimed and any(_claim(made[t]) != _claim(entry.conversions[t]) for t in TARGETS):
                    last = Outcome("ledger", entry.name)
            if last.is_killed:
                return last
        return last

    def _with_other_query(self, entries: Sequence[Entry]) -> Iterator[tuple[Entry, dict[str, Any]]]:
        for entry in entries:
            with limited():
                made = {target: entry.convert(target) for target in TARGETS}
            if any(signature(made[target]) != entry.signatures[target] for target in TARGETS):
                yield entry, made

    # lowering

    def _lowered(self, entries: Sequence[Entry]) -> Outcome:
        last = Outcome("same")
        for some in _some(self._otherwise_lowered(entries)):
            for found in self._findings(some):
                return found
            last = Outcome("unseen", some[-1][0].name)
        return last

    def _otherwise_lowered(self, entries: Sequence[Entry]) -> Iterator[tuple[Entry, dict[str, Any]]]:
        for entry in entries:
            with limited():
                asked = list(map(repr_of, asked_of(entry.conversions["eql"])))
            if asked != entry.asked:
                yield entry, {"eql": entry.conversions["eql"]}

    # documents

    def _documents(self, entries: Sequence[Entry]) -> Outcome:
        last = Outcome("same")
        for some in _some(self._with_other_documents(entries)):
            integration = some[0][0].integration
            of_one = [(entry, made) for entry, made in some if entry.integration == integration]
            others = [(entry, made) for entry, made in some if entry.integration != integration]
            for group in filter(None, (of_one, others)):
                if found := self._on_documents(group):
                    return found
            if any(one.inadmissible is None for _, made in some for one in made):
                last = Outcome("unseen", some[-1][0].name)
            elif last.kind == "same":
                last = Outcome("hostile", some[-1][0].name)
        return last

    def _with_other_documents(self, entries: Sequence[Entry]) -> Iterator[tuple[Entry, list[Judged]]]:
        for entry in entries:
            with limited():
                pairs = [one for one in entry.sample if document_of(one, entry.integration) != one.document]
            made = [
                replace(
                    judged_record(one.id, one.place, dict(one.record), entry.integration), generated_for=entry.rule.id
                )
                for one in pairs
            ]
            made.sort(key=lambda one: one.inadmissible is not None)
            before = {one.id: one.document for one in pairs}
            if any(_is_searched(entry, before[one.id], one.document) for one in made):
                yield entry, made[:MOST_RECORDS]

    def _on_documents(self, group: Sequence[tuple[Entry, list[Judged]]]) -> Outcome | None:
        integration = group[0][0].integration
        with Held(self.engine, integration) as held:
            loaded = held.load((one.id, one.document) for _, made in group for one in made)
            for entry, made in group:
                judged = [replace(one, rejected=loaded.rejected.get(one.id)) for one in made]
                conversions = [entry.convert(target) for target in TARGETS]
                for cell in judge_rows([entry.rule], [conversions], judged, held)[0].cells:
                    if cell.unexplained or cell.error:
                        return Outcome("verify", _told(entry, cell), entry)
        return None

    def _findings(self, some: Sequence[tuple[Entry, dict[str, Any]]]) -> Iterator[Outcome]:
        for entry, made in some:
            conversions = [made[target] for target in TARGETS if target in made]
            held = self.corpus.held(entry, self.engine)
            for cell in judge_rows([entry.rule], [conversions], entry.judged, held)[0].cells:
                if cell.has_findings:
                    yield Outcome("verify", _told(entry, cell), entry)


def _some(found: Iterator[Any]) -> Iterator[list[Any]]:
    """A few at a time, more of them later, at most MOST_RULES."""
    taken: list[Any] = []
    for count, one in enumerate(found, 1):
        taken.append(one)
        if len(taken) >= AT_ONCE or count == 1:
            yield taken
            taken = []
        if count >= MOST_RULES:
            break
    if taken:
        yield taken


def _is_searched(entry: Entry, old: Any, new: Any) -> bool:
    """Whether a query of the rule searches a field in which two documents differ; no other could see it."""
    changed = set(_changed(old, new, ""))
    searched = {name for conversion in entry.conversions.values() for name in conversion.fields}
    return any(
        f"{one}.".startswith(f"{name}.") or f"{name}.".startswith(f"{one}.") for one in changed for name in searched
    )


def _changed(old: Any, new: Any, path: str) -> Iterator[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in {*old, *new}:
            yield from _changed(old.get(key), new.get(key), f"{path}.{key}".lstrip("."))
    elif old != new:
        yield path


def _claim(conversion: Any) -> tuple[object, ...]:
    return conversion.refusal is None, tuple(sorted({(one.code, one.direction) for one in conversion.reasons}))


def _told(entry: Entry, cell: Cell) -> str:
    if cell.error:
        return f"{entry.name}: {cell.error[:80]}"
    if cell.unexplained:
        return f"{entry.name}: {cell.unexplained[0].direction} on {cell.unexplained[0].judged.place}"
    return f"{entry.name}: a claim without evidence"


@contextmanager
def limited(seconds: float = LONGEST) -> Iterator[None]:
    """Raises NeverEndsError in code that takes longer, in seconds of the processor, so that a busy machine is none."""

    def stop(_: int, frame: FrameType | None) -> None:
        if not _is_in_coverage(frame):
            signal.setitimer(signal.ITIMER_PROF, 0)
            raise NeverEndsError(f"ran for {seconds:g} seconds")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds, AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


_RUNS = {"execfile.py", "cmdline.py", "__main__.py"}
"""What `coverage run` calls the whole program from."""


def _is_in_coverage(frame: FrameType | None) -> bool:
    """Whether the code is coverage's own, which holds a lock that would never be given back; not what runs under it."""
    while frame is not None:
        _, found, name = frame.f_code.co_filename.replace(os.sep, "/").rpartition("/coverage/")
        if found and name not in _RUNS:
            return True
        frame = frame.f_back
    return False
