"""Measures the queries of pySigma-backend-elasticsearch on the engine that ours are held to.

    python scripts/compare_converter.py [--rules DIR]… [--python PYTHON] [--write]

The converter runs in an environment of its own, with our pipeline's field names. Its queries are judged on records
that AWS can write, near misses of each rule. What is said about the result is in `converter_page`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import venv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from converter_causes import cause

from sigmaproof.conversion import convert_rule, mapped_tree
from sigmaproof.evaluate.compile import compile_predicate
from sigmaproof.fidelity import Conversion
from sigmaproof.fields import DEFAULT, table
from sigmaproof.normalize import normalize
from sigmaproof.paths import leaves
from sigmaproof.rules import Rule, load_files
from sigmaproof.verify.admissible import why_inadmissible
from sigmaproof.verify.engines import Answer, Engine
from sigmaproof.verify.queries import questions
from sigmaproof.verify.witness import witnesses

ROOT = Path(__file__).parents[1]
VENV = ROOT / ".venv" / "pysigma-backend-elasticsearch"
PACKAGE = "pysigma-backend-elasticsearch==2.1.1"
PAGE = ROOT / "docs" / "other-converters.md"
TARGETS = ("eql", "lucene")
# A simple record: no value longer than the index keeps, so that only the query can be wrong.
LONGEST_VALUE, LONGEST_RECORD = 1024, 4000
# Longer queries are not asked: one of half a million characters takes the engine's memory.
LONGEST_QUERY = 20_000
# What stands before a correlation that names a rule, by the rule's name.
NAMED = {
    name: f"title: {name}\nname: {name}\nlogsource: {{product: aws, service: cloudtrail}}\n"
    f"detection: {{selection: {{eventName: {name}}}, condition: selection}}\n---\n"
    for name in ("a", "b")
}


@dataclass(frozen=True)
class Near:
    """A record near the rule, with the rule's own verdict. admissible: whether AWS can write it."""

    record: dict[str, Any]
    right: bool
    admissible: bool


@dataclass
class Subject:
    """A rule that is converted, and the records on which the result is judged. rule: None when we refuse the text."""

    name: str
    text: str
    rule: Rule | None
    records: list[Near] = field(default_factory=list)


@dataclass(frozen=True)
class Wrong:
    """One wrong verdict, and why it is wrong in one of a few words."""

    subject: Subject
    near: Near
    cause: str


@dataclass
class Outcome:
    """What became of a subject in one target. raised: the converter's error. refused: Elasticsearch's error.
    unmapped: fields without which Elasticsearch refuses the query when no index maps them."""

    subject: Subject
    target: str
    queries: tuple[str, ...] = ()
    raised: str | None = None
    refused: str | None = None
    unmapped: tuple[str, ...] = ()
    judged: list[Near] = field(default_factory=list)
    wrong: list[Wrong] = field(default_factory=list)


@dataclass
class Measured:
    """Everything that one run found: the outcomes of our rules, of public ones, and of the cases. own: those of our
    own conversions, by group."""

    versions: dict[str, str]
    ours: list[Outcome]
    public: list[Outcome]
    cases: list[Outcome]
    own: dict[str, list[Outcome]] = field(default_factory=dict)


