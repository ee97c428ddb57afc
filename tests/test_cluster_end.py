"""A cluster by URL: how a run on it ends, what is no cluster for us, TLS, and the command line.

What is asked of one, and what its answers mean, is in `test_cluster.py`; the server is the same.
"""

from __future__ import annotations

import base64
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import commandline
import fakecluster as fake
import pytest
from fakecluster import CUT, DOCS, ENVIRONMENT, KEY, PASSWORD, FakeCluster, Fault, failure, opened, run

from sigmaproof.verify.engines import Answer, Eql
from sigmaproof.verify.engines.made import foreign

ALL: dict[str, Any] = {"match_all": {}}
EQL = Eql('any where ?event.action == "CreateRole"')


@pytest.fixture
def server() -> Iterator[FakeCluster]:
    with fake.checked() as running:
        yield running


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made; none is really waited for."""
    made: list[float] = []
    monkeypatch.setattr(time, "sleep", made.append)
    return made


# the end


def fail(server: FakeCluster) -> None:
    with opened(server) as engine:
        engine.load(DOCS)
        raise ZeroDivisionError


def test_an_exception_removes_the_index(server: FakeCluster) -> None:
    def interrupted() -> Iterator[tuple[str, dict[str, Any]]]:
        yield DOCS[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), opened(server) as engine:
        engine.load(interrupted())
    with pytest.raises(ZeroDivisionError):
        fail(server)
    assert len(server.made) == 2


SCRIPT = """
    import os, signal, sys, time
    # what runs in the background, or under nohup, ignores them
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    from sigmaproof.verify.engines.access import access
    from sigmaproof.verify.engines.cluster import Cluster
    with Cluster(access(sys.argv[1], os.environ)) as engine:
        engine.load([("a", {})])
        print("loaded", flush=True)
        time.sleep(60)
