"""What is ready to use in pipelines: the hooks for pre-commit, the GitHub Action, the GitLab template.

Their scripts are run as the servers run them, in a small repository of rules; and with inputs that want to be commands,
on a program that notes what it is called with.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from commandline import EXACT, ROOT, Ended, environment
from conftest import TIER

ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
SPEC, JOBS = yaml.safe_load_all((ROOT / "templates" / "sigmaproof.yml").read_text(encoding="utf-8"))
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
BLOCKS = [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]
STEPS = {step["name"]: step for step in ACTION["runs"]["steps"]}
RULE = "aws_iam_openid_connect_provider_created.yml"
TESTS = """\
match:
  - {name: created, record: {eventSource: iam.amazonaws.com, eventName: CreateOpenIDConnectProvider}}
no_match:
  - {name: looked at, record: {eventSource: iam.amazonaws.com, eventName: GetOpenIDConnectProvider}}
"""
# A commit of this alone is good: the rule that it is for stands in the repository.
FILTER = """\
title: Our own automation
id: 7f0a52d8-3c0e-4f6b-9c1d-0f6f3c6f2a11
description: Providers that our pipeline creates.
logsource:
    product: aws
    service: cloudtrail
filter:
    rules:
        - 1afb423f-0af9-4a51-a66d-519156245e6b
    selection:
        userIdentity.arn|endswith: :role/automation
    condition: not selection
"""
Called = Callable[[], list[str]]
INPUT = re.compile(r"\$\{\{ inputs\.([a-z-]+) \}\}")
# What a pull request could write where a path, a language or a version is expected.
HOSTILE = ["; touch pwned", "$(touch pwned)", "`touch pwned`", "' ; touch pwned ; '", '" && touch pwned && "', "-h"]

needs_pre_commit = pytest.mark.skipif(
    find_spec("pre_commit") is None or shutil.which("git") is None,
    reason="NOT RUN with pre-commit: it is not installed (pip install 'sigmaproof[dev]'), or git is not",
)
needs_schemas = pytest.mark.skipif(
    find_spec("check_jsonschema") is None,
    reason="NOT RUN, the schemas of GitHub and GitLab: check-jsonschema is not installed",
)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with a rule, its tests, and the program `sigmaproof` in a directory of its own."""
    home = tmp_path / "repository"
    (home / "rules").mkdir(parents=True)
    shutil.copy(ROOT / "sigma_rules" / "aws" / "cloudtrail" / RULE, home / "rules" / "provider.yml")
    (home / "rules" / "provider.test.yml").write_text(TESTS)
    program = tmp_path / "bin" / "sigmaproof"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m sigmaproof "$@"\n')
    program.chmod(0o755)
    return home


@pytest.fixture
def called(repository: Path) -> Called:
    """Puts a program in the place of sigmaproof; what it was called with last, when asked."""
    noted = repository.parent / "called"
    program = repository.parent / "bin" / "sigmaproof"
    program.write_text(f"#!/bin/sh\nprintf '%s\\0' \"$@\" > {shlex.quote(str(noted))}\n")
    return lambda: noted.read_text().split("\0")[:-1]


@pytest.fixture
def fake_python(repository: Path) -> Path:
    """A Python that only notes what it is called with; it makes an environment whose Python does the same."""
    noted = repository.parent / "noted"
    for name in ("python", "python3"):
        program = repository.parent / "bin" / name
        program.write_text(
            f"#!/bin/sh\nprintf '%s\\n' \"$@\" >> {shlex.quote(str(noted))}\n"
            'if [ "$2" = venv ]; then mkdir -p "$3/bin" && cp "$0" "$3/bin/python"; fi\n'
        )
        program.chmod(0o755)
    return noted


def shell(command: list[str], script: str, repository: Path, variables: dict[str, str]) -> Ended:
    path = os.pathsep.join([str(repository.parent / "bin"), os.environ["PATH"]])
    done = subprocess.run(
        [*command, script],
        cwd=repository,
        env=environment({"PATH": path, **variables}),
        capture_output=True,
        timeout=120,
        check=False,
    )
    return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())


