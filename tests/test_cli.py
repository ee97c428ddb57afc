"""The contract of the command line: what goes to stdout and stderr, the exit codes, what a PATH means."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from commandline import APPROXIMATE, EXACT, ID, REFUSED, ROOT, environment, ndjson, record, rule, sigmaproof

MATCH_KEYS = ["rule_id", "title", "level", "event_id", "time", "file", "event"]


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder with rules in one place and logs in another."""
    (tmp_path / "rules" / "deep").mkdir(parents=True)
    (tmp_path / "logs").mkdir()
    (tmp_path / "rules" / "a_exact.yml").write_text(EXACT)
    (tmp_path / "rules" / "b_approximate.yaml").write_text(APPROXIMATE)
    (tmp_path / "rules" / "deep" / "c_refused.yml").write_text(REFUSED)
    (tmp_path / "rules" / "a_exact.test.yml").write_text("match: []\n")
    records = [record(1), record(2, eventName="ListTrustAnchors"), record(3, eventName="createtrustanchor")]
    (tmp_path / "logs" / "one.ndjson").write_text(ndjson(records))
    (tmp_path / "logs" / "notes.txt").write_text("no log")
    return tmp_path


class TestConvert:
    def test_one_query_is_bare(self, here: Path) -> None:
        ended = sigmaproof("convert", "rules/a_exact.yml", "-t", "eql", cwd=here)
        expected = 'any where ?event.dataset == "aws.cloudtrail" and ?event.action == "CreateTrustAnchor"'
        assert (ended.code, ended.lines, ended.err) == (0, [expected], "")

    def test_several_queries_have_a_line_with_id_and_title(self, here: Path) -> None:
        ended = sigmaproof("convert", "rules/a_exact.yml", "rules/b_approximate.yaml", "-t", "eql", cwd=here)
        assert ended.lines[0::2] == [f"# {ID} Exact", "# 11111111-1111-4111-8111-111111111111 Approximate"]
        assert all(line.startswith("any where ") for line in ended.lines[1::2])
        assert (ended.code, "approximate: Approximate [eql]: " in ended.err) == (0, True)

    def test_targets_by_comma_and_repetition_once_each(self, here: Path) -> None:
        ended = sigmaproof("convert", "rules/a_exact.yml", "-t", "lucene,eql", "-t", "eql,native", cwd=here)
        assert [line for line in ended.lines if line.startswith("# ")] == [
            f"# {ID} Exact ({target})" for target in ("lucene", "eql", "native")
        ]

    def test_json_is_one_object_a_line(self, here: Path) -> None:
        ended = sigmaproof("convert", "rules", "-t", "eql,native", "--format", "json", cwd=here)
        found = [(one["rule"], one["target"], one["fidelity"]) for one in ended.objects]
        two, three = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
        assert found == [
            *[(ID, "eql", "exact"), (ID, "native", "exact")],
            *[(two, "eql", "approximate"), (two, "native", "exact")],
            *[(three, "eql", "refused"), (three, "native", "exact")],
        ]
        approximate, refused = ended.objects[2], ended.objects[4]
        assert {"code", "direction", "field", "detail"} == set(approximate["reasons"][0])
        assert refused["query"] is None
        assert refused["refusal"]
        assert ended.objects[1]["query"]["version"] == 1
        assert ended.code == 1

    def test_a_refusal_is_a_finding_and_the_others_are_printed(self, here: Path) -> None:
        ended = sigmaproof("convert", "rules", "-t", "eql", cwd=here)
        assert (ended.code, len(ended.lines)) == (1, 4)
        assert "refused: Refused [eql]: " in ended.err

    def test_strict_makes_an_approximation_a_finding(self, here: Path) -> None:
        approximate = sigmaproof("convert", "rules/b_approximate.yaml", "-t", "eql", "--strict", cwd=here)
        exact = sigmaproof("convert", "rules/a_exact.yml", "-t", "eql", "--strict", cwd=here)
        assert (approximate.code, len(approximate.lines), exact.code) == (1, 1, 0)

    def test_case_exact_records_its_reason(self, tmp_path: Path) -> None:
        (tmp_path / "r.yml").write_text(rule("s:\n    userIdentity.userName: Dana\ncondition: s"))
        folded, exact = (
            sigmaproof("convert", "r.yml", "-t", "lucene", "--format", "json", "--case", case, cwd=tmp_path).objects[0]
            for case in ("fold", "exact")
        )
        assert "[dD]" in folded["query"].replace("[Dd]", "[dD]")
        assert '"Dana"' in exact["query"]
        assert "case" not in {reason["code"] for reason in folded["reasons"]}
        assert "case" in {reason["code"] for reason in exact["reasons"]}

    def test_output_directory_holds_a_file_a_query(self, here: Path) -> None:
        ended = sigmaproof("convert", "rules", "-t", "eql,native", "-o", "out", cwd=here)
        files = sorted(str(file.relative_to(here / "out")) for file in (here / "out").rglob("*.*"))
        expected = ["eql/a_exact.eql", "eql/b_approximate.eql"]
        assert files == [*expected, *(f"native/{name}.json" for name in ("a_exact", "b_approximate", "c_refused"))]
        assert (ended.code, ended.out) == (1, "")
        assert (here / "out/eql/a_exact.eql").read_text().startswith("any where ")
        assert json.loads((here / "out/native/a_exact.json").read_text())["version"] == 1

    def test_output_that_cannot_be_written(self, here: Path) -> None:
        ended = sigmaproof("convert", "rules/a_exact.yml", "-t", "eql", "-o", "logs/one.ndjson", cwd=here)
        assert (ended.code, ended.out) == (2, "")
        assert "error: logs/one.ndjson" in ended.err

    def test_stdin_is_a_rule(self) -> None:
        ended = sigmaproof("convert", "-", "-t", "eql", stdin=EXACT)
        assert (ended.code, len(ended.lines)) == (0, 1)
        broken = sigmaproof("convert", "-", "-t", "eql", stdin=EXACT + EXACT)
        assert (broken.code, broken.out) == (2, "")
        assert broken.err.startswith("<stdin>:11:1: error: ")

    def test_a_pipeline_fills_placeholders(self, tmp_path: Path) -> None:
        (tmp_path / "r.yml").write_text(rule("s:\n    eventName|expand: '%calls%'\ncondition: s"))
        (tmp_path / "p.yml").write_text("vars: {calls: [GetRole]}\ntransformations: [{type: value_placeholders}]\n")
        without = sigmaproof("convert", "r.yml", "-t", "eql", cwd=tmp_path)
        assert "%calls%" in without.err
        ended = sigmaproof("convert", "r.yml", "-t", "eql", "-p", "p.yml", cwd=tmp_path)
        assert 'event.action == "GetRole"' in ended.out

    def test_an_unknown_field_is_refused_with_a_suggestion(self, tmp_path: Path) -> None:
        (tmp_path / "r.yml").write_text(rule("s:\n    evntName: GetRole\ncondition: s"))
        ended = sigmaproof("convert", "r.yml", "-t", "eql", cwd=tmp_path)
        assert (ended.code, ended.out) == (1, "")
        assert 'did you mean "eventName"?' in ended.err

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["-t", "splunk"], "error: -t splunk: unknown target; the targets are eql, lucene, native"),
            ([], "error: say the targets with -t, of eql, lucene, native"),
            (["-t", ","], "error: say the targets with -t"),
            (["-t", "eql", "--format", "xml"], "--format"),
            (["-t", "eql", "--nosuch"], "--nosuch"),
            (["-t", "eql", "-p", "nosuch.yml"], "nosuch.yml: error: can't be read"),
        ],
    )
    def test_wrong_usage(self, here: Path, arguments: list[str], message: str) -> None:
        ended = sigmaproof("convert", "rules/a_exact.yml", *arguments, cwd=here)
        assert (ended.code, ended.out) == (2, "")
        assert message in ended.err


