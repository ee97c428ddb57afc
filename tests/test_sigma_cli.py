"""sigma-cli with our package beside Elastic's plug-in, in the environment that `dev.py test` makes for it."""

from __future__ import annotations

import os
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest
from commandline import ID, ROOT, Ended, rule, sigmaproof
from conftest import REQUIRED

from sigmaproof.conversion import convert_rule
from sigmaproof.inputs import is_rule
from sigmaproof.rules import load_file

HOME = ROOT / ".venv" / "sigma-cli"
PROGRAM = HOME / ("Scripts" if os.name == "nt" else "bin") / "sigma"
OURS = sorted(file for file in (ROOT / "sigma_rules").rglob("*.yml") if is_rule(file))
TRUST_ANCHOR = ROOT / "sigma_rules/aws/cloudtrail/aws_rolesanywhere_external_ca_trust_anchor.yml"
OFFLINE = ("-x", "attacktag", "-x", "d3_fendtag")  # these two download their lists
# pySigma takes it, and reads the second value only.
DUPLICATE = rule("selection:\n    eventName: DeleteTrail\n    eventName: StopLogging\ncondition: selection")
EXACT = rule("selection:\n    eventName: CreateTrustAnchor\ncondition: selection")
CORRELATION = (
    EXACT.replace("level:", "name: base\nlevel:")
    + """---
title: Many
id: 11111111-1111-4111-8111-111111111111
correlation:
    type: event_count
    rules: [base]
    group-by: [userIdentity.arn]
    timespan: 5m
    condition: {gte: 3}
"""
)

if version("pysigma").startswith("1."):
    pytest.skip(
        "NOT RUN twice: sigma-cli has an environment of its own, whichever runs the tests", allow_module_level=True
    )
if not PROGRAM.exists() and not REQUIRED:
    pytest.skip("NOT RUN with sigma-cli: no .venv/sigma-cli, which `dev.py test` makes", allow_module_level=True)


def sigma(*arguments: object, stdin: str = "") -> Ended:
    """Runs sigma-cli; the package is the installed one, not the checkout's."""
    clean = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"} | {"COLUMNS": "250"}
    command = [str(PROGRAM), *map(str, arguments)]
    done = subprocess.run(
        command, input=stdin.encode(), capture_output=True, env=clean, cwd=HOME, timeout=120, check=False
    )
    ended = Ended(done.returncode, done.stdout.decode(), done.stderr.decode())
    assert "Traceback" not in ended.err, ended.err
    return ended


def convert(target: str, *arguments: object, stdin: str = "") -> Ended:
    return sigma("convert", "-t", target, "-p", "ecs_cloudtrail", *arguments, stdin=stdin)


def written(folder: Path, text: str) -> Path:
    file = folder / "rule.yml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def expected() -> dict[str, dict[str, str | None]]:
    """The query of each of our rules by target and file; None where it is refused."""
    rules = {file.stem: load_file(file).rules[0] for file in OURS}
    return {
        target: {name: convert_rule(one, target).query for name, one in rules.items()} for target in ("eql", "lucene")
    }


def test_the_targets_stand_beside_elastics() -> None:
    out = sigma("list", "targets").out
    for name in ("proof_eql", "proof_lucene", "proof_native", "eql", "lucene", "esql"):
        assert f"| {name} " in out


@pytest.mark.parametrize("target", [[], ["proof_eql"], ["proof_lucene"], ["lucene"], ["eql"]])
def test_the_pipeline_is_listed_for_every_target(target: list[str]) -> None:
    assert "| ecs_cloudtrail " in sigma("list", "pipelines", *target).out


def test_the_formats_are_listed() -> None:
    assert "default" in sigma("list", "formats", "proof_eql").out


@pytest.mark.parametrize("target", ["eql", "lucene"])
def test_every_rule_converts_to_the_same_query(
    target: str, expected: dict[str, dict[str, str | None]], tmp_path: Path
) -> None:
    ended = convert(f"proof_{target}", "-s", "-od", tmp_path, ROOT / "sigma_rules")
    assert ended.code == 0, ended.err
    found = {file.stem: file.read_text(encoding="utf-8") for file in tmp_path.iterdir()}
    assert found == {name: query for name, query in expected[target].items() if query is not None}
    for name, query in expected[target].items():
        assert (f"{name}.yml: " in ended.err) == (query is None), "what is skipped is told"


def test_the_texts_are_those_of_our_own_command_line() -> None:
    for target in ("eql", "lucene"):
        assert convert(f"proof_{target}", TRUST_ANCHOR).out == sigmaproof("convert", "-t", target, TRUST_ANCHOR).out


def test_a_refusal_is_sigma_clis_error_with_our_reason(tmp_path: Path) -> None:
    ended = convert("proof_eql", written(tmp_path, rule("s:\n    eventName|fieldref: eventSource\ncondition: s")))
    assert ended.code != 0
    assert "EQL can't compare two fields" in ended.err


