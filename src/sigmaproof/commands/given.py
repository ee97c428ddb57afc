"""What the commands share: the rules, logs, targets and engine that their arguments name, and how wrong usage ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar

import typer

if TYPE_CHECKING:
    from sigmaproof.commands.options import Status
    from sigmaproof.inputs import Inputs
    from sigmaproof.rules import Loaded, Rule
    from sigmaproof.selection import Selection
    from sigmaproof.verify.engines import Engine

T = TypeVar("T")
S = TypeVar("S")

__all__ = [
    "check_writable",
    "inputs_of",
    "level_of",
    "loaded_of",
    "need",
    "opened",
    "printing_to",
    "profile_of",
    "rules_of",
    "selection_of",
    "targets_of",
    "usage",
]


def inputs_of(
    paths: list[str] | None,
    rules: list[str] | None = None,
    logs: list[str] | None = None,
    stdin: str = "rules",
    selection: Selection | None = None,
) -> Inputs:
    """The files of the arguments, sorted into rules and logs; says what was passed over. Raises InputError."""
    from sigmaproof.inputs import sort_paths

    found = sort_paths(paths or (), rules or (), logs or (), stdin, selection)
    if found.left.hidden:
        from sigmaproof.output.leftout import write_hidden

        write_hidden(found.left)
    return found


def selection_of(
    since: str | None,
    until: str | None,
    accounts: list[str] | None,
    regions: list[str] | None,
    late: str | None,
    integration: str,
) -> Selection:
    """What --since, --until, --account, --region and --late ask for; ends the command for what can't be read."""
    from datetime import UTC, datetime

    from sigmaproof.layout import LATE
    from sigmaproof.selection import Selection, duration, moment, named

    now = datetime.now(UTC)
    first = _read("--since", since, lambda text: moment(text, now))
    last = _read("--until", until, lambda text: moment(text, now, end=True))
    if first and last and last <= first:
        usage(f"--until {until} is not after --since {since}")
    some = _read("--account", accounts, lambda lists: named(lists, r"\d{12}", "twelve digits")) or frozenset()
    where = _read("--region", regions, lambda lists: named(lists, r"[a-z]+(-[a-z]+)+-\d+", "a region, as eu-west-1"))
    margin = _read("--late", late, duration)
    return Selection(first, last, some, where or frozenset(), LATE if margin is None else margin, integration)


def _read(option: str, given: T | None, reader: Callable[[T], S]) -> S | None:
    """The value of an option; ends the command for one that can't be read."""
    try:
        return None if given is None else reader(given)
    except ValueError as error:
        shown = given if isinstance(given, str) else ""
        usage(f"{option} {shown}: {error}" if shown else f"{option} {error}")


def rules_of(
    inputs: Inputs, status: Status, pipeline: list[str] | None, filter: list[Path] | None, warn: bool = True
) -> list[Rule]:
    """The rules that can be used; what can't is reported. warn: also of fields that no record has."""
    return loaded_of(inputs, status, pipeline, filter, warn).rules


def loaded_of(
    inputs: Inputs, status: Status, pipeline: list[str] | None, filter: list[Path] | None, warn: bool = True
) -> Loaded:
    """The same with the filters."""
    from sigmaproof.inputs import sort_paths
    from sigmaproof.pipelines import load_pipelines
    from sigmaproof.rules import field_warnings, load_files

    need(inputs.rules, "no rules given")
    filters = sort_paths((), rules=[*(filter or ())]).rules
    loaded = _reported(load_files(inputs.rules, load_pipelines(pipeline or []), filters), status)
    if warn:
        for rule in loaded.rules:
            for finding in field_warnings(rule):
                status.report(finding)
    return loaded


def cached_rules_of(inputs: Inputs, status: Status) -> list[Rule]:
    """As `rules_of`, without pipelines and filters: what was read in earlier runs is taken from there."""
    from sigmaproof.rulecache import RuleCache, load_cached

    need(inputs.rules, "no rules given")
    return _reported(load_cached(inputs.rules, RuleCache()), status).rules


def _reported(loaded: Loaded, status: Status) -> Loaded:
    for finding in loaded.findings:
        status.report(finding)
        status.unread += finding.level == "error"
    return loaded


def need(files: Sequence[object], message: str) -> None:
    """Ends the command where there are no files."""
    if not files:
        usage(f"{message}; give files or a directory")


def targets_of(named: list[str] | None, default: list[str] | None = None) -> list[str]:
    """The targets that are named, in comma lists; ends the command for an unknown one, or where none is and must be."""
    from sigmaproof.targets import TARGETS

    names = [name.lower() for comma_list in named or [] for name in comma_list.split(",") if name]
    for name in names:
        if name not in TARGETS:
            usage(f"-t {name}: unknown target; the targets are {', '.join(TARGETS)}")
    if not names and default is None:
        usage(f"say the targets with -t, of {', '.join(TARGETS)}")
    return list(dict.fromkeys(names or default or []))


def profile_of(named: str | None) -> str:
    """The profile of the field table; the default one without --integration."""
    from sigmaproof.fields import DEFAULT, UnknownIntegrationError, table

    try:
        return table(named).integration if named else DEFAULT
    except UnknownIntegrationError as error:
        usage(f"--integration {named}: {error}")


def opened(named: str, pipeline: str | None, template: str | None) -> Engine:
    """The engine of this name or URL; nothing is started or asked yet."""
    import os

    from sigmaproof.verify.engines.opening import UsageError, engine_of

    try:
        return engine_of(named, os.environ, pipeline, template)
    except UsageError as error:
        usage(str(error))


def check_writable(file: Path | None) -> None:
    """Ends the command before the work is done, not after, where a file can't be written."""
    if file is not None and (file.is_dir() or not file.parent.is_dir()):
        usage(f"-o {file}: {'a directory' if file.is_dir() else 'its directory does not exist'}; name a file")


@contextmanager
def printing_to(file: Path | None) -> Iterator[None]:
    """Sends stdout to a file, if one is named."""
    if file is None:
        yield
        return
    with file.open("w", encoding="utf-8", errors="backslashreplace") as stream, redirect_stdout(stream):
        yield


def level_of(named: str | None) -> int:
    """The rank from which a match is a finding; without --fail-on above every level."""
    from sigmaproof.evaluate.run import LEVELS

    if named is not None and named not in LEVELS:
        usage(f"--fail-on {named}: the levels are {', '.join(LEVELS)}")
    return len(LEVELS) if named is None else LEVELS.index(named)


def usage(message: str) -> NoReturn:
    """Ends the command, as wrongly used."""
    typer.echo(f"error: {message}", err=True)
    raise typer.Exit(2)