class TestEvaluate:
    def test_json_is_one_line_a_match_with_the_keys_of_the_contract(self, here: Path) -> None:
        ended = sigmaproof("evaluate", "rules/a_exact.yml", "logs", "--format", "json", cwd=here)
        assert ended.code == 0
        assert [list(one) for one in ended.objects] == [MATCH_KEYS, MATCH_KEYS]
        assert ended.objects[1] == {
            "rule_id": ID,
            "title": "Exact",
            "level": "high",
            "event_id": record(3)["eventID"],
            "time": "2026-11-24T08:00:03Z",
            "file": "logs/one.ndjson:3",
            "event": record(3, eventName="createtrustanchor"),
        }
        assert ended.said == "2 matches in 3 records, 1 rule\n"

    def test_a_table_for_people(self, here: Path) -> None:
        ended = sigmaproof("evaluate", "rules", "logs", cwd=here)
        assert ended.code == 0
        assert "logs/one.ndjson:3" in ended.out
        assert len([line for line in ended.lines if "Exact" in line]) == 3, "the rule, and its two matches"
        assert "matches in 3 records, 3 rules" in ended.err
        assert "matches in" not in ended.out

    @pytest.mark.parametrize(("level", "code"), [("informational", 1), ("high", 1), ("critical", 0)])
    def test_fail_on(self, here: Path, level: str, code: int) -> None:
        ended = sigmaproof("evaluate", "rules/a_exact.yml", "logs", "--fail-on", level, "--format", "json", cwd=here)
        assert (ended.code, len(ended.lines)) == (code, 2)

    def test_fail_on_without_a_match_and_of_an_unknown_level(self, here: Path) -> None:
        (here / "none.json").write_text(json.dumps(record(1, eventName="GetRole")))
        assert sigmaproof("evaluate", "rules/a_exact.yml", "none.json", "--fail-on", "low", cwd=here).code == 0
        wrong = sigmaproof("evaluate", "rules/a_exact.yml", "none.json", "--fail-on", "grave", cwd=here)
        assert (wrong.code, wrong.out) == (2, "")
        assert "critical" in wrong.err

    def test_every_kind_of_log(self, here: Path) -> None:
        one, two = record(1), record(2)
        (here / "a.json").write_text(json.dumps({"Records": [one, two]}, indent=2))
        (here / "b.json").write_text(json.dumps([one, two]))
        (here / "c.json").write_text(json.dumps(one, indent=2))
        (here / "d.jsonl").write_text("\ufeff\r\n" + ndjson([one, two]).replace("\n", "\r\n"))
        (here / "e.log.gz").write_bytes(gzip.compress(ndjson([one]).encode()))
        (here / "f.ndjson").write_text(ndjson([{"Records": [one, two]}, {"Records": [one]}]))
        names = ["a.json", "b.json", "c.json", "d.jsonl", "e.log.gz", "f.ndjson"]
        ended = sigmaproof("evaluate", "rules/a_exact.yml", *names, "--format", "json", cwd=here)
        assert (ended.code, ended.said) == (0, "11 matches in 11 records, 1 rule\n")
        assert [match["file"] for match in ended.objects] == [
            *("a.json#1", "a.json#2", "b.json#1", "b.json#2", "c.json#1", "d.jsonl:2", "d.jsonl:3", "e.log.gz:1"),
            *("f.ndjson:1", "f.ndjson:1", "f.ndjson:2"),
        ]

    def test_stdin_is_a_log(self, here: Path) -> None:
        stdin = ndjson([record(1)])
        ended = sigmaproof("evaluate", "rules/a_exact.yml", "-", "--format", "json", cwd=here, stdin=stdin)
        assert [match["file"] for match in ended.objects] == ["<stdin>:1"]

    def test_ecs_documents_are_recognised(self, here: Path) -> None:
        documents = sigmaproof("normalize", "logs", cwd=here)
        assert (documents.code, documents.err, len(documents.objects)) == (0, "", 3)
        (here / "ecs.ndjson").write_text(documents.out)
        (here / "rules" / "unknown.yml").write_text(rule("s:\n    evntName: x\ncondition: s"))
        matches = sigmaproof("evaluate", "rules", "ecs.ndjson", "--format", "json", cwd=here)
        assert {match["event_id"] for match in matches.objects if match["title"] == "Exact"} == {
            record(1)["eventID"],
            record(3)["eventID"],
        }
        assert matches.objects[0]["time"] == "2026-11-24T08:00:01.000Z"
        assert matches.code == 2  # the rule with the unknown field can't judge them; the others do
        assert "rules/unknown.yml:7: error: unknown CloudTrail field" in matches.err
        as_raw = sigmaproof("evaluate", "rules/a_exact.yml", "ecs.ndjson", "--input", "raw", cwd=here)
        assert as_raw.said == "0 matches in 3 records, 1 rule\n"


