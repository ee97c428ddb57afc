"""The commands about logs: `evaluate`, `normalize`, `explain`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from sigmaproof.commands.elsewhere import Evaluator, apart, judge_class
from sigmaproof.commands.given import inputs_of, level_of, need, profile_of, rules_of, usage
from sigmaproof.commands.options import (
    Documents,
    Filters,
    Form,
    Integration,
    LogDirs,
    MatchForm,
    Paths,
    Pipelines,
    Retain,
    RuleDirs,
    Status,
)

__all__ = ["evaluate", "explain", "normalize"]


def evaluate(
    paths: Paths = None,
    rules: RuleDirs = None,
    logs: LogDirs = None,
    pipeline: Pipelines = None,
    filter: Filters = None,
    input: Annotated[Form, typer.Option("--input", help="What the records are.")] = Form.auto,
    integration: Integration = None,
    format: Annotated[
        MatchForm, typer.Option("--format", help="What is printed: ecs and bulk are alerts for Elasticsearch.")
    ] = MatchForm.table,
    output: Annotated[
        list[Path] | None,
        typer.Option(
            "-o",
            "--output",
            help="Also into this file, in the form of its ending: .parquet .csv .ndjson .ecs.ndjson .bulk.ndjson;"
            " can be repeated.",
        ),
    ] = None,
    fail_on: Annotated[str | None, typer.Option("--fail-on", help="Exit with 1 on a match of this level.")] = None,
    error_log: Annotated[
        Path | None, typer.Option("--error-log", help="All messages about rules and records, a JSON object a line.")
    ] = None,
    jobs: Annotated[int | None, typer.Option("--jobs", "-j", min=1, help="Processes; default: all processors.")] = None,
    engine: Annotated[
        Evaluator, typer.Option("--engine", help="What evaluates; Spark reads URLs by itself, as s3a://bucket/AWSLogs/")
    ] = Evaluator.native,
) -> None:
    """Evaluate rules on logs, natively."""
    from sigmaproof.evaluate.run import LEVELS
    from sigmaproof.output.matches import MatchWriter
    from sigmaproof.output.outputs import Outputs, check_free
    from sigmaproof.output.problems import Problems
    from sigmaproof.output.progress import Bar, Reading

    status = Status()
    threshold, profile = level_of(fail_on), profile_of(integration)
    (urls, paths), (more, logs) = apart(engine, paths), apart(engine, logs)
    inputs = inputs_of(paths, rules, logs, stdin="logs")
    check_free([*(output or ()), *([error_log] if error_log else ())], [*inputs.logs, *inputs.rules])
    with Problems(error_log) as problems, Outputs(output or (), profile, status.report) as outputs:
        status.show = problems.show
        loaded = rules_of(inputs, status, pipeline, filter)
        sources: list[Any] = [*inputs.logs, *urls, *more]
        need(sources, "no logs given")
        writer = MatchWriter(format.value, loaded, outputs, profile, status.report)
        with Bar(wanted=format is MatchForm.table or not sys.stdout.isatty()) as bar:
            reading = Reading(len(sources), bar)
            judge = judge_class(engine)(loaded, status.report, input.value, profile, jobs=jobs)
            for match in judge.matches(sources, reading):
                writer.match(match)
                status.at_least(1, LEVELS.index(match.rule.level) >= threshold)
                if writer.gone and not outputs and (fail_on is None or status.code):
                    break  # nobody reads on, and the exit code is known
        reading.files = getattr(judge, "files", reading.files)  # Spark lists what is at a URL
        writer.end(judge, reading, status.lost, problems)
    status.end()


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
    profile = profile_of(integration)
    inputs = inputs_of(paths, None, logs, stdin="logs")
    need(inputs.logs, "no logs given")
    events = read_files(inputs.logs, status.report)
    try:
        write_documents(events, status.report, profile, retain and retain.value, format.value)
    except OptionError as error:
        usage(str(error))
    status.end()


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

    status, profile = Status(), profile_of(integration)
    loaded = rules_of(inputs_of([rule]), status, pipeline, filter)
    try:
        event = event_at(record, status.report)
    except LookupError as error:
        usage(str(error.args[0]))
    for one in loaded:
        write_explanation(one, event, input.value, profile)
    status.end()
