"""What `evaluate` tells people: the table of rules, the single matches, the messages, and how it ends."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import sys
from pathlib import Path

import pytest
from commandline import EXACT, ROOT, environment, ndjson, record, rule, sigmaproof
from hypothesis import given
from hypothesis import strategies as st
from test_match_outputs import matches_of

from sigmaproof.evaluate.run import evaluate
from sigmaproof.events import Event
from sigmaproof.output.progress import size_text
from sigmaproof.output.summary import FEW, Summary
from sigmaproof.output.timeline import BINS, Timeline, sparkline
from sigmaproof.rules import load_text

MOMENTS = st.integers(-62_135_596_800, 253_402_300_799)


@given(st.lists(st.tuples(st.sampled_from("ab"), MOMENTS | st.integers(0, 100)), min_size=1, max_size=60))
def test_a_timeline_counts_everything_in_few_bins_in_any_order(events: list[tuple[str, int]]) -> None:
    forward, backward = Timeline(), Timeline()
    for row, second in events:
        forward.add(row, second)
    for row, second in reversed(events):
        backward.add(row, second)
    for row in "ab":
        bars = forward.bars(row)
        assert bars == backward.bars(row)
        assert (sum(bars), len(bars) <= BINS) == (sum(one == row for one, _ in events), True)
        seconds = sorted(second for one, second in events if one == row)
        if seconds:
            first = forward.first
            assert first is not None
            offset = seconds[0] // forward.width - first // forward.width
            assert next(index for index, count in enumerate(bars) if count) == offset


@pytest.mark.parametrize(
    ("counts", "line"),
    [([], ""), ([0, 0], "··"), ([5], "█"), ([1, 0, 8, 4, 2], "▁·█▄▂"), ([1, 1_000_000], "▁█"), ([3, 3], "██")],
)
def test_sparklines(counts: list[int], line: str) -> None:
    assert sparkline(counts) == line


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 bytes"), (1260, "1.26 kB"), (536_000, "536 kB"), (10**13, "10,000 GB")]
)
def test_sizes(count: int, text: str) -> None:
    assert size_text(count) == text


def test_a_summary_has_what_was_seen_and_no_more_than_it_may_hold() -> None:
    (loaded,) = load_text(EXACT, "r.yml").rules
    summary = Summary([loaded])
    number = 3000
    records = (record(n % 60, userIdentity={"arn": f"arn:aws:iam::1:user/{n}"}) for n in range(number))
    for match in evaluate([loaded], (Event(one, "f", 1, True) for one in records), "raw"):
        summary.add(match)
    (one,) = summary.rules
    assert (one.count, one.principals.number, one.principals.first[0]) == (number, "1,000+", "arn:aws:iam::1:user/0")
    assert (len(one.principals._seen), len(one.principals.first), summary.few) == (1000, 3, None)
    assert (one.accounts.number, sum(summary.bars(one))) == ("0", number)


def test_many_rules_share_what_may_be_held() -> None:
    text = "\n---\n".join(EXACT for _ in range(2000))
    rules = load_text(text, "r.yml").rules
    assert 20 < Summary(rules)._distinct().most * 2 * len(rules) <= 100_000


def test_the_single_matches_are_kept_while_they_are_few() -> None:
    summary = Summary(())
    for match in matches_of([record(1)] * (FEW + 1)):
        assert summary.few is not None
        summary.add(match)
    assert (summary.few, summary.count) == (None, FEW + 1)


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A rule, and a log with what terminals obey in its values."""
    (tmp_path / "r.yml").write_text(EXACT.replace("Exact", '"Ex\\eact \\u202e rule"'))
    (tmp_path / "low.yml").write_text(rule("s:\n    eventName: '*'\ncondition: s", "Everything", level="low"))
    arn = f"arn:aws:iam::111122223333:user/\x1b[2J\n{'long' * 60}"
    records = [
        record(1),
        record(2, userIdentity={"arn": arn}),
        record(3, recipientAccountId="444455556666", eventName="x"),
    ]
    (tmp_path / ("folder" * 20)).mkdir()
    (tmp_path / ("folder" * 20) / "log.ndjson").write_text(ndjson(records))
    return tmp_path


