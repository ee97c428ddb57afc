"""Prints matches of `evaluate`, and steps of `explain`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sigmaproof.evaluate.run import is_ecs
from sigmaproof.output.consoles import new_table, note, out, plural

if TYPE_CHECKING:
    from rich.table import Table

    from sigmaproof.evaluate.run import Match
    from sigmaproof.events import Event
    from sigmaproof.rules import Rule

__all__ = ["MatchWriter", "write_explanation"]


class MatchWriter:
    """Collects matches for a table, or prints each at once as JSON."""

    def __init__(self, form: str, rules: Sequence[Rule]) -> None:
        self.form = form
        self.rules = rules
        self.records = 0
        self.matches = 0
        self.foreign = 0  # records that are neither CloudTrail's nor ECS documents
        self.table = _match_table() if form == "table" else None

    def seen(self, event: Event) -> None:
        """Counts a record."""
        self.records += 1
        self.foreign += not is_ecs(event.record) and "eventName" not in event.record

    def match(self, match: Match) -> None:
        """Takes a match."""
        self.matches += 1
        if self.table is None:
            print(json.dumps(match.to_json(), ensure_ascii=True), flush=True)
            return
        arn = match.value("userIdentity.arn", "aws.cloudtrail.user_identity.arn")
        who = str(arn).rsplit(":", 1)[-1] if arn else "-"
        when, event = match.value("eventTime", "@timestamp"), match.value("eventID", "event.id")
        cells = (match.rule.level, match.rule.title, str(when or "-"), match.event.place, who, str(event or "-"))
        self.table.add_row(*cells[: len(self.table.columns)])

    def end(self, lost: int) -> None:
        """Prints the table and the totals. lost: records that could not be read."""
        if self.table is not None and self.matches:
            out().print(self.table)
        rules = plural(len(self.rules), "rule")
        if self.foreign:
            note(f"warning: {plural(self.foreign, 'record')} without eventName: is that CloudTrail?")
        skipped = f"; {plural(lost, 'record')} could not be read" if lost else ""
        note(f"{plural(self.matches, 'match')} in {plural(self.records, 'record')}, {rules}{skipped}")


WIDE = 130  # columns that the whole table needs; a narrower terminal gets the first four


def _match_table() -> Table:
    columns = ("level", "rule", "time", "place", "who", "event")
    table = new_table(*(columns if out().width >= WIDE else columns[:4]))
    for column in table.columns:
        column.no_wrap = column.header in {"level", "time", "event"}
    return table


def write_explanation(rule: Rule, event: Event, form: str, integration: str) -> None:
    """Prints the verdict of every node of the rule on a record, and what the record has there."""
    from sigmaproof.conversion import mapped_tree
    from sigmaproof.evaluate.explain import explain
    from sigmaproof.evaluate.run import source

    ecs = form == "ecs" or (form == "auto" and is_ecs(event.record))
    tree = mapped_tree(rule, integration=integration) if ecs else rule.tree
    steps = explain(tree, source(event.record) if ecs else event.record)
    print(f"{rule.title}: {'match' if steps[0].verdict else 'no match'} ({event.place})")
    for step in steps:
        values = f"   [{'; '.join(step.values)}]" if step.values else ""
        print(f"  {'true ' if step.verdict else 'false'} {'  ' * step.depth}{step.words}{values}")
