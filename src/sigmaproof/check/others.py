"""The codes of what other commands and options read: paths, logs, tests, pipelines, queries. No check finds them.

Each is raised where the input is read; here is what `sigmaproof check --explain` says of it.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["OTHERS", "Other"]


@dataclass(frozen=True, slots=True)
class Other:
    """What there is to say of a code."""

    text: str
    level: str


# Code and level, then the page.
_PAGES = """
== path-missing error
A path that is given doesn't exist.

Check its spelling, and from which directory the command runs.
== path-empty error
A directory that is given holds neither rules nor logs.

`.yml` and `.yaml` are rules (`*.test.yml` is none), `.json`, `.jsonl`, `.ndjson` and `.log` are logs, also packed
as `.gz`.
== path-mixed error
A directory holds rules and logs.

Which of both is meant is said with `--rules DIR` or `--logs DIR`.
== path-unknown error
A file is neither a rule nor a log by its extension.

Name it with `--rules FILE` or `--logs FILE` if it is one all the same.
== path-test error
The test file of a rule (`*.test.yml`) is given as a rule.

Name the rule: `sigmaproof test` finds the test file beside it.
== config-form error
The configuration can't be used.

`[tool.sigmaproof.check]` in `pyproject.toml`, or `[check]` in `sigmaproof.toml`, takes `select`, `ignore` and
`targets`, lists of texts. The nearest file above a rule counts.
== log-record error
A record of a log can't be read and is left out.

The message says why: no JSON, no object, nested too deep, a number out of range. The records around it are read;
the number of lost ones is told at the end.
== log-unreadable error
A log can't be read, or not to its end.

A damaged archive, a file without permission. What stands before the damage is read.
== log-empty warning
A log holds no record.

Probably it is another file than the one that was meant.
== test-missing warning
A rule has no test file.

Write `RULE.test.yml` beside it: what it must match, and not.
== test-empty warning
A test file of a rule says nothing.

Give at least one record under `match` or `no_match`.
== test-form error
A rule's test file has another form than it has.

The message names the key.
== test-rule error
A test file stands beside no rule.

Its name is that of the rule with `.test` before `.yml`.
== test-record error
A record of a rule's test can't be read.

It is an object, inline or in a file beside it.
== test-unreadable error
A file that a rule's test names can't be read.

Paths count from the test's own file.
== diff-rules error
One side of `diff` is not exactly one rule.

Put the rule into a file of its own.
== diff-logsource error
One side of `diff` is a rule for another log source.

Only CloudTrail rules can be compared.
== query-empty error
A file with a query is empty.
== query-syntax error
A query can't be parsed.

The message says where, as the target's grammar reads it.
== query-too-large error
A query is too large to be read.

No engine takes one of that size either.
== query-unreadable error
A file with a query can't be read.
== pipeline-unreadable error
A pySigma pipeline can't be read.

`-p` takes a file, or a name that pySigma knows.
== pipeline-form error
A pySigma pipeline has another form than a pipeline has.

The message names the key.
== pipeline-invalid error
pySigma refuses a pipeline.

The message is pySigma's own.
== pipeline-unsafe error
A pipeline reads files, runs commands or renders templates.

A pipeline comes with rules that others write, so nothing of the kind is done: leave the transformation out, or
write the values into the pipeline.
== pipeline-profile error
A pipeline asks for an integration that is not known.

The message lists those that are.
== rule-unmapped error
A rule tests a field that has no ECS name.

No CloudTrail record has such a field, or the integration drops it: see `sigmaproof fields`.
"""


def _pages() -> dict[str, Other]:
    pages = (page.partition("\n") for page in _PAGES.split("== ")[1:])
    heads = ((*head.split(), text.strip()) for head, _, text in pages)
    return {code: Other(text, level) for code, level, text in heads}


OTHERS = _pages()
