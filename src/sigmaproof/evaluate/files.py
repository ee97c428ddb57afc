"""Goes over log files with rules: only the records that some rule can match are parsed. Same matches as `run`, sooner.

A search over each batch says which they are (`scan`); the verdict is that of the compiled rules, as everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sigmaproof.batches import Batch, Report, read_batches
from sigmaproof.diagnostics import InputError
from sigmaproof.envelopes import SUSPECTS
from sigmaproof.evaluate.literals import Need, needed
from sigmaproof.evaluate.run import Judge, Match, is_ecs, source
from sigmaproof.evaluate.scan import Scanner
from sigmaproof.events import Event, events_at
from sigmaproof.fields import DEFAULT
from sigmaproof.rules import Rule
from sigmaproof.selection import Selection, Tally

if TYPE_CHECKING:
    from sigmaproof.remote import Remote

__all__ = ["FileJudge"]

# What every ECS document has (`is_ecs`), and an envelope of records.
_SUSPECTS = {"auto": (r'"event"', r'"event\.action"', *SUSPECTS), "raw": SUSPECTS, "ecs": SUSPECTS}

_SIGNS = frozenset({"eventName", "insightDetails"})  # an event of CloudTrail Insights has no name of its own


class FileJudge:
    """Rules that go over files. records: how many were read. foreign: of those that were looked at (the candidates, and
    the first of each batch) the first one that is neither CloudTrail's nor an ECS document.

    form: `raw`, `ecs`, or `auto` for each record by itself. report: called for what can't be read, and once for a rule
    that can't judge ECS documents. integration: the profile by which those were made.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        report: Report,
        form: str = "auto",
        integration: str = DEFAULT,
        selection: Selection | None = None,
    ) -> None:
        self.report, self.form = report, form
        self.selection, self.tally = selection or Selection(), Tally()
        self.judges = [Judge(rule, integration) for rule in rules]
        self.records = 0
        self.foreign: Event | None = None
        self._mapped = False
        self._unmapped: set[int] = set()
        self._scanner = Scanner([self._need(judge) for judge in self.judges], _SUSPECTS[form])

    def _need(self, judge: Judge) -> Need:
        # an ECS document is a suspect wherever raw records are looked for
        return None if self.form == "ecs" else needed(judge.rule.tree)

    def matches(self, files: Iterable[Path | Remote]) -> Iterator[Match]:
        """Every match in these files, in the order of the records and rules."""
        for file in files:
            for batch in read_batches(file, self.report):
                yield from self.of_batch(batch)

    def of_batch(self, batch: Batch) -> Iterator[Match]:
        """The matches of one batch."""
        asked = self.selection.batch(batch, self.tally) if self.selection else batch
        if asked is not None:
            yield from self._of_asked(asked)

    def _of_asked(self, batch: Batch) -> Iterator[Match]:
        candidates = self._scanner.candidates(batch)
        self.records += len(batch.texts) - len(candidates)
        if self.foreign is None and 0 not in candidates:
            self._look(next(events_at(batch, 0, self.report), None))
        for index, rules in candidates.items():
            for event in self.selection.events(events_at(batch, index, self.report), self.tally):
                self.records += 1
                self._look(event)
                yield from self._of_event(event, rules)

    def _of_event(self, event: Event, rules: Iterable[int]) -> Iterator[Match]:
        ecs = self.form == "ecs" or (self.form == "auto" and is_ecs(event.record))
        if ecs:
            self._map_all()
        record = source(event.record) if ecs else event.record
        for number in rules:
            judge = self.judges[number]
            if not (ecs and number in self._unmapped) and (judge.on_ecs if ecs else judge.on_raw)(record):
                yield Match(judge.rule, event, ecs)

    def _map_all(self) -> None:
        """Reports the rules that can't judge ECS documents, once."""
        if self._mapped:
            return
        self._mapped = True
        for number, judge in enumerate(self.judges):
            try:
                _ = judge.on_ecs
            except InputError as error:
                self._unmapped.add(number)
                self.report(error.diagnostic)

    def _look(self, event: Event | None) -> None:
        if self.foreign is None and event and _SIGNS.isdisjoint(event.record) and not is_ecs(event.record):
            self.foreign = event
