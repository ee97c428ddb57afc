"""Any bytes given as a rule or as a log end in a result or a diagnostic, soon, and never in a traceback.

Bytes of every kind: random ones, and changed copies of texts that are right, which come further. In process, and
for a few through the command line as a user gives them.
"""

from __future__ import annotations

import gzip
import json
import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from commandline import EXACT, ndjson, record, rule, sigmaproof
from hypothesis import HealthCheck, currently_in_test_context, event, given, settings
from hypothesis import strategies as st
from strategies import FRAGMENTS, KEYS, REGEXES, items

from sigmaproof.conversion import convert_rule
from sigmaproof.diagnostics import Diagnostic, as_text
from sigmaproof.evaluate.compile import compile_predicate
from sigmaproof.evaluate.explain import explain
from sigmaproof.events import LOG_SUFFIXES, read_events
from sigmaproof.normalize import normalize
from sigmaproof.rules import field_warnings, load_text
from sigmaproof.verify.admissible import why_inadmissible

SECONDS = 2
# What a rule's text is made of, and what stumbles over it.
RULE = rule(
    "selection:\n    eventName|contains: [Create, 'a*b']\n    requestParameters.name|re|i: ^a.c$\n"
    "    sourceIPAddress|cidr: 10.0.0.0/8\nother:\n    - errorCode: null\n    - eventTime|hour: 5\n"
    "    - userAgent|fieldref: eventName\nwords: [one, two]\ncondition: selection and not 1 of other or words"
)
LOG = ndjson([record(1, requestParameters={"a": [1, {"b": "é"}], "name": "abc"}), record(2, errorCode="x")])
YAML_SIGNS = ["&a", "*a", "!!str ", "!!python/object:os.system ", "<<: ", "? ", "- ", ": ", "|", ">", "---\n", "...\n",
              "%YAML 1.3\n", "#", "'", '"', "{", "}", "[", "]", ",", "~", "\t", "\r", "\0", "\ufeff", "\\ud800",
              "null", ".nan", ".inf", "0x1f", "1e999", "2024-01-01", "yes", "!!binary "]  # fmt: skip
RULE_SIGNS = ["|contains", "|all", "|re", "|i", "|cidr", "|base64offset", "|windash", "|wide", "|expand", "|exists",
              "|fieldref|endswith", "|gt", "|hour", "|neq", "|cased", "%x%", "1 of them", "all of x*", "and", "or not",
              "(", ")", "|utf16be", "|", "*", "?", "\\", "timeframe: 5m\n", "correlation:\n"]  # fmt: skip
JSON_SIGNS = ['"', "{", "}", "[", "]", ",", ":", "null", "NaN", "1e999", "-0", "9" * 400, "\\u0000", "\\ud800", "\\x",
              '{"Records":', "\ufeff", "\n", "\0", '"a":', "true", "1.0E10", '""', "[" * 60, '{"a":' * 60]  # fmt: skip
fuzzed = settings(
    max_examples=settings().max_examples * 6 // 10,
    deadline=SECONDS * 1000,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example],
)


@st.composite
def changed(draw: st.DrawFn, text: str, signs: list[str]) -> bytes:
    """The text with some pieces replaced, doubled, dropped or put in."""
    pieces = st.one_of(st.sampled_from(signs), st.sampled_from(FRAGMENTS), st.text(max_size=2))
    for _ in range(draw(st.sampled_from([1, 1, 2, 4]))):
        start = draw(st.integers(0, len(text)))
        end = start + draw(st.sampled_from([0, 0, 1, 2, 5, 20]))
        put = draw(st.one_of(pieces, st.just(text[start:end] * 2), st.just("")))
        text = text[:start] + put + text[end:]
    return text.encode("utf-8", "surrogatepass")


def bytes_of(text: str, signs: list[str]) -> Any:
    return st.one_of(changed(text, signs), changed(text, signs), st.binary(max_size=200))


