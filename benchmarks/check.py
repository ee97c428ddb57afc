"""How long `sigmaproof check` takes as a whole process, and its memory, beside pySigma's own parse of the same files.

Aims: 3,200 rules in under 30 s on 2 cores, start-up included, in less than 500 MB of memory. The rules are those of
benchmarks/convert.py: ours, SigmaHQ's that lie beside the project, and variations with other ids and values.

Run: .venv/bin/python benchmarks/check.py
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from convert import PARSE, write_rules

CHECK = "from sigmaproof.cli import main; main()"


def main() -> None:
    """Prints one line for each number of rules."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rules", type=int, nargs="+", default=[57, 3200], help="numbers of rules")
    parser.add_argument("--runs", type=int, default=3, help="runs each, of which the median counts")
    parser.add_argument("--jobs", type=int, default=2, help="processes of check")
    options = parser.parse_args()
    for number in options.rules:
        with tempfile.TemporaryDirectory() as folder:
            write_rules(Path(folder), number)
            check = [sys.executable, "-c", CHECK, "check", folder, "--jobs", str(options.jobs)]
            runs = [(measured(check), measured([sys.executable, "-c", PARSE, folder])) for _ in range(options.runs)]
        wall, spent, memory = (statistics.median(one[0][at] for one in runs) for at in range(3))
        parse_wall, parse_spent, _ = (statistics.median(one[1][at] for one in runs) for at in range(3))
        ratio = statistics.median(one[0][1] / one[1][1] for one in runs)
        print(
            f"{number} rules: check {wall:.1f} s ({spent:.1f} s of processor time), {memory:.0f} MB together; "
            f"pySigma's parse {parse_wall:.1f} s ({parse_spent:.1f} s), ratio of processor times {ratio:.1f}",
            flush=True,
        )


def measured(command: list[str]) -> tuple[float, float, float]:
    """Wall clock and processor time of a command in seconds, and the most memory of it and its children in MB."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started, most = time.perf_counter(), 0.0
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdout=quiet, stderr=quiet) as process:  # noqa: S603 - our own commands
        while process.poll() is None:
            most = max(most, memory_of(process.pid))
            time.sleep(0.2)
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, most


def memory_of(pid: int) -> float:
    """The memory that a process and those below it have now, in MB; 0 where the system doesn't tell."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").split()
        below = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()
        own = int(status[status.index("VmRSS:") + 1]) / 1024
    except (OSError, ValueError):
        return 0.0
    return own + sum(memory_of(int(child)) for child in below)


if __name__ == "__main__":
    main()
