"""The files of `evaluate --output` and the texts of `--format`: read back, and what a failure leaves behind."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from commandline import EXACT, ID, ndjson, record, rule, sigmaproof

from sigmaproof.diagnostics import Diagnostic, InputError
from sigmaproof.evaluate.run import Match, evaluate
from sigmaproof.events import Event
from sigmaproof.fields import DEFAULT
from sigmaproof.normalize import normalize
from sigmaproof.output.alerts import Alerts, alert, rule_fields
from sigmaproof.output.columns import COLUMNS, cells
from sigmaproof.output.forms import FORMS, harmless
from sigmaproof.output.outputs import Outputs, check_free, form_of
from sigmaproof.output.threats import threat
from sigmaproof.rules import load_text

ANY = rule("selection:\n    eventName|contains: '*'\ncondition: selection", "=1+1|calc")
TAGGED = ANY + (
    "description: |\n    Two\n    lines\nauthor: Ana, Li\nreferences: [https://example.org/a, https://example.org/b]\n"
    "license: Apache-2.0\ntags: [attack.persistence, attack.t1098.003, attack.T1098, cve.2020-1]\n"
)
ODD: tuple[dict[str, Any], ...] = (
    record(1),
    record(2, userIdentity={"principalId": "+1-2", "accountId": "000000000001"}, eventTime="yesterday"),
    record(3, sourceIPAddress="\t=x", awsRegion="'quoted", errorCode="@SUM(1;2)", eventID='a"b\n;=1'),
    record(4, eventID="\ud800", eventTime=None, recipientAccountId="444455556666", userIdentity=None),
    record(5, eventID={"a": [1, 2]}, sourceIPAddress=["", None, "198.51.100.1"]),
)


def matches_of(records: Sequence[dict[str, Any]], text: str = ANY, form: str = "raw") -> list[Match]:
    rules = load_text(text, "r.yml").rules
    return list(evaluate(rules, [Event(one, "logs/a.ndjson", n, True) for n, one in enumerate(records, 1)], form))


def written(folder: Path, name: str, matches: Sequence[Match]) -> Path:
    problems: list[Diagnostic] = []
    with Outputs([folder / name], DEFAULT, problems.append) as outputs:
        for match in matches:
            outputs.add(match)
        assert outputs.publish() == [folder / name]
    assert (problems, names(folder)) == ([], [name])
    return folder / name


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


class TestCsv:
    def test_a_reader_that_takes_one_apostrophe_away_has_the_values_of_the_log(self, tmp_path: Path) -> None:
        matches = matches_of(ODD)
        with written(tmp_path, "m.csv", matches).open(encoding="utf-8", newline="") as stream:
            head, *rows = list(csv.reader(stream))
        assert tuple(head) == COLUMNS
        plain = [[cell.removeprefix("'") if cell[:1] == "'" else cell for cell in row] for row in rows]
        told = [[(cell or "").replace("\ud800", "\\ud800") for cell in cells(match)] for match in matches]
        assert plain == told
        assert len(rows) == len(ODD)

    def test_no_cell_is_a_formula(self, tmp_path: Path) -> None:
        with written(tmp_path, "m.csv", matches_of(ODD)).open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        assert [cell for row in rows for cell in row.values() if cell[:1] in tuple("=+-@\t\r\n＝＋－＠")] == []
        assert rows[0]["title"] == "'=1+1|calc"
        assert (rows[2]["source_ip"], rows[2]["region"], rows[2]["error_code"]) == ("'\t=x", "''quoted", "'@SUM(1;2)")
        assert (rows[1]["principal"], rows[1]["account"]) == ("'+1-2", "000000000001")

    @pytest.mark.parametrize("cell", ["", "a=1", " =1", "1", "arn:aws:iam::1:user/a"])
    def test_other_cells_stay(self, cell: str) -> None:
        assert harmless(cell) == cell


class TestParquet:
    def test_read_back(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        parquet = pytest.importorskip("pyarrow.parquet", reason="NOT RUN, Parquet: pyarrow is not installed")
        monkeypatch.setattr("sigmaproof.output.parquet.ROWS", 2)
        matches = matches_of(ODD)
        file = parquet.ParquetFile(written(tmp_path, "m.parquet", matches))
        assert file.metadata.num_row_groups == 3, "rows don't pile up"
        rows = file.read().to_pylist()
        assert [list(row) for row in rows] == [[*COLUMNS, "event"]] * len(ODD)
        assert [json.loads(row["event"]) for row in rows] == list(ODD)
        assert [row["time"] for row in rows[:2]] == [datetime(2026, 11, 24, 8, 0, 1, tzinfo=UTC), None]
        assert [row["event_id"] for row in rows[2:]] == ['a"b\n;=1', "\\ud800", '{"a": [1, 2]}']
        assert rows[3]["account"] == "444455556666"
        assert (rows[3]["principal"], rows[4]["source_ip"]) == (None, "198.51.100.1")

    def test_without_a_match_there_are_columns(self, tmp_path: Path) -> None:
        parquet = pytest.importorskip("pyarrow.parquet", reason="NOT RUN, Parquet: pyarrow is not installed")
        table = parquet.read_table(written(tmp_path, "m.parquet", []))
        assert (table.num_rows, table.column_names) == (0, [*COLUMNS, "event"])

    def test_without_pyarrow_it_says_what_to_install(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
        with pytest.raises(InputError, match="needs pyarrow") as caught:
            Outputs([tmp_path / "a.csv", tmp_path / "m.parquet"], DEFAULT, lambda _: None)
        assert "sigmaproof[parquet]" in caught.value.diagnostic.help
        assert names(tmp_path) == []


class TestAlerts:
    def test_the_event_with_its_rule(self) -> None:
        (match,) = matches_of([record(1)], TAGGED)
        made = alert(match, DEFAULT)
        event = normalize(record(1))
        del event["data_stream"]
        assert made.pop("rule") == {
            "id": ID,
            "name": "=1+1|calc",
            "description": "Two\nlines",
            "reference": "https://example.org/a",
            "author": ["Ana", "Li"],
            "license": "Apache-2.0",
        }
        assert made.pop("threat")["technique"]["subtechnique"]["id"] == ["T1098.003"]
        assert made.pop("log") == {"file": {"path": str(Path.cwd() / "logs" / "a.ndjson")}}
        assert json.loads(made["event"].pop("original")) == record(1)
        assert (made["event"].pop("kind"), made["event"].pop("severity")) == ("alert", 73)
        event["event"].pop("kind")
        assert made == event, "the rest is what the normalizer makes"

    def test_a_document_that_is_ecs_already_stays_as_it_is(self) -> None:
        (match,) = matches_of([{"_source": {**normalize(record(1)), "rule": {"name": "other"}}}], EXACT, "ecs")
        made = alert(match, DEFAULT)
        assert (made["rule"], "data_stream" in made) == ({"id": ID, "name": "Exact"}, False)
        assert (made["event"]["kind"], made["event"]["id"]) == ("alert", record(1)["eventID"])

    def test_dotted_names_do_not_give_a_field_two_values(self) -> None:
        document = {"event.kind": "event", "event.action": "CreateTrustAnchor", "@timestamp": "2026-11-24T08:00:01Z"}
        nested = {"id": "x", "dataset": "aws.cloudtrail"}
        (match,) = matches_of([{**document, "event": nested, "threat.framework": "other"}], EXACT, "ecs")
        event = {"kind": "alert", "action": "CreateTrustAnchor", **nested, "severity": 73}
        expected = {"@timestamp": document["@timestamp"], "event": event, "rule": {"id": ID, "name": "Exact"}}
        assert alert(match, DEFAULT) == expected

    def test_the_lines_are_the_same_for_every_match_of_a_rule_and_the_record_is_left_as_it_was(self) -> None:
        matches = matches_of([record(1), record(1)], TAGGED)
        alerts = Alerts(DEFAULT, lambda problem: pytest.fail(str(problem)))
        assert (
            alerts.line(matches[0])
            == alerts.line(matches[1])
            == json.dumps(alert(matches[0], DEFAULT), separators=(",", ":"))
        )
        assert matches[0].event.record == record(1)

    def test_a_record_of_which_no_document_can_be_made_is_an_alert_all_the_same(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: object, **__: object) -> None:
            raise ValueError("too odd")

        monkeypatch.setattr("sigmaproof.output.alerts.normalize", fail)
        problems: list[Diagnostic] = []
        made = json.loads(Alerts(DEFAULT, problems.append).line(matches_of([record(1)], EXACT)[0]))
        assert json.loads(made["event"]["original"]) == record(1)
        assert (made["rule"]["id"], made["event"]["kind"]) == (ID, "alert")
        assert [(one.code, one.place.file) for one in problems] == [("alert-document", "logs/a.ndjson:1")]

    @pytest.mark.parametrize(
        ("tags", "tactics", "techniques", "below"),
        [
            (["attack.stealth", "attack.defense-impairment"], ["TA0005", "TA0112"], [], []),
            (["attack.privilege_escalation", "attack.privilege-escalation"], ["TA0004"], [], []),
            (
                ["attack.t1078.004", "attack.t1078", "attack.T1098.001"],
                [],
                ["T1078", "T1098"],
                ["T1078.004", "T1098.001"],
            ),
            (["attack.g0016", "attack.s0106", "attack.t10", "car.2016-04-005", "persistence"], [], [], []),
        ],
    )
    def test_threats(self, tags: list[str], tactics: list[str], techniques: list[str], below: list[str]) -> None:
        made = threat(tags) or {}
        assert made.get("tactic", {}).get("id", []) == tactics
        technique = made.get("technique", {})
        assert technique.get("id", []) == techniques
        assert technique.get("subtechnique", {}).get("id", []) == below
        assert all(url.endswith(f"/{id.replace('.', '/')}/") for id, url in zip(below, _below(technique), strict=True))

    def test_bulk_names_every_alert_by_what_it_is(self) -> None:
        bulk = FORMS["bulk"](DEFAULT, lambda _: None)
        texts = [bulk.text(match) for match in matches_of([record(1), record(2), record(1)])]
        ids = [json.loads(text.splitlines()[0])["create"]["_id"] for text in texts]
        assert [text.count("\n") for text in texts] == [2, 2, 2]
        assert (ids[0] == ids[2], ids[0] == ids[1]) == (True, False)

    def test_an_engine_takes_the_alerts_and_finds_them_by_rule_and_event(self, engine: Any) -> None:
        records = ODD[:4]  # the fifth has an object for an id, which no index takes
        found = [*matches_of(records, TAGGED), *matches_of([{"_source": normalize(record(9))}], EXACT, "ecs")]
        loaded = engine.load((str(n), alert(match, DEFAULT)) for n, match in enumerate(found))
        assert (loaded.rejected, len(loaded.ids)) == ({}, 5)
        wanted = [
            ("rule.id", ID, 5),
            ("threat.technique.subtechnique.id", "T1098.003", 4),
            ("event.severity", 73, 5),
            ("event.kind", "alert", 5),
            ("event.id", record(1)["eventID"], 1),
        ]
        answers = engine.search([{"term": {name: value}} for name, value, _ in wanted])
        assert [len(answer.matched) for answer in answers] == [number for _, _, number in wanted]

    def test_an_engine_takes_a_bulk_body_once(self, engine: Any) -> None:
        bulk = FORMS["bulk"](DEFAULT, lambda _: None)
        body = "".join(bulk.text(match) for match in matches_of([record(1), record(2)], TAGGED)).encode()
        with engine._running() as client:
            answers = [client.request("POST", "/alerts-of-a-test/_bulk?refresh=true", body) for _ in range(2)]
            client.request("DELETE", "/alerts-of-a-test")
        statuses = [[item["create"]["status"] for item in answer["items"]] for answer in answers]
        assert statuses == [[201, 201], [409, 409]]


def _below(technique: dict[str, Any]) -> list[str]:
    found: list[str] = technique.get("subtechnique", {}).get("reference", [])
    return found


class TestFiles:
    def test_every_ending(self, tmp_path: Path) -> None:
        names = {
            "a.ndjson": "json",
            "a.JSON": "json",
            "a.jsonl": "json",
            "a.ecs.ndjson": "ecs",
            "a.bulk.ndjson": "bulk",
        }
        assert {name: form_of(Path(name)) for name in names} == names
        with pytest.raises(InputError, match="its ending says no form"):
            form_of(Path("a.xlsx"))

    def test_ndjson_is_what_stdout_gets(self, tmp_path: Path) -> None:
        matches = matches_of(ODD)
        lines = written(tmp_path, "m.ndjson", matches).read_text(encoding="utf-8").splitlines()
        assert [json.loads(line) for line in lines] == [match.to_json() for match in matches]

    def test_an_error_on_the_way_leaves_the_old_file_and_nothing_else(self, tmp_path: Path) -> None:
        (tmp_path / "m.csv").write_text("old")
        with suppress(ZeroDivisionError), Outputs([tmp_path / "m.csv"], DEFAULT, lambda _: None) as outputs:
            outputs.add(matches_of([record(1)])[0])
            assert len(names(tmp_path)) == 2
            _ = 1 / 0
        assert (names(tmp_path), (tmp_path / "m.csv").read_text()) == (["m.csv"], "old")

    def test_a_link_leads_to_the_file_that_is_replaced_with_its_permissions(self, tmp_path: Path) -> None:
        (tmp_path / "real").mkdir()
        old = tmp_path / "real" / "m.csv"
        old.write_text("old")
        old.chmod(0o640)
        (tmp_path / "link.csv").symlink_to(old)
        with Outputs([tmp_path / "link.csv"], DEFAULT, lambda _: None) as outputs:
            outputs.publish()
        assert (tmp_path / "link.csv").is_symlink()
        assert old.read_text().startswith('"rule_id","title"')
        assert (old.stat().st_mode & 0o777, names(old.parent)) == (0o640, ["m.csv"])

    def test_a_file_is_written_once_and_no_input_is_overwritten(self, tmp_path: Path) -> None:
        (tmp_path / "a.ndjson").write_text("")
        (tmp_path / "b.ndjson").symlink_to("a.ndjson")
        for files in (["c.csv", "../x/c.csv"], ["a.ndjson"], ["b.ndjson"]):
            (tmp_path.parent / "x").mkdir(exist_ok=True)
            places = [tmp_path / file.replace("../x", ".") for file in files]
            with pytest.raises(InputError, match="is to be"):
                check_free(places, [tmp_path / "a.ndjson"])
        check_free([tmp_path / "c.csv", Path("/dev/null"), Path("/dev/null")], [tmp_path / "a.ndjson"])

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="NOT RUN, a full disk: there is no /dev/full here")
    @pytest.mark.parametrize("name", ["m.csv", "m.ndjson", "m.ecs.ndjson", "m.parquet"])
    def test_a_full_disk(self, tmp_path: Path, name: str) -> None:
        if name == "m.parquet":
            pytest.importorskip("pyarrow.parquet", reason="NOT RUN, Parquet: pyarrow is not installed")
        (tmp_path / name).symlink_to("/dev/full")
        other = tmp_path / "other.csv"
        with pytest.raises(InputError) as caught:
            self.write([other, tmp_path / name], matches_of([record(1)] * 2000))
        shown = caught.value.diagnostic
        assert (shown.place.file, shown.message) == (str(tmp_path / name), "can't be written: No space left on device")
        assert names(tmp_path) == [name]

    def write(self, files: Sequence[Path], matches: Sequence[Match]) -> None:
        with Outputs(files, DEFAULT, lambda _: None) as outputs:
            for match in matches:
                outputs.add(match)
            outputs.publish()


class TestEndToEnd:
    def test_files_beside_what_is_printed(self, tmp_path: Path) -> None:
        (tmp_path / "r.yml").write_text(EXACT)
        (tmp_path / "log.ndjson").write_text(ndjson([record(1), record(2, eventName="x"), record(3)]))
        arguments = ["evaluate", "r.yml", "log.ndjson", "--format", "ecs", "-o", "m.csv", "--output", "m.json"]
        ended = sigmaproof(*arguments, cwd=tmp_path)
        assert (ended.code, len(ended.objects), "written: m.csv, m.json\n" in ended.err) == (0, 2, True)
        assert [one["event"]["kind"] for one in ended.objects] == ["alert", "alert"]
        with (tmp_path / "m.csv").open() as stream:
            assert [row["file"] for row in csv.DictReader(stream)] == ["log.ndjson:1", "log.ndjson:3"]
        assert len((tmp_path / "m.json").read_text().splitlines()) == 2

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["-o", "m.txt"], "m.txt: error: its ending says no form [output-form]\n  help: the endings are .parquet"),
            (["-o", "no/m.csv"], "no/m.csv: error: can't be written: No such file or directory [output-failed]\n"),
            (["--error-log", "no/e"], "no/e: error: can't be written: No such file or directory [output-failed]\n"),
            (["-o", "log.ndjson"], "log.ndjson: error: is to be read and written [output-input]\n"),
        ],
    )
    def test_what_cannot_be_written_is_said_before_the_work(
        self, tmp_path: Path, arguments: list[str], message: str
    ) -> None:
        (tmp_path / "r.yml").write_text(EXACT)
        (tmp_path / "log.ndjson").write_text(ndjson([record(1)]))
        ended = sigmaproof("evaluate", "r.yml", "log.ndjson", *arguments, cwd=tmp_path)
        assert (ended.code, ended.out) == (2, "")
        assert ended.err.startswith(message)


def test_a_rule_without_more_than_it_must_have() -> None:
    (loaded,) = load_text(EXACT, "r.yml").rules
    fields = rule_fields(loaded)
    assert fields == {"event": {"kind": "alert", "severity": 73}, "rule": {"id": ID, "name": "Exact"}}