class TestPaths:
    def test_a_directory_with_both_must_say_which(self, here: Path) -> None:
        for command in (["evaluate"], ["convert", "-t", "eql"], ["test"], ["normalize"]):
            ended = sigmaproof(command[0], ".", *command[1:], cwd=here)
            assert (ended.code, ended.out) == (2, "")
            assert "--rules" in ended.err
            assert "--logs" in ended.err

    def test_rules_and_logs_of_one_directory(self, here: Path) -> None:
        ended = sigmaproof("evaluate", "--rules", ".", "--logs", ".", "--format", "json", cwd=here)
        assert (ended.code, "3 records, 3 rules" in ended.err) == (0, True)
        converted = sigmaproof("convert", "--rules", ".", "-t", "native", "--format", "json", cwd=here)
        assert len(converted.objects) == 3
        assert len(sigmaproof("normalize", "--logs", ".", cwd=here).objects) == 3

    @pytest.mark.parametrize(
        ("path", "message"),
        [
            ("nowhere.yml", "nowhere.yml: error: no such file or directory"),
            ("logs/notes.txt", "logs/notes.txt: error: neither a rule nor a log"),
            ("rules/a_exact.test.yml", "rules/a_exact.test.yml: error: the test file of a rule is no rule"),
            ("empty", "empty: error: holds neither rules"),
        ],
    )
    def test_what_is_neither(self, here: Path, path: str, message: str) -> None:
        (here / "empty").mkdir()
        ended = sigmaproof("evaluate", path, "rules", "logs", cwd=here)
        assert (ended.code, ended.out) == (2, "")
        assert ended.err.startswith(message)

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["evaluate", "rules"], "no logs given"),
            (["evaluate", "logs"], "no rules given"),
            (["convert", "logs", "-t", "eql"], "no rules given"),
            (["normalize", "rules"], "no logs given"),
            (["evaluate", "logs", "--rules", "logs"], "holds no rules"),
            (["evaluate", "rules", "--logs", "rules"], "holds no logs"),
        ],
    )
    def test_what_is_missing(self, here: Path, arguments: list[str], message: str) -> None:
        ended = sigmaproof(*arguments, cwd=here)
        assert (ended.code, ended.out) == (2, "")
        assert message in ended.err


