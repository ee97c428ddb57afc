"""Where a finding stands: at the value that it is about, in the file in which that stands."""

from __future__ import annotations

from pathlib import Path

import pytest
from commandline import ID, rule
from pace import within

from sigmaproof import check, load_text, predicate
from sigmaproof.check.places import Places
from sigmaproof.check.run import check_content
from sigmaproof.diagnostics import Place

# Every line that a finding is about says so; the same fields and values stand elsewhere too.
MARKED = """
unused:
    userAgent: '*'
selection:
    userAgent|contains: aws
    eventName: CreateRole
everything:
    userAgent: '*'  # value-everything
expression:
    userAgent|re:
        - abc
        - '^(\\w+\\s?)+$'  # regex-backtracks
starts:
    errorCode|startswith: Success
unwritten:
    errorCode:
        - AccessDenied
        - Success  # value-unwritten
one:
    - eventSource: iam.amazonaws.com
      awsRegion: us-east-1
many:
    eventSource:
        - iam.amazonaws.com  # value-redundant
        - s3.amazonaws.com
        - iam.amazonaws.com  # value-redundant
        - 'iam*'
quoted:
    sourceIPAddress|startswith: '10.'
    userIdentity.userName|cased: '"bob"'  # value-quotes
words:
    - 'x'
    - "a\\nb"  # value-injection
compared:
    userIdentity.userName|fieldref: requestParametersX.userName  # field-unknown
condition: selection and (everything or expression or starts or unwritten or one or many or quoted or words or compared)
"""


def test_each_finding_stands_at_its_value() -> None:
    text = rule(MARKED.strip())
    lines = ((number, line.partition("  # ")[2]) for number, line in enumerate(text.splitlines(), 1))
    marked = {(code, number) for number, code in lines if code}
    found = {(one.code, one.place.line) for one in check_content(text.encode(), "r.yml").findings}
    assert {(code, line) for code, line in found if code in dict(marked)} == marked


def test_a_test_of_a_filter_stands_in_its_file(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(rule("selection:\n    eventName: CreateRole\ncondition: selection"), "utf-8")
    head = "title: F\nlogsource: {product: aws, service: cloudtrail}\nfilter:\n"
    suppressed = (
        f"    rules: [{ID}]\n    selection:\n        userIdentity.userNam: bob%s\n    condition: not selection\n"
    )
    filter = tmp_path / "f.yml"
    filter.write_text(head + suppressed % "", "utf-8")
    found = check(tmp_path, select=["not-missing", "field-unknown"])
    assert {(one.code, one.place) for one in found} == {
        ("field-unknown", Place(str(filter), 6, 9)),
        ("not-missing", Place(str(filter), 6, 9)),
    }
    filter.write_text(head + suppressed % " # sigmaproof: ignore[meaning]", "utf-8")
    assert check(tmp_path, select=["not-missing", "field-unknown", "ignore"]) == []
    filter.write_text(head + suppressed % "", "utf-8")
    lines = (tmp_path / "a.yml").read_text("utf-8").splitlines(keepends=True)
    lines[5] = lines[5].replace("\n", " # sigmaproof: ignore[meaning]\n")
    (tmp_path / "a.yml").write_text("".join(lines), "utf-8")
    assert len(check(tmp_path, select=["not-missing", "field-unknown"])) == 2, "the comment is in another file"


@pytest.mark.parametrize(
    "key",
    ["userAgent", "userAgent|contains|all", "userAgent|base64offset|contains", "userAgent|windash|startswith", "|all",
     "userAgent|neq", "userAgent|re|i", "userAgent|cased|endswith", "userAgent|fieldref"],
)  # fmt: skip
def test_every_test_has_a_place(key: str) -> None:
    loaded = load_text(rule(f"s:\n    '{key}':\n        - eventName -a\n        - eventType -b\ncondition: s"), "r.yml")
    assert loaded.findings == []
    places, made = Places(loaded.rules[0]), [test for test, _ in predicate.tests(loaded.rules[0].tree)]
    assert {place.line for test in made if (place := places.of_test(test))} == {10, 11}
    assert None not in map(places.of_test, made)


def test_of_very_many_values() -> None:
    values = ", ".join(f"a{number}" for number in range(3_000))
    (large,) = load_text(rule(f"s:\n    userAgent|contains: [{values}]\ncondition: s"), "r.yml").rules
    test = next(test for test, _ in predicate.tests(large.tree))
    assert within(2, lambda: Places(large).of_test(test))
