"""Where each test of a rule stands: the value in the rule's file, or in that of a filter, from which it was made.

A test doesn't know its place: two of one field are told apart by what each single value becomes, with its modifiers,
in the same way in which the rule was read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import islice
from operator import itemgetter
from typing import Any

from sigmaproof.conditions import used_names
from sigmaproof.diagnostics import InputError, Place
from sigmaproof.items import alone, field_paths, items
from sigmaproof.predicate import Test, Text, plain, tests
from sigmaproof.rules import Rule
from sigmaproof.rulevalues import selection_names
from sigmaproof.safeyaml import Path

__all__ = ["Places"]

MOST_COMPARED = 100  # places of one test, when the one beside another test is looked for
MOST_VALUES = 3_000  # of a rule: to lower each once more takes as long as to load it; with more, fields have places


class Places:
    """The places of a rule."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule

    def of_field(self, field: str) -> Place:
        """Where a field is tested first."""
        return self._rule.document.place(*self._fields.get(field, ("detection",)))

    def of_test(self, test: Test) -> Place | None:
        """Where a test stands first; None when it isn't made of a value alone, but by a pipeline."""
        return next((self._rule.document.place(*path) for path in self._paths.get(test, ())), None)

    def of_text(self, field: str, text: str) -> Place | None:
        """Where a field is compared with a text first."""
        test = self._texts.get((field, text))
        return None if test is None else self.of_test(test)

    def beside(self, test: Test, other: Test) -> Place | None:
        """Where a test stands nearest to another one; of one that is there twice, where it is again."""
        ones, others = (list(islice(self._paths.get(one, ()), MOST_COMPARED)) for one in (test, other))
        pairs = [
            (_shared(one, two), -number, one)
            for number, one in enumerate(ones)
            for two in (others if test != other else ones[:number])
        ]
        return self._rule.document.place(*max(pairs, key=itemgetter(0, 1))[2]) if pairs else self.of_test(test)

    @cached_property
    def _fields(self) -> dict[str, Path]:
        return field_paths(self._rule.document)

    @cached_property
    def _texts(self) -> dict[tuple[str, str | None], Test]:
        """The first test for each text of a field."""
        return {(one.field, plain(one.pattern)): one for one in reversed(self._paths) if isinstance(one, Text)}

    @cached_property
    def _paths(self) -> dict[Test, list[Path]]:
        """The paths of the values of which each test is made."""
        found: dict[Test, list[Path]] = {}
        for path, made in _made(self._rule):
            for test in made:
                found.setdefault(test, []).append(path)
        return found


def _made(rule: Rule) -> Iterator[tuple[Path, Sequence[Test]]]:
    """Each value of a rule, by its path, with the tests that it becomes."""
    from sigmaproof.lower import LoweringError, lower_selection

    used = used_names(rule.data["detection"]["condition"], selection_names(rule.document))
    values = [one for one in items(rule.document) if one[0][1] in used]
    if len(values) > MOST_VALUES:
        return
    apart = {f"value{number}": alone(key, value) for number, (_, key, value) in enumerate(values)}
    data = {**rule.data, "detection": {**apart, "condition": "1 of value*"}}
    try:
        sigma = Rule(_with(rule, data), rule.pipelines).sigma()
    except InputError:
        return  # pipelines can ask for a rule of another form
    for (path, _, _), name in zip(values, apart, strict=True):
        try:
            yield path, list(dict.fromkeys(test for test, _ in tests(lower_selection(sigma, name))))
        except LoweringError:
            continue  # a pipeline has taken it away


def _with(rule: Rule, data: dict[str, Any]) -> Any:
    from dataclasses import replace

    return replace(rule.document, data=data)


def _shared(one: Path, other: Path) -> int:
    """How many steps two paths have in common."""
    return next((number for number, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