class TestTable:
    def test_on_a_pipe_a_line_is_a_row_and_nothing_is_broken_or_obeyed(self, here: Path) -> None:
        without = {name: value for name, value in environment().items() if name != "COLUMNS"}
        command = [sys.executable, "-m", "sigmaproof", "evaluate", "r.yml", "low.yml", "folder" * 20]
        done = subprocess.run(command, cwd=here, env=without, capture_output=True, check=False)
        out = done.stdout.decode()
        rows = [line.split("   ") for line in out.splitlines() if line.startswith((" high", " low"))]
        assert [[cell.strip() for cell in row if cell.strip()][:3] for row in rows[:2]] == [
            ["high", "Ex\\u001bact \\u202e rule", "2"],
            ["low", "Everything", "3"],
        ]
        user = "user/\\u001b[2J\\n" + "long" * 60
        assert f"2: user/dana, {user}" in out
        assert len(rows) == 2 + 5, "both rules, and the five matches one by one"
        assert [f"{'folder' * 20}/log.ndjson:{n}" in out for n in (1, 2, 3)] == [True] * 3
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e]", out)
        assert (done.returncode, b"2 rules" in done.stderr) == (0, True)

    @pytest.mark.parametrize("width", [60, 110, 160])
    def test_no_line_is_wider_than_the_terminal(self, here: Path, width: int) -> None:
        ended = sigmaproof("evaluate", "r.yml", "low.yml", "folder" * 20, cwd=here, env={"COLUMNS": str(width)})
        assert max(map(len, ended.lines)) <= width
        assert len([line for line in ended.lines if "2026-11-24 08:00:01" in line]) == 2
        assert "▁" in ended.out or "█" in ended.out

    def test_records_without_a_time_or_a_name(self, tmp_path: Path) -> None:
        (tmp_path / "r.yml").write_text(EXACT)
        (tmp_path / "log.json").write_text(json.dumps({"eventName": "CreateTrustAnchor"}))
        ended = sigmaproof("evaluate", "r.yml", "log.json", cwd=tmp_path)
        assert (ended.code, "Records without a time are only counted." in ended.out) == (0, True)


class TestMessages:
    def test_what_was_read_and_what_was_skipped(self, tmp_path: Path) -> None:
        (tmp_path / "r.yml").write_text(EXACT)
        (tmp_path / "logs").mkdir()
        (tmp_path / "logs" / "a.ndjson").write_text(ndjson([record(1)]) + "5\n" * 30)
        (tmp_path / "logs" / "b.json").write_text("no")
        arguments = ["evaluate", "r.yml", "logs", "--format", "json", "--error-log", "e.ndjson"]
        ended = sigmaproof(*arguments, cwd=tmp_path)
        assert (ended.code, len(ended.lines)) == (2, 1)
        *shown, more, unreadable, total, problems, speed = ended.err.splitlines()
        assert (len(shown), shown[0]) == (
            20,
            "logs/a.ndjson:2: error: record skipped: a record must be an object, not a number [log-record]",
        )
        assert more == "more of [log-record] are counted, not shown here; all are in e.ndjson"
        assert unreadable.endswith("[log-unreadable]")
        assert total == "1 match in 1 record, 1 rule; 30 records could not be read"
        assert problems == "problems: 30 log-record, 1 log-unreadable; all are in e.ndjson"
        assert re.fullmatch(r"read 2 files \(\d+ bytes\) in \d+\.\d\d s: [\d,]+ records/s", speed)
        log = [json.loads(line) for line in (tmp_path / "e.ndjson").read_text().splitlines()]
        assert [one["code"] for one in log] == ["log-record"] * 30 + ["log-unreadable"]
        assert log[0] == {
            **{"code": "log-record", "level": "error", "file": "logs/a.ndjson", "line": 2, "column": 0},
            **{"message": "record skipped: a record must be an object, not a number", "help": ""},
        }

    def test_without_a_log_and_a_terminal_all_are_shown(self, tmp_path: Path) -> None:
        (tmp_path / "r.yml").write_text(EXACT)
        (tmp_path / "a.ndjson").write_text(ndjson([record(1)]) + "5\n" * 30)
        ended = sigmaproof("evaluate", "r.yml", "a.ndjson", "--format", "json", cwd=tmp_path)
        assert ended.err.count("[log-record]") == 30

    def test_a_terminal_has_a_bar_and_a_count_of_the_rest(self, tmp_path: Path) -> None:
        (tmp_path / "r.yml").write_text(EXACT)
        (tmp_path / "logs").mkdir()
        for name in "abc":
            (tmp_path / "logs" / f"{name}.ndjson").write_text(ndjson([record(1)]) + "5\n" * 10)
        out, err = on_terminal(["evaluate", "r.yml", "logs", "--format", "json"], tmp_path)
        assert [json.loads(line)["file"] for line in out.splitlines()] == [f"logs/{name}.ndjson:1" for name in "abc"]
        assert err.count("record skipped") == 20
        assert "more of [log-record] are counted, not shown here; all are with --error-log FILE" in err
        assert "problems: 30 log-record" in err
        assert "━" in err, "the bar, with its bytes"
        assert re.search(r"[\d.]+/[\d.]+ (bytes|kB)", err)


