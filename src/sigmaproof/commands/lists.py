"""The commands that list what is known: `fields`, `targets`."""

from __future__ import annotations

from typing import Annotated

import typer

from sigmaproof.commands.given import profile_of, usage
from sigmaproof.commands.options import Integration

__all__ = ["fields", "targets"]


def fields(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="A raw or ECS field name.")] = None,
    integration: Integration = None,
) -> None:
    """Show the field table: where each CloudTrail field lies in ECS, and what AWS writes there."""
    from sigmaproof.fields import UnknownFieldError, table
    from sigmaproof.output.fieldlist import write_field, write_fields

    known = table(profile_of(integration))
    if name is None:
        write_fields(known)
        return
    try:
        write_field(name, known)
    except UnknownFieldError as error:
        usage(str(error))


def targets() -> None:
    """List the targets that rules can be converted to."""
    from sigmaproof.targets import TARGETS

    for name, (_, _, what) in TARGETS.items():
        typer.echo(f"{name:8} {what}")
