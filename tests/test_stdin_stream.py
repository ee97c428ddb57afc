"""Results come while their records come: `evaluate RULES -` behind a slow writer."""

from __future__ import annotations

import gzip
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from commandline import EXACT, environment, record
from containers import subscription

CODE = "import sys; sys.argv[0] = 'sigmaproof'; from sigmaproof import cli; cli.main()"


def line(number: int) -> bytes:
    return json.dumps(record(number)).encode() + b"\n"


def message(number: int) -> bytes:
    return subscription([record(number)]).encode() + b"\n"


def stamped(number: int) -> bytes:
    return b"2026-11-24T08:00:00.000Z " + line(number)


@pytest.mark.parametrize("made", [line, message, stamped])
def test_each_match_before_the_next_record(made: Callable[[int], bytes], tmp_path: Path) -> None:
    (tmp_path / "r.yml").write_text(EXACT)
    command = [sys.executable, "-c", CODE, "evaluate", "r.yml", "-", "--format", "json"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin
        assert process.stdout
        for number in (1, 2, 3):
            process.stdin.write(made(number))
            process.stdin.flush()
            found = json.loads(process.stdout.readline())  # hangs where a match waits for what comes next
            assert found["file"].startswith(f"<stdin>:{number}")
            assert found["event"] == record(number)
        process.stdin.close()
        assert process.wait(60) == 0


def test_a_packed_stream(tmp_path: Path) -> None:
    (tmp_path / "r.yml").write_text(EXACT)
    command = [sys.executable, "-c", CODE, "evaluate", "r.yml", "-", "--format", "json"]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment(), input=gzip.compress(line(1) * 3), capture_output=True, check=True
    )
    assert len(done.stdout.splitlines()) == 3


def test_an_interruption(tmp_path: Path) -> None:
    """Ctrl-C: what was found till then is shown, no file is written, and the exit code is a shell's for the signal."""
    (tmp_path / "r.yml").write_text(EXACT)
    # a shell that starts this in the background has SIGINT ignored, and what it starts too
    heeding = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); " + CODE
    command = [sys.executable, "-c", heeding, "evaluate", "r.yml", "-", "-o", "out.ndjson", "--format", "json"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(line(1) + line(2))
        process.stdin.flush()
        for _ in range(2):
            assert process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted: 2 matches in the first 2 records; no file is written" in err.decode()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["r.yml"]
