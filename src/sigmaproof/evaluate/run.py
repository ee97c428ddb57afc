"""Goes over log records with compiled rules. Each rule is judged on the raw record, or mapped on an ECS document."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sigmaproof.diagnostics import Diagnostic, InputError
from sigmaproof.evaluate.compile import compile_predicate
from sigmaproof.events import Event
from sigmaproof.fields import DEFAULT
from sigmaproof.matching import Verdict
from sigmaproof.paths import getter
from sigmaproof.rules import Rule

__all__ = ["LEVELS", "Judge", "Match", "evaluate", "is_ecs"]

LEVELS = ("informational", "low", "medium", "high", "critical")


@dataclass(frozen=True)
class Judge:
    """A rule, compiled when first needed: for raw records as written, for ECS documents mapped.

    integration: the profile of the field table by which the documents were made.
    """

    rule: Rule
    integration: str = DEFAULT

    def __getstate__(self) -> dict[str, Any]:
        """What can be pickled: closures can't."""
        return {"rule": self.rule, "integration": self.integration}

    @cached_property
    def on_raw(self) -> Verdict:
        """The verdict on a raw record."""
        return compile_predicate(self.rule.tree)

    @cached_property
    def on_ecs(self) -> Verdict:
        """The verdict on an ECS document. Raises InputError for a field that has no ECS home."""
        from sigma.exceptions import SigmaError

        from sigmaproof.conversion import mapped_tree
        from sigmaproof.lower import LoweringError

        try:
            return compile_predicate(mapped_tree(self.rule, integration=self.integration))
        except (SigmaError, LoweringError) as error:
            raise InputError("rule-unmapped", self.rule.document.place("detection"), str(error)) from None


@dataclass(frozen=True, slots=True)
class Match:
    """A rule that is true on a record."""

    rule: Rule
    event: Event
    is_ecs: bool = False

    def to_json(self) -> dict[str, Any]:
        """One line of `evaluate --format json` (a contract)."""
        return {
            "rule_id": self.rule.id,
            "title": self.rule.title,
            "level": self.rule.level,
            "event_id": self.value("eventID", "event.id"),
            "time": self.value("eventTime", "@timestamp"),
            "file": self.event.place,
            "event": self.event.record,
        }

    def value(self, raw: str, ecs: str) -> Any:
        """The first value of a field, by its name in this form of record; None when there is none."""
        record = source(self.event.record) if self.is_ecs else self.event.record
        return next(iter(getter(ecs if self.is_ecs else raw)(record)), None)


def is_ecs(record: Mapping[str, Any]) -> bool:
    """Whether a record is an ECS document (or a search hit that holds one) rather than a raw CloudTrail record."""
    document = source(record)
    return "eventName" not in document and ("event" in document or "event.action" in document)


def source(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """The document of a search hit, any other record as it is."""
    inner = record.get("_source")
    return inner if isinstance(inner, dict) else record


def evaluate(
    rules: Sequence[Rule],
    events: Iterable[Event],
    form: str = "auto",
    report: Callable[[Diagnostic], None] | None = None,
    integration: str = DEFAULT,
) -> Iterator[Match]:
    """Every match, in the order of the records. form: `raw`, `ecs`, or `auto` for each record by itself.

    report: called once for a rule that can't judge ECS documents;
    without it, InputError is raised. integration: the profile of the field table by which ECS documents were made;
    raises UnknownIntegrationError.
    """
    judges = [Judge(rule, integration) for rule in rules]
    mapped: list[Judge] | None = None
    for event in events:
        ecs = form == "ecs" or (form == "auto" and is_ecs(event.record))
        record = source(event.record) if ecs else event.record
        if ecs and mapped is None:
            mapped = list(_mapped(judges, report))
        for judge in mapped if ecs and mapped is not None else judges:
            if (judge.on_ecs if ecs else judge.on_raw)(record):
                yield Match(judge.rule, event, ecs)


def _mapped(judges: Iterable[Judge], report: Callable[[Diagnostic], None] | None) -> Iterator[Judge]:
    """The judges whose rule can be said in ECS names."""
    for judge in judges:
        try:
            _ = judge.on_ecs
        except InputError as error:
            if report is None:
                raise
            report(error.diagnostic)
        else:
            yield judge
