"""Rules that go over batches: only the records that some rule can match are parsed. Same matches as `run`, sooner.

A search over each batch says which they are (`scan`); the verdict is that of the compiled rules, as everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sigmaproof.batch import Batch, Report
from sigmaproof.diagnostics import InputError
from sigmaproof.envelopes import IN_TEXT, OF_SEVERAL
from sigmaproof.evaluate.literals import Need, needed
from sigmaproof.evaluate.run import Judge, is_ecs, source
from sigmaproof.evaluate.scan import Scanner
from sigmaproof.events import Event, events_at
from sigmaproof.fields import DEFAULT
from sigmaproof.rules import Rule
from sigmaproof.selection import Selection, Tally

__all__ = ["BatchJudge", "Found"]

Found = tuple[int, Event, bool]
"""A rule's number, the event that it is true on, and whether that is an ECS document."""
_OF_ECS = ('"event"', '"event.action"')
"""What every ECS document has (`is_ecs`)."""
_SIGNS = frozenset({"eventName", "insightDetails"})
"""Of these a raw record has one; an event of CloudTrail Insights has no name of its own."""


class BatchJudge:
    """Compiled rules, and the search for what they need.

    form: `raw`, `ecs`, or `auto` for each record by itself. integration: the profile by which ECS documents were made.
    records: how many were read. foreign: of those that were looked at (the candidates, and the first of each batch) the
    first one that is neither CloudTrail's nor an ECS document. selection: which records are asked for; tally: how many
    were not.
    """

    def __init__(
        self,
        rules: Sequence[Rule],
        form: str = "auto",
        integration: str = DEFAULT,
        selection: Selection | None = None,
    ) -> None:
        self.selection, self.tally = selection or Selection(), Tally()
        self.judges = [Judge(rule, integration) for rule in rules]
        self.form = form
        self.records = 0
        self.foreign: Event | None = None
        self._unmapped: set[int] | None = None
        needs = [self._need(judge) for judge in self.judges]
        self.scanner = Scanner(needs, (IN_TEXT, *(_OF_ECS if form == "auto" else ())), OF_SEVERAL)

    def _need(self, judge: Judge) -> Need:
        # an ECS document is a suspect wherever raw records are looked for
        return None if self.form == "ecs" else needed(judge.rule.tree)

    def found(self, batch: Batch, report: Report) -> Iterator[Found]:
        """The matches of one batch, in the order of the records and rules.

        report: called for what can't be read, and once for a rule that can't judge ECS documents.
        """
        asked = self.selection.batch(batch, self.tally) if self.selection else batch
        if asked is not None:
            yield from self._of_asked(asked, report)

    def _of_asked(self, batch: Batch, report: Report) -> Iterator[Found]:
        candidates = self.scanner.candidates(batch)
        self.records += len(batch.texts) - len(candidates)
        if self.foreign is None and 0 not in candidates:
            self._look(next(events_at(batch, 0, report), None))
        for index, rules in candidates.items():
            for event in self.selection.events(events_at(batch, index, report), self.tally):
                self.records += 1
                self._look(event)
                yield from self._of_event(event, rules, report)

    def _of_event(self, event: Event, rules: Iterable[int], report: Report) -> Iterator[Found]:
        ecs = self.form == "ecs" or (self.form == "auto" and is_ecs(event.record))
        unmapped = self._unmappable(report) if ecs else ()
        record = source(event.record) if ecs else event.record
        for number in rules:
            judge = self.judges[number]
            if number not in unmapped and (judge.on_ecs if ecs else judge.on_raw)(record):
                yield number, event, ecs

    def _unmappable(self, report: Report) -> set[int]:
        """The numbers of the rules that can't judge ECS documents, each reported once."""
        if self._unmapped is None:
            self._unmapped = set()
            for number, judge in enumerate(self.judges):
                try:
                    _ = judge.on_ecs
                except InputError as error:
                    self._unmapped.add(number)
                    report(error.diagnostic)
        return self._unmapped

    def _look(self, event: Event | None) -> None:
        if self.foreign is None and event and _SIGNS.isdisjoint(event.record) and not is_ecs(event.record):
            self.foreign = event
