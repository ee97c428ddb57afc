"""How long `evaluate` takes over CloudTrail files and over NDJSON, as ratios to unpacking and to other evaluators.

The corpus is made once (`corpus`), in the folder that SIGMAPROOF_CORPUS names, else in a temporary one. The rules are
ours and, where they are beside the checkout, public ones; then 3,000, the same with other values. All is run in turns
in one go, whole commands with their start, and the quickest of three is taken: from the second time on, rules come from
the cache, as with unchanged rules they do. igzip and rsigma are used where they are installed (SIGMAPROOF_RSIGMA names
the program); without igzip, its library unpacks in Python. Run:
.venv/bin/python benchmarks/evaluate.py [RECORDS]
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from corpus import written

from sigmaproof.processes import processors

ROOT = Path(__file__).parents[1]
PUBLIC = ROOT.parent / "shared" / "data" / "sigmahq-rules"
RSIGMA = os.environ.get("SIGMAPROOF_RSIGMA") or shutil.which("rsigma")
VALUES = ("eventName", "eventSource", "errorCode", "errorMessage", "userAgent")
COPIES = 4
"""Of the lines, in the large file: with 1,000,000 records it has more than 5 GB."""
UNPACK = (
    "import sys\nfrom isal import igzip\nfor name in sys.argv[1:]:\n"
    "    with igzip.open(name) as stream:\n        while stream.read(1 << 17): pass"
)


@dataclass
class Run:
    """Commands at the same time, and what they took. megabytes: of the largest process."""

    title: str
    commands: Sequence[Sequence[str]]
    seconds: float = float("inf")
    megabytes: float = 0
    output: Path = Path(os.devnull)

    def once(self) -> None:
        """Runs it, and keeps the quickest time."""
        start = time.perf_counter()
        with self.output.open("wb") as stream:
            running = [
                subprocess.Popen(one, stdout=stream, stderr=subprocess.DEVNULL)  # noqa: S603 - ours, and named peers
                for one in self.commands
            ]
            for process in running:
                _, status, used = os.wait4(process.pid, 0)
                process.returncode = os.waitstatus_to_exitcode(status)
                self.megabytes = max(self.megabytes, used.ru_maxrss / 1000)
        self.seconds = min(self.seconds, time.perf_counter() - start)
        if any(process.returncode not in (0, 1) for process in running):
            raise SystemExit(f"{self.title}: exit codes {[process.returncode for process in running]}")


def sources() -> list[Path]:
    """Our rules and the public ones."""
    ours = [path for path in sorted(ROOT.glob("sigma_rules/**/*.yml")) if not path.name.endswith(".test.yml")]
    return [*ours, *sorted(PUBLIC.glob("*.yml"))]


def rules_in(folder: Path, count: int) -> Path:
    """A folder with so many rules: those there are, then the same with other values."""
    folder.mkdir()
    found = sources()
    for n in range(count):
        text = found[n % len(found)].read_text(encoding="utf-8")
        (folder / f"{n:05}.yml").write_text(text if n < len(found) else with_other_values(text, n), encoding="utf-8")
    return folder


def with_other_values(text: str, n: int) -> str:
    """A rule with a number at the end of what the fields in VALUES are compared with."""
    lines, inside = [], False
    for line in text.splitlines():
        key, _, value = line.partition(":")
        is_field, is_item = key.strip(" -").split("|")[0] in VALUES, line.strip().startswith("- ")
        if line.startswith("id:"):
            lines.append(f"id: {n:08x}-0000-4000-8000-000000000000")
        elif (is_field and value.strip()) or (inside and is_item and not is_field):
            bare = line.rstrip()
            quote = bare[-1] if bare[-1] in "'\"" else ""
            lines.append(f"{bare.removesuffix(quote)}{n}{quote}")
        else:
            lines.append(line)
        inside = (is_field and not value.strip()) or (inside and is_item)
    return "\n".join(lines) + "\n"


def unpacking(files: Sequence[Path], jobs: int) -> list[list[str]]:
    """What unpacks these files in so many processes, and throws away what comes."""
    names = [[str(file) for file in files[n::jobs]] for n in range(jobs)]
    program = ["igzip", "-dc"] if shutil.which("igzip") else [sys.executable, "-c", UNPACK]
    return [[*program, *some] for some in names]


def evaluating(rules: Path, logs: Path, jobs: int, *more: str) -> list[list[str]]:
    """The installed command."""
    options = ["--rules", str(rules), "--logs", str(logs), "--format", "json", "-j", str(jobs), *more]
    return [[sys.executable, "-m", "sigmaproof", "evaluate", *options]]


def matches(output: Path) -> Counter[str]:
    """How many matches each rule has, by its title."""
    found = Counter[str]()
    for line in output.open(encoding="utf-8"):
        one = json.loads(line)
        found[one.get("title") or one.get("rule_title") or one.get("header", {}).get("rule_title", "?")] += 1
    return found


def main() -> None:
    """Prints the table."""
    count, jobs = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000, processors()
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        packed, lines = written(Path(os.environ.get("SIGMAPROOF_CORPUS") or place / "corpus"), count)
        some, many = rules_in(place / "some", len(sources())), rules_in(place / "many", 3_000)
        os.environ["SIGMAPROOF_CACHE"] = str(place / "cache")
        one, large = place / "one.json", place / "large.ndjson"
        with lines.open("rb") as stream:
            one.write_bytes(stream.readline())
        with large.open("wb") as stream:
            for _ in range(COPIES):
                with lines.open("rb") as source:
                    shutil.copyfileobj(source, stream, 1 << 20)
        floor = Run(f"unpacking alone, {jobs} processes", unpacking(packed, jobs))
        ours = Run("evaluate, lines, 1 process", evaluating(some, lines, 1), output=place / "ours.ndjson")
        runs = [
            floor,
            Run(f"evaluate, packed, {jobs} processes", evaluating(some, packed[0].parent, jobs)),
            Run(f"evaluate, packed, 3,000 rules, {jobs} processes", evaluating(many, packed[0].parent, jobs)),
            ours,
            Run(f"evaluate, lines, {jobs} processes", evaluating(some, lines, jobs)),
            Run("evaluate, one record", evaluating(some, one, 1)),
            Run("evaluate, one record, 3,000 rules", evaluating(many, one, 1)),
            Run("evaluate, one record, rules read anew", evaluating(some, one, 1, "--no-cache")),
            Run("evaluate, one record, 3,000 rules read anew", evaluating(many, one, 1, "--no-cache")),
        ]
        of_large = Run(
            f"evaluate, one file of {COPIES} times the lines, {jobs} processes", evaluating(some, large, jobs)
        )
        if RSIGMA:
            theirs = [RSIGMA, "engine", "eval", "-r", str(some), "-e", f"@{lines}"]
            runs.append(Run("rsigma, lines, 1 process", [theirs], output=place / "rsigma.ndjson"))
        for _ in range(3):
            for run in runs:
                run.once()
        of_large.once()
        size = lines.stat().st_size
        print(f"{count:,} records, {size / 1e6:,.0f} MB of JSON, {len(packed)} files, {len(sources())} rules\n")
        print("| run | seconds | MB/s | times unpacking | MB of memory |\n|---|---|---|---|---|")
        for run in (*runs, of_large):
            read = size * COPIES if run is of_large else size
            ratio, speed = f"{run.seconds / floor.seconds:.2f}", f"{read / run.seconds / 1e6:,.0f}"
            print(f"| {run.title} | {run.seconds:.2f} | {speed} | {ratio} | {run.megabytes:.0f} |")
        print(f"\n{sum(matches(ours.output).values()):,} matches")
        if RSIGMA:
            other = matches(runs[-1].output)
            for title in sorted(other.keys() | matches(ours.output).keys()):
                if other[title] != matches(ours.output)[title]:
                    print(f"  {title}: {matches(ours.output)[title]} matches, rsigma {other[title]}")


if __name__ == "__main__":
    main()
