"""What mutants are judged on: rules with their witnesses in the engine, and which lines each of them runs.

The rules: ours, SigmaHQ's when they are beside the project, those of fixtures/cases, and for each raw field of the
table one with a value, one with `exists` and one with `null`. The records: each rule's own witnesses, no others.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from cases import all_cases, rule_of
from mutation_lines import lines_run
from mutation_patch import Source
from mutation_reach import Lines

from sigmaproof.conversion import convert_rule
from sigmaproof.fidelity import Conversion
from sigmaproof.fields import DEFAULT, Field, FieldTable, table
from sigmaproof.normalize import normalize
from sigmaproof.rules import Rule, load_files
from sigmaproof.verify.compare import Judged
from sigmaproof.verify.engines import OURS, Answer, Document, Eql, Loaded, Query
from sigmaproof.verify.engines.elasticsearch import EmbeddedElasticsearch
from sigmaproof.verify.engines.index import Index, only_dsl
from sigmaproof.verify.judged import judged_record
from sigmaproof.verify.queries import Question, questions
from sigmaproof.verify.witness import witnesses

__all__ = ["TARGETS", "Corpus", "Entry", "Held", "asked_of", "document_of", "repr_of", "signature"]

ROOT = Path(__file__).resolve().parents[1]
TARGETS = ("eql", "lucene")
AT_ONCE = 16
"""Rules whose witnesses are in one index."""
OF_RULE = 3
OF_ALL = 60
"""Records with documents of one shape: of one rule, and of all, of which each rule has one more."""
PROFILES = (DEFAULT, "2.25.0", "filebeat")
"""Profiles with pipelines of their own, for which there is a rule a field."""
VALUES = {"ip": "203.0.113.10", "date": "2026-01-15T09:30:00Z", "boolean": "true"}


class Held:
    """An index that stays in the engine while others are made: an Engine as far as judging goes."""

    name = "elasticsearch"
    has_eql = False
    remarks: tuple[str, ...] = ()
    own = OURS

    def __init__(self, engine: EmbeddedElasticsearch, integration: str) -> None:
        with engine._running() as client:
            self._index = Index(client, engine._mapping(table(integration)))

    def meet(self) -> None:
        """See Engine.meet."""

    def load(self, docs: Iterable[tuple[str, Document]], fields: FieldTable | None = None) -> Loaded:
        """See Engine.load; once."""
        return self._index.load(docs)

    def swap(self, docs: Iterable[tuple[str, Document]]) -> Loaded:
        """See Engine.swap."""
        return self._index.swap(docs)

    def search(self, queries: Sequence[Query | Eql]) -> list[Answer]:
        """See Engine.search."""
        return self._index.search(only_dsl(queries))

    def close(self) -> None:
        """Drops the index."""
        self._index.drop()

    def __enter__(self) -> Held:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(eq=False)
class Entry:
    """A rule with its witnesses, and what comes of it without a mutant. claimed: its claim stands in a ledger."""

    name: str
    rule: Rule
    integration: str
    claimed: bool
    judged: list[Judged] = field(default_factory=list)
    conversions: dict[str, Conversion] = field(default_factory=dict)
    signatures: dict[str, tuple[object, ...]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    held: Held | None = None
    sample: list[Judged] = field(default_factory=list)

    def convert(self, target: str) -> Conversion:
        """The rule in a target, with what is in force."""
        return convert_rule(self.rule, target, integration=self.integration)


class Corpus:
    """All entries; lines: by file and line the entries that run it when they are converted, normalized or asked."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self.entries = list(_entries())
        self.lines: dict[str, dict[int, list[Entry]]] = {}
        self._trace(sources)

    def _trace(self, sources: Sequence[Source]) -> None:
        for entry in self.entries:
            _make(entry)
        self._draw()
        runs = lines_run(sources, (partial(_fill, entry) for entry in self.entries))
        for name, lines in runs.items():
            self.lines[name] = {line: [self.entries[number] for number in numbers] for line, numbers in lines.items()}

    def _draw(self) -> None:
        """The records whose documents are compared: of those with documents of one shape, a few of each rule."""
        count: Counter[object] = Counter()
        for entry in self.entries:
            own: Counter[object] = Counter()
            for one in entry.judged:
                shape = (entry.integration, _shape(one.document))
                own[shape] += 1
                count[shape] += 1
                if own[shape] <= OF_RULE and (count[shape] <= OF_ALL or own[shape] == 1):
                    entry.sample.append(one)

    def held(self, entry: Entry, engine: EmbeddedElasticsearch) -> Held:
        """The index with the witnesses of a rule, those of some others beside them; filled when it is first wanted."""
        if entry.held is None:
            alike = [one for one in self.entries if one.held is None and one.integration == entry.integration]
            _load(engine, entry.integration, alike[alike.index(entry) :][:AT_ONCE])
        assert entry.held is not None
        return entry.held

    def running(self, wanted: Lines) -> list[Entry]:
        """The entries that run one of these lines."""
        found = {id(e) for name, lines in wanted.items() for line in lines for e in self.lines[name].get(line, ())}
        return [entry for entry in self.entries if id(entry) in found]