def step(name: str, repository: Path, **inputs: str) -> Ended:
    """Runs a step of the action as GitHub's runner does."""
    values = {key: str(one["default"]) for key, one in ACTION["inputs"].items()}
    values |= {key.replace("_", "-"): value for key, value in inputs.items()}
    variables = {key: INPUT.sub(lambda found: values[found[1]], text) for key, text in STEPS[name]["env"].items()}
    runner = {"RUNNER_TEMP": repository.parent, "GITHUB_PATH": repository.parent / "path", "GITHUB_ACTION_PATH": ROOT}
    variables |= {key: str(value) for key, value in runner.items()}
    bash = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c"]
    return shell(bash, STEPS[name]["run"], repository, variables)


def job(name: str, repository: Path, part: str = "script", **inputs: str) -> Ended:
    """Runs a script of a job of the template as GitLab's runner does in an image with a plain shell."""
    values = {key: str(one["default"]) for key, one in SPEC["spec"]["inputs"].items()} | inputs
    filled = {
        key: re.sub(r"\$\[\[ inputs\.(\w+) \]\]", lambda found: values[found[1]], one["value"])
        for key, one in JOBS[".sigmaproof"]["variables"].items()
    }
    return shell(["sh", "-e", "-c"], "\n".join(JOBS[name][part]), repository, filled)