"""


@pytest.mark.parametrize(
    ("how", "codes"), [(signal.SIGTERM, {143}), (signal.SIGINT, {130, -signal.SIGINT, 1}), (signal.SIGHUP, {129})]
)
def test_a_signal_removes_the_index(server: FakeCluster, how: signal.Signals, codes: set[int]) -> None:
    env = {**commandline.environment(ENVIRONMENT), "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", textwrap.dedent(SCRIPT), server.url]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "loaded\n"
        assert len(server.indices) == 1
        process.send_signal(how)
        process.communicate()
    assert process.returncode in codes
    assert server.indices == {}


def test_a_second_signal_does_not_disturb_the_removal(server: FakeCluster) -> None:
    asked, go = threading.Event(), threading.Event()

    def slow(method: str, path: str, body: bytes) -> Any:
        if (method, path) != ("DELETE", "/_pit") and method == "DELETE":
            asked.set()
            go.wait(60)
        return FakeCluster.usual(server, method, path, body)

    server.usual = slow  # type: ignore[method-assign]
    env = {**commandline.environment(ENVIRONMENT), "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", textwrap.dedent(SCRIPT), server.url]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "loaded\n"
        process.send_signal(signal.SIGTERM)
        assert asked.wait(60)
        for how in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            process.send_signal(how)
        threading.Event().wait(0.5)  # they have arrived before the answer does
        go.set()
        process.communicate()
    assert process.returncode == 143
    assert server.indices == {}


def test_the_command_line_removes_the_index_on_a_signal(server: FakeCluster, tmp_path: Path) -> None:
    asked, ended = threading.Event(), threading.Event()

    def wait(*_: object) -> list[int]:
        asked.set()
        ended.wait(60)
        return []

    server.matches = wait
    (tmp_path / "rule.yml").write_text(commandline.EXACT)
    command = [
        sys.executable,
        "-m",
        "sigmaproof",
        "verify",
        str(tmp_path / "rule.yml"),
        "-t",
        "lucene",
        "--engine",
        server.url,
    ]
    env = commandline.environment(ENVIRONMENT)
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert asked.wait(60)
        assert len(server.indices) == 1
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate()
        ended.set()
    assert (process.returncode, out, err) == (143, "", "")
    assert server.indices == {}


@pytest.mark.parametrize("reply", [fake.FORBIDDEN, CUT], ids=["403", "cut"])
def test_an_index_that_cannot_be_removed_is_told_loudly(
    server: FakeCluster, capsys: pytest.CaptureFixture[str], reply: Any
) -> None:
    server.faults.append(Fault("DELETE /sig", reply, times=None))
    told = failure(server)
    assert f"THE INDEX {server.made[0]} IS LEFT ON {server.url.removeprefix('http://')}" in told
    assert f"remove it: DELETE /{server.made[0]}" in told
    with pytest.raises(ZeroDivisionError):
        fail(server)
    assert f"sigmaproof: THE INDEX {server.made[1]} IS LEFT" in capsys.readouterr().err
    assert server.indices.keys() == set(server.made)
    server.indices.clear()


# what is no cluster for us


OPENSEARCH = {"version": {"number": "1.3.20", "distribution": "opensearch"}}


@pytest.mark.parametrize(
    ("root", "product", "told"),
    [
        ((200, OPENSEARCH), None, "is an OpenSearch 1.3.20; 2 or newer is needed"),
        ((200, {"version": {"number": "7.17.9"}}), "Elasticsearch", "is an Elasticsearch 7.17.9; 8 or newer is needed"),
        ((200, {"version": {"number": "7.10.2"}}), None, "does not say that it is an Elasticsearch"),
        ((200, {"hello": "world"}), None, "does not say that it is an Elasticsearch"),
        ((403, {"error": "no"}), None, "HTTP 403"),
        ((200, b"<html>Grafana</html>"), None, "answered GET / with HTTP 200 and no JSON"),
        ((302, {}), None, "HTTP 302"),
    ],
)
def test_what_is_no_elasticsearch_gets_no_index(server: FakeCluster, root: Any, product: str | None, told: str) -> None:
    server.root, server.product = root, product
    assert told in failure(server)
    assert server.made == []


@pytest.mark.parametrize("status", [403, 405])
def test_a_cluster_need_not_say_its_version(server: FakeCluster, status: int) -> None:
    server.root = fake.error(status, "security_exception", "action [cluster:monitor/main] is unauthorized")
    assert run(server, ALL) == [Answer(frozenset("ABC"))]


ASKED = {
    "settings": {"index": {"a.b": True, "n": 1}},
    "mappings": {"_meta": {"x": 1}, "properties": {"f": {"p": ["*"]}}},
}
READ = {"aliases": {}, "settings": {"index": {"a": {"b": "true"}, "n": "1", "uuid": "x", "version": {"created": "9"}}}}
SAME = {"_meta": {"x": 1}, "properties": {"f": {"p": "*"}}}


@pytest.mark.parametrize(
    ("got", "told"),
    [
        ({}, None),
        ({"aliases": {"all-logs": {}}}, "the alias all-logs"),
        ({"settings": {"index": {"mapping": {"coerce": "false"}}}}, "the setting index.mapping.coerce"),
        ({"settings": {"index": {"n": "2"}}}, "the setting index.n"),
        ({"settings": {"index": {"lifecycle": {"name": "hot"}, "codec": "best_compression"}}}, None),
        ({"settings": {"index": {"versions": "x"}}}, "the setting index.versions"),
        ({"mappings": {**SAME, "dynamic": "strict"}}, "mappings.dynamic"),
        (
            {"mappings": {"_meta": {"x": 1}, "properties": {"f": {"p": "*", "normalizer": "lower"}}}},
            "mappings.properties.f.normalizer",
        ),
        ({"mappings": {}}, "mappings._meta"),
    ],
)
def test_what_a_template_can_add_is_found(got: dict[str, Any], told: str | None) -> None:
    assert foreign(ASKED, {**READ, "mappings": SAME, **got}) == told


def test_an_index_that_a_template_has_changed_is_refused(server: FakeCluster) -> None:
    server.read_back = lambda name: {**FakeCluster.read_back(server, name), "aliases": {"all-logs": {}}}  # type: ignore[method-assign]
    told = failure(server)
    assert "the alias all-logs comes from elsewhere, as an index template" in told
    assert server.asked("POST .*_bulk") == []


# TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for the name localhost, signed by itself, and its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("NOT RUN with TLS: no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    command = f"{openssl} req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout key.pem -out cert.pem"
    more = ["-addext", "subjectAltName=DNS:localhost", "-addext", "keyUsage=critical,digitalSignature,keyCertSign"]
    subprocess.run([*command.split(), *more], cwd=folder, check=True, capture_output=True)
    return folder / "cert.pem", folder / "key.pem"


@pytest.fixture
def secure(certificate: tuple[Path, Path]) -> Iterator[FakeCluster]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with fake.checked(context=context, host="localhost") as running:
        yield running


def test_an_unknown_authority_is_refused(secure: FakeCluster) -> None:
    told = failure(secure)
    assert "certificate verify failed" in told
    assert "set SIGMAPROOF_CA_FILE to its certificate (PEM)" in told
    assert secure.requests == []


def test_a_private_authority_is_trusted_when_it_is_given(secure: FakeCluster, certificate: tuple[Path, Path]) -> None:
    environment = {**ENVIRONMENT, "SIGMAPROOF_CA_FILE": str(certificate[0])}
    assert run(secure, ALL, EQL, environment=environment) == [Answer(frozenset("ABC"))] * 2


def test_a_certificate_of_another_name_is_refused(secure: FakeCluster, certificate: tuple[Path, Path]) -> None:
    secure.url = secure.url.replace("localhost", "127.0.0.1")
    told = failure(secure, environment={**ENVIRONMENT, "SIGMAPROOF_CA_FILE": str(certificate[0])})
    assert "certificate verify failed: IP address mismatch" in told
    assert secure.requests == []


# the command line


def verify(server_url: str, folder: Path, *more: str, **environment: str) -> commandline.Ended:
    (folder / "rule.yml").write_text(commandline.EXACT)
    return commandline.sigmaproof("verify", folder / "rule.yml", "--engine", server_url, *more, env=environment)


def test_wrong_usage_ends_with_2(tmp_path: Path) -> None:
    for url, environment, told in (
        (
            "elastic",
            {},
            "error: --engine elastic: write `embedded`, `opensearch`, or a URL like https://localhost:9200",
        ),
        (f"https://dana:{PASSWORD}@h", {}, "error: --engine: a URL with a user or a password in it is refused"),
        ("https://h", {"SIGMAPROOF_USER": "dana"}, "error: SIGMAPROOF_USER is set and SIGMAPROOF_PASSWORD is not"),
    ):
        ended = verify(url, tmp_path, "--debug", **environment)
        assert (ended.code, ended.out) == (2, "")
        assert ended.err.startswith(told)
        assert PASSWORD not in ended.err


def test_an_engine_that_is_not_there_ends_with_3(tmp_path: Path) -> None:
    with FakeCluster().running() as gone:
        url = gone.url
    ended = verify(url, tmp_path)
    assert (ended.code, ended.out) == (3, "")
    assert re.match(r"error: can't connect to 127\.0\.0\.1:\d+: .*is an Elasticsearch running there", ended.err)


@pytest.mark.parametrize("debug", [(), ("--debug",)])
def test_refused_credentials_end_with_3_and_are_not_shown(
    server: FakeCluster, tmp_path: Path, debug: tuple[str, ...]
) -> None:
    ended = verify(server.url, tmp_path, *debug, SIGMAPROOF_USER="dana", SIGMAPROOF_PASSWORD=PASSWORD)
    assert (ended.code, ended.out) == (3, "")
    assert "it does not accept the credentials in SIGMAPROOF_USER and SIGMAPROOF_PASSWORD" in ended.err
    assert PASSWORD not in ended.err
    assert base64.b64encode(f"dana:{PASSWORD}".encode()).decode() not in ended.err


def test_a_cut_connection_ends_with_3_and_leaves_nothing(server: FakeCluster, tmp_path: Path) -> None:
    server.faults.append(Fault("POST /_msearch", CUT, times=None))
    ended = verify(server.url, tmp_path, SIGMAPROOF_API_KEY=KEY)
    assert (ended.code, ended.out) == (3, "")
    assert "cut the connection during POST /_msearch" in ended.err
    assert len(server.made) == 1
