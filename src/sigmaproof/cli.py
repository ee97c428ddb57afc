"""The command line: each command a few lines around one verb. Output is in `output`, exit codes in `Status`.

stdout is data, stderr is progress and messages. Heavy imports stay inside the commands, so that `--help` is fast.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from sigmaproof import streams
from sigmaproof.clidiff import diff
from sigmaproof.clioptions import (
    Case,
    Documents,
    Filters,
    Form,
    Integration,
    Lines,
    LogDirs,
    OwnPipeline,
    OwnTemplate,
    Paths,
    Pipelines,
    Reports,
    Retain,
    RuleDirs,
    Status,
    Table,
    Targets,
)

if TYPE_CHECKING:
    from sigmaproof.inputs import Inputs
    from sigmaproof.rules import Rule
    from sigmaproof.verify.engines import Engine

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


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
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


@app.command()
def convert(
    paths: Paths = None,
    rules: RuleDirs = None,
    target: Targets = None,
    pipeline: Pipelines = None,
    filter: Filters = None,
    strict: Annotated[bool, typer.Option("--strict", help="An approximation is a finding too.")] = False,
    case: Annotated[Case, typer.Option("--case", help="Fold case, or search as the rule spells it.")] = Case.fold,
    integration: Integration = None,
    format: Annotated[Lines, typer.Option("--format")] = Lines.text,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Write a file a query here.")] = None,
) -> None:
    """Convert rules to query languages: EQL, Lucene, or the native tree."""
    from sigmaproof.conversion import convert_rule
    from sigmaproof.output.conversions import write_conversions

    status = Status()
    targets, profile = _targets(target), _integration(integration)
    loaded = _rules(_inputs(paths, rules), status, pipeline, filter, warn=False)
    pairs = [(rule, convert_rule(rule, name, case.value, (), profile)) for rule in loaded for name in targets]
    write_conversions(pairs, format.value, output)
    status.at_least(1, any(c.fidelity == "refused" or (strict and c.reasons) for _, c in pairs))
    status.end()


@app.command()
def evaluate(
    paths: Paths = None,
    rules: RuleDirs = None,
    logs: LogDirs = None,
    pipeline: Pipelines = None,
    filter: Filters = None,
    input: Annotated[Form, typer.Option("--input", help="What the records are.")] = Form.auto,
    integration: Integration = None,
    format: Annotated[Table, typer.Option("--format")] = Table.table,
    fail_on: Annotated[str | None, typer.Option("--fail-on", help="Exit with 1 on a match of this level.")] = None,
) -> None:
    """Evaluate rules on local logs, natively."""
    from sigmaproof.evaluate.run import LEVELS
    from sigmaproof.evaluate.run import evaluate as run
    from sigmaproof.events import read_files
    from sigmaproof.output.matches import MatchWriter

    status = Status()
    threshold, profile = _level(fail_on), _integration(integration)
    inputs = _inputs(paths, rules, logs, stdin="logs")
    loaded = _rules(inputs, status, pipeline, filter)
    _need(inputs.logs, "no logs given")
    writer = MatchWriter(format.value, loaded)
    events = read_files(inputs.logs, status.report)
    for match in run(loaded, events, input.value, writer.seen, status.report, profile):
        writer.match(match)
        status.at_least(1, LEVELS.index(match.rule.level) >= threshold)
    writer.end(status.lost)
    status.end()


@app.command()
def normalize(
    paths: Paths = None,
    logs: LogDirs = None,
    integration: Integration = None,
    retain: Annotated[Retain | None, typer.Option("--retain", help="The integration's option; default: all.")] = None,
    format: Annotated[
        Documents, typer.Option("--format", help="A document a line, or a _bulk body.")
    ] = Documents.ndjson,
) -> None:
    """Make of raw CloudTrail records the ECS documents that Elastic's integration makes of them."""
    from sigmaproof.events import read_files
    from sigmaproof.normalize import OptionError
    from sigmaproof.output.documents import write_documents

    status = Status()
    profile = _integration(integration)
    inputs = _inputs(paths, None, logs, stdin="logs")
    _need(inputs.logs, "no logs given")
    events = read_files(inputs.logs, status.report)
    try:
        write_documents(events, status.report, profile, retain and retain.value, format.value)
    except OptionError as error:
        _usage(str(error))
    status.end()