class TestTest:
    def test_a_failed_expectation_is_a_finding(self, here: Path) -> None:
        cases = "match:\n  - {name: first, file: '../logs/one.ndjson:1'}\n"
        wrong = "no_match:\n  - {name: second, record: {eventName: CreateTrustAnchor}}\n"
        file = here / "rules" / "a_exact.test.yml"
        file.write_text(cases)
        good = sigmaproof("test", "rules/a_exact.yml", cwd=here)
        assert (good.code, good.lines) == (0, ["ok     Exact: first: match", "1 expectation met, 0 failed"])
        file.write_text(cases + wrong)
        bad = sigmaproof("test", "rules/a_exact.yml", "--only-failing", cwd=here)
        assert (bad.code, bad.lines[-1]) == (1, "1 expectation met, 1 failed")
        assert "rules/a_exact.test.yml:4" in bad.lines[0]
        assert not any(line.startswith("ok") for line in bad.lines)

    def test_a_rule_without_tests_is_a_warning(self, here: Path) -> None:
        ended = sigmaproof("test", "rules/b_approximate.yaml", cwd=here)
        assert ended.code == 0
        assert "rules/b_approximate.yaml:1: warning: the rule has no test file" in ended.err

    def test_what_cannot_be_read_does_not_stop_the_others(self, here: Path) -> None:
        (here / "rules" / "a_exact.test.yml").write_text(
            "match:\n"
            "  - {name: gone, file: nowhere.json}\n"
            "  - {name: date, record: {eventTime: 2024-01-01T00:00:00Z}}\n"
            "  - {name: fine, record: {eventName: CreateTrustAnchor}}\n"
        )
        (here / "rules" / "b_approximate.test.yml").write_text("match: [\n")
        ended = sigmaproof("test", "rules", cwd=here)
        assert (ended.code, ended.lines) == (2, ["ok     Exact: fine: match", "1 expectation met, 0 failed"])
        assert "rules/a_exact.test.yml:2: error: rules/nowhere.json: can't be read" in ended.err
        assert "rules/a_exact.test.yml:3: error: a datetime is no value of a record" in ended.err
        assert "rules/b_approximate.test.yml:2:1: error: not valid YAML" in ended.err


