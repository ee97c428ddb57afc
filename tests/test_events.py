"""Readers of logs: every form gives the same records, with their places; the faults are in test_bad_input."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sigmaproof import unpacking
from sigmaproof.batches import batches_of
from sigmaproof.diagnostics import Diagnostic
from sigmaproof.events import Event, event_at, events_at, read_events, read_files
from sigmaproof.jsonvalues import DEEPEST

ONE, TWO = {"eventName": "A", "n": 1}, {"eventName": "B", "n": [{"é": None}]}
RECORDS = st.lists(
    st.dictionaries(
        st.sampled_from(["a", "eventName", "Record"]),
        st.one_of(st.none(), st.text(max_size=5), st.integers()),
        min_size=1,
    ),
    min_size=1,
    max_size=5,
)


def read(path: Path) -> tuple[list[Event], list[Diagnostic]]:
    problems: list[Diagnostic] = []
    return list(read_events(path, problems.append)), problems


def of_bytes(content: bytes, problems: list[Diagnostic], block: int = unpacking.BLOCK) -> list[Event]:
    found = batches_of(io.BytesIO(content), "f", problems.append, block)
    return [
        event for batch in found for at in range(len(batch.texts)) for event in events_at(batch, at, problems.append)
    ]


def lines(records: Any) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


FORMS = {
    "wrapped.json": json.dumps({"Records": [ONE, TWO]}),
    "wrapped_pretty.json": json.dumps({"Records": [ONE, TWO]}, indent=2),
    "array.json": json.dumps([ONE, TWO]),
    "array_pretty.json": json.dumps([ONE, TWO], indent=1),
    "array_lines.json": "[\n" + json.dumps(ONE) + ",\n" + json.dumps(TWO) + "\n]\n",
    "lines.ndjson": lines([ONE, TWO]),
    "lines.jsonl": lines([ONE, TWO]).replace("\n", "\r\n"),
    "lines.log": "\n\n" + lines([ONE, TWO]).replace("\n", "\n\n"),
    "bom.json": "\ufeff" + lines([ONE, TWO]),
    "unended.ndjson": lines([ONE, TWO]).rstrip(),
    "wrappers.ndjson": lines([{"Records": [ONE]}, {"Records": [TWO]}]),
    "mixed.ndjson": lines([ONE, {"Records": [TWO]}]),
}


class TestForms:
    @pytest.mark.parametrize("packed", [False, True])
    @pytest.mark.parametrize("name", FORMS)
    def test_every_form_gives_the_records(self, tmp_path: Path, name: str, packed: bool) -> None:
        content = FORMS[name].encode()
        path = tmp_path / (name + ".gz" if packed else name)
        path.write_bytes(gzip.compress(content) if packed else content)
        found, problems = read(path)
        assert [event.record for event in found] == [ONE, TWO]
        assert problems == []

    @pytest.mark.parametrize("text", [json.dumps(ONE), json.dumps(ONE, indent=2), "\n" + json.dumps(ONE)])
    def test_one_record(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "one.json").write_text(text)
        found, problems = read(tmp_path / "one.json")
        assert ([event.record for event in found], problems) == ([ONE], [])

    def test_two_packed_parts_are_one_file(self, tmp_path: Path) -> None:
        (tmp_path / "two.ndjson.gz").write_bytes(
            gzip.compress(lines([ONE]).encode()) + gzip.compress(lines([TWO]).encode())
        )
        assert [event.record for event in read(tmp_path / "two.ndjson.gz")[0]] == [ONE, TWO]

    def test_places(self, tmp_path: Path) -> None:
        (tmp_path / "a.ndjson").write_text("\n" + lines([ONE]) + "broken\n" + lines([TWO]))
        (tmp_path / "b.json").write_text(json.dumps([ONE, 5, TWO]))
        problems: list[Diagnostic] = []
        found = list(read_files([tmp_path / "a.ndjson", tmp_path / "b.json"], problems.append))
        names = [tmp_path / "a.ndjson", tmp_path / "a.ndjson", tmp_path / "b.json", tmp_path / "b.json"]
        assert [event.place for event in found] == [
            f"{n}{p}" for n, p in zip(names, (":2", ":4", "#1", "#3"), strict=True)
        ]
        assert [str(problem.place) for problem in problems] == [
            f"{tmp_path / 'a.ndjson'}:3:1",
            f"{tmp_path / 'b.json'}#2",
        ]

    def test_a_path_below_the_working_directory_is_shown_short(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "a.json").write_text(json.dumps(ONE))
        monkeypatch.chdir(tmp_path)
        assert read(tmp_path / "a.json")[0][0].place == "a.json#1" or read(Path("a.json"))[0][0].place == "a.json:1"

    def test_stdin(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(
            unpacking, "sys", SimpleNamespace(stdin=SimpleNamespace(buffer=io.BytesIO(lines([ONE]).encode())))
        )
        assert [event.place for event in read(Path("-"))[0]] == ["<stdin>:1"]


class TestProperties:
    @settings(max_examples=150, deadline=None)
    @given(RECORDS, st.data())
    def test_broken_lines_never_hide_the_others(self, records: list[dict[str, Any]], data: st.DataObject) -> None:
        """Whatever stands between good lines, each good one is read and each bad one is reported."""
        broken = st.sampled_from(["{", "x", "[1]", "5", '{"a": NaN}', '{"a": 1} {}', '"', "\0", '{"a":1e999}'])
        text, bad = "", 0
        for record in records:
            text += json.dumps(record) + "\n"
            for line in data.draw(st.lists(broken, max_size=3)):
                text += line + "\n"
                bad += 1
        problems: list[Diagnostic] = []
        found = [event.record for event in of_bytes(text.encode(), problems)]
        assert found == records
        assert [problem.level for problem in problems] == ["error"] * bad

    @settings(max_examples=300, deadline=None)
    @given(st.binary(max_size=80))
    def test_any_bytes_end_in_records_or_problems(self, content: bytes) -> None:
        problems: list[Diagnostic] = []
        found = of_bytes(content, problems)
        assert all(isinstance(event.record, dict) for event in found)
        assert found or problems or json.loads(content) in ([], {"Records": []})

    @settings(max_examples=100, deadline=None)
    @given(st.binary(min_size=1, max_size=60), st.integers(0, 200))
    def test_any_damage_to_a_packed_file(self, tmp_path_factory: pytest.TempPathFactory, junk: bytes, at: int) -> None:
        packed = gzip.compress(lines([ONE] * 20).encode())
        path = tmp_path_factory.mktemp("packed") / "a.ndjson.gz"
        path.write_bytes(packed[: at % len(packed)] + junk)
        found, problems = read(path)
        assert problems
        assert len(found) <= 20


class TestEventAt:
    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        (tmp_path / "a.ndjson").write_text(lines([ONE]) + "{\n" + lines([TWO]))
        return tmp_path / "a.ndjson"

    def test_places(self, file: Path) -> None:
        assert event_at(str(file)).record == ONE
        assert event_at(f"{file}:3").record == TWO
        assert event_at(f"{file}#3").record == TWO

    def test_what_is_there_instead(self, file: Path) -> None:
        with pytest.raises(LookupError, match=r":2:2: record skipped: Expecting property name"):
            event_at(f"{file}:2")
        with pytest.raises(LookupError, match=r"no such record; the file holds 2, the last at .*\.ndjson:3$"):
            event_at(f"{file}#9")

    def test_what_was_skipped_before_it(self, tmp_path: Path) -> None:
        (tmp_path / "b.ndjson").write_text("{\n" + lines([ONE]))
        problems: list[Diagnostic] = []
        assert event_at(str(tmp_path / "b.ndjson"), problems.append).number == 2
        assert [problem.place.line for problem in problems] == [1]

    def test_a_colon_in_a_name(self, tmp_path: Path) -> None:
        (tmp_path / "a.json:7").write_text(json.dumps(TWO))
        assert event_at(str(tmp_path / "a.json:7")).record == TWO


def test_as_deep_as_is_allowed() -> None:
    problems: list[Diagnostic] = []
    for depth, expected in ((DEEPEST, 1), (DEEPEST + 1, 0)):
        text = b'{"a":' * depth + b"1" + b"}" * depth
        found = of_bytes(b"{}\n" + text, problems)
        assert len(found) == 1 + expected
    assert [problem.message for problem in problems] == ["record skipped: nested deeper than 200 levels"]
    wide = b'{"a":"' + b"{[" * 1000 + b'","b":[' + b"[]," * 1000 + b"[]]}"
    assert len(of_bytes(wide, problems)) == 1
