"""The ledger of refused constructs is what the emitters declare: a gap that closed must leave the ledger."""

from __future__ import annotations

import pytest
import yaml
from conftest import ROOT

from sigmaproof import predicate
from sigmaproof.emit import Emitter
from sigmaproof.fidelity import CODES
from sigmaproof.targets import TARGETS, backend

KNOWN = yaml.safe_load((ROOT / "fixtures" / "known.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("target", KNOWN)
def test_ledger_is_what_the_emitter_refuses(target: str) -> None:
    refused = {kind.__name__ for kind in backend(target).emitter.UNSUPPORTED}
    assert set(KNOWN[target]) == refused
    assert {status for status, _ in KNOWN[target].values()} <= {"notimpl", "notyet", "never"}


def test_every_query_target_has_its_ledger() -> None:
    assert set(KNOWN) == set(TARGETS) - {"native"}


def test_an_emitter_that_forgets_a_kind_of_test_is_an_error() -> None:
    with pytest.raises(TypeError, match="neither handles nor refuses"):
        type("Forgetful", (Emitter,), {"UNSUPPORTED": dict.fromkeys(predicate.TESTS[1:], "no")})


def test_every_reason_code_is_documented() -> None:
    page = (ROOT / "docs" / "fidelity.md").read_text(encoding="utf-8")
    assert {line.split("`")[1] for line in page.splitlines() if line.startswith("| `")} == set(CODES)
