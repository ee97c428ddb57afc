"""How many records a second one core goes over in Spark, beside the local run with one process, in the same turn.

The corpus is that of `evaluate` (`corpus`), packed and as lines, and as a table of record texts. Spark is started, and
goes over a first part, before anything is timed; so what is counted is what a long run does. What matters is the ratio
to the local run of the same turn: on a busy machine both are slower. Run, with the extra `spark`:
.venv/bin/python benchmarks/spark.py [RECORDS]
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from corpus import written

from sigmaproof import load
from sigmaproof.evaluate.files import FileJudge
from sigmaproof.spark import frames
from sigmaproof.spark.judge import SparkJudge
from sigmaproof.spark.session import started

ROOT = Path(__file__).parents[1]
PUBLIC = ROOT.parent / "shared" / "data" / "sigmahq-rules"
TURNS = 2


def main() -> None:
    """Prints the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    frames.LARGE = 1 << 20  # so that lines are read in parts, however few they are
    spark = started(1)
    rules = load(ROOT / "sigma_rules", *([PUBLIC] if PUBLIC.is_dir() else [])).rules
    with tempfile.TemporaryDirectory() as name:
        packed, lines = written(Path(os.environ.get("SIGMAPROOF_CORPUS") or name), count)
        table = str(Path(name) / "table")
        spark.read.text(str(lines)).write.parquet(table)
        found = {}

        def local(files: list[Path]) -> int:
            return sum(1 for _ in FileJudge(rules, print, jobs=1).matches(files))

        def in_spark(files: list[Path]) -> int:
            return sum(1 for _ in SparkJudge(rules, print).matches(files))

        def of_table() -> int:
            from sigmaproof.spark import evaluate

            return int(evaluate(spark, spark.read.parquet(table), rules).matches.count())

        runs: dict[str, Callable[[], int]] = {
            "local, packed": lambda: local(packed),
            "Spark, packed": lambda: in_spark(packed),
            "local, lines": lambda: local([lines]),
            "Spark, lines": lambda: in_spark([lines]),
            "Spark, a table of texts": of_table,
        }
        in_spark(packed[:1])
        best = dict.fromkeys(runs, float("inf"))
        for _ in range(TURNS):
            for title, run in runs.items():
                start = time.perf_counter()
                found[title] = run()
                best[title] = min(best[title], time.perf_counter() - start)
        size = sum(file.stat().st_size for file in packed)
        print(f"{count:,} records, {lines.stat().st_size / 1e6:,.0f} MB of JSON, {size / 1e6:,.0f} MB packed,", end=" ")
        print(f"{len(rules)} rules, {len(packed)} files, one core; load of the machine {os.getloadavg()[0]:.1f}\n")
        print("| run | seconds | records/s | times local | matches |\n|---|---|---|---|---|")
        for title, seconds in best.items():
            other = best["local, packed" if "packed" in title else "local, lines"]
            rate, ratio = f"{count / seconds:,.0f}", f"{seconds / other:.2f}"
            print(f"| {title} | {seconds:.2f} | {rate} | {ratio} | {found[title]:,} |")


if __name__ == "__main__":
    main()
