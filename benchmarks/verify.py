"""How long the full verification of all rules on EQL and Lucene takes, engine start included, and in how much memory.

Aims: under 60 s on two cores and under 1 GB, process and engine together. The rules are ours, and SigmaHQ's where they
lie beside the project. First the command as a whole, run after run: the first one fills caches (of jars, of the
archive that the engine starts from), the last one counts. Then its parts, one after the other, in one process. Memory
is the peak of each process as Linux counts it (VmHWM); the load of the machine stands beside it, since it is in all
times. Run: .venv/bin/python benchmarks/verify.py
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from sigmaproof.conversion import convert_rule
from sigmaproof.fidelity import Conversion
from sigmaproof.normalize import normalize
from sigmaproof.rules import Rule, load_files
from sigmaproof.verify.admissible import why_inadmissible
from sigmaproof.verify.engines.elasticsearch import EmbeddedElasticsearch
from sigmaproof.verify.queries import questions
from sigmaproof.verify.witness import witnesses

ROOT = Path(__file__).resolve().parents[1]
PLACES = [place for place in (ROOT / "sigma_rules", ROOT.parent / "shared/data/sigmahq-rules") if place.is_dir()]
VERIFY = [sys.executable, "-m", "sigmaproof", "verify", "-t", "eql,lucene", "--format", "json", *map(str, PLACES)]
TARGETS = ("eql", "lucene")
SECONDS, MEGABYTES = 60, 1000
POLL = 0.02

T = TypeVar("T")


def main() -> None:
    """Prints the whole, and its parts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2, help="runs of the command, of which the last counts")
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, load before {os.getloadavg()[0]:.1f}", flush=True)
    for number in range(1, options.runs + 1):
        print(f"run {number}: {whole()}", flush=True)
    rules = load_files([file for place in PLACES for file in sorted(place.rglob("*.yml"))]).rules
    conversions = of_conversion(rules)
    documents = of_generation(rules)
    with EmbeddedElasticsearch() as engine:
        of_engine(engine, documents, conversions)
    print(f"load after {os.getloadavg()[0]:.1f}")


def whole() -> str:
    """One run of the command: wall time, and the peaks of memory, beside the aims."""
    before, start = processor(), time.perf_counter()
    with subprocess.Popen(VERIFY, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:  # noqa: S603
        peaks: dict[int, float] = {}
        rows = read_while(process, lambda: watch(process.pid, peaks))
    took, used = time.perf_counter() - start, processor() - before
    if process.returncode > 1 or not rows:
        raise SystemExit(f"verify failed with {process.returncode}")
    own, engine = peaks.pop(process.pid, 0.0), sum(peaks.values())
    memory = (
        f"peak memory: process {own:.0f} MB, engine {engine:.0f} MB, together {own + engine:.0f} MB "
        f"({'within' if own + engine < MEGABYTES else 'NOT WITHIN'} {MEGABYTES} MB)"
        if own
        else "peak memory: not known without /proc"
    )
    aim = "within" if took < SECONDS else "NOT WITHIN"
    times = f"{took:.1f} s ({aim} {SECONDS} s), {used:.1f} s of processor time"
    return f"{rows} rules and targets verified in {times}; {memory}"


def processor() -> float:
    """Processor time of all ended children and of what those waited for, in seconds."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def read_while(process: subprocess.Popen[str], look: Callable[[], None]) -> int:
    """The number of lines that a process prints; looks again and again until it has ended."""
    lines: list[str] = []
    assert process.stdout is not None
    reader = threading.Thread(target=lines.extend, args=(process.stdout,))
    reader.start()
    while process.poll() is None:
        look()
        time.sleep(POLL)
    reader.join()
    return len(lines)


def watch(root: int, peaks: dict[int, float]) -> None:
    """Notes the peak in megabytes of a process and of all below it."""
    for pid in [root, *below(root)]:
        try:
            status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        except OSError:
            continue
        for line in status.splitlines():
            if line.startswith("VmHWM:"):
                peaks[pid] = max(peaks.get(pid, 0.0), int(line.split()[1]) / 1000)


def below(pid: int) -> list[int]:
    """The processes that a process started, and those that they did."""
    found: list[int] = []
    for tasks in Path("/proc").glob(f"{pid}/task/*/children"):
        try:
            children = [int(child) for child in tasks.read_text(encoding="utf-8").split()]
        except OSError:
            continue
        found += [one for child in children for one in (child, *below(child))]
    return found


def of_conversion(rules: list[Rule]) -> list[Conversion]:
    """Prints how many rules a second are converted to both languages."""
    convert_all(rules[:1])  # imports
    conversions, took = timed(lambda: convert_all(rules))
    print(f"conversion: {len(rules)} rules to {len(TARGETS)} targets, {len(rules) / took:,.0f} rules/s")
    return conversions


def convert_all(rules: Iterable[Rule]) -> list[Conversion]:
    """Every rule in every target."""
    return [convert_rule(rule, target) for rule in rules for target in TARGETS]


def of_generation(rules: list[Rule]) -> list[tuple[str, dict[str, Any]]]:
    """Prints how many witnesses a second are generated, normalized and tested for what AWS can write."""
    made, took = timed(lambda: [record for rule in rules for record in witnesses(rule.tree)])
    print(f"generation: {len(made):,} witnesses, {len(made) / took:,.0f}/s;", end=" ")
    documents, took = timed(lambda: [normalize(record) for record in made])
    print(f"normalization {len(made) / took:,.0f}/s;", end=" ")
    possible, took = timed(lambda: sum(why_inadmissible(record) is None for record in made))
    print(f"{possible:,} admissible, judged at {len(made) / took:,.0f}/s")
    return [(str(number), document) for number, document in enumerate(documents)]


def of_engine(
    engine: EmbeddedElasticsearch, documents: list[tuple[str, dict[str, Any]]], conversions: list[Conversion]
) -> None:
    """Prints how long the engine starts, how many documents a second it loads, and how many queries it answers."""
    _, took = timed(engine.start)
    print(f"engine: started in {took:.1f} s;", end=" ")
    loaded, took = timed(lambda: engine.load(documents))
    print(f"{len(loaded.ids):,} documents loaded at {len(documents) / took:,.0f}/s;", end=" ")
    queries = [ask.query for one in conversions if one.query is not None for ask in questions(one) if ask.query]
    answers, took = timed(lambda: engine.search(queries))
    refused = sum(bool(answer.error) for answer in answers)
    print(f"{len(queries)} queries answered at {len(queries) / took:,.0f}/s, {refused} refused")


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """What it gives, and how long it takes in seconds."""
    start = time.perf_counter()
    found = work()
    return found, time.perf_counter() - start


if __name__ == "__main__":
    main()