TEXTS = ["%x%", "-a -b", "*", "", "10.0.0.0/8", *FRAGMENTS, *REGEXES]
SCALARS = [st.none(), st.booleans(), st.integers(), st.floats(), st.dates(), st.sampled_from(TEXTS)]
VALUES = st.one_of(*SCALARS, st.text(max_size=8))
NESTED = st.recursive(
    VALUES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, max_size=3)),
)
MODIFIERS = st.lists(st.sampled_from([sign for sign in RULE_SIGNS if sign.startswith("|")]), max_size=3).map("".join)
FIELDS = st.sampled_from(["eventName", "requestParameters.a", "requestParameters", "userAgent", "eventTime", "", "nope",
                          "readOnly", "sourceIPAddress", "userIdentity.userName", "x y", "resources.ARN"])  # fmt: skip
ITEMS = st.dictionaries(
    st.tuples(FIELDS, MODIFIERS).map("".join), st.one_of(VALUES, st.lists(VALUES, max_size=3), NESTED)
)
CONDITIONS = st.one_of(
    st.sampled_from(
        ["one", "not one", "1 of them", "one and two", "all of o*", "(one or two) and not one", "2 of them"]
    ),
    st.lists(st.sampled_from(["one", "two", "and", "or", "not", "(", ")", "1 of", "all of", "them", "|", "*"])).map(
        " ".join
    ),
)


@st.composite
def structured(draw: st.DrawFn) -> bytes:
    """YAML of the form of a rule with any values at its places."""
    right = st.dictionaries(items().map(lambda item: item[0]), VALUES, min_size=1, max_size=1)
    either = st.one_of(st.lists(items(), min_size=1, max_size=2).map(dict), right, ITEMS)
    selections = st.one_of(either, either, st.lists(st.one_of(either, VALUES), min_size=1, max_size=2), NESTED)
    data: dict[str, Any] = yaml.safe_load(EXACT)
    data["detection"] = {"one": draw(selections), "two": draw(selections), "condition": draw(CONDITIONS)}
    if draw(st.booleans()):
        data[draw(st.sampled_from(["level", "id", "tags", "logsource", "title", "status", "x"]))] = draw(NESTED)
    return yaml.safe_dump(data).encode("utf-8", "surrogatepass")


def told(what: str) -> None:
    """Shown by --hypothesis-show-statistics: how far the examples come."""
    if currently_in_test_context():
        event(what)


def judge_rule(content: bytes, records: list[dict[str, Any]]) -> None:
    """Everything that a rule goes through; what it can't pass must be a diagnostic."""
    loaded = load_text(content, "fuzz.yml")
    assert loaded.rules or loaded.findings
    told(f"a rule is left: {bool(loaded.rules)}")
    for finding in loaded.findings:
        assert as_text(finding)
    for one in loaded.rules:
        assert all(isinstance(warning, Diagnostic) for warning in field_warnings(one))
        for target in ("eql", "lucene", "native"):
            conversion = convert_rule(one, target)
            assert (conversion.query is None) == (conversion.refusal is not None)
            json.dumps(conversion.to_json())
        for given_record in records:
            verdict = compile_predicate(one.tree)(given_record)
            assert explain(one.tree, given_record)[0].verdict is verdict


RECORDS = [
    record(),
    {},
    {"eventName": None, "requestParameters": [{"a": [1, "x"]}]},
    {"eventTime": "0001-01-01T00:00:00+14:00"},
]


@fuzzed
@given(bytes_of(RULE, YAML_SIGNS + RULE_SIGNS))
def test_any_bytes_as_a_rule(content: bytes) -> None:
    judge_rule(content, RECORDS)


@fuzzed
@given(structured())
def test_any_values_in_a_rule(content: bytes) -> None:
    judge_rule(content, RECORDS)


