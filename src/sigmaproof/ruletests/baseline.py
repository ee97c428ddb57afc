"""Rules on logs in which nothing should be found: one that matches there more often than its budget fails.

The budget is `baseline: {max_matches: N}` of the rule's test file, otherwise that of the command.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sigmaproof.evaluate.files import FileJudge, Progress
from sigmaproof.rules import Rule
from sigmaproof.ruletests import subjects_of
from sigmaproof.ruletests.sidecar import budget_of
from sigmaproof.ruletests.subject import MOST_SHOWN, Expectation, Report, bounds, counted

if TYPE_CHECKING:
    from sigmaproof.remote import Remote

__all__ = ["baseline_tests"]


def baseline_tests(
    rules: Sequence[Rule], files: Iterable[Path | Remote], budget: int, report: Report, progress: Progress | None = None
) -> tuple[list[Expectation], int]:
    """For each rule the expectation that it keeps its budget, and how many records there were.

    files: the logs. budget: matches that a rule may have whose test file doesn't say it. report: called for what can't
    be read, and for a rule that can't judge the ECS documents among the records. progress: see FileJudge.
    """
    counts: Counter[int] = Counter()
    places: defaultdict[int, list[str]] = defaultdict(list)
    judge = FileJudge(rules, report)
    for match in judge.matches(files, progress):
        counts[id(match.rule)] += 1
        if len(places[id(match.rule)]) < MOST_SHOWN:
            places[id(match.rule)].append(match.event.place)
    results = []
    for subject in subjects_of(rules, report):
        rule, own = subject.rule, budget_of(subject)
        most = budget if own is None else own
        result = counted(rule, "baseline", 0, most, places[id(rule)], counts[id(rule)], rule.document.place())
        results.append(_named(result, most))
    return results, judge.records


def _named(result: Expectation, most: int) -> Expectation:
    return replace(result, kind="baseline", wanted=bounds(0, most))
