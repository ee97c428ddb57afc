"""The command line: which commands there are (`commands`), and how it ends. Output is in `output`.

stdout is data, stderr is progress and messages. Heavy imports stay inside the commands, so that `--help` is fast.
"""

from __future__ import annotations

import sys
import traceback
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from sigmaproof import streams
from sigmaproof.commands.convert import convert
from sigmaproof.commands.coverage import coverage
from sigmaproof.commands.diff import diff
from sigmaproof.commands.evaluate import evaluate
from sigmaproof.commands.lists import fields, targets
from sigmaproof.commands.logs import explain, normalize
from sigmaproof.commands.rules import check
from sigmaproof.commands.testing import test
from sigmaproof.commands.verify import verify

__all__ = ["app", "main"]


class _Commands(TyperGroup):
    def invoke(self, ctx: Any) -> Any:
        """Runs a command. When the reader of our output goes, as `| head` does, nothing is wrong."""
        try:
            try:
                return super().invoke(ctx)
            finally:
                sys.stdout.flush()
        except BrokenPipeError:
            streams.silence()
            raise typer.Exit(0) from None


class _Command(TyperCommand):
    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """`RULE` and `[PATH...]`, where typer's own usage line has `{RULE}` and `[PATH...]...`."""
        pieces: list[str] = super().collect_usage_pieces(ctx)
        return [piece.strip("{}").replace("...]...", "...]") for piece in pieces]


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},  # of every command: they take it over
    help="Convert Sigma rules for AWS CloudTrail, evaluate them on logs, prove each conversion on a real engine.",
)
_debug = False


def _version(wanted: bool) -> None:
    if wanted:
        from sigmaproof import __version__

        typer.echo(f"sigmaproof {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show a traceback for an internal error.")] = False,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True)] = False,
) -> None:
    del debug, version  # main() has read --debug, so that it can stand anywhere


for _command in (convert, evaluate, normalize, verify, check, test, explain, diff, coverage, fields, targets):
    app.command(cls=_Command)(_command)


def main() -> None:
    """Runs the command line. No traceback without --debug."""
    from sigmaproof.commands.changed import with_base
    from sigmaproof.diagnostics import InputError, as_text

    global _debug  # noqa: PLW0603 - it may stand before or behind the command
    _debug = "--debug" in sys.argv[1:]
    sys.argv[1:] = with_base([argument for argument in sys.argv[1:] if argument != "--debug"])
    streams.prepare()
    try:
        app()
    except InputError as error:
        typer.echo(as_text(error.diagnostic), err=True)
        sys.exit(2)
    except Exception as error:
        _fail(error)


def _fail(error: Exception) -> NoReturn:
    from sigma.exceptions import SigmaError

    from sigmaproof.verify.engines import EngineUnavailable

    if _debug:
        traceback.print_exception(error)
    if isinstance(error, EngineUnavailable):
        typer.echo(f"error: {error}", err=True)
        sys.exit(3)
    if isinstance(error, OSError):
        streams.silence()  # what couldn't be written is still in the buffer
        typer.echo(f"error: {error.filename or 'stdout'}: {error.strerror or error}", err=True)
    elif isinstance(error, SigmaError):
        typer.echo(f"error: {error}", err=True)
    else:
        help = "run again with --debug and report it"
        typer.echo(f"internal error: {type(error).__name__}: {error}\n  help: {help}", err=True)
    sys.exit(2)