class TestExplain:
    @pytest.mark.parametrize(
        ("place", "verdict"), [("", "match"), (":2", "no match"), (":3", "match"), ("#3", "match")]
    )
    def test_one_record_of_a_file(self, here: Path, place: str, verdict: str) -> None:
        ended = sigmaproof("explain", "rules/a_exact.yml", f"logs/one.ndjson{place}", cwd=here)
        number = place[1:] or "1"
        assert (ended.code, ended.lines[0]) == (0, f"Exact: {verdict} (logs/one.ndjson:{number})")
        assert "eventName is 'CreateTrustAnchor'" in ended.lines[1]

    def test_stdin(self, here: Path) -> None:
        ended = sigmaproof("explain", "rules/a_exact.yml", "-", cwd=here, stdin=json.dumps(record(1)))
        assert ended.lines[0] == "Exact: match (<stdin>:1)"

    def test_the_line_that_cannot_be_read(self, here: Path) -> None:
        (here / "logs" / "broken.ndjson").write_text(ndjson([record(1)]) + "{bad\n[]\n" + ndjson([record(4)]))
        broken = sigmaproof("explain", "rules/a_exact.yml", "logs/broken.ndjson:3", cwd=here)
        assert (broken.code, broken.out) == (2, "")
        assert broken.err == "error: logs/broken.ndjson:3: record skipped: a record must be an object, not a list\n"
        assert sigmaproof("explain", "rules/a_exact.yml", "logs/broken.ndjson:4", cwd=here).code == 0

    @pytest.mark.parametrize("where", ["logs/one.ndjson:9", "nowhere.json", "nowhere.json:1"])
    def test_no_such_record(self, here: Path, where: str) -> None:
        ended = sigmaproof("explain", "rules/a_exact.yml", where, cwd=here)
        assert (ended.code, ended.out) == (2, "")
        assert where.removesuffix(":1") in ended.err


class TestFieldsAndTargets:
    def test_a_field_by_its_raw_and_its_ecs_name(self) -> None:
        raw, ecs = sigmaproof("fields", "eventName"), sigmaproof("fields", "event.action")
        assert raw.out == ecs.out
        assert re.search(r"canonical +event\.action\n", raw.out)

    def test_an_unknown_field(self) -> None:
        ended = sigmaproof("fields", "sourceIPAdress")
        assert (ended.code, ended.out) == (2, "")
        assert 'did you mean "sourceIPAddress"?' in ended.err

    def test_all_fields_and_all_targets(self) -> None:
        assert "userIdentity.sessionContext.sessionIssuer.arn" in sigmaproof("fields").out
        assert [line.split()[0] for line in sigmaproof("targets").lines] == ["eql", "lucene", "native"]


