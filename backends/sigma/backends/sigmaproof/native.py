"""The native target: the predicate tree itself, compiled to closures by `evaluate` or printed as versioned JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from sigma.rule import SigmaRule

from sigmaproof.evaluate.compile import compile_predicate
from sigmaproof.fidelity import Conversion
from sigmaproof.matching import Verdict
from sigmaproof.predicate import FORMAT_VERSION, Predicate, to_json

from .base import TreeBackend

__all__ = ["NativeBackend"]


class NativeBackend(TreeBackend):
    """Sigma's own meaning, evaluated in Python: exact by definition. Field names stay as the rule has them."""

    name: ClassVar[str] = "Native evaluation, sigmaproof"
    identifier: ClassVar[str] = "proof_native"
    target: ClassVar[str] = "native"
    requires_pipeline: ClassVar[bool] = False

    def emitted(self, tree: Predicate, unconverted: Conversion, origins: Mapping[str, str]) -> Conversion:
        """The tree as plain data, with the version of its form."""
        query: dict[str, Any] = {"version": FORMAT_VERSION, "predicate": to_json(tree)}
        return replace(unconverted, query=query)

    def compile(self, rule: SigmaRule) -> Verdict:
        """A function from a record to the rule's verdict, after this backend's pipelines."""
        return compile_predicate(self.tree(rule))
