"""How long `sigmaproof --help` takes, as a ratio to importing typer and rich: at most 2 is the aim.

Run: .venv/bin/python benchmarks/startup.py
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

RUNS = 15
HELP = [str(Path(sys.executable).with_name("sigmaproof")), "--help"]
FLOOR = [sys.executable, "-c", "import typer, rich"]


def seconds(command: list[str]) -> float:
    """Wall time of one run, in seconds."""
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own two commands
    return time.perf_counter() - start


if __name__ == "__main__":
    pairs = [(seconds(HELP), seconds(FLOOR)) for _ in range(RUNS)]
    ratio = statistics.median(one / other for one, other in pairs)
    one, other = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"sigmaproof --help {one * 1000:.0f} ms, import typer, rich {other * 1000:.0f} ms, ratio {ratio:.2f}")