@app.command()
def verify(
    paths: Paths = None,
    rules: RuleDirs = None,
    logs: LogDirs = None,
    target: Targets = None,
    pipeline: Pipelines = None,
    filter: Filters = None,
    engine: Annotated[
        str,
        typer.Option(
            "--engine",
            metavar="embedded|opensearch|URL",
            help="A real Elasticsearch or OpenSearch, started here, or the URL of one; credentials come from "
            "SIGMAPROOF_API_KEY, or SIGMAPROOF_USER and SIGMAPROOF_PASSWORD.",
        ),
    ] = "embedded",
    ingest_pipeline: OwnPipeline = None,
    index_template: OwnTemplate = None,
    case: Annotated[Case, typer.Option("--case")] = Case.fold,
    integration: Integration = None,
    format: Annotated[Reports, typer.Option("--format")] = Reports.text,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Write to this file, not to stdout.")] = None,
    all_differences: Annotated[bool, typer.Option("--all", help="Show every difference, not one a cause.")] = False,
) -> None:
    """Run every conversion on a real engine and show the records on which it differs from the rule."""
    from sigmaproof.verify.report import write_report
    from sigmaproof.verify.run import verify_files

    status = Status()
    _check_writable(output)
    opened, profile = _engine(engine, ingest_pipeline, index_template), _integration(integration)
    inputs = _inputs(paths, rules, logs, stdin="logs")
    loaded = _rules(inputs, status, pipeline, filter)
    targets = [name for name in _targets(target, ["eql", "lucene"]) if name != "native"]
    with opened:
        report = verify_files(loaded, inputs.logs, targets, opened, case.value, (), status.report, profile)
        with _printing_to(output):
            write_report(report, format.value, all_differences)
    status.at_least(1, report.has_findings)
    status.end()


@app.command()
def check(
    paths: Paths = None,
    rules: RuleDirs = None,
    target: Targets = None,
    format: Annotated[Lines, typer.Option("--format")] = Lines.text,
) -> None:
    """Check rules: faults, unknown fields, and with -t what a target can't say or says with another meaning."""
    from sigmaproof.check import check_rules
    from sigmaproof.output.findings import write_findings
    from sigmaproof.rules import load_files

    status = Status()
    files, targets = _inputs(paths, rules).rules, _targets(target, [])
    _need(files, "no rules given")
    loaded = load_files(files)
    findings = loaded.findings + check_rules(loaded.rules, targets)
    write_findings(findings, len(loaded.rules), format.value)
    status.at_least(1, any(finding.level in {"warning", "error"} for finding in findings))
    status.at_least(2, any(finding.code == "file-unreadable" for finding in findings))
    status.end()


@app.command()
def test(
    paths: Paths = None,
    rules: RuleDirs = None,
    pipeline: Pipelines = None,
    filter: Filters = None,
    only_failing: Annotated[bool, typer.Option("--only-failing")] = False,
) -> None:
    """Test each rule against its .test.yml: what it must and must not match."""
    from sigmaproof.output.matches import write_expectations
    from sigmaproof.ruletest import run_tests

    status = Status()
    loaded = _rules(_inputs(paths, rules), status, pipeline, filter)
    results = run_tests(loaded, status.report)
    write_expectations(results, only_failing)
    status.at_least(1, any(not result.passed for result in results))
    status.end()


@app.command()
def explain(
    rule: Annotated[Path, typer.Argument(help="A rule.")],
    record: Annotated[str, typer.Argument(help="FILE, FILE:LINE, FILE#ELEMENT or -.")],
    pipeline: Pipelines = None,
    filter: Filters = None,
    input: Annotated[Form, typer.Option("--input", help="What the record is.")] = Form.auto,
    integration: Integration = None,
) -> None:
    """Explain why a rule matched a record or did not, test by test."""
    from sigmaproof.events import event_at
    from sigmaproof.output.matches import write_explanation

    status, profile = Status(), _integration(integration)
    loaded = _rules(_inputs([rule]), status, pipeline, filter)
    try:
        event = event_at(record, status.report)
    except LookupError as error:
        _usage(str(error.args[0]))
    for one in loaded:
        write_explanation(one, event, input.value, profile)
    status.end()


app.command()(diff)


