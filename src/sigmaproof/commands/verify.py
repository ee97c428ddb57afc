"""The command `verify`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sigmaproof.commands.given import check_writable, inputs_of, opened, printing_to, profile_of, rules_of, targets_of
from sigmaproof.commands.options import (
    Case,
    Filters,
    Integration,
    LogDirs,
    OwnPipeline,
    OwnTemplate,
    Paths,
    Pipelines,
    Reports,
    RuleDirs,
    Status,
    Targets,
)

__all__ = ["verify"]


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
    check_writable(output)
    started, profile = opened(engine, ingest_pipeline, index_template), profile_of(integration)
    inputs = inputs_of(paths, rules, logs, stdin="logs")
    loaded = rules_of(inputs, status, pipeline, filter)
    targets = [name for name in targets_of(target, ["eql", "lucene"]) if name != "native"]
    with started:
        report = verify_files(loaded, inputs.logs, targets, started, case.value, (), status.report, profile)
        report.unread = status.unread
        with printing_to(output):
            write_report(report, format.value, all_differences)
    status.at_least(1, report.has_findings)
    status.end()
