"""The oldest and the newest pySigma give the same queries and claims: what the engine says holds for both."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from conftest import REQUIRED, ROOT

OLD = ROOT / ".venv" / "pysigma-1.5" / "bin" / "python"


def queries(python: str) -> list[str]:
    command = [python, str(ROOT / "scripts" / "all_queries.py")]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def test_both_give_the_same_queries() -> None:
    if not OLD.exists():
        assert not REQUIRED, "dev.py test makes the environment"
        pytest.skip("NOT RUN with pySigma 1.5: no .venv/pysigma-1.5 beside the checkout's files")
    new, old = queries(sys.executable), queries(str(OLD))
    assert [json.loads(one)["name"] for one, other in zip(new, old, strict=True) if one != other] == []
    assert len(new) > 1_800
