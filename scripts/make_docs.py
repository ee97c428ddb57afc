"""Puts real output into the documentation, and checks that it is still what the commands print.

A comment `<!-- $ sigmaproof … -->` stands before each block; `--check` changes nothing and fails when one is stale. A
command that ends with `2>/dev/null` shows no messages, of which some are other ones every time (how long it took).
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SILENT = " 2>/dev/null"
BLOCK = re.compile(r"(<!-- \$ (?P<command>sigmaproof .*?) -->\n```\w*\n)(?P<output>(?:(?!```).*\n)*)(```\n)")
TOOK = re.compile(r" in \d+\.\d s\b")  # how long a run took: another time on every run


def main() -> int:
    """Rewrites every block, or reports the stale ones; returns the exit code."""
    stale = 0
    blocks = 0
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        blocks += len(BLOCK.findall(text))
        fresh = BLOCK.sub(lambda match: match[1] + output(match["command"]) + "\n" + match[4], text)
        if fresh == text:
            continue
        if "--check" in sys.argv:
            print(f"{page.relative_to(ROOT)} is stale: run python scripts/make_docs.py", file=sys.stderr)
            stale += 1
        else:
            page.write_text(fresh, encoding="utf-8")
    print(f"{blocks} examples in {len(PAGES)} pages, {stale} pages stale")
    return 1 if stale else 0


def output(command: str) -> str:
    """What a command prints, in the order of a terminal, at the width of a page. Messages can be sent away."""
    program = Path(sys.executable).with_name("sigmaproof")
    arguments = shlex.split(command.removesuffix(SILENT))[1:]
    environment = {**os.environ, "COLUMNS": "118", "PYTHONHASHSEED": "0", "PYTHONUNBUFFERED": "1"}
    messages = subprocess.DEVNULL if command.endswith(SILENT) else subprocess.STDOUT
    done = subprocess.run(  # noqa: S603 - commands from our own pages
        [str(program), *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=messages,
        text=True,
        check=False,
    )
    text = TOOK.sub("", done.stdout)
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines())


if __name__ == "__main__":
    sys.exit(main())
