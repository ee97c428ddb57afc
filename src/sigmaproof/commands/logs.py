"""The commands about logs beside `evaluate`: `normalize`, `explain`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sigmaproof.commands.given import inputs_of, need, profile_of, rules_of, selection_of, usage
from sigmaproof.commands.options import (
    Accounts,
    Documents,
    Filters,
    Form,
    Integration,
    Late,
    LogDirs,
    Paths,
    Pipelines,
    Regions,
    Retain,
    Since,
    Status,
    Until,
)

__all__ = ["explain", "normalize"]


def normalize(
    paths: Paths = None,
    logs: LogDirs = None,
    integration: Integration = None,
    since: Since = None,
    until: Until = None,
    account: Accounts = None,
    region: Regions = None,
    late: Late = None,
    retain: Annotated[Retain | None, typer.Option("--retain", help="The integration's option; default: all.")] = None,
    format: Annotated[
        Documents, typer.Option("--format", help="A document a line, or a _bulk body.")
    ] = Documents.ndjson,
) -> None:
    """Make of raw CloudTrail records the ECS documents that Elastic's integration makes of them."""
    from sigmaproof.events import read_files
    from sigmaproof.normalize import OptionError
    from sigmaproof.output.documents import write_documents
    from sigmaproof.output.leftout import write_left_out
    from sigmaproof.selection import Tally

    status, tally = Status(), Tally()
    profile = profile_of(integration)
    asked = selection_of(since, until, account, region, late, profile)
    inputs = inputs_of(paths, None, logs, stdin="logs", selection=asked)
    if not inputs.left:
        need(inputs.logs, "no logs given")
    events = asked.events(read_files(inputs.logs, status.report), tally)
    try:
        write_documents(events, status.report, profile, retain and retain.value, format.value)
    except OptionError as error:
        usage(str(error))
    write_left_out(inputs.left, status.skipped, tally)
    status.end()


def explain(
    rule: Annotated[Path, typer.Argument(metavar="RULE", help="A rule.")],
    record: Annotated[
        str,
        typer.Argument(metavar="RECORD", help="FILE, FILE:LINE, FILE#ELEMENT, a case as FILE.test.yml:LINE, or -."),
    ],
    pipeline: Pipelines = None,
    filter: Filters = None,
    input: Annotated[Form, typer.Option("--input", help="What the record is.")] = Form.auto,
    integration: Integration = None,
) -> None:
    """Explain why a rule matched a record or did not, test by test."""
    from sigmaproof.diagnostics import InputError
    from sigmaproof.events import event_at
    from sigmaproof.output.matches import write_explanation
    from sigmaproof.ruletests.cases import case_at, is_case

    status, profile = Status(), profile_of(integration)
    loaded = rules_of(inputs_of([str(rule)]), status, pipeline, filter)
    try:
        event = case_at(record) if is_case(record) else event_at(record, status.report)
    except LookupError as error:
        usage(str(error.args[0]))
    except InputError as error:
        status.report(error.diagnostic)
        status.end()
    for one in loaded:
        write_explanation(one, event, input.value, profile)
    status.end()
