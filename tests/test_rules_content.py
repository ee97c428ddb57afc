"""The form of what we ship: rules, their test records and the fixture events.

Keys, ids, guides, file names, references from a test to a line, synthetic accounts and addresses, and lengths
of the hazard records are checked here. Whether a rule matches a record is what `sigmaproof test` answers.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import re
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from sigma.rule import SigmaRule

ROOT = Path(__file__).parents[1]
RULES = sorted((ROOT / "sigma_rules").rglob("*.yml"))
TESTS = sorted((ROOT / "fixtures" / "rules").glob("*.test.yml"))
EVENTS_DIR = ROOT / "fixtures" / "events"
EVENTS = sorted(EVENTS_DIR.glob("*.ndjson"))
README = EVENTS_DIR / "README.md"

REQUIRED = {
    "title", "id", "status", "description", "references", "author", "date", "tags", "logsource", "detection",
    "falsepositives", "level", "risk_score", "guide",
}  # fmt: skip
RISK = {"informational": 10, "low": 21, "medium": 47, "high": 73, "critical": 99}
GUIDE_SECTIONS = ("## Triage", "## False positives", "## Response")
# What CloudTrail writes into every record.
COMPLETE = {
    "eventVersion", "userIdentity", "eventTime", "eventSource", "eventName", "awsRegion", "sourceIPAddress",
    "userAgent", "eventID", "readOnly", "eventType", "managementEvent", "recipientAccountId", "eventCategory",
}  # fmt: skip
# Account numbers and networks that AWS and the IETF set aside for documentation, and private networks.
ACCOUNTS = {"111122223333", "444455556666", "777788889999", "123456789012"}
NETWORKS = [
    ipaddress.ip_network(n)
    for n in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "10.0.0.0/8")
]

Record = dict[str, Any]


def _rule(path: Path) -> Record:
    loaded: Record = yaml.safe_load(path.read_text(encoding="utf-8"))
    return loaded


def _no_duplicates(pairs: list[tuple[str, Any]]) -> Record:
    keys = [key for key, _ in pairs]
    assert len(set(keys)) == len(keys), f"duplicate keys in {keys}"
    return dict(pairs)


def _lines(path: Path) -> list[str]:
    # Not splitlines(), for which U+2028 is a line break too.
    return path.read_text(encoding="utf-8").removesuffix("\n").split("\n")


def _records(path: Path) -> list[Record]:
    return [json.loads(line, object_pairs_hook=_no_duplicates) for line in _lines(path)]


def _cases(path: Path) -> list[Record]:
    loaded = _rule(path)
    return [*loaded["match"], *loaded["no_match"]]


def _all_records() -> list[tuple[str, Record]]:
    found = [(f"{p.name}:{n}", r) for p in EVENTS for n, r in enumerate(_records(p), 1)]
    for path in TESTS:
        inline = [case for case in _cases(path) if "record" in case]
        found += [(f"{path.name}: {case['name']}", case["record"]) for case in inline]
    return found


def _java_length(value: object) -> int:
    """Length of the text that Java's `Map.toString` makes of JSON; the order of keys doesn't change it."""
    if isinstance(value, dict):
        return 2 + sum(len(k) + 1 + _java_length(v) for k, v in value.items()) + 2 * max(len(value) - 1, 0)
    if isinstance(value, list):
        return 2 + sum(map(_java_length, value)) + 2 * max(len(value) - 1, 0)
    return len(str(value))


def _table(heading: str) -> dict[str, int]:
    """The table under a heading of the README: what the record is -> its line."""
    section = README.read_text(encoding="utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (\d+) \| ((?:[^|\\]|\\.)+?) \|", section, flags=re.M)
    return {title: int(line) for line, title in rows}


each_rule = pytest.mark.parametrize("path", RULES, ids=lambda p: p.stem)
each_test = pytest.mark.parametrize("path", TESTS, ids=lambda p: p.name.split(".")[0])
each_events_file = pytest.mark.parametrize("path", EVENTS, ids=lambda p: p.stem)


@each_rule
def test_rule_has_required_keys(path: Path) -> None:
    rule = _rule(path)
    assert rule.keys() >= REQUIRED
    assert rule["author"] == "sigmaproof"
    assert rule["status"] in {"test", "experimental", "stable"}
    assert rule["logsource"] == {"product": "aws", "service": "cloudtrail"}
    assert type(rule["date"]) is dt.date
    assert rule["falsepositives"]
    assert len(rule["title"]) <= 256
    assert rule["risk_score"] == RISK[rule["level"]]


@each_rule
def test_rule_has_a_guide(path: Path) -> None:
    guide = _rule(path)["guide"]
    headings = [line for line in guide.splitlines() if line.startswith("## ")]
    assert [h for h in headings if h in GUIDE_SECTIONS] == list(GUIDE_SECTIONS)
    bodies = re.split(r"^## .*$", guide, flags=re.M)[1:]
    assert all(len(body.split()) >= 15 for body in bodies), "a section says too little"


def test_trust_anchor_guide_names_the_calls_around_it() -> None:
    guide = _rule(ROOT / "sigma_rules/aws/cloudtrail/aws_rolesanywhere_external_ca_trust_anchor.yml")["guide"]
    for call in (
        "ListTrustAnchors", "ListProfiles", "GetRole", "CreateProfile", "CreateRole", "CreateSession",
        "CreateAccessKey", "CreateOpenIDConnectProvider", "**Contain:**", "**Investigate:**", "**Recover:**",
    ):  # fmt: skip
        assert call in guide


@each_rule
def test_references_and_tags(path: Path) -> None:
    rule = _rule(path)
    sites = {url.rsplit("/", url.count("/") - 2)[0] for url in rule["references"]}
    assert sites == {"https://docs.aws.amazon.com", "https://attack.mitre.org"}
    techniques = [tag for tag in rule["tags"] if re.fullmatch(r"attack\.t\d{4}(\.\d{3})?", tag)]
    tactics = [tag for tag in rule["tags"] if re.fullmatch(r"attack\.[a-z]+(-[a-z]+)*", tag)]
    assert techniques
    assert tactics
    assert len(techniques) + len(tactics) == len(rule["tags"])
    for tag in techniques:
        page = "https://attack.mitre.org/techniques/" + tag.removeprefix("attack.").upper().replace(".", "/") + "/"
        assert page in rule["references"]


def test_rule_ids_and_titles_are_unique() -> None:
    ids = [_rule(path)["id"] for path in RULES]
    assert len(set(ids)) == len(ids)
    assert [(str(uuid.UUID(i)), uuid.UUID(i).version) for i in ids] == [(i, 4) for i in ids]
    assert len({_rule(path)["title"] for path in RULES}) == len(ids)


@each_rule
def test_file_follows_the_specification(path: Path) -> None:
    assert 10 <= len(path.name) <= 70
    assert re.fullmatch(r"[a-z0-9_]+\.yml", path.name)
    raw = path.read_bytes()
    assert not re.search(rb"[\r\t]", raw)
    assert raw.endswith(b"\n")
    yaml_part = raw.decode("utf-8").split("\nguide: |\n")[0]
    indents = [len(line) - len(line.lstrip(" ")) for line in yaml_part.splitlines() if line]
    assert all(indent % 4 == 0 for indent in indents)


@each_rule
def test_detection_values_are_single_quoted(path: Path) -> None:
    detection = path.read_text(encoding="utf-8").split("\ndetection:\n")[1].split("\nfalsepositives:")[0]
    for line in detection.splitlines():
        value = line.split(": ", 1)[-1] if ": " in line else line.strip().removeprefix("- ")
        if line.strip().startswith(("#", "condition:")) or line.endswith(":"):
            continue
        assert re.fullmatch(r"'.*'|null|true|false|-?\d+", value), line


@each_rule
def test_pysigma_reads_the_rule(path: Path) -> None:
    rule = SigmaRule.from_yaml(path.read_text(encoding="utf-8"))
    assert rule.errors == []
    assert rule.custom_attributes.keys() == {"risk_score", "guide"}


def test_every_rule_has_one_test_file() -> None:
    assert len(RULES) >= 9
    assert [p.name.removesuffix(".test.yml") for p in TESTS] == sorted(p.stem for p in RULES)


@each_test
def test_test_file_is_complete(path: Path) -> None:
    loaded = _rule(path)
    assert loaded.keys() == {"rule", "match", "no_match"}
    assert loaded["rule"] == path.name.replace(".test.yml", ".yml")
    assert len(loaded["match"]) >= 3
    assert len(loaded["no_match"]) >= 3
    names = [case["name"] for case in _cases(path)]
    assert len(set(names)) == len(names)


@each_test
def test_test_file_refers_to_lines_that_exist(path: Path) -> None:
    places = []
    for case in _cases(path):
        assert case.keys() in ({"name", "record"}, {"name", "file"}), case["name"]
        if "file" in case:
            file, line = case["file"].split("#")
            assert 1 <= int(line) <= len(_lines(path.parent / file)), case["name"]
            places.append(case["file"])
    assert len(set(places)) == len(places), "a record stands in one test file twice"


@each_test
def test_test_file_uses_no_aliases(path: Path) -> None:
    tokens = yaml.scan(path.read_text(encoding="utf-8"))
    assert not [t for t in tokens if isinstance(t, (yaml.AliasToken, yaml.AnchorToken))]


@each_events_file
def test_events_are_one_object_a_line(path: Path) -> None:
    raw = path.read_bytes()
    assert b"\r" not in raw
    assert raw.endswith(b"}\n")
    for line, record in zip(_lines(path), _records(path), strict=True):
        assert isinstance(record, dict)
        assert json.dumps(record, ensure_ascii=False, separators=(",", ":")) == line


def test_records_are_complete() -> None:
    for where, record in _all_records():
        assert record.keys() >= COMPLETE, f"{where} lacks {COMPLETE - record.keys()}"
        dt.datetime.strptime(record["eventTime"], "%Y-%m-%dT%H:%M:%SZ")
        assert record["userIdentity"]["type"], where


def test_event_ids_are_unique() -> None:
    counted = Counter(record["eventID"] for _, record in _all_records())
    assert [i for i, n in counted.items() if n > 1] == []
    assert {uuid.UUID(i).version for i in counted} == {4}


def test_accounts_and_keys_are_for_documentation() -> None:
    for where, record in _all_records():
        text = json.dumps(record, ensure_ascii=False)
        assert set(re.findall(r"(?<![\w-])\d{12}(?![\w-])", text)) <= ACCOUNTS, where
        for key in re.findall(r"(?<!\w)A(?:KI|SI|RO|ID)A[A-Z0-9]{8,}", text):
            assert key.endswith("EXAMPLE"), f"{where}: {key}"


def test_addresses_are_for_documentation() -> None:
    for where, record in _all_records():
        for part in record["sourceIPAddress"].split(", "):
            try:
                address = ipaddress.ip_address(part)
            except ValueError:
                assert part == "AWS Internal" or part.endswith(".amazonaws.com"), f"{where}: {part}"
                continue
            assert any(address in network for network in NETWORKS), f"{where}: {part}"


@each_events_file
def test_readme_lists_every_line(path: Path) -> None:
    lines = sorted(_table(path.name).values())
    assert lines == list(range(1, len(_lines(path)) + 1))


@pytest.mark.parametrize(
    ("title", "shortest", "longest"),
    [
        ("private CA, 120 masked tags", 8192, 32765),
        ("private CA, rendered text of 8191 characters", 8191, 8191),
        ("private CA, rendered text of 8192 characters", 8192, 8192),
        ("external CA, 120 masked tags", 8192, 32765),
        ("external CA, rendered text of 32765 characters", 32765, 32765),
        ("external CA, rendered text of 32766 characters", 32766, 32766),
        ("external CA, bundle of 40,000 characters", 40000, 102400),
    ],
)
def test_hazards_have_the_length_that_makes_them_hazards(title: str, shortest: int, longest: int) -> None:
    record = _records(EVENTS_DIR / "hazards.ndjson")[_table("hazards.ndjson")[title] - 1]
    params = record["requestParameters"]
    assert shortest <= _java_length(params) <= longest
    assert len(params["name"]) <= 255
    assert len(params.get("tags", [])) <= 200
    private = title.startswith("private")
    assert (params["source"]["sourceType"] == "AWS_ACM_PCA") is private


def test_imitating_hazards_are_external() -> None:
    records = _records(EVENTS_DIR / "hazards.ndjson")
    lines = [n for title, n in _table("hazards.ndjson").items() if title.startswith("external CA, ")]
    imitations = [records[n - 1] for n in lines]
    spelt = [r for r in imitations if "sourceType=AWS_ACM_PCA" in json.dumps(r["requestParameters"])]
    assert len(spelt) >= 6
    assert {r["requestParameters"]["source"]["sourceType"] for r in spelt} == {"CERTIFICATE_BUNDLE"}
