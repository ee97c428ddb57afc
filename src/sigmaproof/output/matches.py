"""Prints matches of `evaluate`, expectations of `test`, and steps of `explain`."""

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
    from sigmaproof.ruletest import Expectation

__all__ = ["MatchWriter", "write_expectations", "write_explanation"]


class MatchWriter:
    """Collects matches for a table, or prints each at once as JSON."""

    def __init__(self, form: str, rules: Sequence[Rule]) -> None:
        self.form = form
        self.rules = rules
        self.matches = 0
        self.table = _match_table() if form == "table" else None

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

    def end(self, records: int, lost: int, foreign: Event | None) -> None:
        """Prints the table and the totals. records: that were read. lost: that could not be read. foreign: the first
        one found that is neither CloudTrail's nor an ECS document."""
        if self.table is not None and self.matches:
            out().print(self.table)
        rules = plural(len(self.rules), "rule")
        if foreign is not None:
            note(f"warning: a record without eventName at {foreign.place}: is that CloudTrail?")
        skipped = f"; {plural(lost, 'record')} could not be read" if lost else ""
        note(f"{plural(self.matches, 'match')} in {plural(records, 'record')}, {rules}{skipped}")


WIDE = 130  # columns that the whole table needs; a narrower terminal gets the first four


def _match_table() -> Table:
    columns = ("level", "rule", "time", "place", "who", "event")
    table = new_table(*(columns if out().width >= WIDE else columns[:4]))
    for column in table.columns:
        column.no_wrap = column.header in {"level", "time", "event"}
    return table


def write_expectations(results: Sequence[Expectation], only_failing: bool) -> None:
    """Prints each expectation, and the totals."""
    for result in results:
        if result.passed and only_failing:
            continue
        wanted = "match" if result.expected else "no match"
        status = "ok" if result.passed else "FAILED"
        line = f"{status:6} {result.rule.title}: {result.name}: {wanted}"
        print(line if result.passed else f"{line} expected at {result.place}, and it was the other way")
        if not result.passed:
            for step in result.steps:
                print(f"         {'true ' if step.verdict else 'false'} {'  ' * step.depth}{step.words}")
    failed = sum(not result.passed for result in results)
    print(f"{plural(len(results) - failed, 'expectation')} met, {failed:,} failed")


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