@app.command()
def fields(
    name: Annotated[str | None, typer.Argument(help="A raw or ECS field name.")] = None,
    integration: Integration = None,
) -> None:
    """Show the field table: where each CloudTrail field lies in ECS, and what AWS writes there."""
    from sigmaproof.fields import UnknownFieldError, table
    from sigmaproof.output.fieldlist import write_field, write_fields

    known = table(_integration(integration))
    if name is None:
        write_fields(known)
        return
    try:
        write_field(name, known)
    except UnknownFieldError as error:
        _usage(str(error))


@app.command()
def targets() -> None:
    """List the targets that rules can be converted to."""
    from sigmaproof.targets import TARGETS

    for name, (_, _, what) in TARGETS.items():
        typer.echo(f"{name:8} {what}")


def _inputs(
    paths: list[Path] | None, rules: list[Path] | None = None, logs: list[Path] | None = None, stdin: str = "rules"
) -> Inputs:
    from sigmaproof.inputs import sort_paths

    return sort_paths(paths or (), rules or (), logs or (), stdin)


def _rules(
    inputs: Inputs, status: Status, pipeline: list[str] | None, filter: list[Path] | None, warn: bool = True
) -> list[Rule]:
    """The rules that can be used; what can't is reported. warn: also of fields that no record has."""
    from sigmaproof.inputs import sort_paths
    from sigmaproof.pipelines import load_pipelines
    from sigmaproof.rules import field_warnings, load_files

    _need(inputs.rules, "no rules given")
    filters = sort_paths((), rules=filter or ()).rules
    loaded = load_files(inputs.rules, load_pipelines(pipeline or []), filters)
    for finding in loaded.findings:
        status.report(finding)
    if warn:
        for rule in loaded.rules:
            for finding in field_warnings(rule):
                status.report(finding)
    return loaded.rules


def _need(files: list[Path], message: str) -> None:
    if not files:
        _usage(f"{message}; give files or a directory")


def _targets(named: list[str] | None, default: list[str] | None = None) -> list[str]:
    from sigmaproof.targets import TARGETS

    names = [name.lower() for comma_list in named or [] for name in comma_list.split(",") if name]
    for name in names:
        if name not in TARGETS:
            _usage(f"-t {name}: unknown target; the targets are {', '.join(TARGETS)}")
    if not names and default is None:
        _usage(f"say the targets with -t, of {', '.join(TARGETS)}")
    return list(dict.fromkeys(names or default or []))


def _integration(named: str | None) -> str:
    """The profile of the field table; the default one without --integration."""
    from sigmaproof.fields import DEFAULT, UnknownIntegrationError, table

    try:
        return table(named or DEFAULT).integration
    except UnknownIntegrationError as error:
        _usage(f"--integration {named}: {error}")


def _engine(named: str, pipeline: str | None, template: str | None) -> Engine:
    """The engine of this name or URL; nothing is started or asked yet."""
    import os

    from sigmaproof.verify.engines.opening import UsageError, engine_of

    try:
        return engine_of(named, os.environ, pipeline, template)
    except UsageError as error:
        _usage(str(error))


def _check_writable(file: Path | None) -> None:
    """Ends the command before the work is done, not after, where a file can't be written."""
    if file is not None and (file.is_dir() or not file.parent.is_dir()):
        _usage(f"-o {file}: {'a directory' if file.is_dir() else 'its directory does not exist'}; name a file")


@contextmanager
def _printing_to(file: Path | None) -> Iterator[None]:
    """Sends stdout to a file, if one is named."""
    if file is None:
        yield
        return
    with file.open("w", encoding="utf-8", errors="backslashreplace") as stream, redirect_stdout(stream):
        yield


def _level(named: str | None) -> int:
    """The rank from which a match is a finding; without --fail-on above every level."""
    from sigmaproof.evaluate.run import LEVELS

    if named is not None and named not in LEVELS:
        _usage(f"--fail-on {named}: the levels are {', '.join(LEVELS)}")
    return len(LEVELS) if named is None else LEVELS.index(named)


def _usage(message: str) -> NoReturn:
    typer.echo(f"error: {message}", err=True)
    raise typer.Exit(2)


def main() -> None:
    """Runs the command line. No traceback without --debug."""
    from sigmaproof.diagnostics import InputError, as_text

    global _debug  # noqa: PLW0603 - it may stand before or behind the command
    _debug = "--debug" in sys.argv[1:]
    sys.argv[1:] = [argument for argument in sys.argv[1:] if argument != "--debug"]
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