class TestStreams:
    def test_an_internal_error_has_no_traceback_without_debug(self) -> None:
        broken = "import sigmaproof.targets; sigmaproof.targets.TARGETS = None"
        plain = sigmaproof("targets", before=broken)
        assert (plain.code, plain.out) == (2, "")
        assert plain.err.startswith("internal error: AttributeError: ")
        assert "Traceback" not in plain.err
        debug = sigmaproof("--debug", "targets", before=broken)
        assert (debug.code, "Traceback" in debug.err) == (2, True)

    def test_no_engine(self, here: Path) -> None:
        gone = (
            "from sigmaproof.verify.engines import EngineUnavailable as E, elasticsearch as e\n"
            "def start(self, *a): raise E('no Java here')\n"
            "e.EmbeddedElasticsearch.start = e.EmbeddedElasticsearch.__enter__ = start"
        )
        ended = sigmaproof("verify", "rules/a_exact.yml", cwd=here, before=gone)
        assert (ended.code, ended.out, ended.err) == (3, "", "error: no Java here\n")

    @pytest.mark.parametrize("command", [["fields"], ["targets"], ["normalize"], ["evaluate", "--format", "json"]])
    def test_a_reader_that_goes_is_fine(self, here: Path, command: list[str]) -> None:
        (here / "many.ndjson").write_text(ndjson([record(1)] * 2000))
        paths = {"normalize": ["many.ndjson"], "evaluate": ["rules/a_exact.yml", "many.ndjson"]}
        arguments = [sys.executable, "-m", "sigmaproof", command[0], *paths.get(command[0], []), *command[1:]]
        with subprocess.Popen(
            arguments, cwd=here, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.close()
            err = process.stderr.read().decode()
        assert (process.returncode, "rror" in err) == (0, False), err

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="NOT RUN, a full disk: there is no /dev/full here")
    def test_a_full_disk_is_an_error(self) -> None:
        with Path("/dev/full").open("w") as full:
            command = [sys.executable, "-m", "sigmaproof", "targets"]
            done = subprocess.run(command, env=environment(), stdout=full, stderr=subprocess.PIPE, check=False)
        assert (done.returncode, done.stderr) == (2, b"error: stdout: No space left on device\n")

    def test_text_beyond_the_locale_and_lone_surrogates(self, here: Path) -> None:
        (here / "odd.json").write_text(json.dumps(record(1, eventID="\ud800", requestParameters={"é": "\udfff"})))
        (here / "rules" / "a_exact.yml").write_text(EXACT.replace("Exact", "Größe"))
        for command in (["evaluate"], ["evaluate", "--format", "json"], ["explain"], ["normalize"]):
            paths = ["odd.json"] if command[0] == "normalize" else ["rules/a_exact.yml", "odd.json"]
            ended = sigmaproof(command[0], *paths, *command[1:], cwd=here, env={"PYTHONIOENCODING": "ascii"})
            assert ended.code == 0, ended.err

    def test_messages_never_go_to_stdout(self, here: Path) -> None:
        (here / "rules" / "broken.yml").write_text("title: [\n")
        (here / "logs" / "broken.ndjson").write_text(ndjson([record(1)]) + "nothing\n")
        ended = sigmaproof("evaluate", "rules", "logs", "--format", "json", cwd=here)
        assert ended.code == 2
        assert all(list(one) == MATCH_KEYS for one in ended.objects)
        assert "rules/broken.yml:2:1: error: " in ended.err
        assert "logs/broken.ndjson:2:1: error: record skipped: " in ended.err

    def test_the_version_and_no_command(self) -> None:
        assert re.fullmatch(r"sigmaproof \d+\.\d+\.\d+\n", sigmaproof("--version").out)
        assert sigmaproof("nosuch").code == 2


def test_the_output_is_the_same_every_time() -> None:
    """Nothing depends on the order of a set, on an address in memory or on the time."""
    runs: list[list[tuple[int, str, str]]] = []
    for seed in ("0", "1", "4242"):
        env = {"PYTHONHASHSEED": seed}
        ended = [
            sigmaproof("convert", "sigma_rules", "-t", "eql,lucene,native", "--format", "json", cwd=ROOT, env=env),
            sigmaproof("evaluate", "sigma_rules", "fixtures/events", "--format", "json", cwd=ROOT, env=env),
            sigmaproof("evaluate", "sigma_rules", "fixtures/events", cwd=ROOT, env=env),
            sigmaproof("normalize", "fixtures/events", cwd=ROOT, env=env),
            sigmaproof("test", "sigma_rules", cwd=ROOT, env=env),
        ]
        runs.append([(one.code, one.out, one.said) for one in ended])
    assert runs[0] == runs[1] == runs[2]
    assert all(out for _, out, _ in runs[0])
