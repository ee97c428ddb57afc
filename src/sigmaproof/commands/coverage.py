"""The command `coverage`: what rules cover of ATT&CK."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from sigmaproof.commands.given import check_writable, inputs_of, printing_to, rules_of
from sigmaproof.commands.options import Paths, RuleDirs, Status

__all__ = ["coverage"]


class Layers(StrEnum):
    """Output for people, one JSON object, or a layer for the ATT&CK Navigator."""

    text = "text"
    json = "json"
    navigator = "navigator"


def coverage(
    paths: Paths = None,
    rules: RuleDirs = None,
    format: Annotated[Layers, typer.Option("--format")] = Layers.text,
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write it here.")] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="A tag that ATT&CK doesn't have, and a rule without any, is a finding.")
    ] = False,
) -> None:
    """Show which tactics and techniques of ATT&CK the rules' tags name, as a table or a Navigator layer."""
    from sigmaproof.attack.coverage import cover
    from sigmaproof.output.coverage import write_coverage

    status = Status()
    check_writable(output)
    found = cover(rules_of(inputs_of(paths, rules), status, None, None, warn=False))
    for finding in found.findings:
        status.report(finding)
    with printing_to(output):
        write_coverage(found, format.value)
    status.at_least(1, strict and bool(found.findings or found.untagged))
    status.end()
