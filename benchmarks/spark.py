"""What a record costs in Spark, beside the local run with one process, in the same turn.

The corpus is that of `evaluate` (`corpus`), packed and as lines, and as a table of record texts. Counted is processor
time, of this process and of all below it (Java's compiler and collector too), so that a busy machine is not measured;
and of two sizes the difference, so that the start of a job is not. Linux only. Run, with the extra `spark`:
.venv/bin/python benchmarks/spark.py [RECORDS]
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from corpus import A_FILE, written

from sigmaproof import load
from sigmaproof.evaluate.files import FileJudge
from sigmaproof.spark import evaluate, frames
from sigmaproof.spark.judge import SparkJudge
from sigmaproof.spark.session import started

ROOT = Path(__file__).parents[1]
PUBLIC = ROOT.parent / "shared" / "data" / "sigmahq-rules"
TURNS = 3


def processor_time() -> float:
    """Seconds that this process and those below it have used."""
    parents, used = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            values = stat.read_text().rpartition(") ")[2].split()
        except OSError:  # it has ended
            continue
        pid = int(stat.parent.name)
        parents[pid], used[pid] = int(values[1]), sum(map(int, values[11:15]))
    ours = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in ours} - ours:
        ours |= more
    return sum(used[pid] for pid in ours) / os.sysconf("SC_CLK_TCK")


def costs(runs: dict[str, Callable[[bool], int]]) -> tuple[dict[str, float], dict[str, int]]:
    """For each run the seconds that the large part of the corpus costs more than the small one; and its matches."""
    least: dict[tuple[str, bool], float] = {}
    found = {}
    for _ in range(TURNS):
        for title, run in runs.items():
            for whole in (False, True):
                before = processor_time()
                found[title] = run(whole)
                least[title, whole] = min(least.get((title, whole), float("inf")), processor_time() - before)
    return {title: least[title, True] - least[title, False] for title in runs}, found


def main() -> None:
    """Prints the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    frames.LARGE = 1 << 20  # so that lines are read in parts, however few they are
    spark = started(1)
    rules = load(ROOT / "sigma_rules", *([PUBLIC] if PUBLIC.is_dir() else [])).rules
    with tempfile.TemporaryDirectory() as name:
        place = Path(os.environ.get("SIGMAPROOF_CORPUS") or name)
        packed, lines = written(place, count)
        few, some = packed[: len(packed) // 10], Path(name) / "some.ndjson"
        with lines.open("rb") as stream, some.open("wb") as part:
            part.writelines(islice(stream, len(few) * A_FILE))
        tables = {True: f"{name}/all", False: f"{name}/some"}
        spark.read.text(str(lines)).write.parquet(tables[True])
        spark.read.text(str(some)).write.parquet(tables[False])

        def local(files: list[Path]) -> int:
            return sum(1 for _ in FileJudge(rules, print, jobs=1).matches(files))

        def in_spark(files: list[Path]) -> int:
            return sum(1 for _ in SparkJudge(rules, print).matches(files))

        taken, found = costs(
            {
                "local, packed": lambda whole: local(packed if whole else few),
                "Spark, packed": lambda whole: in_spark(packed if whole else few),
                "local, lines": lambda whole: local([lines if whole else some]),
                "Spark, lines": lambda whole: in_spark([lines if whole else some]),
                "Spark, a table of texts": lambda whole: int(
                    evaluate(spark, spark.read.parquet(tables[whole]), rules).matches.count()
                ),
            }
        )
        size = sum(file.stat().st_size for file in packed)
        print(f"{count:,} records, {lines.stat().st_size / 1e6:,.0f} MB of JSON, {size / 1e6:,.0f} MB packed,", end=" ")
        print(f"{len(rules)} rules, {len(packed)} files; load of the machine {os.getloadavg()[0]:.1f}\n")
        print("| run | seconds of a core | records/s a core | times local | matches |\n|---|---|---|---|---|")
        more = count - len(few) * A_FILE
        for title, seconds in taken.items():
            ratio = seconds / taken["local, packed" if "packed" in title else "local, lines"]
            print(f"| {title} | {seconds:.2f} | {more / seconds:,.0f} | {ratio:.2f} | {found[title]:,} |")


if __name__ == "__main__":
    main()
