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
== log-skipped note
Something among the logs holds no records, and is no fault.

A digest of CloudTrail, the signature of a query's results, a control message of CloudWatch. They are counted, and
told at the end.
== log-columns warning
A table of records has columns that no record has, or lacks some that rules ask for.

docs/inputs.md says which columns CloudTrail Lake and Athena give, and how a query has to name them.
== path-remote error
A URL can't be read as it is given.

Logs at a URL need the extra `remote`: `pip install 'sigmaproof[remote]'`. Rules are read from files only.
== path-unreachable error
A URL, or what lies under it, can't be reached.

The message says what the other side said. Credentials come from the environment.
== output-form error
The name of a file for `-o` doesn't say what is to be written.

The endings are `.parquet`, `.csv`, `.ndjson`, `.ecs.ndjson` and `.bulk.ndjson`.
== output-twice error
A file is named twice to be written.

Name another file.
== output-input error
A file is to be read and written in one run.

Name another file.
== output-parquet error
Parquet needs pyarrow, which is not installed.

`pip install 'sigmaproof[parquet]'`, or name a file that ends with `.csv` or `.ndjson`.
== output-failed error
A file can't be written.

The message says why: a full disk, a directory that is not there, no permission. What stood there before is unchanged.
== output-foreign error
A file stands where `convert -o` would write one, and its manifest doesn't list it.

It is not ours to replace. Move it away, or name another directory.
== output-link error
A symbolic link leads out of the directory that `convert -o` writes into.

Nothing is written through it. Remove the link.
== manifest-version error
The manifest in a directory is one of another version of its form.

Write the directory anew: name another one, or remove the old manifest and its files.
== manifest-form error
The file `manifest.json` in a directory is none that `convert -o` wrote.

Name another directory.
== manifest-file error
A manifest lists a file that `convert -o` never writes.

It was changed by hand. Restore it, or write into another directory.
== alert-document warning
An alert has only the fields of the rule, as its record can't be normalized.

The message says which field is not what CloudTrail writes there.
== attack-unknown warning
A tag names a tactic or a technique that ATT&CK doesn't have.

`sigmaproof coverage` tells it, with what is nearest.
== attack-retired warning
A tag names a tactic or a technique that ATT&CK has retired.

The message says what took its place.
== log-empty warning
A log holds no record.

Probably it is another file than the one that was meant.
== test-failed error
A rule doesn't do what a test of it expects.

A record that it must match it doesn't match, or the other way round, or a file gives another number of matches. The
message names the tests of the rule that decide; `sigmaproof explain RULE RECORD` shows all of them.
== test-required error
A rule has fewer tests than `--min-match` or `--min-no-match` asks for.

Write them into its test file; `sigmaproof test --suggest` writes one for a rule that has none.
== test-baseline error
A rule matches in the logs of `--baseline` more often than it may.

Narrow the rule, or say `baseline: {max_matches: N}` in its test file.
== test-unexpected warning
A rule matches in a corpus, and no expectation covers it.

`defaults.unexpected_detections` of the expectations.yml makes it a failure, or nothing.
== test-more warning
More records match than `match_count` of a regression test says.

As in SigmaHQ's runner this is no failure. Correct the number, or the rule.
== test-path error
A test names a file that isn't there, or that may not be read.

Files are named from the test's own file and lie in the repository of the rule: no absolute path, no `..` and no
symbolic link out of it.
== test-unsupported warning
A test can't be run here.

Windows event logs are not read, pipelines and filters of a regression test not applied, and a Sigma rule has no
functions for which mocks could stand in.
== test-present note
No test file was written for a rule, as it has one.

`sigmaproof test --suggest` never touches what is there.
== test-suggest warning
No test file could be made for a rule.

No record makes it true, or false, or it is no rule for CloudTrail.
== test-unwritable error
A test file that was suggested can't be written.

The message is the system's.
== test-missing warning
A rule has no test file.

Write `RULE.test.yml` beside it: what it must match, and not; or let `sigmaproof test RULE --suggest` write one.
== test-empty warning
A file of tests holds none.

Give at least one record under `match` or `no_match`.
== test-form error
A file of tests has not the form that it must have.

The message names the key (docs/testing.md shows the forms).
== test-rule error
Tests are those of another rule than the one that they belong to.

`rule:` of a test file is the name of the rule's file or its id; `rule_metadata` of an info.yml has the rule's id; an
expectation names a rule by its id or its title.
== test-record error
A record of a rule's test can't be read.

It is an object, inline or in a file beside it.
== test-unreadable error
A file of tests can't be read.

The message is the system's.
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
