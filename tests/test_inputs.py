"""What a directory in PATH… counts as: rules or logs, and which directories below it are looked into."""

from __future__ import annotations

from pathlib import Path

import pytest
from commandline import EXACT, called, ndjson, record

from sigmaproof.diagnostics import InputError
from sigmaproof.inputs import Inputs, sort_paths


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Rules, and what stands in repositories beside them: settings of servers, an environment, packages."""
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "aws_trust_anchor.yml").write_text(EXACT)
    foreign = (".git", ".github/workflows", ".venv/lib", "env/lib/site-packages/x", "web/node_modules/y", "rules/.old")
    for name in foreign:
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "x.yml").write_text("on: push\n")
        (tmp_path / name / "x.json").write_text("{}")
    return tmp_path


def found(inputs: Inputs, home: Path) -> list[str]:
    return [Path(str(one)).relative_to(home).as_posix() for one in (*inputs.rules, *inputs.logs)]


def test_rules_are_not_looked_for_in_hidden_directories_and_packages(repository: Path) -> None:
    for inputs in (sort_paths([repository]), sort_paths([], rules=[repository])):
        assert found(inputs, repository) == ["rules/aws_trust_anchor.yml"]
        assert inputs.left.hidden == 5, "all but .git, each once"
    ended = called("check", ".", "--select", "form", cwd=repository)
    assert (ended.code, ended.out) == (0, "")
    assert ended.err.startswith("passed over: 5 directories (hidden, site-packages or node_modules); name one")


def test_a_directory_that_is_named_is_looked_into(repository: Path) -> None:
    hidden = repository / "rules" / ".old"
    assert found(sort_paths([], rules=[hidden]), repository) == ["rules/.old/x.yml"]
    (repository / "rules" / "aws_trust_anchor.yml").unlink()
    with pytest.raises(InputError, match="holds no rules") as raised:
        sort_paths([], rules=[repository / "rules"])
    assert "when you name these" in raised.value.diagnostic.help


def test_logs_are_read_wherever_they_are(tmp_path: Path) -> None:
    (tmp_path / ".spool").mkdir()
    (tmp_path / ".spool" / "a.ndjson").write_text(ndjson([record()]))
    for inputs in (sort_paths([tmp_path]), sort_paths([], logs=[tmp_path])):
        assert found(inputs, tmp_path) == [".spool/a.ndjson"]
        assert inputs.left.hidden == 0
