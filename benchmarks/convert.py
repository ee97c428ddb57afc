"""How long `sigmaproof convert -t eql,lucene` takes as a whole process, beside pySigma's own parse of the same files.

Aims: 57 rules (as many as SigmaHQ has for CloudTrail) in under 1.5 s, 3,000 in under 20 s, start-up included. The rules
are ours, those of SigmaHQ's that lie beside the project, and variations of ours with other ids and values.

Run: .venv/bin/python benchmarks/convert.py
"""

from __future__ import annotations

import argparse
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from itertools import chain, count, islice
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OURS = ROOT / "sigma_rules"
PUBLIC = ROOT.parent / "shared" / "data" / "sigmahq-rules"
CONVERT = "from sigmaproof.cli import main; main()"
PARSE = """
import sys
from pathlib import Path
from sigma.collection import SigmaCollection
for file in sorted(Path(sys.argv[1]).glob("*.yml")):
    SigmaCollection.from_yaml(file.read_text(encoding="utf-8"))
"""


def main() -> None:
    """Prints one line for each number of rules: both times, and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rules", type=int, nargs="+", default=[57, 3000], help="numbers of rules")
    parser.add_argument("--runs", type=int, default=3, help="runs each, of which the median counts")
    options = parser.parse_args()
    for number in options.rules:
        with tempfile.TemporaryDirectory() as folder:
            write_rules(Path(folder), number)
            pairs = [(run("convert", folder), run("parse", folder)) for _ in range(options.runs)]
        convert, parse = (
            tuple(map(statistics.median, zip(*column, strict=True))) for column in zip(*pairs, strict=True)
        )
        ratio = statistics.median(one[1] / other[1] for one, other in pairs)
        print(
            f"{number} rules: convert -t eql,lucene {convert[0]:.2f} s ({convert[1]:.2f} s of processor time), "
            f"pySigma's parse {parse[0]:.2f} s ({parse[1]:.2f} s), ratio of processor times {ratio:.2f}",
            flush=True,
        )


def write_rules(folder: Path, number: int) -> None:
    """Writes that many rules, one a file."""
    texts = [
        file.read_text(encoding="utf-8") for file in [*sorted(PUBLIC.rglob("*.yml")), *sorted(OURS.rglob("*.yml"))]
    ]
    for index, text in enumerate(islice(chain(texts, variations()), number)):
        (folder / f"rule_{index:05}.yml").write_text(text, encoding="utf-8")


def variations() -> Iterator[str]:
    """Our rules again and again, each time with another id, title and other names of calls."""
    texts = [file.read_text(encoding="utf-8") for file in sorted(OURS.rglob("*.yml"))]
    for turn in count(1):
        for text in texts:
            fresh = re.sub(r"(?m)^id: .*$", f"id: {uuid.uuid5(uuid.NAMESPACE_URL, f'{turn} {text}')}", text)
            fresh = re.sub(r"(?m)^title: .*$", rf"\g<0> {turn}", fresh)
            yield re.sub(r"(?m)(^\s+eventName: |^\s+- )(\w+)$", rf"\g<1>\g<2>{turn}", fresh)


def run(what: str, folder: str) -> tuple[float, float]:
    """Wall time and processor time of one process, in seconds."""
    code, arguments = (CONVERT, ["convert", "-t", "eql,lucene", folder]) if what == "convert" else (PARSE, [folder])
    before, start = processor(), time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)  # noqa: S603
    took, used = time.perf_counter() - start, processor() - before
    if done.returncode > 1 or "Traceback" in done.stderr:  # 1: some rule is refused, which is fine here
        raise SystemExit(f"{what} failed: {done.stderr[-2000:]}")
    return took, used


def processor() -> float:
    """Processor time of all ended children: what a busy machine does not change much."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
