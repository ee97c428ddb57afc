"""The command `evaluate`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from sigmaproof.commands.elsewhere import Evaluator, apart, judge_class
from sigmaproof.commands.given import cached_rules_of, inputs_of, level_of, need, profile_of, rules_of, selection_of
from sigmaproof.commands.options import (
    Accounts,
    Filters,
    Form,
    Integration,
    Late,
    LogDirs,
    MatchForm,
    Paths,
    Pipelines,
    Regions,
    RuleDirs,
    Since,
    Status,
    Until,
)
from sigmaproof.limits import Limits

__all__ = ["evaluate"]

INTERRUPTED = 130
"""The exit code of a command that Ctrl-C ended, as shells have it: 128 and the signal's number."""


def evaluate(
    paths: Paths = None,
    rules: RuleDirs = None,
    logs: LogDirs = None,
    pipeline: Pipelines = None,
    filter: Filters = None,
    input: Annotated[Form, typer.Option("--input", help="What the records are.")] = Form.auto,
    integration: Integration = None,
    since: Since = None,
    until: Until = None,
    account: Accounts = None,
    region: Regions = None,
    late: Late = None,
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
    cache: Annotated[
        bool, typer.Option("--cache/--no-cache", help="Take unchanged rules as an earlier run has read them.")
    ] = True,
    max_ratio: Annotated[int, typer.Option("--max-ratio", min=1, help="Times its size that a file may unpack to.")] = (
        Limits.ratio
    ),
    max_size: Annotated[int, typer.Option("--max-size", min=1, help="Bytes that a packed file may unpack to.")] = (
        Limits.size
    ),
) -> None:
    """Evaluate rules on logs, natively."""
    from sigmaproof.evaluate.run import LEVELS
    from sigmaproof.output.leftout import write_left_out
    from sigmaproof.output.matches import MatchWriter
    from sigmaproof.output.outputs import Outputs, check_free
    from sigmaproof.output.problems import Problems
    from sigmaproof.output.progress import Bar, Reading

    status = Status(keeps=False)
    threshold, profile = level_of(fail_on), profile_of(integration)
    asked = selection_of(since, until, account, region, late, profile)
    (urls, paths), (more, logs) = apart(engine, paths), apart(engine, logs)
    inputs = inputs_of(paths, rules, logs, stdin="logs", selection=asked)
    written = [*(output or ()), *([error_log] if error_log else ())]
    check_free(written, [one for one in (*inputs.logs, *inputs.rules) if isinstance(one, Path)])
    with Problems(error_log) as problems, Outputs(output or (), profile, status.report) as outputs:
        status.show = problems.show
        is_plain = cache and not pipeline and not filter
        loaded = cached_rules_of(inputs, status) if is_plain else rules_of(inputs, status, pipeline, filter)
        sources: list[Any] = [*inputs.logs, *urls, *more]
        if not inputs.left:
            need(sources, "no logs given")
        writer = MatchWriter(format.value, loaded, outputs, profile, status.report)
        judge = judge_class(engine)(
            loaded, status.report, input.value, profile, jobs=jobs, selection=asked, limits=Limits(max_ratio, max_size)
        )
        with Bar(wanted=format is MatchForm.table or not sys.stdout.isatty()) as bar:
            reading = Reading(len(sources), bar)
            try:
                for match in judge.matches(sources, reading):
                    writer.match(match)
                    status.at_least(1, LEVELS.index(match.rule.level) >= threshold)
                    if writer.gone and not outputs and (fail_on is None or status.code):
                        break  # nobody reads on, and the exit code is known
            except KeyboardInterrupt:
                bar.stop()
                writer.interrupted(judge.records)
                raise typer.Exit(INTERRUPTED) from None
        reading.files = getattr(judge, "files", reading.files)  # Spark lists what is at a URL
        writer.end(judge, reading, status.lost, problems)
        write_left_out(inputs.left, status.skipped, judge.tally)
    status.end()