class TestAction:
    @needs_schemas
    def test_its_form_is_githubs(self) -> None:
        jsonschema.validate(ACTION, _schema("github-actions"))

    def test_no_script_has_an_input_in_its_text(self) -> None:
        for name, one in STEPS.items():
            assert "${{" not in one["run"], name
            assert one["shell"] == "bash"
            assert all(INPUT.fullmatch(value) for value in one["env"].values())

    def test_every_input_is_declared_and_used(self) -> None:
        used = set(re.findall(r"inputs\.([a-z-]+)", json.dumps(ACTION["runs"])))
        assert used == set(ACTION["inputs"])
        assert all(one["description"] and "default" in one for one in ACTION["inputs"].values())

    def test_nothing_else_is_run_than_what_stands_here(self) -> None:
        """No other action is used, so none has to be pinned."""
        assert [one for one in STEPS.values() if "uses" in one] == []

    def test_a_good_repository(self, repository: Path) -> None:
        checked = step("sigmaproof check", repository, targets="eql,lucene")
        assert checked.code == 0, checked
        tested = step("sigmaproof test", repository)
        assert tested.code == 0, tested

    def test_faults_are_annotated(self, repository: Path) -> None:
        text = (repository / "rules" / "provider.yml").read_text().replace("eventName:", "eventNmae:")
        (repository / "rules" / "provider.yml").write_text(text)
        checked = step("sigmaproof check", repository)
        assert checked.code == 1
        line = 1 + next(number for number, one in enumerate(text.splitlines()) if "eventNmae" in one)
        assert re.search(rf"^::(error|warning) file=rules/provider\.yml,line={line},", checked.out, re.MULTILINE)
        tested = step("sigmaproof test", repository)
        assert tested.code == 1
        assert "::error file=rules/provider.test.yml,line=2" in tested.out

    def test_sarif_is_a_file(self, repository: Path) -> None:
        ended = step("sigmaproof check", repository, format="sarif", sarif_file="out file.sarif")
        assert (ended.code, ended.out) == (0, "")
        assert json.loads((repository / "out file.sarif").read_text())["version"] == "2.1.0"
        assert step("sigmaproof check", repository, format="xml").code == 2

    def test_paths_are_lines_with_whatever_is_in_them(self, repository: Path) -> None:
        (repository / "rules").rename(repository / "my $HOME *rules")
        assert step("sigmaproof check", repository, paths="\n  \nmy $HOME *rules\n").code == 0
        ended = step("sigmaproof test", repository, paths="my $HOME *rules\nno such")
        assert (ended.code, "no such: error" in ended.err) == (2, True)

    @pytest.mark.parametrize("text", HOSTILE)
    def test_no_input_is_a_command(self, repository: Path, called: Called, text: str) -> None:
        step("sigmaproof check", repository, paths=text, targets=text)
        assert called() == ["check", "--format=github", f"--target={text}", "--", text]
        step("sigmaproof test", repository, paths=f"{text}\n\n a b *\n")
        assert called() == ["test", "--only-failing", "--format=github", "--", text, " a b *"]
        step("sigmaproof convert --check", repository, paths=text, targets=text, queries=text)
        assert called() == ["convert", "--check", f"--target={text}", f"--output={text}", "--", text]
        assert step("sigmaproof check", repository, format=text).code == 2
        assert list(repository.rglob("*pwned*")) == []
        step("sigmaproof check", repository, format="sarif", sarif_file=text if text != "-h" else "x; y")
        assert called() == ["check", "--format=sarif", "--", "rules"]
        assert not (repository / "pwned").exists()

    def test_committed_queries(self, repository: Path) -> None:
        inputs = {"targets": "eql,lucene", "queries": "queries"}
        stale = step("sigmaproof convert --check", repository, **inputs)
        assert stale.code == 1
        assert "missing queries/eql/provider.eql" in stale.out
        made = shell(["sh", "-c"], "sigmaproof convert rules -t eql,lucene -o queries", repository, {})
        assert made.code == 0, made
        assert step("sigmaproof convert --check", repository, **inputs).code == 0

    @pytest.mark.parametrize(("version", "package"), [("", f"{ROOT}[aws]"), ("0.1.0", "sigmaproof[aws]==0.1.0")])
    def test_what_is_installed(self, repository: Path, fake_python: Path, version: str, package: str) -> None:
        assert step("Install sigmaproof", repository, version=version).code == 0
        assert fake_python.read_text().splitlines()[-1] == package
        assert (repository.parent / "path").read_text() == f"{repository.parent}/sigmaproof/bin\n"

    @pytest.mark.parametrize("version", [*HOSTILE, "--index-url=x", "0.1.0 other", "0.1.0\nother", "git+x"])
    def test_a_version_that_is_none(self, repository: Path, fake_python: Path, version: str) -> None:
        assert step("Install sigmaproof", repository, version=version).code == 2
        assert not fake_python.exists()


class TestGitLab:
    @needs_schemas
    def test_its_form_is_gitlabs(self) -> None:
        jsonschema.Draft7Validator(_schema("gitlab-ci")).validate(JOBS)

    def test_inputs_are_declared_used_and_never_in_a_script(self) -> None:
        used = set(re.findall(r"\$\[\[ inputs\.(\w+) \]\]", json.dumps(JOBS)))
        assert used == set(SPEC["spec"]["inputs"])
        for name, one in JOBS.items():
            assert "$[[" not in "".join([*one.get("script", []), *one.get("before_script", [])]), name
        assert all(one["expand"] is False for one in JOBS[".sigmaproof"]["variables"].values())

    @pytest.mark.parametrize(
        "package", ["sigmaproof[aws]", "sigmaproof[aws] @ git+https://host.example/x.git@v1", *HOSTILE]
    )
    def test_what_is_installed(self, repository: Path, fake_python: Path, package: str) -> None:
        assert job(".sigmaproof", repository, "before_script", package=package).code == 0
        assert fake_python.read_text().splitlines()[-2:] == ["--", package]
        assert not (repository / "pwned").exists()

    def test_the_jobs(self, repository: Path) -> None:
        assert job("sigmaproof-check", repository, targets="eql,lucene").code == 0
        assert json.loads((repository / "gl-code-quality-report.json").read_text()) == []
        assert job("sigmaproof-test", repository).code == 0
        assert (repository / "sigmaproof-junit.xml").read_text().startswith("<?xml")
        stale = job("sigmaproof-queries", repository, targets="eql", queries="queries")
        assert (stale.code, stale.lines[0]) == (1, "missing queries/eql/provider.eql")
        reports = {
            kind: file for one in JOBS.values() for kind, file in one.get("artifacts", {}).get("reports", {}).items()
        }
        assert {*reports.values()} <= {file.name for file in repository.iterdir()}

    @pytest.mark.parametrize("text", HOSTILE)
    def test_no_input_is_a_command(self, repository: Path, called: Called, text: str) -> None:
        job("sigmaproof-check", repository, paths=f"{text}\n a b *", targets=text)
        assert called() == ["check", "--format=gitlab", f"--target={text}", "--", text, " a b *"]
        job("sigmaproof-test", repository, paths=text)
        assert called() == ["test", "--format=junit", "--", text]
        job("sigmaproof-queries", repository, paths=text, targets=text, queries=text)
        assert called() == ["convert", "--check", f"--target={text}", f"--output={text}", "--", text]
        assert not (repository / "pwned").exists()


