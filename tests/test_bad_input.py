"""What can't be read ends in a diagnostic with its place, in bounded time and memory; the rest is still read."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from commandline import EXACT, HEAD, ID, environment, ndjson, record, rule, sigmaproof
from pace import within

from sigmaproof.conversion import convert_rule
from sigmaproof.rules import load_file, load_text

SECONDS, MEGABYTES = 2, 200
LOG = HEAD.format(title="T", id=ID, level="low")
GOOD = "s:\n    eventName: a\n"


def one_line(value: object) -> str:
    return rule(f"s:\n    eventName: {json.dumps(value)}\ncondition: s")


def expression(source: str, modifiers: str = "re") -> str:
    return rule(f"s:\n    eventName|{modifiers}: {json.dumps(source)}\ncondition: s")


def condition(text: str) -> str:
    return rule(f"{GOOD}condition: {json.dumps(text)}")


# name -> (rule, line, what the message says)
RULES: dict[str, tuple[str | bytes, int, str]] = {
    "broken": ('title: "x\nfoo: [1,\n', 3, "not valid YAML"),
    "tab": ("title: x\n\tlogsource: 1\n", 2, "tab"),
    "duplicate key": (EXACT + "title: again\n", 11, "already on line 1"),
    "duplicate field": (rule("s:\n    eventName: a\n    eventName: b\ncondition: s"), 10, "already on line 9"),
    "duplicate selection": (rule("s:\n    eventName: a\ns:\n    eventName: b\ncondition: s"), 10, "already on line 8"),
    "merge key": ("a: &a {b: 1}\nc:\n    <<: *a\n", 3, "merge keys"),
    "undefined alias": ("a: *nothing\n", 1, "undefined alias"),
    "alias of itself": ("&a [*a]\n", 1, "aliases"),
    "python tag": (rule("s:\n    eventName: !!python/name:os.system\ncondition: s"), 9, "the tag"),
    "own tag": (rule("s: !own\n    eventName: a\ncondition: s"), 8, "the tag"),
    "text tag on a list": (rule("s:\n    eventName: !!str [a]\ncondition: s"), 9, "the tag"),
    "boolean tag": (rule("s:\n    eventName: !!bool maybe\ncondition: s"), 9, "can't be read"),
    "time tag": (rule("s:\n    eventName: !!timestamp maybe\ncondition: s"), 9, "can't be read"),
    "binary": (rule("s:\n    eventName: !!binary aGVsbG8=\ncondition: s"), 9, "the tag"),
    "list as a key": (rule("s:\n    [a]: a\ncondition: s"), 9, "a key that is no text"),
    "utf-16": (EXACT.encode("utf-16"), 1, "not UTF-8"),
    "latin-1": (EXACT.replace("Exact", "é").encode("latin-1"), 1, "not UTF-8"),
    "surrogate in utf-8": (b"title: x\na: \xed\xa0\x80\n", 2, "not UTF-8"),
    "NUL": ("title: x\na: \0\n", 2, "a character that YAML forbids"),
    "empty": ("", 0, "holds no rule"),
    "comment only": ("# nothing\n", 0, "holds no rule"),
    "list as root": ("- a\n", 1, "a rule is a map"),
    "text as root": ("hello\n", 1, "a rule is a map"),
    "no title": (EXACT.replace("title: Exact\n", ""), 1, "'title' is a required property"),
    "no condition": (rule(GOOD), 7, "'condition' is a required property"),
    "empty condition": (condition(""), 10, "detection.condition"),
    "number as condition": (rule(GOOD + "condition: 5"), 10, "detection.condition"),
    "detection is a list": (LOG + "detection: [a]\n", 7, "detection: ['a'] is a list, not a map"),
    "unknown selection": (condition("s and filtre"), 10, 'no selection "filtre"'),
    "near selection": (rule("selection:\n    eventName: a\ncondition: selektion"), 10, 'mean "selection"?'),
    "selector of nothing": (condition("s and not 1 of filter_*"), 10, "selects nothing"),
    "all of nothing": (condition("all of nothing*"), 10, "selects nothing"),
    "them without any": (rule("_s:\n    eventName: a\ncondition: 1 of them"), 10, "selects nothing"),
    "upper case": (rule("s:\n    eventName: a\nt:\n    eventName: b\ncondition: s AND t"), 12, "lower case"),
    "open parenthesis": (condition("(s"), 10, "closing parenthesis"),
    "stray parenthesis": (condition("s)"), 10, "found `)`"),
    "two names": (condition("s s"), 10, "expected `and`"),
    "operator at the end": (condition("s and"), 10, "found the end"),
    "aggregation": (condition("s | count() > 5"), 10, "correlation"),
    "deep parentheses": (condition("(" * 3000 + "s" + ")" * 3000), 10, "nested deeper"),
    "many nots": (condition("not " * 5000 + "s"), 10, "nested deeper"),
    "unknown modifier": (rule("s:\n    eventName|contians: a\ncondition: s"), 9, "unknown modifier |contians"),
    "empty modifier": (rule('s:\n    "eventName|": a\ncondition: s'), 9, "unknown modifier |"),
    "null in a list": (rule("s:\n    eventName:\n        - a\n        - null\ncondition: s"), 11, "null in a list"),
    "empty list": (rule("s:\n    eventName: []\ncondition: s"), 9, "an empty list of values"),
    "empty selection": (rule("s: {}\ncondition: s"), 8, "an empty map matches everything"),
    "empty list of maps": (rule("s: []\ncondition: s"), 8, "an empty list matches nothing"),
    "null selection": (rule("s:\ncondition: s"), 8, "without a field"),
    "boolean keyword": (rule("s: [true]\ncondition: s"), 8, "without a field"),
    "empty keyword": (rule("s: ['']\ncondition: s"), 8, "an empty text"),
    "empty contains": (rule("s:\n    eventName|contains: ''\ncondition: s"), 9, "an empty text"),
    "empty startswith": (rule("s:\n    eventName|startswith: [a, '']\ncondition: s"), 9, "an empty text"),
    "number in contains": (rule("s:\n    eventName|contains: 5\ncondition: s"), 9, "must be a text"),
    "null in contains": (rule("s:\n    eventName|contains:\ncondition: s"), 9, "must be a text"),
    "text in gt": (rule("s:\n    eventVersion|gt: '5'\ncondition: s"), 9, "must be a number"),
    "text in exists": (rule("s:\n    eventName|exists: 'yes'\ncondition: s"), 9, "must be true or false"),
    "no network": (rule("s:\n    sourceIPAddress|cidr: 300.1.1.1/99\ncondition: s"), 9, "is no network"),
    "map as a value": (rule("s:\n    requestParameters: {a: b}\ncondition: s"), 9, "requestParameters holds a map"),
    "list in a list": (rule("s:\n    eventName: [[a]]\ncondition: s"), 9, "a list is no value"),
    "date": (rule("s:\n    eventTime: 2024-01-01\ncondition: s"), 9, "a date is no value"),
    "no date": (rule("s:\n    eventTime: 2024-13-45\ncondition: s"), 9, "can't be read"),
    "not a number": (rule("s:\n    eventName: .nan\ncondition: s"), 9, "not a finite number"),
    "infinite": (rule("s:\n    eventName: 1.0e+400\ncondition: s"), 9, "not a finite number"),
    "huge integer": (rule("s:\n    eventName: " + "9" * 5000 + "\ncondition: s"), 9, "can't be read"),
    "huge hexadecimal": (rule("s:\n    eventName: 0x" + "f" * 5000 + "\ncondition: s"), 9, "can't be read"),
    "keyword expression": (rule("s:\n    '|re': a.b\ncondition: s"), 9, "|re needs a field"),
    "flag alone": (rule("s:\n    eventName|i: a\ncondition: s"), 9, "|i is a flag of |re"),
    "contains of re": (expression("a|b", "re|contains"), 9, "anywhere"),
    "look-ahead": (expression("(?=a)b"), 9, "look-around"),
    "look-behind": (expression("(?<=a)b"), 9, "look-around"),
    "back-reference": (expression(r"(a)\1"), 9, "back-references"),
    "unicode class": (expression(r"\p{L}"), 9, "dialect"),
    "open group": (expression("(a"), 9, "dialect"),
    "nested repetition": (expression("((a{100}){100}){100}"), 9, "dialect"),
    "deep groups": (expression("(" * 5000 + "a" + ")" * 5000), 9, "dialect"),
    "too large for RE2": (expression("é{1000}" * 300, "re|i"), 9, "can't be run by RE2"),
    "long expression": (expression("a" * 30_000), 9, "at most 20,000"),
    "number as re": (rule("s:\n    eventName|re: 5\ncondition: s"), 9, "must be a text"),
    "many dashes": (rule(f"s:\n    eventName|windash|contains: '{' -a' * 20}'\ncondition: s"), 9, "at most 3 dashes"),
    "correlation": ("title: c\ncorrelation: {type: event_count}\n", 2, "not supported yet"),
    "no author": (EXACT + "author: [a]\n", 11, "author"),
    "no uuid": (EXACT.replace(ID, "5-6"), 2, "id is a random UUID"),
    "level": (EXACT.replace("high", "HIGH"), 6, "'HIGH' is not one of"),
    "deep flow": ("[" * 100_000, 1, "nested deeper than 50"),
    "deep block": ("".join(" " * depth + "a:\n" for depth in range(1200)), 51, "nested deeper than 50"),
    "deep dashes": ("- " * 100_000, 1, "nested deeper than 50"),
    "alias bomb": (
        "a: &a [x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)),
        1,
        "aliases",
    ),
    "too large": ("a: b\n" * 500_000, 0, "larger than"),
    "many documents": ("---\na\n" * 5000, 2, "a rule is a map"),
    "too long a value": (one_line("a" * 65_537), 9, "at most 65,536"),
    "NUL in a value": (rule('s:\n    eventName: "a\\0b"\ncondition: s'), 9, "a NUL character"),
    "NUL in a name": (rule('s:\n    "requestParameters.a\\0": b\ncondition: s'), 9, "a NUL character"),
    "empty expression": (expression(""), 9, "an empty expression"),
    "no hour": (rule("s:\n    eventTime|hour: 24\ncondition: s"), 9, "from 0 to 23"),
    "half an hour": (rule("s:\n    eventTime|hour: 1.5\ncondition: s"), 9, "a whole number from 0 to 23"),
    "no month": (rule("s:\n    eventTime|month|gte: 0\ncondition: s"), 9, "from 1 to 12"),
    "more values than anyone writes": (
        rule("s:\n    eventName:\n" + "".join(f"        - v{n}\n" for n in range(10_001)) + "condition: s"),
        7,
        "more than 10,000 values",
    ),
    "dashes that multiply": (
        rule(f"s:\n    userAgent|windash|contains: [{', '.join(['-a -b -c'] * 81)}]\ncondition: s"),
        7,
        "more than 10,000 values",
    ),
    "offsets that multiply": (
        rule(f"s:\n    userAgent|base64offset|contains: [{', '.join(['abcd'] * 3334)}]\ncondition: s"),
        7,
        "more than 10,000 values",
    ),
    "too many expressions": (
        rule(f"s:\n    userAgent|re: [{', '.join(['a.b'] * 201)}]\ncondition: s"),
        7,
        "an expression counts 50",
    ),
    "dashes of dashes": (rule("s:\n    userAgent|windash|windash: -a -b\ncondition: s"), 9, "|windash twice"),
    "encodings without end": (
        rule(f"s:\n    userAgent{'|base64' * 60}: abc\ncondition: s"),
        9,
        "more than 4 encodings",
    ),
    "offsets of offsets": (
        rule(f"s:\n    userAgent|base64offset|base64offset: [{', '.join(['abcdef'] * 1112)}]\ncondition: s"),
        7,
        "more than 10,000 values",
    ),
    "one long text many times": (
        rule(f"s:\n    userAgent|contains: [&a {'x' * 60_000}{', *a' * 50}]\ncondition: s"),
        7,
        "more than 2,500,000 characters",
    ),
    "offset of one character": (rule("s:\n    userAgent|base64offset|contains: x\ncondition: s"), 9, "longer value"),
    "wildcard in Base64": (rule("s:\n    userAgent|base64: a*b\ncondition: s"), 9, "a wildcard can't be encoded"),
    "square condition": (
        rule(
            "".join(f"s{n}:\n    eventName: a{n}\n" for n in range(1000))
            + "condition: "
            + " or ".join(["1 of s*"] * 99)
        ),
        2008,
        "more than 10,000 tests",
    ),
}
# Strange, and fine.
FINE = {
    "bom": "\ufeff" + EXACT,
    "crlf": EXACT.replace("\n", "\r\n"),
    "wildcards without end": one_line("a*" * 30_000),
    "question marks without end": one_line("?" * 5000),
    "long value": one_line("a" * 65_536),
    "many values": rule("s:\n    eventName:\n" + "".join(f"        - v{n}\n" for n in range(10_000)) + "condition: s"),
    "many fields": rule("s:\n" + "".join(f"    requestParameters.f{n}: a\n" for n in range(3000)) + "condition: s"),
    "long condition": condition(" and ".join(["s"] * 5000)),
    "nothing matches": expression(r"[^\s\S]"),
    "many anchored branches": expression("(^a|b$)" * 12),
    "evil for a backtracker": expression("(a|aa)+$"),
    "a name like an operator": rule("notable:\n    eventName: a\nable:\n    eventName: b\ncondition: notable"),
    "dots": rule(f's:\n    "{"." * 500}": x\ncondition: s'),
}


class TestRules:
    @pytest.mark.parametrize("name", RULES)
    def test_a_diagnostic_with_its_place(self, name: str) -> None:
        text, line, message = RULES[name]
        loaded = load_text(text, "r.yml")
        assert within(SECONDS, lambda: load_text(text, "r.yml"))
        assert loaded.rules == []
        finding = next(finding for finding in loaded.findings if finding.level == "error")
        assert (finding.place.file, finding.place.line) == ("r.yml", line)
        assert message in f"{finding.message} {finding.help}"
        assert len(finding.message) < 600
        assert "object at 0x" not in finding.message

    @pytest.mark.parametrize("name", FINE)
    def test_strange_but_fine(self, name: str) -> None:
        loaded = load_text(FINE[name], "r.yml")
        assert [finding.message for finding in loaded.findings] == []
        assert within(SECONDS, lambda: load_text(FINE[name], "r.yml"))
        for target in ("native", "eql", "lucene"):
            conversion = convert_rule(loaded.rules[0], target)
            assert (conversion.query is None) == (conversion.refusal is not None)
        assert within(SECONDS, lambda: [convert_rule(loaded.rules[0], target) for target in ("eql", "lucene")])

    def test_a_name_like_an_operator_means_itself(self) -> None:
        tree = convert_rule(load_text(FINE["a name like an operator"]).rules[0], "native").query["predicate"]
        assert tree["text"]["pattern"] == ["a"]

    def test_warnings_of_yaml(self) -> None:
        loaded = load_text(rule("s:\n    eventName: [on, 010, 1:30]\ntimeframe: 5m\ncondition: s"), "r.yml")
        assert [finding.level for finding in loaded.findings] == ["warning"] * 4
        assert [finding.place.line for finding in loaded.findings] == [9, 9, 9, 10]
        assert len(loaded.rules) == 1

    def test_the_good_documents_of_a_file_are_used(self) -> None:
        loaded = load_text(f"{EXACT}---\n- a\n---\n{EXACT}---\ntitle: [\n", "r.yml")
        assert len(loaded.rules) == 2
        assert [finding.place.line for finding in loaded.findings] == [12, 26]

    def test_files_that_cannot_be_read(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        gone, secret = tmp_path / "gone.yml", tmp_path / "secret.yml"
        secret.write_text(EXACT)

        def refuse(path: Path, mode: str) -> bytes:
            raise PermissionError(13, "Permission denied", str(path))

        assert "No such file" in load_file(gone).findings[0].message
        monkeypatch.setattr(Path, "open", refuse)  # a superuser, as in a container, reads every file
        assert "Permission denied" in load_file(secret).findings[0].message

    def test_all_in_one_run(self, tmp_path: Path) -> None:
        """One process reads every hostile rule, names each, converts the good one, and stays small."""
        names = {f"{index:03d}.yml": content for index, (content, _, _) in enumerate(RULES.values())}
        for name, content in names.items():
            (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        (tmp_path / "good.yml").write_text(EXACT)
        (tmp_path / "link.yml").symlink_to("link.yml")
        code, out, err, memory = measured("convert", ".", "-t", "eql", cwd=tmp_path)
        assert (code, out.count("any where")) == (2, 1)
        assert [name for name in names if not any(line.startswith(name) for line in err.splitlines())] == []
        assert "internal error" not in err
        assert memory < MEGABYTES

    def test_a_rule_that_is_a_directory_or_a_fifo(self, tmp_path: Path) -> None:
        (tmp_path / "folder.yml").mkdir()
        (tmp_path / "folder.yml" / "inside.yml").write_text(EXACT)
        assert sigmaproof("convert", "folder.yml", "-t", "eql", cwd=tmp_path).code == 0
        os.mkfifo(tmp_path / "pipe.yml")
        command = [sys.executable, "-m", "sigmaproof", "convert", "pipe.yml", "-t", "eql"]
        with subprocess.Popen(command, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE) as process:
            (tmp_path / "pipe.yml").write_text(EXACT)
            assert b"any where" in process.communicate(timeout=30)[0]


class TestPipelines:
    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "a pipeline is one YAML map"),
            ("[a]\n", "is a list, not a map"),
            ("transformations: 5\n", "transformations is a list"),
            ("transformations: [5]\n", "a transformation is a map"),
            ("transformations: [{type: field_name_mapping, mapping: [a]}]\n", "mapping is a map"),
            ("transformations: [{type: field_name_mapping, mapping: {eventName: {a: b}}}]\n", "mapping"),
            ("transformations: [{type: field_name_mapping}]\n", "pipeline-invalid"),
            ("transformations: [{type: field_name_prefix, prefix: 5}]\n", "prefix"),
            ("transformations: [{type: replace_string, regex: '(', replacement: x}]\n", "dialect"),
            ("transformations: [{type: include, path: /etc/passwd}]\n", "'include' is not allowed"),
            ("postprocessing: [{type: template, template: x}]\n", "leave it out"),
            ("vars: 5\n", "vars is a map"),
            ("nosuch: 1\n", "pipeline-invalid"),
            ("a: [\n", "not valid YAML"),
        ],
    )
    def test_a_diagnostic(self, tmp_path: Path, text: str, message: str) -> None:
        from sigmaproof.diagnostics import InputError, as_text
        from sigmaproof.pipelines import load_pipelines

        (tmp_path / "p.yml").write_text(text)
        with pytest.raises(InputError) as raised:
            load_pipelines([str(tmp_path / "p.yml")])
        shown = as_text(raised.value.diagnostic)
        assert shown.startswith(str(tmp_path / "p.yml"))
        assert message in shown


def logs() -> Iterator[tuple[str, bytes, str]]:
    """Name, content, and the beginning of the first message."""
    good = ndjson([record(1)]).encode()
    packed = gzip.compress(b"".join(ndjson([record(n % 60)]).encode() for n in range(3000)))
    yield "latin.ndjson", good + b'{"a":"\xe9"}\n' + good, ":2: error: record skipped: not UTF-8"
    yield "line.ndjson", good + b'{"a": \n' + good, ":2:7: error: record skipped: Expecting value"
    yield "first.ndjson", b"nonsense\n" + good + good, ":1:1: error: record skipped: Expecting value"
    yield "scalar.ndjson", good + b"5\n" + good, ":2: error: record skipped: a record must be an object"
    yield (
        "deep.ndjson",
        good + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"\n" + good,
        ":2: error: record skipped: nest",
    )
    yield "nan.ndjson", good + b'{"a":NaN}\n' + good, ":2: error: record skipped: NaN is not JSON"
    # what is JSON, and too large for a number, is said of a record that a rule may match
    name = b'{"eventName":"CreateTrustAnchor","a":'
    yield (
        "range.ndjson",
        good + name + b"1e999}\n" + good,
        ":2: error: record skipped: the number 1e999 is out of range",
    )
    yield "digits.ndjson", good + name + b"9" * 5000 + b"}\n" + good, ":2: error: record skipped: Exceeds the limit"
    yield "nul.ndjson", good + b"\0\0\n" + good, ":2:1: error: record skipped"
    yield "array.json", b"[5, " + good + b", null, " + good + b"]", "#1: error: record skipped: a record must be"
    yield "truncated.ndjson.gz", packed[: len(packed) // 2], ": error: can't be read to its end: Compressed file ended"
    yield "crc.ndjson.gz", packed[:-8] + b"12345678", ": error: can't be read to its end: CRC"
    yield "magic.json.gz", b"\x1f\x8b" + good, ": error: can't be read to its end: "
    yield "document.json", b'{"Records": [\n{\n"a": 1\n},\n{]}', ":5:2: error: not JSON: Expecting property name"
    yield "words.log", b"hello\nworld\n", ":1:1: error: not JSON"
    yield "two.json", b'{}{}{"a"', ":1:9: error: not JSON: Expecting ':' delimiter"
    yield "null.json", b"null", "#1: error: record skipped: a record must be an object, not null"
    yield "utf16.json", good.decode().encode("utf-16"), ":1: error: not JSON: not UTF-8"
    yield "deepest.json", b"[" * 100_000, ":1: error: not JSON: nested deeper"
    yield "empty.json", b"", ": warning: holds no record"
    yield "empty.json.gz", gzip.compress(b" \n"), ": warning: holds no record"


class TestLogs:
    @pytest.mark.parametrize(("name", "content", "message"), list(logs()), ids=[name for name, _, _ in logs()])
    def test_a_diagnostic_with_its_place(self, tmp_path: Path, name: str, content: bytes, message: str) -> None:
        from sigmaproof.diagnostics import Diagnostic, as_text
        from sigmaproof.events import read_events

        (tmp_path / name).write_bytes(content)
        problems: list[Diagnostic] = []
        events = list(read_events(tmp_path / name, problems.append))
        said = problems[-1 if name.endswith(".gz") else 0]  # what a broken file has before the fault is read
        assert as_text(said).startswith(f"{tmp_path / name}{message}")
        if name.endswith(".ndjson") or name == "array.json":  # the others are still read
            assert [event.record for event in events] == [record(1), record(1)]

    def test_nested_as_deep_as_is_allowed(self, tmp_path: Path) -> None:
        """Every command walks the deepest record that the reader lets through."""
        levels = 199  # and the record itself
        (tmp_path / "deep.json").write_text(
            '{"requestParameters":' + '{"a":' * (levels - 1) + "1" + "}" * (levels - 1) + "}"
        )
        (tmp_path / "r.yml").write_text(rule("s:\n    requestParameters|contains: a\nk: [zz]\ncondition: s or k"))
        for command in (["evaluate", "r.yml", "deep.json", "--format", "json"], ["explain", "r.yml", "deep.json"]):
            ended = sigmaproof(*command, cwd=tmp_path)
            assert (ended.code, ended.out != "") == (0, True)
        assert sigmaproof("normalize", "deep.json", cwd=tmp_path).code == 0

    def test_all_in_one_run(self, tmp_path: Path) -> None:
        (tmp_path / "r.yml").write_text(EXACT)
        (tmp_path / "logs").mkdir()
        for name, content, _ in logs():
            (tmp_path / "logs" / name).write_bytes(content)
        large = record(1, requestParameters={"x": "a" * 20_000_000})
        (tmp_path / "logs" / "large.ndjson").write_text(ndjson([record(1), large, record(1)]))
        code, out, err, memory = measured("evaluate", "r.yml", "logs", "--format", "json", cwd=tmp_path)
        assert code == 2
        assert "internal error" not in err
        places = [json.loads(line)["file"] for line in out.splitlines()]
        assert [place for place in places if "large" in place] == [f"logs/large.ndjson:{n}" for n in (1, 2, 3)]
        for name, _, message in logs():
            assert f"logs/{name}{message}" in err
        assert memory < MEGABYTES

    def test_records_of_unexpected_types(self, tmp_path: Path) -> None:
        values: list[object] = [None, 5, "", [], {}, [[]], [{}], True, 1.5, {"a": {"b": [1]}}, "\ud800", "\0"]
        odd = [dict.fromkeys(record(1), value) for value in values]
        (tmp_path / "odd.ndjson").write_text(ndjson(odd))
        (tmp_path / "r.yml").write_text(rule("s:\n    eventName|re: a\nk: [zz]\ncondition: s or not k"))
        evaluated = sigmaproof("evaluate", "r.yml", "odd.ndjson", "--format", "json", cwd=tmp_path)
        assert (evaluated.code, len(evaluated.objects)) == (0, len(odd))
        assert sigmaproof("evaluate", "r.yml", "odd.ndjson", cwd=tmp_path).code == 0
        normalized = sigmaproof("normalize", "odd.ndjson", cwd=tmp_path)
        assert len(normalized.objects) + normalized.err.count("record skipped") == len(odd)

    def test_a_fifo(self, tmp_path: Path) -> None:
        (tmp_path / "r.yml").write_text(EXACT)
        os.mkfifo(tmp_path / "pipe.ndjson")
        command = [sys.executable, "-m", "sigmaproof", "evaluate", "r.yml", "pipe.ndjson", "--format", "json"]
        with subprocess.Popen(command, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE) as process:
            (tmp_path / "pipe.ndjson").write_text(ndjson([record(1)]))
            assert process.communicate(timeout=30)[0].count(b"pipe.ndjson:1") == 1


MEASURE = """
import atexit, sys
from pathlib import Path
def tell():
    status = Path("/proc/self/status")
    words = status.read_text().split() if status.exists() else ["VmHWM:", "0"]
    print("MEMORY", int(words[words.index("VmHWM:") + 1]) // 1024, file=sys.stderr)
atexit.register(tell)
"""


def measured(*arguments: str, cwd: Path) -> tuple[int, str, str, int]:
    """A run with its highest memory in megabytes (0 where the system doesn't tell)."""
    ended = sigmaproof(*arguments, cwd=cwd, before=f"exec({json.dumps(MEASURE)})")
    err, _, memory = ended.err.rpartition("MEMORY ")
    return ended.code, ended.out, err, int(memory)