def _load(engine: EmbeddedElasticsearch, integration: str, entries: Sequence[Entry]) -> None:
    held = Held(engine, integration)
    rejected = held.load((one.id, one.document) for entry in entries for one in entry.judged).rejected
    for entry in entries:
        entry.held = held
        entry.judged = [replace(one, rejected=rejected.get(one.id)) for one in entry.judged]


def _make(entry: Entry) -> None:
    """The witnesses and their documents."""
    for number, record in enumerate(witnesses(entry.rule.tree, entry.integration), 1):
        made = judged_record(f"{id(entry)}-{number}", f"generated#{number} for {entry.name}", record, entry.integration)
        entry.judged.append(replace(made, generated_for=entry.rule.id))


def _fill(entry: Entry) -> None:
    """The conversions and what is asked; the documents once more, for the lines that they run."""
    for target in TARGETS:
        entry.conversions[target] = entry.convert(target)
        entry.signatures[target] = signature(entry.conversions[target])
    entry.asked = list(map(repr_of, asked_of(entry.conversions["eql"])))
    for one in entry.sample:
        document_of(one, entry.integration)


def document_of(one: Judged, integration: str) -> Mapping[str, Any]:
    """The document of a record, as `judged_record` makes it."""
    try:
        return normalize(one.record, integration=integration)
    except ValueError as error:
        return {"error.message": str(error)}


def _shape(value: Any) -> object:
    """The keys and types of a document: records whose documents have the same are alike to most of the normalizer."""
    if isinstance(value, dict):
        return frozenset((key, _shape(inner)) for key, inner in value.items())
    return type(value)


def asked_of(conversion: Conversion) -> list[Question]:
    """What the engine is asked for a conversion; nothing for one that is refused."""
    return list(questions(conversion)) if conversion.query is not None else []


def repr_of(question: Question) -> str:
    """A question as a text that tells true from 1."""
    return json.dumps([question.query, question.unmapped, question.error], default=str)


def signature(conversion: Conversion) -> tuple[object, ...]:
    """What of a conversion can matter: the query, whether it is refused, the claim, the fields."""
    claim = tuple(sorted((one.code, one.direction, one.field) for one in conversion.reasons))
    return conversion.query, conversion.refusal is None, claim, conversion.expensive, tuple(conversion.fields)


def _entries() -> Iterator[Entry]:
    for rule in load_files(sorted((ROOT / "sigma_rules").rglob("*.yml"))).rules:
        yield Entry(rule.title, rule, DEFAULT, claimed=True)
    for rule in load_files(sorted((ROOT.parent / "shared" / "data" / "sigmahq-rules").glob("*.yml"))).rules:
        yield Entry(rule.title, rule, DEFAULT, claimed=False)
    for case in all_cases():
        yield Entry(case.name, case.rule, case.integration, claimed=True)
    for integration in PROFILES:
        for one in table(integration).fields:
            yield from _of_field(one, integration)


def _of_field(one: Field, integration: str) -> Iterator[Entry]:
    value = one.writes.values[0] if one.writes.values else VALUES.get(one.homes[0].type if one.homes else "", "alice")
    items: list[dict[str, Any]] = [{one.raw: value}]
    if integration == DEFAULT:
        items += [{one.raw: None}, {f"{one.raw}|contains": "al"}]
    for item in items:
        name = f"{integration}: {json.dumps(item)}"
        rule = rule_of(name, {"selection": item, "condition": "selection"})
        yield Entry(name, rule, integration, claimed=False)
