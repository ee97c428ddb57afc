"""Each deletion of an escape, guard or delimiter in fixtures/mutations.yml must make `verify` report findings.

That there are none without a deletion is what test_cases and test_claims hold.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from cases import Case, all_cases
from conftest import ROOT

from sigmaproof.conversion import convert_rule
from sigmaproof.events import Event
from sigmaproof.rules import Rule, load_files
from sigmaproof.verify.compare import Cell, Judged
from sigmaproof.verify.run import judge, load

MUTATIONS = yaml.safe_load((ROOT / "fixtures" / "mutations.yml").read_text(encoding="utf-8"))
PACKAGE = "sigma.backends.sigmaproof"
FILES = {
    "eql": f"{PACKAGE}.eql",
    "lucene": f"{PACKAGE}.lucene",
    "emit": "sigmaproof.emit",
    "lucenetext": "sigmaproof.lucenetext",
}
# In the order of their imports: what holds a class of a mutated module is made anew with it.
RELOADED = ["sigmaproof.lucenetext", "sigmaproof.emit", PACKAGE] + [
    f"{PACKAGE}.{name}" for name in ("base", "values", "eql", "lucene", "native")
]
TARGETS = ("eql", "lucene")
TOPICS = {"case", "conditions", "injection", "lists", "null_exists", "objects", "regex", "strings"}


def cases() -> list[Case]:
    """The cases of the topics that the deletions are about: all of them would take the engine's memory."""
    return [case for case in all_cases() if case.name.partition(":")[0] in TOPICS]


@pytest.fixture(scope="module")
def rules() -> list[Rule]:
    ours = load_files(sorted((ROOT / "sigma_rules").rglob("*.yml"))).rules
    return [*ours, *(case.rule for case in cases())]


@pytest.fixture(scope="module")
def judged(engine: Any, rules: Sequence[Rule]) -> list[Judged]:
    records = [record for case in cases() for record, _ in case.records]
    return load(rules, (Event(record, "cases", n, in_lines=False) for n, record in enumerate(records, 1)), engine)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: f"{mutation['file']}: {mutation['what']}")
def test_verify_sees_the_deletion(
    mutation: dict[str, str],
    engine: Any,
    rules: Sequence[Rule],
    judged: Sequence[Judged],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    backends = mutated_backends(mutation)
    before = {rule.id: _queries(rule) for rule in rules}
    monkeypatch.setattr("sigmaproof.conversion.backend", backends.get)
    changed = [rule for rule in rules if _queries(rule) != before[rule.id]]
    assert changed, "no rule's query is changed by the deletion: write a case that needs what it deletes"
    title, cell = next(_findings(changed, judged, engine))
    shown = cell.error or (cell.unexplained[0].judged.place if cell.unexplained else "a claim without evidence")
    print(f"{mutation['file']}, {mutation['what']}: seen by {title!r}: {shown}")


def _findings(rules: Sequence[Rule], judged: Sequence[Judged], engine: Any) -> Iterator[tuple[str, Cell]]:
    """What verify finds, a few rules at a time: the first finding is enough."""
    for start in range(0, len(rules), 8):
        report = judge(rules[start : start + 8], judged, TARGETS, engine)
        yield from ((row.rule.title, cell) for row in report.rows for cell in row.cells if cell.has_findings)


def _queries(rule: Rule) -> list[object]:
    return [convert_rule(rule, target).query for target in TARGETS]


def mutated_backends(mutation: dict[str, str]) -> dict[str, Any]:
    """The backends as they are with this deletion; the real modules stay in place for everyone else."""
    saved = {name: sys.modules.pop(name) for name in RELOADED if name in sys.modules}
    try:
        name = FILES[mutation["file"]]
        for earlier in RELOADED[: RELOADED.index(name)] if name.startswith(PACKAGE) else []:
            importlib.import_module(earlier)
        sys.modules.pop(name, None)
        _load(name, mutation)
        for later in [f"{PACKAGE}.eql", f"{PACKAGE}.lucene", f"{PACKAGE}.native"]:
            if later != name and not name.startswith(PACKAGE):
                sys.modules.pop(later, None)
        return {
            "eql": importlib.import_module(f"{PACKAGE}.eql").EqlBackend,
            "lucene": importlib.import_module(f"{PACKAGE}.lucene").LuceneBackend,
            "native": importlib.import_module(f"{PACKAGE}.native").NativeBackend,
        }
    finally:
        for name in RELOADED:
            sys.modules.pop(name, None)
        sys.modules.update(saved)


def _load(name: str, mutation: dict[str, str]) -> ModuleType:
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    source = Path(spec.origin).read_text(encoding="utf-8")
    assert source.count(mutation["old"]) == 1, "the text to delete is not there exactly once"
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    exec(compile(source.replace(mutation["old"], mutation["new"]), spec.origin, "exec"), module.__dict__)
    return module