class TestHooks:
    def test_each_runs_a_command_that_there_is(self) -> None:
        assert [one["id"] for one in HOOKS] == ["sigmaproof-check", "sigmaproof-test", "sigmaproof-convert-check"]
        assert all(one["language"] == "python" and one["require_serial"] for one in HOOKS)

    def test_all_have_the_service_models_and_share_an_environment(self) -> None:
        assert [one["additional_dependencies"] for one in HOOKS] == [[".[aws]"]] * len(HOOKS)
        assert SPEC["spec"]["inputs"]["package"]["default"] == "sigmaproof[aws]"

    @pytest.mark.parametrize(
        ("file", "hooks"),
        [
            ("rules/a.yml", {"check", "test", "convert-check"}),
            ("sigma_rules/aws/a.yaml", {"check", "test", "convert-check"}),
            ("rules-hunting/a.yml", {"check", "test", "convert-check"}),
            ("rules/a.test.yml", {"test", "convert-check"}),
            ("rules/a.ndjson", {"test"}),
            ("rules/records/a.json.gz", {"test"}),
            ("fixtures/events/a.jsonl", {"test"}),
            ("regression_data/aws/info.yml", {"test", "convert-check"}),
            ("queries/manifest.json", {"convert-check"}),
            ("queries/eql/a.eql", {"convert-check"}),
            (".github/workflows/ci.yml", {"convert-check"}),
            ("README.md", set()),
        ],
    )
    def test_which_files_set_off_which(self, file: str, hooks: set[str]) -> None:
        found = {
            one["id"].removeprefix("sigmaproof-")
            for one in HOOKS
            if re.search(one["files"], file) and not ("exclude" in one and re.search(one["exclude"], file))
            if "types" not in one or file.endswith((".yml", ".yaml"))
        }
        assert found == hooks

    @needs_pre_commit
    def test_with_pre_commit(self, repository: Path) -> None:
        """The program is the one at hand; that it can be installed from a clone is the nightly test."""
        hooks = _committed(repository.parent / "hooks", {".pre-commit-hooks.yaml": ROOT / ".pre-commit-hooks.yaml"})
        _configure(repository, hooks, language="unsupported", additional_dependencies=[])
        shell(["sh", "-c"], "sigmaproof convert rules -t eql,lucene -o queries", repository, {})
        good = _pre_commit(repository)
        assert (good.code, good.out.count("Passed")) == (0, 3), good
        _git(repository, "commit", "-qm", "all")
        (repository / "rules" / "our_own_automation.yml").write_text(FILTER)
        shell(["sh", "-c"], "sigmaproof convert rules -t eql,lucene -o queries", repository, {})
        alone = _pre_commit(repository, only_staged=True)
        assert (alone.code, alone.out.count("Passed")) == (0, 3), alone
        (repository / "rules" / "provider.test.yml").write_text(TESTS.replace("Get", "Create"))
        (repository / "rules" / "broken.yml").write_text(EXACT.replace("condition: selection", "condition: selektion"))
        bad = _pre_commit(repository)
        assert (bad.code, bad.out.count("Failed")) == (1, 3), bad
        assert "rules/broken.yml:10" in bad.out
        assert "looked at" in bad.out

    @needs_pre_commit
    @pytest.mark.skipif(TIER != "nightly", reason="pre-commit installing us from a clone is a nightly test: a minute")
    def test_pre_commit_installs_us_from_a_clone(self, repository: Path) -> None:
        names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        files = {name: ROOT / name for name in names.split("\0") if name and (ROOT / name).is_file()}
        _configure(repository, _committed(repository.parent / "clone", files))
        (repository.parent / "bin" / "sigmaproof").unlink()
        ended = _pre_commit(repository)
        if ended.code == 3:
            pytest.skip(f"NOT RUN with an own environment: nothing could be installed: {ended.out[-300:]}")
        assert "sigmaproof check.........................................................Passed" in ended.out, ended
        assert "missing queries/eql/provider.eql" in ended.out


