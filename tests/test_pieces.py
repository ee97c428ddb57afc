"""Logs read in pieces are the logs read whole: documents cut where the next record seems to start, lines in slices."""

from __future__ import annotations

import gzip
import io
import json
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest
from cases import rule_of
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonwriter import written

from sigmaproof import processes, slices
from sigmaproof.batches import batches_of
from sigmaproof.diagnostics import Diagnostic, InputError, Place
from sigmaproof.evaluate import files as judged_files
from sigmaproof.evaluate.files import FileJudge
from sigmaproof.evaluate.run import evaluate
from sigmaproof.events import Event, events_at, read_events
from sigmaproof.limits import Limits
from sigmaproof.processes import Killed, Pool
from sigmaproof.rules import Rule
from sigmaproof.slices import Slice

FIRST = {"eventVersion": "1", "eventName": "A"}
TRAPS = st.sampled_from(
    [
        '},{"eventVersion"',
        ',{"eventVersion":1}',
        "]}",
        "]",
        [FIRST, FIRST],
        [[FIRST], {"a": [FIRST, FIRST]}],
        {"Records": [FIRST, FIRST]},
        "\\",
        '"',
        "é\u2028",
        5,
        None,
    ]
)
RECORDS = st.lists(
    st.builds(lambda more: {**FIRST, **more}, st.dictionaries(st.sampled_from("abc"), TRAPS, max_size=3)),
    min_size=1,
    max_size=8,
)


class Trickle(io.BytesIO):
    """Comes in pieces of so many bytes."""

    def __init__(self, content: bytes, step: int) -> None:
        super().__init__(content)
        self.step = step

    def read1(self, size: int | None = -1) -> bytes:
        return super().read1(self.step)


def of_bytes(content: bytes, block: int, step: int = 1 << 17) -> tuple[list[Event], list[Diagnostic]]:
    problems: list[Diagnostic] = []
    found = [
        event
        for batch in batches_of(Trickle(content, step), "f", problems.append, block)
        for at in range(len(batch.texts))
        for event in events_at(batch, at, problems.append)
    ]
    return found, problems