def judge_log(content: bytes, suffix: str) -> None:
    """Everything that a record goes through: a rule with every kind of test, the normalizer, the check of its form."""
    found: list[Diagnostic] = []
    rules = load_text(RULE, "rule").rules
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / f"log{suffix}"
        path.write_bytes(content)
        events = list(read_events(path, found.append))
    assert events or found or content.strip() in (b"[]", b'{"Records":[]}', b'{"Records": []}')
    told(f"a record is left: {bool(events)}")
    for one in events:
        assert one.place
        explain(rules[0].tree, one.record)
        why_inadmissible(one.record)
        json.dumps(normalize(one.record))


@fuzzed
@given(bytes_of(LOG, JSON_SIGNS), st.sampled_from(LOG_SUFFIXES))
def test_any_bytes_as_a_log(content: bytes, suffix: str) -> None:
    judge_log(content, suffix)


@fuzzed
@given(st.one_of(bytes_of(LOG, JSON_SIGNS).map(gzip.compress), st.binary(max_size=100)), st.data())
def test_any_bytes_as_a_compressed_log(content: bytes, data: st.DataObject) -> None:
    cut = data.draw(st.one_of(st.just(len(content)), st.integers(0, len(content))))
    judge_log(content[:cut] + data.draw(st.binary(max_size=3)) + content[cut + 1 :], ".json.gz")


JSON = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=6)
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)),
)


@fuzzed
@given(
    st.dictionaries(st.sampled_from([*record(), "errorCode", "resources", "additionalEventData", "tlsDetails"]), JSON)
)
def test_any_values_in_a_record(fields: dict[str, Any]) -> None:
    content = json.dumps({**record(), **fields}).encode()
    judge_log(content, ".json")


def cli_bytes() -> list[bytes]:
    """A few of everything, the same on every run."""
    rng = random.Random(3)
    found = [b"", b"\0", b"\xff\xfe", bytes(rng.randrange(256) for _ in range(300))]
    for text, signs in ((RULE, YAML_SIGNS + RULE_SIGNS), (LOG, JSON_SIGNS)):
        for _ in range(4):
            at = rng.randrange(len(text))
            found.append(
                (text[:at] + rng.choice(signs) + text[at + rng.randrange(4) :]).encode("utf-8", "surrogatepass")
            )
    return found


COMMANDS: dict[str, Callable[[Path, Path], list[object]]] = {
    "convert": lambda rule, log: ["convert", "-t", "eql,lucene", rule],
    "evaluate": lambda rule, log: ["evaluate", rule, log],
    "normalize": lambda rule, log: ["normalize", log],
    "explain": lambda rule, log: ["explain", rule, log],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_any_bytes_on_the_command_line(command: str, tmp_path: Path) -> None:
    """One call for all of them: every file is read, whatever became of the one before it."""
    for number, content in enumerate(cli_bytes()):
        (tmp_path / f"{number}.yml").write_bytes(content)
        (tmp_path / f"{number}.ndjson").write_bytes(content)
    (tmp_path / "good.yml").write_text(EXACT, encoding="utf-8")
    (tmp_path / "good.ndjson").write_text(LOG, encoding="utf-8")
    arguments = COMMANDS[command](tmp_path / "good.yml", tmp_path / "good.ndjson")
    if command != "explain":
        arguments += sorted(tmp_path.glob("[0-9]*.ndjson" if command == "normalize" else "[0-9]*.*"))
    if command == "convert":
        arguments = [one for one in arguments if not str(one).endswith("ndjson")]
    ended = sigmaproof(*arguments)  # it fails on a traceback
    assert ended.code == (0 if command == "explain" else 2)
    assert ended.out


@pytest.fixture(scope="module", autouse=True)
def _warm() -> None:
    """Everything that is loaded when it is first used is loaded: each example has its own time."""
    judge_rule(RULE.encode(), RECORDS)
    judge_rule(EXACT.encode(), RECORDS)
    judge_log(LOG.encode(), ".ndjson")


def test_what_is_changed_is_right_before() -> None:
    """Changed copies come far only if the text itself passes."""
    assert load_text(RULE, "rule").findings == []
