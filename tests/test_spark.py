"""Spark gives what the local run gives: the same matches, problems and counts, of files, parts of files and tables."""

from __future__ import annotations

import gzip
import importlib.util
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cases import rule_of
from commandline import ROOT, environment, rule, sigmaproof
from conftest import TIER

from sigmaproof import normalize
from sigmaproof.diagnostics import Diagnostic, InputError
from sigmaproof.evaluate.files import FileJudge
from sigmaproof.rules import Rule
from sigmaproof.spark import evaluate, frames, matches
from sigmaproof.spark import session as sessions
from sigmaproof.spark.session import SparkUnavailable

REQUIRED = os.environ.get("SIGMAPROOF_REQUIRE_SPARK") == "1"
RECORDS = int(os.environ.get("SIGMAPROOF_SPARK_RECORDS", "1000000"))
QUICK = "--conf spark.ui.enabled=false --conf spark.sql.shuffle.partitions=2 pyspark-shell"
pytestmark = pytest.mark.spark


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    """A session with two processes. Skipped, announced, without PySpark or Java; an error where it must be."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = environment()["PYTHONPATH"]
    os.environ["PYSPARK_SUBMIT_ARGS"] = f"--conf spark.sql.files.maxPartitionBytes=30000 {QUICK}"
    try:
        started = sessions.started(2)
    except SparkUnavailable as error:
        if REQUIRED:
            raise
        pytest.skip(f"NOT RUN in Spark: {error}")
    finally:
        del os.environ["PYSPARK_SUBMIT_ARGS"]
    yield started
    started.stop()
    os.environ.pop("PYTHONPATH") if before is None else os.environ.__setitem__("PYTHONPATH", before)


@pytest.fixture(scope="module")
def rules() -> list[Rule]:
    return [
        rule_of("hit", {"a": {"eventName": "Hit"}, "condition": "a"}),
        rule_of("word", {"a": ["needle"], "condition": "a"}),
        rule_of("not", {"a": {"eventName": ["Hit", "Other"]}, "condition": "not a"}),
        rule_of("no home in ECS", {"a": {"madeUp": "x"}, "condition": "a"}),
    ]


def record(n: int, **more: Any) -> dict[str, Any]:
    name = "Hit" if n % 7 == 0 else "Other"
    return {"eventName": name, "eventID": f"e{n}", "eventTime": "2026-01-15T00:00:00Z", "n": n, **more}


def text(n: int, **more: Any) -> str:
    return json.dumps(record(n, **more))


ECS = json.dumps(normalize(record(7, eventID="ecs")))


def logs_in(folder: Path) -> list[Path]:
    """Files of all kinds, sound and broken."""
    lines = [text(n, pad="x" * 60) for n in range(900)]
    wrapper = json.dumps({"Records": [record(n) for n in (7, 8, 14)]})
    broken = ["broken", "", wrapper, ECS, '{"eventName":"H\\u0069t"}', '{"a":"\udcff"}', text(700, id="\ud800")]
    packed = gzip.compress(json.dumps({"Records": [record(n, who="needle") for n in range(300)]}).encode())
    said = {
        "long.ndjson": "\ufeff" + "\r\n".join([*lines[:600], *broken, *lines[600:]]),
        "a b%20[1].json": json.dumps([record(n) for n in range(20)], indent=1),
        "cut.json": '{"Records":[' + text(7) + ",3," + text(14) + ",",
        "short.ndjson": "\n".join([text(1), "[]", text(7)]),
    }
    (folder / "deep").mkdir()
    for name, content in said.items():
        (folder / name).write_bytes(content.encode("utf-8", "surrogateescape"))
    (folder / "deep" / "0.json.gz").write_bytes(packed)
    (folder / "deep" / "cut.json.gz").write_bytes(packed[: len(packed) * 2 // 3])
    return sorted(path for path in folder.rglob("*") if path.is_file())


def seen(judge: FileJudge, problems: list[Diagnostic], files: list[Any]) -> dict[str, Any]:
    """All that a run gives."""
    found = [(one.to_json(), one.is_ecs) for one in judge.matches(files)]
    foreign = judge.foreign and judge.foreign.place
    return {"found": found, "problems": list(problems), "records": judge.records, "foreign": foreign}


class TestFiles:
    def test_as_the_local_run(
        self, spark: Any, rules: list[Rule], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Also the order, and the lines of a file that several processes read."""
        from sigmaproof.spark.judge import SparkJudge

        monkeypatch.setattr(frames, "LARGE", 40_000)
        files = list(reversed(logs_in(tmp_path)))
        problems: list[Diagnostic] = []
        local = seen(FileJudge(rules, problems.append, jobs=1), problems, files)
        problems.clear()
        judge = SparkJudge(rules, problems.append)
        assert seen(judge, problems, files) == local
        assert judge.files == len(files)
        assert len(local["found"]) > 400
        assert {one.code for one in local["problems"]} == {
            "log-record", "log-unreadable", "rule-unmapped",
        }  # fmt: skip

    def test_a_directory(self, spark: Any, tmp_path: Path) -> None:
        """The use in a notebook: logs are found by their names, digests are none; what is lost has a row."""
        days = tmp_path / "AWSLogs" / "1" / "CloudTrail" / "eu-west-1"
        digests = tmp_path / "AWSLogs" / "1" / "CloudTrail-Digest" / "eu-west-1"
        for folder, content in ((days, [record(7), 3, record(1)]), (digests, [record(7)])):
            folder.mkdir(parents=True)
            (folder / "a.json.gz").write_bytes(gzip.compress(json.dumps({"Records": content}).encode()))
        (days / "notes.txt").write_text("no log")
        lake = days / "lake.csv"
        lake.write_text('eventJson\n"' + text(14).replace('"', '""') + '"\n', encoding="utf-8")
        (tmp_path / "r.yml").write_text(rule("selection:\n    eventName: Hit\ncondition: selection"))
        found = matches(spark, f"{tmp_path}/AWSLogs", rules=tmp_path / "r.yml")
        assert found.columns == [*frames.CONTRACT, "problem"]
        of_lake, match, lost = sorted(
            (row.asDict() for row in found.collect()), key=lambda row: (row["problem"] or "", row["event_id"] or "")
        )
        assert (of_lake["event_id"], of_lake["file"], of_lake["problem"]) == ("e14", f"{lake}:2", None)
        assert json.loads(match.pop("event")) == record(7)
        place = str(days / "a.json.gz")
        assert match == {
            "rule_id": "929a690e-bef0-4204-a928-ef5e620d6fcc", "title": "A rule", "level": "high", "event_id": "e7",
            "time": "2026-01-15T00:00:00Z", "file": f"{place}#1", "problem": None,
        }  # fmt: skip
        assert {key: value for key, value in lost.items() if value} == {
            "file": f"{place}#2",
            "problem": "error: record skipped: a record must be an object, not a number",
        }

    def test_too_large(self, spark: Any, rules: list[Rule], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A file that can't be handed over in one piece is said; the others are read."""
        monkeypatch.setattr(frames, "LARGEST", 1_000)
        (tmp_path / "large.json").write_text(json.dumps([record(n) for n in range(50)]))
        (tmp_path / "small.json").write_text(text(7))
        done = evaluate(spark, str(tmp_path), rules[:1]).persist()
        assert [row.event_id for row in done.matches.collect()] == ["e7"]
        (problem,) = done.problems.collect()
        assert (problem.file, problem.code) == (str(tmp_path / "large.json"), "log-unreadable")
        assert "more than Spark can hand over" in problem.message
        counts = {Path(row.file).name: (row.records, row.lost) for row in done.read.collect()}
        assert counts == {"large.json": (0, 0), "small.json": (1, 0)}
        done.rows.unpersist()


class TestTables:
    def test_record_texts(self, spark: Any, rules: list[Rule]) -> None:
        wrapper = json.dumps({"Records": [record(14), record(15)]})
        texts = [text(7), None, json.dumps(record(21), indent=2), '{\n"a": 1,\n}', ECS, "[]", wrapper, "", text(1)]
        table = spark.createDataFrame(
            [(one, f"row {n}", n) for n, one in enumerate(texts)], "body string, at string, n int"
        )
        found = matches(spark, table, rules[:1], column="body", place="at").collect()
        assert [(row.file, row.event_id) for row in found if row.problem is None] == [
            ("row 0", "e7"), ("row 2", "e21"), ("row 4", "ecs"), ("row 6", "e14"),
        ]  # fmt: skip
        assert sorted(row.file for row in found if row.problem) == ["row 1", "row 3", "row 5", "row 7"]

    def test_what_is_no_text(self, spark: Any, rules: list[Rule], tmp_path: Path) -> None:
        table = spark.range(1).selectExpr("struct(id) as record", "id")
        with pytest.raises(ValueError, match="say with column="):
            matches(spark, table, rules)
        with pytest.raises(ValueError, match="not a JSON text; give texts"):
            matches(spark, table, rules, column="record")
        with pytest.raises(ValueError, match="no column day; there are record, id"):
            matches(spark, table, rules, column="record", place="day")
        (tmp_path / "r.yml").write_text("title: no rule")
        with pytest.raises(InputError):
            matches(spark, table.select("id"), tmp_path / "r.yml")


class TestCommandLine:
    def test_as_the_local_run(self, spark: Any, tmp_path: Path) -> None:
        """Local files and a URL, which is not listed here; the messages too, and nothing of Spark's."""
        del spark  # where it can be started
        (tmp_path / "logs").mkdir()
        logs_in(tmp_path / "logs")
        (tmp_path / "r.yml").write_text(rule("selection:\n    eventName: Hit\ncondition: selection"))
        common = ("evaluate", "r.yml", "--format", "json", "--fail-on", "high")
        local = sigmaproof(*common, "logs", cwd=tmp_path)
        conf = {"PYSPARK_SUBMIT_ARGS": QUICK}
        url = (tmp_path / "logs").as_uri()
        by_spark = sigmaproof(*common, "-j", 1, "--engine", "spark", url, cwd=tmp_path, env=conf)
        assert by_spark.code == local.code == 2
        assert by_spark.out == local.out
        assert [line for line in by_spark.err.splitlines() if not line.startswith("read ")] == [
            line for line in local.err.splitlines() if not line.startswith("read ")
        ]

    def test_without_pyspark(self, tmp_path: Path) -> None:
        (tmp_path / "r.yml").write_text(rule("selection:\n    eventName: Hit\ncondition: selection"))
        gone = "sys.modules['pyspark'] = None"
        ended = sigmaproof("evaluate", tmp_path / "r.yml", "s3a://b/AWSLogs/", "--engine", "spark", before=gone)
        assert (ended.code, ended.out) == (3, "")
        assert ended.err == "error: PySpark is not installed: pip install 'sigmaproof[spark]'\n"

    def test_stdin(self, tmp_path: Path) -> None:
        ended = sigmaproof("evaluate", "-", "--engine", "spark")
        assert (ended.code, ended.err) == (2, "error: --engine spark reads files and URLs, not stdin\n")


class TestJava:
    @pytest.mark.parametrize(
        ("script", "said"),
        [
            ("", "has no bin/java"),
            ("echo 'openjdk version \"11.0.2\"' >&2", "Spark needs Java 17 or newer, and .*java is Java 11"),
            ("echo 'java version \"1.8.0_1\"' >&2", "is Java 8"),
            (
                "case $1 in --add*) exit 1;; esac; echo 'openjdk version \"25\"' >&2",
                "with the module jdk.incubator.vector",
            ),
        ],
    )
    def test_one_that_spark_cannot_use(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, said: str
    ) -> None:
        monkeypatch.setattr(sessions, "find_spec", lambda _: True)
        monkeypatch.setenv("JAVA_HOME", str(tmp_path))
        if script:
            (tmp_path / "bin").mkdir()
            (tmp_path / "bin" / "java").write_text(f"#!/bin/sh\n{script}\n")
            (tmp_path / "bin" / "java").chmod(0o755)
        with pytest.raises(SparkUnavailable, match=said):
            sessions.check_here()


@pytest.mark.skipif(TIER != "nightly", reason="NOT RUN on 1,000,000 records: nightly only (SIGMAPROOF_TIER=nightly)")
def test_a_million_records(spark: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Packed files, and one of lines in parts; with our rules."""
    from sigmaproof import load
    from sigmaproof.spark.judge import SparkJudge

    spark.conf.set("spark.sql.files.maxPartitionBytes", "32m")
    path = ROOT / "benchmarks" / "corpus.py"
    made_by = importlib.util.spec_from_file_location("corpus", path)
    assert made_by is not None
    assert made_by.loader is not None
    corpus = importlib.util.module_from_spec(made_by)
    made_by.loader.exec_module(corpus)
    packed, lines = corpus.written(Path(os.environ.get("SIGMAPROOF_CORPUS") or tmp_path), RECORDS)
    ours = load(ROOT / "sigma_rules").rules
    more = [rule_of("sign-in", {"a": {"eventName|startswith": ["Create", "Delete"]}, "condition": "a"})]
    for files in (packed, [lines]):
        problems: list[Diagnostic] = []
        local = seen(FileJudge([*ours, *more], problems.append), problems, files)
        by_spark = seen(SparkJudge([*ours, *more], problems.append), problems, files)
        assert by_spark == local
        assert by_spark["records"] == RECORDS
        assert len(by_spark["found"]) > RECORDS // 1_000


def test_start_up_stays_fast() -> None:
    """PySpark is imported only when it is used."""
    ended = sigmaproof(
        "evaluate", "--help", before="import atexit; atexit.register(lambda: print('pyspark' in sys.modules))"
    )
    assert ended.lines[-1] == "False"