class TestDocuments:
    @settings(max_examples=200, deadline=None)
    @given(RECORDS, st.integers(0, 2**32), st.integers(1, 40), st.booleans())
    def test_cut_anywhere(self, records: list[dict[str, Any]], seed: int, step: int, in_wrapper: bool) -> None:
        """Texts and lists that look like the border of two records are none."""
        random = Random(seed)
        texts = [written(record, random, 0, random.random() < 0.3) for record in records]
        array = f"[{random.choice([',', ', ', chr(10)]).join(texts)}]" if len(texts) == 1 else f"[{','.join(texts)}]"
        content = f'{{"Records":{array},"n":1}}' if in_wrapper else array
        found, problems = of_bytes(content.encode("utf-8", "surrogatepass"), 1, step)
        assert [event.record for event in found] == [json.loads(text) for text in texts]
        assert [event.number for event in found] == list(range(1, len(texts) + 1))
        assert problems == []

    @pytest.mark.parametrize("block", [1, 1 << 17])
    def test_one_after_another(self, block: int) -> None:
        one, two = json.dumps({"Records": [FIRST, FIRST]}), json.dumps([FIRST])
        found, problems = of_bytes(f"{one}{one}\n{two}\n\n".encode(), block)
        assert ([event.number for event in found], problems) == ([1, 2, 3, 4, 5], [])

    def test_small_ones_are_not_kept(self) -> None:
        """Of a stream of many documents only a little is in memory, and each costs what it has."""
        one = json.dumps({"Records": [FIRST]}).encode()
        stream = Trickle(one * 8_000, 1 << 12)
        batches = batches_of(stream, "f", print, 1 << 12)
        ahead = [stream.tell() - batch.numbers[0] * len(one) for batch in batches]
        assert (len(ahead), max(ahead) < 1 << 18) == (8_000, True)

    def test_nothing_has_an_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is given up, as each search goes over all that is there."""
        monkeypatch.setattr("sigmaproof.documents.LONGEST", 1 << 16)
        _, problems = of_bytes(b"[" + b'{"eventVersion":{,' * 4000 + b"]", 1 << 17)
        assert "not read on: too many" in problems[-1].message
        assert len(problems) < 100

    @pytest.mark.parametrize("block", [1, 1 << 17])
    @pytest.mark.parametrize(
        ("content", "numbers", "message"),
        [
            ('{"Records":[@,@,{"a":', [1, 2], "f:1:"),
            ('{"Records":[@,@', [1, 2], "f:1:"),
            ('{"Records":[@,@],"b":', [1, 2], "after the last record: Expecting value"),
            ('{"Records":[@],"Records":[@]}', [1], "a second list of Records is not read"),
            ('{"Records":[@,{"eventVersion":"1"]},@,@]}', [1, 3, 4], "not JSON"),
            ('{"Records":[@,{"eventVersion":NaN},@]}', [1, 3], "NaN is not JSON"),
            ('{"Records":[@,{"eventVersion":"\x01"},@]}', [1, 3], "Invalid control character"),
            ('{"Records":[@,{"eventVersion":' + "[" * 9999 + "]" * 9999 + "},@]}", [1, 3], "nested deeper"),
            ("[@,{},5,@]", [1, 2, 4], "a record must be an object, not a number"),
            ("[@,,@]", [1, 2], ""),
        ],
    )
    def test_all_but_the_fault(self, block: int, content: str, numbers: list[int], message: str) -> None:
        """Every record before a fault is read, and those behind it from where one seems to start."""
        found, problems = of_bytes(content.replace("@", json.dumps(FIRST)).encode(), block)
        assert [event.number for event in found] == numbers
        assert any(message in f"{problem.place} {problem.message}" for problem in problems) or not message
        assert len(problems) <= 1

    def test_not_utf8(self) -> None:
        one = json.dumps(FIRST).encode()
        found, problems = of_bytes(b"[" + one + b',{"eventVersion":"\xff"},' + one + b"]", 1 << 17)
        assert ([event.number for event in found], len(problems)) == ([1, 3], 1)
        assert problems[0].message == "record skipped: not UTF-8"

    def test_too_long(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for module in ("documents", "lines", "batches"):
            monkeypatch.setattr(f"sigmaproof.{module}.LONGEST", 1 << 12)
        long = {**FIRST, "a": "x" * (1 << 15)}
        for content, place in (
            (json.dumps({"Records": [FIRST, long, FIRST]}).replace("}, {", "},{"), "f:1"),
            ("\n".join(map(json.dumps, [FIRST, long, FIRST])), "f:2"),
        ):
            found, problems = of_bytes(content.encode(), 1 << 10, 512)
            assert [event.number for event in found] == [1, 3]
            assert [str(problem.place).startswith(place) for problem in problems] == [True]
            assert "longer than" in problems[0].message


class TestPacked:
    LINES = b"".join(
        json.dumps({"eventName": "A", "n": n, "x": os.urandom(9).hex()}).encode() + b"\n" for n in range(9000)
    )

    @pytest.mark.parametrize("share", [0.3, 0.6, 0.999])
    def test_all_before_the_end(self, tmp_path: Path, share: float) -> None:
        packed = gzip.compress(self.LINES)
        path = tmp_path / "a.ndjson.gz"
        path.write_bytes(packed[: int(len(packed) * share)])
        whole = zlib.decompressobj(31).decompress(path.read_bytes()).count(b"\n")
        problems: list[Diagnostic] = []
        assert len(list(read_events(path, problems.append))) == whole
        assert problems[-1].message.startswith("can't be read to its end: ")

    def test_all_before_a_broken_block(self, tmp_path: Path) -> None:
        packed = bytearray(gzip.compress(self.LINES))
        at = len(packed) // 2
        packed[at : at + 40] = b"\xff" * 40
        (tmp_path / "a.ndjson.gz").write_bytes(packed)
        single = zlib.decompressobj(31)
        good = b""
        try:
            for n in range(len(packed)):
                good += single.decompress(packed[n : n + 1])
        except zlib.error:
            pass
        problems: list[Diagnostic] = []
        found = [event.record for event in read_events(tmp_path / "a.ndjson.gz", problems.append)]
        same = next(at for at, (one, two) in enumerate(zip(good, self.LINES, strict=False)) if one != two)
        sound = good.count(b"\n", 0, same)
        assert sound > 3_000
        assert found[: sound - 1] == list(map(json.loads, self.LINES.split(b"\n")[: sound - 1]))
        assert "bytes of its text" in problems[-1].message

    def test_a_pipe_has_no_ratio(self, tmp_path: Path) -> None:
        """It has no size; and it can't be read again where its end is missing."""
        path = tmp_path / "a.ndjson.gz"
        os.mkfifo(path)
        packed = gzip.compress(b'{"a":1}\n' * 1_000_000)[:-5]
        writer = threading.Thread(target=path.write_bytes, args=(packed,))
        writer.start()
        problems: list[Diagnostic] = []
        judge = FileJudge([], problems.append, limits=Limits(ratio=1, free=1000))
        assert list(judge.matches([path])) == []
        writer.join()
        assert judge.records > 900_000
        assert "--max-ratio" not in problems[-1].message

    def test_a_bomb(self, tmp_path: Path) -> None:
        path = tmp_path / "a.ndjson.gz"
        path.write_bytes(gzip.compress(json.dumps(FIRST).encode() + b"\n" + b" " * 50_000_000))
        judge_problems: list[Diagnostic] = []
        judge = FileJudge([], judge_problems.append, limits=Limits(ratio=100, free=1 << 20))
        assert list(judge.matches([path])) == []
        assert judge.records == 1
        assert "--max-ratio" in judge_problems[-1].message


