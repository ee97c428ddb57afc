"""Prints matches of `evaluate`, expectations of `test`, and steps of `explain`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sigmaproof import streams
from sigmaproof.evaluate.run import is_ecs
from sigmaproof.output.consoles import note, plural, visible
from sigmaproof.output.forms import FORMS
from sigmaproof.output.progress import size_text
from sigmaproof.output.summary import Summary

if TYPE_CHECKING:
    from sigmaproof.diagnostics import Diagnostic
    from sigmaproof.evaluate.files import FileJudge
    from sigmaproof.evaluate.run import Match
    from sigmaproof.events import Event
    from sigmaproof.output.outputs import Outputs
    from sigmaproof.output.problems import Problems
    from sigmaproof.output.progress import Reading
    from sigmaproof.rules import Rule
    from sigmaproof.ruletest import Expectation

__all__ = ["MatchWriter", "write_expectations", "write_explanation"]


class MatchWriter:
    """Prints each match at once in a form of text, or what there is of each rule at the end; and writes the files.

    form: `table`, or one of FORMS. outputs: the files. integration, report: see FORMS. gone: the reader of stdout went.
    """

    def __init__(
        self,
        form: str,
        rules: Sequence[Rule],
        outputs: Outputs,
        integration: str,
        report: Callable[[Diagnostic], None],
    ) -> None:
        self.rules, self.outputs = rules, outputs
        self.matches = 0
        self.gone = False
        self._summary = Summary(rules) if form == "table" else None
        self._form = None if form == "table" else FORMS[form](integration, report)
        if self._form is not None and self._form.head:
            self._print(self._form.head)

    def match(self, match: Match) -> None:
        """Takes a match."""
        self.matches += 1
        self.outputs.add(match)
        if self._summary is not None:
            self._summary.add(match)
        elif self._form is not None and not self.gone:
            self._print(self._form.text(match))

    def _print(self, text: str) -> None:
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except BrokenPipeError:
            self._lose_reader()

    def _lose_reader(self) -> None:
        streams.silence()
        self.gone = True

    def end(self, judge: FileJudge, reading: Reading, lost: int, problems: Problems) -> None:
        """Puts the files in their places, prints the table, and on stderr what was read. lost: records that could not
        be read. Raises InputError for a file that can't be written."""
        from sigmaproof.output.matchtable import print_matches

        written = self.outputs.publish()
        if self._summary is not None and self.matches:
            try:
                print_matches(self._summary)
            except BrokenPipeError:
                self._lose_reader()
        if self.gone and not written:
            return
        rules = plural(len(self.rules), "rule")
        if judge.foreign is not None:
            note(f"warning: a record without eventName at {visible(judge.foreign.place)}: is that CloudTrail?")
        skipped = f"; {plural(lost, 'record')} could not be read" if lost else ""
        note(f"{plural(self.matches, 'match')} in {plural(judge.records, 'record')}, {rules}{skipped}")
        for line in (self._advice(), problems.in_words(), _written(written), _speed(judge.records, reading)):
            if line:
                note(line)

    def _advice(self) -> str:
        if self._summary is None or self._summary.few is not None:
            return ""
        return "the single matches: --format json, or --output FILE.csv"


def _written(files: Sequence[Path]) -> str:
    return f"written: {', '.join(map(str, files))}" if files else ""


def _speed(records: int, reading: Reading) -> str:
    """How much was read how fast; without the bytes where nothing but standard input was read."""
    seconds = reading.seconds()
    size = f" ({size_text(reading.bytes)})" if reading.bytes else ""
    rate = f"{records / seconds:,.0f} records/s" if seconds else "at once"
    return f"read {plural(reading.files, 'file')}{size} in {seconds:.2f} s: {rate}"


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