def main() -> int:
    """Prints the page, or writes it to docs/; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--rules", action="append", default=[], type=Path, help="a directory of public rules")
    parser.add_argument("--python", type=Path, help=f"a Python with {PACKAGE}; by default one is made in .venv")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(ROOT)}")
    options = parser.parse_args()
    from converter_page import page

    from sigmaproof.verify.engines.elasticsearch import EmbeddedElasticsearch

    python = options.python or environment()
    groups = rule_subjects([ROOT / "sigma_rules"]), rule_subjects(options.rules), case_subjects()
    with EmbeddedElasticsearch() as engine:
        measured = measure(groups, python, engine)
        measured.versions["Elasticsearch"] = engine.version()
    text = page(measured)
    if options.write:
        PAGE.write_text(text, encoding="utf-8")
    else:
        print(text)
    return 0


def environment() -> Path:
    """The Python of the converter's own environment, which is made when it is not there."""
    python = environment_python()
    if not python.exists():
        venv.create(VENV, with_pip=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", PACKAGE]
        subprocess.run(pip, check=True)  # noqa: S603 - a pinned package, into an environment of its own
    return python


def environment_python() -> Path:
    """Where that Python is, or would be; the environment of sigma-cli (dev.py test) has the package too."""
    inside = "Scripts/python.exe" if os.name == "nt" else "bin/python"
    places = [place / inside for place in (VENV, VENV.parent / "sigma-cli")]
    return next((place for place in places if place.exists()), places[0])


def rule_subjects(folders: Iterable[Path]) -> list[Subject]:
    """The rules of folders, each with its simple witnesses."""
    files = sorted(file for folder in folders for file in folder.rglob("*.yml"))
    rules = load_files(files).rules
    return [Subject(rule.title, _text(rule), rule, list(_near(rule, witnesses(rule.tree)))) for rule in rules]


def _text(rule: Rule) -> str:
    return yaml.safe_dump(rule.data, sort_keys=False, allow_unicode=True)


def _near(rule: Rule, records: Iterable[dict[str, Any]]) -> Iterator[Near]:
    """The records that come whole into the index: the query alone decides then."""
    from sigma.exceptions import SigmaError

    verdict = compile_predicate(rule.tree)
    try:
        on_document = compile_predicate(mapped_tree(rule))
    except SigmaError:
        return
    for record in records:
        if _is_short(record) and on_document(normalize(record)) is verdict(record):
            yield Near(record, verdict(record), why_inadmissible(record) is None)


def _is_short(record: Mapping[str, Any]) -> bool:
    texts = (value for value in leaves(record) if isinstance(value, str))
    return all(len(text) <= LONGEST_VALUE for text in texts) and len(json.dumps(record)) <= LONGEST_RECORD


def case_subjects() -> list[Subject]:
    """Our conformance cases, with the records that they name: the hard ones, many made from known defects."""
    sys.path.append(str(ROOT / "tests"))
    from cases import all_cases, load_texts

    judged = [
        Subject(case.name, _text(case.rule), case.rule, list(_near(case.rule, [one for one, _ in case.records])))
        for case in all_cases()
        if case.integration == DEFAULT
    ]
    return judged + [Subject(name, _with_named(text), None) for name, text in load_texts()]


def _with_named(text: str) -> str:
    """A correlation with the rules that it names before it; any other text as it is."""
    named = (yaml.safe_load(text) or {}).get("correlation", {}).get("rules", []) if "correlation:" in text else []
    return "".join(NAMED.get(name, "") for name in named) + text


def measure(groups: Sequence[Sequence[Subject]], python: Path, engine: Engine) -> Measured:
    """Converts the subjects of the three groups there, and judges the queries on the engine."""
    subjects = [subject for group in groups for subject in group]
    told = _converted([subject.text for subject in subjects], python)
    by_group = []
    answers = iter(told["answers"])
    for group in groups:
        pairs = [(subject, next(answers)) for subject in group]
        by_group.append([_outcome(subject, target, answer[target]) for subject, answer in pairs for target in TARGETS])
    ids = {id(near): f"r{number}" for number, near in enumerate(near for s in subjects for near in s.records)}
    documents = ((ids[id(near)], normalize(near.record)) for subject in subjects for near in subject.records)
    rejected = engine.load(documents).rejected
    for rejected_id in rejected:
        ids = {key: value for key, value in ids.items() if value != rejected_id}
    own = {name: _own(group) for name, group in zip(("ours", "public", "cases"), groups, strict=True)}
    _judge([outcome for group in (*by_group, *own.values()) for outcome in group], ids, engine)
    ours, public, cases = by_group
    return Measured(told["versions"], ours, public, cases, own)


def _own(subjects: Sequence[Subject]) -> list[Outcome]:
    """Our own conversions of the rules that we load."""
    converted = [(one, convert_rule(one.rule, target)) for one in subjects if one.rule for target in TARGETS]
    return [
        Outcome(subject, told.target, (told.query,) if told.query is not None else (), raised=told.refusal)
        for subject, told in converted
    ]


def _converted(texts: Sequence[str], python: Path) -> dict[str, Any]:
    paths = os.pathsep.join(str(ROOT / name) for name in ("src", "backends"))
    done = subprocess.run(  # noqa: S603 - our own worker
        [str(python), "-W", "ignore", str(ROOT / "scripts" / "converter_worker.py")],
        input=json.dumps(texts),
        env={**os.environ, "PYTHONPATH": paths},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _outcome(subject: Subject, target: str, answer: Mapping[str, Any]) -> Outcome:
    return Outcome(subject, target, tuple(answer.get("queries", ())), raised=answer.get("error"))


def _judge(outcomes: Sequence[Outcome], ids: Mapping[int, str], engine: Engine) -> None:
    """ids: the document of each record that the engine took."""
    asked = [(outcome, query) for outcome in outcomes for query in _questions(outcome)]
    found: dict[int, list[Answer]] = {}
    for (outcome, _), answer in zip(asked, engine.search([query for _, query in asked]), strict=True):
        found.setdefault(id(outcome), []).append(answer)
    for outcome in outcomes:
        _compare(outcome, found.get(id(outcome), []), ids)


def _questions(outcome: Outcome) -> Iterator[Mapping[str, Any]]:
    """The Query DSL of an outcome's queries. What Elasticsearch refuses before it searches is noted at once."""
    for query in outcome.queries:
        if len(query) > LONGEST_QUERY:
            outcome.refused = f"not run: a query of {len(query):,} characters"
            continue
        fields = _fields(outcome) if outcome.target == "eql" else ()
        conversion = Conversion("", "", outcome.target, query=query, fields=fields)
        for question in questions(conversion):
            if isinstance(question.query, Mapping) and question.unmapped is None:
                yield question.query
            elif question.unmapped is None:
                outcome.refused = question.error
            elif question.error:
                outcome.unmapped += (question.unmapped,)


def _fields(outcome: Outcome) -> tuple[str, ...]:
    """The ECS fields of a rule, our dataset left out: each is tried while no index maps it."""
    from sigma.exceptions import SigmaError

    from sigmaproof.predicate import Keyword, tests

    if outcome.subject.rule is None:
        return ()
    try:
        tree = mapped_tree(outcome.subject.rule)
    except SigmaError:
        return ()
    names = {test.field for test, _ in tests(tree) if not isinstance(test, Keyword)}
    return tuple(sorted(names - set(table().constants)))


def _compare(outcome: Outcome, answers: Sequence[Answer], ids: Mapping[int, str]) -> None:
    errors = [answer.error for answer in answers if answer.error]
    outcome.refused = outcome.refused or (errors[0] if errors else None)
    if outcome.refused or outcome.raised or outcome.subject.rule is None:
        return
    matched = frozenset[str]().union(*(answer.matched for answer in answers))
    outcome.judged = [near for near in outcome.subject.records if id(near) in ids]
    for near in outcome.judged:
        if (ids[id(near)] in matched) is not near.right:
            told = cause(outcome.subject.rule.tree, near.record, not near.right)
            outcome.wrong.append(Wrong(outcome.subject, near, told))


if __name__ == "__main__":
    sys.exit(main())
