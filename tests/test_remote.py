"""Logs at URLs, read from a server that speaks S3 (moto), and from memory."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from commandline import EXACT, record, sigmaproof

from sigmaproof.diagnostics import Diagnostic, InputError
from sigmaproof.events import event_at, read_files
from sigmaproof.inputs import sort_paths
from sigmaproof.remote import Remote
from sigmaproof.selection import Selection, moment

fsspec = pytest.importorskip("fsspec", reason="the extra `remote` is not installed")
KEY = "AWSLogs/111122223333/{kind}/eu-west-1/2026/11/{day}/111122223333_{kind}_eu-west-1_202611{day}T0805Z_a.json.gz"


@pytest.fixture(scope="module")
def bucket() -> Iterator[dict[str, str]]:
    """The environment in which s3://trail is a bucket with CloudTrail's files of two days, and a digest."""
    pytest.importorskip("obstore", reason="the extra `remote` is not installed")
    server = pytest.importorskip("moto.server", reason="moto's server is not installed").ThreadedMotoServer(port=0)
    from botocore.session import Session

    server.start()
    _, port = server.get_host_and_port()
    env = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in env.items():
            patch.setenv(name, value)
        client = Session().create_client("s3", endpoint_url=env["AWS_ENDPOINT_URL"])
        client.create_bucket(Bucket="trail")
        for day in ("23", "24"):
            body = {"Records": [record(n, eventTime=f"2026-11-{day}T08:00:0{n}Z") for n in range(3)]}
            for kind in ("CloudTrail", "CloudTrail-Digest"):
                packed = gzip.compress(json.dumps(body).encode())
                client.put_object(Bucket="trail", Key=KEY.format(kind=kind, day=day), Body=packed)
        client.put_object(Bucket="trail", Key="large.ndjson", Body=(json.dumps(record(1)) + "\n").encode() * 20_000)
        yield env
    server.stop()


class TestS3:
    def test_evaluate(self, bucket: dict[str, str], tmp_path: Path) -> None:
        (tmp_path / "r.yml").write_text(EXACT)
        ended = sigmaproof(
            "evaluate",
            "r.yml",
            "s3://trail/AWSLogs",
            "--since",
            "2026-11-24T02:00:00Z",
            "--format",
            "json",
            cwd=tmp_path,
            env=bucket,
        )
        place = f"s3://trail/{KEY.format(kind='CloudTrail', day='24')}"
        assert [one["file"] for one in ended.objects] == [f"{place}#{n}" for n in (1, 2, 3)]
        assert "2 digests" in ended.err
        assert "not asked for: 1 folder\n" in ended.err
        assert ended.code == 0

    def test_by_two_processes(self, bucket: dict[str, str], tmp_path: Path) -> None:
        (tmp_path / "r.yml").write_text(EXACT)
        options = ("--since", "2026-11-23T08:00:01Z", "--format", "json", "--jobs", "2")
        ended = sigmaproof("evaluate", "r.yml", "s3://trail/AWSLogs", *options, cwd=tmp_path, env=bucket)
        assert [one["time"] for one in ended.objects] == [
            "2026-11-23T08:00:01Z",
            "2026-11-23T08:00:02Z",
            *(f"2026-11-24T08:00:0{n}Z" for n in range(3)),
        ]
        assert "not asked for: 1 record\n" in ended.err

    def test_listing(self, bucket: dict[str, str]) -> None:
        found = sort_paths(["s3://trail/AWSLogs/"])
        assert [str(one) for one in found.logs] == [
            f"s3://trail/{KEY.format(kind='CloudTrail', day=d)}" for d in (23, 24)
        ]
        asked = Selection(since=moment("2026-11-24T02:00:00Z", datetime.now(UTC)))
        pruned = sort_paths(["s3://trail"], selection=asked)
        assert [str(one).rpartition("/")[2] for one in pruned.logs] == [
            KEY.format(kind="CloudTrail", day="24").rpartition("/")[2],
            "large.ndjson",
        ]
        assert pruned.left.directories == 1
        assert len(sort_paths(["s3://trail/AWSLogs/*/CloudTrail/**/23/*.gz"]).logs) == 1

    def test_one_file(self, bucket: dict[str, str]) -> None:
        url = f"s3://trail/{KEY.format(kind='CloudTrail', day='24')}"
        assert sort_paths([url]).logs == [Remote(url)]
        assert event_at(f"{url}#2").record["eventTime"] == "2026-11-24T08:00:01Z"
        events = list(read_files([Remote("s3://trail/large.ndjson")], lambda problem: None))
        assert len(events) == 20_000

    def test_what_is_not_there(self, bucket: dict[str, str]) -> None:
        for url, code in (
            ("s3://trail/none.json", "path-missing"),
            ("s3://trail/none*.json", "path-missing"),
            ("s3://trail/rules.yml", "path-missing"),
        ):
            with pytest.raises(InputError) as error:
                sort_paths([url])
            assert error.value.diagnostic.code == code
        problems: list[Diagnostic] = []
        assert list(read_files([Remote("s3://trail/none.json")], problems.append)) == []
        assert [(p.code, p.message) for p in problems] == [
            ("log-unreadable", "can't be read: no such file or directory")
        ]

    def test_a_bucket_that_is_not_there(self, bucket: dict[str, str]) -> None:
        with pytest.raises(InputError) as error:
            sort_paths(["s3://nowhere/AWSLogs"])
        assert error.value.diagnostic.code in {"path-unreachable", "path-missing"}


class TestAnyOther:
    def test_memory(self) -> None:
        system: Any = fsspec.filesystem("memory")
        system.pipe("/logs/a.ndjson", json.dumps(record(1)).encode())
        system.pipe("/logs/deep/b.json", json.dumps([record(2), record(3)]).encode())
        system.pipe("/logs/notes.txt", b"x")
        found = sort_paths(["memory://logs"])
        events = list(read_files(found.logs, lambda problem: None))
        assert [event.place for event in events] == [
            "memory:///logs/a.ndjson:1",
            "memory:///logs/deep/b.json#1",
            "memory:///logs/deep/b.json#2",
        ]

    def test_rules_stay_here(self) -> None:
        fsspec.filesystem("memory").pipe("/rules/r.yml", b"x")
        with pytest.raises(InputError, match="rules are read from files only"):
            sort_paths(["memory://rules/r.yml"])

    def test_a_scheme_that_nobody_knows(self) -> None:
        with pytest.raises(InputError) as error:
            sort_paths(["nosuch://a/b.json"])
        assert error.value.diagnostic.code == "path-remote"


def test_without_the_extra(tmp_path: Path) -> None:
    (tmp_path / "r.yml").write_text(EXACT)
    before = "sys.modules['fsspec'] = None"
    ended = sigmaproof("evaluate", "r.yml", "s3://trail/a.json", cwd=tmp_path, before=before)
    assert ended.code == 2
    assert "pip install 'sigmaproof[remote]'" in ended.err