class TestPage:
    """What docs/ci.md tells people to write is what the files here take."""

    @needs_pre_commit
    def test_the_configuration_of_pre_commit(self, tmp_path: Path) -> None:
        file = tmp_path / "config.yaml"
        file.write_text(yaml.safe_dump(BLOCKS[0]))
        subprocess.run([sys.executable, "-m", "pre_commit", "validate-config", str(file)], check=True)
        assert [one["id"] for one in BLOCKS[0]["repos"][0]["hooks"]] == [one["id"] for one in HOOKS]

    @needs_schemas
    def test_the_workflow(self) -> None:
        workflow = {("on" if key is True else key): value for key, value in BLOCKS[1].items()}
        jsonschema.validate(workflow, _schema("github-workflows"))

    def test_the_inputs(self) -> None:
        ours = next(one for one in BLOCKS[1]["jobs"]["gate"]["steps"] if "sigmaproof" in one["uses"])
        assert set(ours["with"]) <= set(ACTION["inputs"])
        assert set(BLOCKS[2]["include"][0]["inputs"]) <= set(SPEC["spec"]["inputs"])
        table = re.findall(r"^\| (`.*?`) \|.*?\|", PAGE, re.MULTILINE)
        assert {name for row in table for name in re.findall(r"`([a-z-]+)`", row)} == set(ACTION["inputs"])


def _schema(name: str) -> Any:
    vendored = resources.files("check_jsonschema").joinpath(f"builtin_schemas/vendor/{name}.json")
    return json.loads(vendored.read_text(encoding="utf-8"))


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=t", "-c", "user.email=t@example.com", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


def _committed(folder: Path, files: dict[str, Path]) -> Path:
    """A git repository of these files."""
    folder.mkdir()
    for name, file in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, folder / name)
    _git(folder, "init", "-q")
    _git(folder, "add", "-A", "-f")
    _git(folder, "commit", "-qm", "all")
    return folder


def _configure(repository: Path, hooks: Path, **more: object) -> None:
    used = [{"id": one["id"], **more} for one in HOOKS]
    config = {"repos": [{"repo": str(hooks), "rev": _git(hooks, "rev-parse", "HEAD"), "hooks": used}]}
    (repository / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    _git(repository, "init", "-q")


def _pre_commit(repository: Path, only_staged: bool = False) -> Ended:
    _git(repository, "add", "-A")
    files = "" if only_staged else "--all-files"
    script = f"{shlex.quote(sys.executable)} -m pre_commit run {files} --color never"
    home = {"PRE_COMMIT_HOME": str(repository.parent / "home")}
    clean = {"PYTHONPATH": ""} if not (repository.parent / "bin" / "sigmaproof").exists() else {}
    return shell(["sh", "-c"], script, repository, home | clean)