def on_terminal(arguments: list[str], cwd: Path) -> tuple[str, str]:
    """stdout, a pipe, and what a terminal on stderr got, of a run whose bar is shown at once."""
    code = "import sys; from sigmaproof import cli; from sigmaproof.output import progress\n"
    code += "progress.AFTER = 0.0; sys.argv[0] = 'sigmaproof'; cli.main()"
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", code, *arguments]
    env = environment({"TERM": "xterm"})
    with subprocess.Popen(command, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=theirs) as process:
        os.close(theirs)
        err = b""
        while select.select([ours], [], [], 60)[0]:
            try:
                piece = os.read(ours, 65536)
            except OSError:
                break
            if not piece:
                break
            err += piece
        assert process.stdout is not None
        out = process.stdout.read()
    os.close(ours)
    return out.decode(), err.decode()


class TestClosedPipe:
    @pytest.mark.parametrize(
        ("arguments", "code"),
        [(["--format", "json"], 0), (["--format", "json", "--fail-on", "high"], 1), (["--fail-on", "high"], 1)],
    )
    def test_the_exit_code_is_that_of_the_matches(self, tmp_path: Path, arguments: list[str], code: int) -> None:
        assert self.ended(tmp_path, arguments) == (code, True)

    def test_files_are_written_to_their_end(self, tmp_path: Path) -> None:
        assert self.ended(tmp_path, ["--format", "json", "-o", "m.ndjson"], quiet=False) == (0, True)
        assert len((tmp_path / "m.ndjson").read_text().splitlines()) == 1001

    def ended(self, folder: Path, arguments: list[str], quiet: bool = True) -> tuple[int, bool]:
        """The exit code where nobody reads stdout, and whether stderr is as it should be."""
        (folder / "r.yml").write_text(EXACT)
        low = "s:\n    eventName: ListTrustAnchors\ncondition: s"
        (folder / "low.yml").write_text(rule(low, "Low", "11111111-1111-4111-8111-111111111111", "low"))
        records = [*[record(1, eventName="ListTrustAnchors")] * 1000, record(2)]
        (folder / "many.ndjson").write_text(ndjson(records))
        command = [sys.executable, "-m", "sigmaproof", "evaluate", "low.yml", "r.yml", "many.ndjson", *arguments]
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run(
            command, cwd=folder, env=environment(), stdout=writer, stderr=subprocess.PIPE, check=False
        )
        os.close(writer)
        return done.returncode, (done.stderr == b"") if quiet else (b"rror" not in done.stderr)


def test_the_table_of_our_own_logs_has_a_line_for_each_rule_that_matched() -> None:
    ended = sigmaproof("evaluate", "sigma_rules", "fixtures/events", cwd=ROOT)
    matched = sigmaproof("evaluate", "sigma_rules", "fixtures/events", "--format", "json", cwd=ROOT).objects
    counts = {title: sum(one["title"] == title for one in matched) for title in {one["title"] for one in matched}}
    rows = [line for line in ended.lines if re.match(r" (medium|low|informational) ", line)]
    assert len(rows) == len(counts)
    assert sum(counts.values()) == len(matched) > FEW
    assert "the single matches: --format json" in ended.err
