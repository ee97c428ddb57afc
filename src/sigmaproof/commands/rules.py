"""The command `check`."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from sigmaproof.commands.changed import changed_part, changes_among
from sigmaproof.commands.checking import fix_files, known_code, options_of
from sigmaproof.commands.given import inputs_of, need
from sigmaproof.commands.options import (
    Changed,
    Findings,
    OnlyFailing,
    Paths,
    RuleDirs,
    Status,
    Targets,
)
from sigmaproof.diagnostics import STDIN

__all__ = ["check"]


def check(
    paths: Paths = None,
    rules: RuleDirs = None,
    target: Targets = None,
    format: Annotated[Findings, typer.Option("--format")] = Findings.text,
    select: Annotated[list[str] | None, typer.Option("--select", help="Only these: codes or layers.")] = None,
    ignore: Annotated[list[str] | None, typer.Option("--ignore", help="Not these: codes or layers.")] = None,
    fix: Annotated[bool, typer.Option("--fix", help="Repair what can be repaired without changing a rule.")] = False,
    explain: Annotated[
        str | None, typer.Option("--explain", metavar="CODE", help="Tell what a code means; `codes` lists them.")
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", min=0, help="Processes; 0: as many as there are processors.")] = 0,
    only_failing: OnlyFailing = False,
    changed: Changed = None,
) -> None:
    """Check rules: their form, conventions and meaning, and with -t what a target says otherwise."""
    from sigmaproof.check.run import check_files
    from sigmaproof.output.findings import write_codes, write_findings, write_page
    from sigmaproof.processes import processors

    if explain is not None:
        write_codes() if explain == "codes" else write_page(known_code(explain))
        return
    start, status = time.monotonic(), Status()
    files = inputs_of(paths, rules).rules
    need(files, "no rules given")
    todo = [(file, options_of(file, select, ignore, target)) for file in files]
    changes = None if changed is None else changes_among(files, changed)
    if fix:
        need([file for file in files if file != STDIN], "--fix changes files, and standard input is none")
        fix_files([(file, options) for file, options in todo if changes is None or file in changes])
    checked = check_files(todo, jobs or processors(), changes.__contains__ if changes is not None else None)
    checked = changed_part(checked, changes)
    seconds = time.monotonic() - start
    write_findings(checked.findings, checked.parts, checked.rules, format.value, seconds, only_failing)
    status.at_least(1, any(finding.level in {"warning", "error"} for finding in checked.findings))
    status.at_least(2, any(finding.code == "file-unreadable" for finding in checked.findings))
    status.end()
