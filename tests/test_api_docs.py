"""The examples of docs/api.md run as they stand, in order and in one process, and print what stands below them."""

from __future__ import annotations

import contextlib
import io
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from commandline import ROOT, environment

PAGE = ROOT / "docs" / "api.md"
EXAMPLE = re.compile(r"```python(?P<engine> engine)?\n(?P<code>.*?)```\n\n```text\n(?P<output>.*?)```", re.DOTALL)
USER = """
import sigmaproof
loaded = sigmaproof.load("rules")
conversion = sigmaproof.convert(loaded.rules[0], "eql")
reveal_type(loaded)
reveal_type(conversion.fidelity)
reveal_type(sigmaproof.evaluate(loaded.rules, sigmaproof.read("logs")))
reveal_type(sigmaproof.check(["rules"], targets=["eql"]))
reveal_type(sigmaproof.explain(loaded.rules[0], {}))
reveal_type(sigmaproof.verify(loaded.rules))
sigmaproof.convert(loaded.rules[0], 5)
"""


def test_every_verb_has_an_example() -> None:
    import sigmaproof

    page = PAGE.read_text(encoding="utf-8")
    assert page.count("```python") == len(EXAMPLE.findall(page)) > 5
    for verb in set(sigmaproof.__all__) - {"__version__"}:
        assert f"`{verb}(" in page
        assert f"sigmaproof.{verb}(" in page, f"an example of {verb}"


def test_the_examples_print_what_the_page_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    _run({}, with_engine=False)


def test_the_example_of_verify(engine: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fixture is asked for only to skip where no engine can be had; the example starts its own."""
    monkeypatch.chdir(ROOT)
    _run({}, with_engine=True)


def _run(names: dict[str, Any], with_engine: bool) -> None:
    for example in EXAMPLE.finditer(PAGE.read_text(encoding="utf-8")):
        if example["engine"] and not with_engine:
            continue
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(example["code"], str(PAGE), "exec"), names)
        assert printed.getvalue() == example["output"]


@pytest.mark.parametrize("order", ["verify, evaluate", "normalize, check, evaluate", "evaluate, verify"])
def test_the_verbs_are_functions_whatever_room_was_imported_before(order: str) -> None:
    imports = "; ".join(f"import sigmaproof.{name}" for name in order.split(", "))
    code = f"{imports}; import sigmaproof.verify.run\nimport sigmaproof\nfor name in sigmaproof.__all__[1:]:\n"
    code += "    assert type(getattr(sigmaproof, name)).__name__ == 'function', name\n"
    code += "import sigmaproof.claims\nfrom sigmaproof.evaluate import compile\nfrom sigmaproof.check import check"
    subprocess.run([sys.executable, "-c", code], check=True, env=environment())


def test_a_users_type_checker_sees_the_signatures(tmp_path: Path) -> None:
    pytest.importorskip("mypy", reason="NOT RUN with mypy: it is in the dev environment only")
    (tmp_path / "user.py").write_text(USER, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--explicit-package-bases", "user.py"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=environment({"MYPYPATH": environment()["PYTHONPATH"]}),
        check=False,
    )
    told = [line for line in done.stdout.splitlines() if line.startswith("user.py")]
    revealed = [line.split('"')[1] for line in told if "Revealed type" in line]
    assert [name.replace("builtins.", "").replace("typing.", "") for name in revealed] == [
        "sigmaproof.rules.Loaded",
        "str",
        "Iterator[sigmaproof.evaluate.run.Match]",
        "list[sigmaproof.diagnostics.Diagnostic]",
        "list[sigmaproof.evaluate.explain.Step]",
        "sigmaproof.verify.run.Report",
    ]
    errors = [line for line in told if "error:" in line]
    assert len(errors) == 1
    assert 'incompatible type "int"; expected "str"' in errors[0]