@pytest.fixture(scope="module")
def rule() -> Rule:
    return rule_of("r", {"a": {"eventName": "Hit"}, "condition": "a"})


def many(count: int) -> Iterator[str]:
    for n in range(count):
        yield json.dumps({"eventName": "Hit" if n % 7 == 0 else "Other", "n": n}) + "\n" * (1 + (n % 50 == 0))


class TestProcesses:
    def test_same_matches_in_the_same_order(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rule: Rule) -> None:
        """Files and slices of one, with lines that are broken and an ECS document, by one process and by three."""
        monkeypatch.setattr(slices, "SIZE", 5_000)
        monkeypatch.setattr(judged_files, "_TOGETHER", 2)
        text = "".join(many(900))
        (tmp_path / "a.ndjson").write_text(text + "broken\n" + text + '{"event":{"action":"Hit"}}')
        (tmp_path / "b.json").write_text(json.dumps({"Records": [json.loads(line) for line in many(30)]}))
        (tmp_path / "c.ndjson.gz").write_bytes(gzip.compress(text.encode()))
        paths = [tmp_path / name for name in ("a.ndjson", "b.json", "missing.json", "c.ndjson.gz")]
        assert len(list(slices.slices_of(paths[0]))) > 10
        seen = []
        for jobs in (1, 3):
            done: list[tuple[int, int]] = []
            problems: list[Diagnostic] = []

            def progress(read: int, total: int, done: list[tuple[int, int]] = done) -> None:
                done.append((read, total))

            judge = FileJudge([rule], problems.append, jobs=jobs)
            found = [(one.event.place, one.event.record) for one in judge.matches(paths, progress)]
            assert done[-1][0] == done[-1][1] == sum(path.stat().st_size for path in paths if path.exists())
            seen.append((found, problems, judge.records))
        assert seen[0] == seen[1]
        whole: list[Diagnostic] = []
        events = [event for path in paths for event in read_events(path, whole.append)]
        assert seen[0][0] == [(one.event.place, one.event.record) for one in evaluate([rule], events)]
        assert (seen[0][1], seen[0][2]) == (whole, len(events))

    def test_a_killed_process(self, tmp_path: Path) -> None:
        """Its task is done again: nothing is lost, nothing comes twice."""
        flag = tmp_path / "killed"

        def work(task: int) -> Iterator[tuple[int, int]]:
            for n in range(5):
                if task == 2 and n == 3 and not flag.exists():
                    flag.touch()
                    time.sleep(0.1)
                    os.kill(os.getpid(), signal.SIGKILL)
                yield task, n

        said = [message for _, message in Pool(work, 2).results(range(5))]
        assert said == [(task, n) for task in range(5) for n in range(5)]
        assert flag.exists()

    def test_a_process_that_is_killed_again(self) -> None:
        def work(task: int) -> Iterator[int]:
            yield task
            if task == 1:
                time.sleep(0.1)
                os.kill(os.getpid(), signal.SIGKILL)

        said = list(Pool(work, 2).results([0, 1, 2]))
        assert [message for _, message in said if not isinstance(message, Killed)] == [0, 1, 2]
        assert [str(message) for _, message in said if isinstance(message, Killed)] == [
            "its process was killed 2 times (exit code -9)"
        ]

    def test_lines_behind_what_was_killed(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rule: Rule) -> None:
        """They have their numbers."""
        monkeypatch.setattr(slices, "SIZE", 5_000)
        path = tmp_path / "a.ndjson"
        path.write_text("".join(many(900)))
        whole = Slice.batches

        def batches(one: Slice, *given: Any) -> Any:
            if one.start == 10_000:
                time.sleep(0.1)
                os.kill(os.getpid(), signal.SIGKILL)
            return whole(one, *given)

        monkeypatch.setattr(Slice, "batches", batches)
        problems: list[Diagnostic] = []
        found = [one.event for one in FileJudge([rule], problems.append, jobs=2).matches([path])]
        wanted = {event.record["n"]: event.number for event in read_events(path, print)}
        assert [event.number for event in found] == [wanted[event.record["n"]] for event in found]
        assert (found[-1].number > 600, "bytes 10,000 to 15,000" in problems[0].message) == (True, True)

    @pytest.mark.parametrize("error", [ZeroDivisionError(1), InputError("x", Place("f"), "wrong", "right")])
    def test_an_error_is_raised_here(self, error: Exception) -> None:
        def work(task: int) -> Iterator[int]:
            raise error
            yield task

        with pytest.raises(type(error), match=str(error)):
            list(Pool(work, 2).results([1, 2]))

    @pytest.mark.parametrize("by", ["SIGKILL", "SIGTERM"])
    def test_none_is_left_alone(self, by: str) -> None:
        """Where their parent is killed, its processes end, whether they wait or have much to say."""
        code = (
            "import os; from sigmaproof.processes import Pool\n"
            "def work(task):\n    yield os.getpid()\n    while task: yield 'x' * 9999\n"
            "for _, said in Pool(work, 3).results([0, 1, 0, 0]): isinstance(said, int) and print(said, flush=True)"
        )
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        parent = subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE)
        assert parent.stdout
        started = [int(parent.stdout.readline()) for _ in range(2)]
        parent.send_signal(getattr(signal, by))
        try:
            parent.communicate(timeout=60)  # its processes have its output too: that ends when they have
        finally:
            for one in started:
                with suppress(ProcessLookupError):
                    os.kill(one, signal.SIGKILL)

    def test_standard_input_among_files(self, tmp_path: Path, rule: Rule) -> None:
        """It is read here: a process that is started has another one."""
        path = tmp_path / "a.ndjson"
        path.write_text('{"eventName":"Hit"}')
        code = (
            "import pickle, sys; from pathlib import Path; from sigmaproof.evaluate.files import FileJudge;"
            "judge = FileJudge([pickle.load(open(sys.argv[1], 'rb'))], print, jobs=2); paths = map(Path, sys.argv[2:]);"
            "print(*(match.event.place for match in judge.matches(paths)))"
        )
        (tmp_path / "rule").write_bytes(pickle.dumps(rule))
        done = subprocess.run(
            [sys.executable, "-c", code, "rule", "a.ndjson", "a.ndjson", "-", "a.ndjson", "a.ndjson"],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            cwd=tmp_path,
            input='{"eventName":"Hit"}\n{"eventName":"Hit"}',
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout == "a.ndjson:1 a.ndjson:1 <stdin>:1 <stdin>:2 a.ndjson:1 a.ndjson:1\n"

    def test_little_is_kept_ahead(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """What a task says whose turn has not come waits in its process, if it is much."""
        monkeypatch.setattr(processes, "_MOST_AHEAD", 100_000)
        said = tmp_path / "said"

        def work(task: int) -> Iterator[str]:
            if task == 0:
                time.sleep(0.5)
            for _ in range(100):
                yield "x" * 50_000
                if task:
                    with said.open("a") as file:
                        file.write("x")
            if task == 0:
                yield said.read_text()

        results = [message for _, message in Pool(work, 2).results([0, 1])]
        assert len(results) == 201
        assert 0 < len(str(results[100])) < 20

    def test_the_search_can_be_pickled(self, rule: Rule) -> None:
        """Where there is no fork."""
        judge = FileJudge([rule], print).judge
        judge.scanner.prepare()
        fresh = pickle.loads(pickle.dumps(judge))
        content = "".join(many(8)).encode()
        found = [one for some in batches_of(io.BytesIO(content), "f", print) for one in fresh.found(some, print)]
        assert [event.number for _, event, _ in found] == [1, 9]


def test_memory_stays_small(tmp_path: Path) -> None:
    """A file of 150 MB that packs well, and that is one line: far less is held."""
    path = tmp_path / "large.json.gz"
    record = json.dumps({**FIRST, "x": "y" * 2000})
    with gzip.open(path, "wt", compresslevel=1) as stream:
        stream.write('{"Records":[' + record)
        for _ in range(150):
            stream.write(("," + record) * 500)
        stream.write("]}")
    code = (
        "import resource, sys; from pathlib import Path; from sigmaproof.evaluate.files import FileJudge;"
        "from sigmaproof.limits import Limits; judge = FileJudge([], print, jobs=1, limits=Limits(ratio=10_000));"
        "judge.judge.scanner.prepare(); size = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss;"
        "before = size(); print(list(judge.matches([Path(sys.argv[1])])), judge.records, size() - before < 30_000)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["[]", "75001", "True"]
