"""Mutates the backends, the lowering and the normalizer, and counts how many mutants make `verify` fail.

`python3 dev.py mutants` runs it. SIGMAPROOF_MUTANTS: how many, a sample drawn by SIGMAPROOF_SEED; 0 is all of them.
SIGMAPROOF_MUTATED: only files with one of these (a comma list) in their names. SIGMAPROOF_VERBOSE=1 tells of each.
SIGMAPROOF_JOBS: in how many processes, each with an engine. SIGMAPROOF_QUICK=1: the tests are asked first, and `verify`
only for what they don't see; the same are killed, but it is not known by which judges.
Survivors that can't matter stand in fixtures/mutants_survivors.yml, with the reason: of a file and a line of source all
changes, or those that `change` names. What names no survivor fails a run of all. Fails under 95 % too.
"""

from __future__ import annotations

import importlib
import os
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import yaml
from mutation_corpus import ROOT, Corpus
from mutation_jobs import judged
from mutation_judge import KILLED, QUICK, Judge, Outcome, limited
from mutation_patch import Source
from mutation_reach import Reach
from mutation_sites import Mutant, mutants_of, signatures
from mutation_tests import Tests

SURVIVORS = ROOT / "fixtures" / "mutants_survivors.yml"
LEAST = 0.95
# text: writes EQL for `diff`; jsontext: what the index is loaded with, once and before any mutant.
NOT_JUDGED = {"sigmaproof.verify.eql.text", "sigmaproof.normalize.jsontext"}
BACKENDS = ("eql", "lucene", "base", "values", "written")
SIDES = {
    "queries": [
        *(("backends", f"sigma.backends.sigmaproof.{name}") for name in BACKENDS),
        *(("src", f"sigmaproof.{name}") for name in ("emit", "lucenetext", "claims")),
    ],
    "documents": [("src", "sigmaproof.normalize")],
    "lowering": [("src", "sigmaproof.verify.eql")],
}


def sources() -> list[tuple[str, Source]]:
    """The files that are mutated, each with its side."""
    found = []
    for side, modules in SIDES.items():
        for root, name in modules:
            place = ROOT / root / Path(*name.split("."))
            files = sorted(place.glob("*.py")) if place.is_dir() else [place.with_suffix(".py")]
            for file in files:
                module = name if not place.is_dir() or file.stem == "__init__" else f"{name}.{file.stem}"
                if module in NOT_JUDGED:
                    continue
                relative = file.relative_to(ROOT).as_posix()
                found.append((side, Source(file, importlib.import_module(module), relative)))
    return found


def all_mutants(found: list[tuple[str, Source]]) -> list[tuple[str, Source, Mutant]]:
    """Every mutant of every file."""
    others = [ROOT / "src" / "sigmaproof" / name for name in ("folding.py", "regex/render.py")]
    known = signatures([source.path for _, source in found] + others)
    return [(side, s, one) for side, s in found for one in mutants_of(s.name, s.text, s.tree, known)]


def main() -> int:
    """Runs all mutants or a sample, prints the figures and the survivors; 1 when too many or unknown ones survive."""
    found = sources()
    mutants = all_mutants(found)
    total = len(mutants)
    seed = int(os.environ.get("SIGMAPROOF_SEED") or 1)
    count = int(os.environ.get("SIGMAPROOF_MUTANTS") or 0)
    if only := os.environ.get("SIGMAPROOF_MUTATED"):
        mutants = [one for one in mutants if any(part in one[1].name for part in only.split(","))]
    if 0 < count < len(mutants):
        mutants = random.Random(seed).sample(mutants, count)  # noqa: S311 (no secret)
        mutants.sort(key=lambda one: (one[1].name, one[2].line))
    print(f"{len(mutants)} of {total} mutants, SIGMAPROOF_SEED={seed}", flush=True)
    outcomes = run(found, mutants)
    return told(outcomes, is_whole=len(outcomes) == total)