@pytest.mark.parametrize("target", ["proof_eql", "proof_lucene", "proof_native"])
def test_a_correlation_is_refused(target: str, tmp_path: Path) -> None:
    file = written(tmp_path, CORRELATION)
    ended = convert(target, file)
    assert ended.code != 0
    assert "a Sigma correlation is not supported yet" in ended.err
    skipped = convert(target, "-s", file)
    assert (skipped.code, skipped.out.strip()) == (0, ""), "its rule alone is not what was asked for"
    assert "a Sigma correlation is not supported yet" in skipped.err


def test_elastics_correlation_gets_our_fields(tmp_path: Path) -> None:
    ended = convert("eql", written(tmp_path, CORRELATION))
    assert ended.code == 0, ended.err
    assert "sequence by aws.cloudtrail.user_identity.arn" in ended.out


@pytest.mark.parametrize("target", ["eql", "lucene", "esql"])
def test_the_pipeline_serves_elastics_backends(target: str) -> None:
    out = convert(target, TRUST_ANCHOR).out
    for part in ("event.dataset", "aws.cloudtrail", "event.provider", "event.action", "aws.cloudtrail.error_code"):
        assert part in out
    assert "eventName" not in out
    assert "errorCode" not in out


@pytest.mark.parametrize("target", ["proof_eql", "proof_lucene", "eql", "lucene"])
def test_an_unknown_field_fails_with_a_suggestion(target: str, tmp_path: Path) -> None:
    ended = convert(target, written(tmp_path, EXACT.replace("eventName", "eventNmae")))
    assert ended.code != 0
    assert 'did you mean "eventName"?' in ended.err


def test_without_the_pipeline_the_fields_are_refused() -> None:
    ended = sigma("convert", "-t", "proof_eql", "--without-pipeline", TRUST_ANCHOR)
    assert ended.code != 0
    assert "apply the pipeline ecs_cloudtrail" in ended.err


def test_check_finds_no_errors_in_our_rules() -> None:
    ended = sigma("check", *OFFLINE, ROOT / "sigma_rules")
    assert ended.code == 0, ended.err
    assert "Found 0 errors, 0 condition errors" in ended.out


def test_the_case_option(tmp_path: Path) -> None:
    file = written(tmp_path, rule("selection:\n    userAgent|contains: Kali\ncondition: selection"))
    folded, exact = (convert("proof_lucene", "-O", f"case={case}", file) for case in ("fold", "exact"))
    assert folded.code == exact.code == 0
    assert "[Kk]" in folded.out
    wrong = convert("proof_lucene", "-O", "case=other", file)
    assert wrong.code != 0
    assert "case=other: it is fold or exact" in wrong.err


HOSTILE = {
    "duplicate key": (DUPLICATE, 'the key "eventName" is already on line'),
    "contains nothing": (rule("s:\n    eventName|contains: ''\ncondition: s"), "an empty text is contained in every"),
    "short base64offset": (
        rule("s:\n    userAgent|base64offset|contains: x\ncondition: s"),
        "so short a value leaves no text",
    ),
    "look-around": (rule("s:\n    eventName|re: '(?=Create).*'\ncondition: s"), "(?="),
    "back-reference": (rule("s:\n    eventName|re: '(a)\\1'\ncondition: s"), "\\1"),
    "empty list": (rule("s:\n    eventName: []\ncondition: s"), "an empty list of values"),
    "null in a list": (rule("s:\n    eventName:\n        - x\n        - null\ncondition: s"), "null in a list"),
}


@pytest.mark.parametrize("target", ["proof_eql", "proof_lucene", "proof_native"])
def test_what_our_loader_refuses_is_refused_by_the_backends(target: str, tmp_path: Path) -> None:
    for index, (text, _) in enumerate(HOSTILE.values()):
        fresh = text.replace(ID, f"{index:08}{ID[8:]}")
        (tmp_path / f"{index}.yml").write_text(fresh, encoding="utf-8")
    assert convert(target, tmp_path).code != 0
    ended = convert(target, "-s", tmp_path)
    assert ended.out.strip() == ""
    told = {line.split(".yml: ")[0][-1]: line for line in ended.err.splitlines() if ".yml: " in line}
    for index, (name, (_, words)) in enumerate(HOSTILE.items()):
        assert words in told[str(index)], name


@pytest.mark.parametrize("name", ["contains nothing", "empty list"])
def test_the_same_through_standard_input(name: str) -> None:
    """Only a duplicate key can't be seen there: pySigma has dropped it."""
    text, words = HOSTILE[name]
    ended = convert("proof_lucene", "-", stdin=text)
    assert ended.code != 0
    assert words in ended.err
