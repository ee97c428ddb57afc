"""The verbs for Python programs, in the form that is easiest to call. What they do is in the rooms they call.

Documented, with examples that the tests run, in docs/api.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sigmaproof.diagnostics import Diagnostic, InputError
from sigmaproof.evaluate.explain import Step
from sigmaproof.evaluate.explain import explain as explain_tree
from sigmaproof.evaluate.run import Match
from sigmaproof.evaluate.run import evaluate as evaluate_events
from sigmaproof.events import Event, read_files
from sigmaproof.inputs import sort_paths
from sigmaproof.predicate import Predicate
from sigmaproof.rules import Loaded, Rule, load_files

if TYPE_CHECKING:
    from sigma.processing.pipeline import ProcessingPipeline

    from sigmaproof.verify.engines import Engine
    from sigmaproof.verify.run import Report

__all__ = ["evaluate", "explain", "load", "read", "verify"]


def load(*paths: str | Path) -> Loaded:
    """Loads the rules of files and directories. What can't be used is in `findings`; the others are loaded.

    Raises InputError for a path that doesn't exist, and for a directory without rules.
    """
    return load_files(sort_paths((), rules=paths).rules)


def read(*paths: str | Path) -> Iterator[Event]:
    """The records of log files and directories, one after the other, each with its place.

    Raises InputError for what can't be read, at the place where it stands: nothing is skipped silently.
    """
    return read_files(sort_paths((), logs=paths).logs, _raise)


def evaluate(rules: Sequence[Rule], events: Iterable[Event | Mapping[str, Any]], form: str = "auto") -> Iterator[Match]:
    """Every match of these rules on these records, in the order of the records.

    events: what `read` gives, or records as plain data. form: `raw`, `ecs`, or `auto` for each record by itself.
    Raises InputError for a rule that can't judge ECS documents, when there is one.
    """
    return evaluate_events(rules, _events(events), form)


def verify(
    rules: Sequence[Rule],
    events: Iterable[Event | Mapping[str, Any]] = (),
    targets: Sequence[str] = ("eql", "lucene"),
    engine: Engine | None = None,
    case: str = "fold",
    pipelines: Sequence[ProcessingPipeline] = (),
) -> Report:
    """Runs every conversion on a real engine, on these records and on generated ones, and compares the verdicts.

    engine: by default the embedded Elasticsearch, started and stopped here. Raises EngineUnavailable without one.
    """
    from sigmaproof.verify.run import verify as run

    if engine is not None:
        return run(rules, _events(events), targets, engine, case, pipelines)
    from sigmaproof.verify.engines.elasticsearch import EmbeddedElasticsearch

    with EmbeddedElasticsearch() as started:
        return run(rules, _events(events), targets, started, case, pipelines)


def explain(rule: Rule | Predicate, record: Mapping[str, Any]) -> list[Step]:
    """Every test of a rule with its verdict on this record and the values that it saw, top down.

    rule: a loaded rule for a raw record, or any tree (`sigmaproof.conversion.mapped_tree` for an ECS document).
    """
    return explain_tree(rule.tree if isinstance(rule, Rule) else rule, record)


def _events(events: Iterable[Event | Mapping[str, Any]]) -> Iterator[Event]:
    for number, event in enumerate(events, 1):
        yield event if isinstance(event, Event) else Event(dict(event), "<records>", number, in_lines=True)


def _raise(finding: Diagnostic) -> None:
    if finding.level == "error":
        raise InputError(finding.code, finding.place, finding.message, finding.help)