def run(found: list[tuple[str, Source]], mutants: list[tuple[str, Source, Mutant]]) -> list[tuple[Mutant, Outcome]]:
    """The outcomes, in order."""
    start = time.monotonic()
    tests = Tests([source for _, source in found], limited)
    print(f"{len(tests.tests):,} tests, learned in {time.monotonic() - start:.0f} s", flush=True)
    start = time.monotonic()
    corpus = Corpus([source for _, source in found])
    records = sum(len(entry.judged) for entry in corpus.entries)
    sampled = sum(len(entry.sample) for entry in corpus.entries)
    made = f"{len(corpus.entries)} rules, {records:,} witnesses ({sampled:,} for documents)"
    print(f"{made}, made in {time.monotonic() - start:.0f} s", flush=True)
    start = time.monotonic()
    reach = Reach([source for _, source in found])
    outcomes = judged(lambda engine: Judge(corpus, engine, tests, reach), mutants, _tell)
    print(f"judged in {time.monotonic() - start:.0f} s", flush=True)
    return outcomes


def _tell(seconds: float, mutant: Mutant, outcome: Outcome) -> None:
    if os.environ.get("SIGMAPROOF_VERBOSE"):
        told = f"{outcome.kind:8} {mutant.file}:{mutant.line} {mutant.change} | {outcome.by}"
        print(f"{seconds:6.2f} {told}", flush=True)


def told(outcomes: list[tuple[Mutant, Outcome]], is_whole: bool) -> int:
    """Prints the figures; returns the exit code."""
    explained = explanations()
    by_file: dict[str, Counter[str]] = defaultdict(Counter)
    used, unknown = set(), []
    for mutant, outcome in outcomes:
        kind = outcome.kind
        if not outcome.is_killed and kind != "unusable":
            keys = {(*mutant.key[:2], change) for change in (mutant.change, None)} & explained
            used |= keys
            if keys:
                kind = "explained"
            else:
                unknown.append((mutant, outcome))
        by_file[mutant.file][kind] += 1
    for mutant, outcome in unknown:
        print(
            f"SURVIVED ({outcome.kind}) {mutant.file}:{mutant.line} in {mutant.where}: {mutant.text}: {mutant.change}"
        )
    return _figures(by_file, explained - used if is_whole else set())


def explanations() -> set[tuple[str, str, str | None]]:
    """What the list of survivors names: file, line of source, and the change, None for all of that line."""
    found: set[tuple[str, str, str | None]] = set()
    for entry in yaml.safe_load(SURVIVORS.read_text(encoding="utf-8")):
        changes = entry.get("change")
        for change in changes if isinstance(changes, list) else [changes]:
            found.add((entry["file"], entry["line"], change))
    return found


def _figures(by_file: dict[str, Counter[str]], unused: set[tuple[str, str, str | None]]) -> int:
    whole: Counter[str] = Counter()
    for name, kinds in sorted(by_file.items()):
        whole += kinds
        print(f"{_killed(kinds):5} of {_counted(kinds):5}  {name}  {dict(kinds.most_common())}")
    count = max(1, _counted(whole))
    for judges, by in () if QUICK else (("verify alone", KILLED[:2]), ("verify, ledgers and tables", KILLED[:4])):
        print(f"{_killed(whole, by)} of {count} killed by {judges}: {_killed(whole, by) / count:.1%}")
    share = _killed(whole) / count
    print(f"{_killed(whole)} of {count} killed by any judge: {share:.1%}; {dict(whole.most_common())}")
    for file, line, change in sorted(unused, key=str):
        print(f"{SURVIVORS.name}: no survivor is {file}: {line!r}: {change or 'any change'}")
    return 1 if share < LEAST or unused else 0


def _killed(kinds: Counter[str], by: Sequence[str] = KILLED) -> int:
    return sum(kinds[kind] for kind in by)


def _counted(kinds: Counter[str]) -> int:
    return sum(kinds.values()) - kinds["unusable"] - kinds["explained"]


if __name__ == "__main__":
    sys.exit(main())
