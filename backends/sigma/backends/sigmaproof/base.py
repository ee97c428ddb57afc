"""What our backends share: pySigma's side of them. A rule is lowered to our tree, and the tree is emitted.

pySigma converts node by node; we take the whole tree instead, so that one walk serves every target and a claim
can be made about the whole query. Its per-node methods are therefore never called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, ClassVar

from sigma.conversion.base import Backend
from sigma.exceptions import SigmaConfigurationError, SigmaError, SigmaFeatureNotSupportedByBackendError
from sigma.rule import SigmaRule

from sigma.pipelines.sigmaproof.ecs_cloudtrail import INTEGRATION
from sigmaproof.emit import Emitter
from sigmaproof.fidelity import Conversion, Refusal
from sigmaproof.fields import DEFAULT, FILEBEAT, FieldTable, UnknownFieldError, UnknownIntegrationError, table
from sigmaproof.lower import LoweringError, lower_rule
from sigmaproof.predicate import Predicate
from sigmaproof.sigmarule import even_encodings, field_names

__all__ = ["TreeBackend"]


class TreeBackend(Backend):
    """A pySigma backend that emits our tree. `target` is its name on our own command line."""

    target: ClassVar[str]
    emitter: ClassVar[type[Emitter]]
    formats: ClassVar[dict[str, str]] = {"default": "Plain queries"}
    requires_pipeline: ClassVar[bool] = True
    correlation_methods: ClassVar[dict[str, str] | None] = None

    def __init__(self, *args: Any, case: str = "fold", integration: str | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fold_case = case != "exact"
        self.integration = integration
        self.table = _table(integration or DEFAULT)

    def wrap(self, query: str) -> str:
        """What stands around every query of this target."""
        return query

    def tree(self, rule: SigmaRule) -> Predicate:
        """The tree of a rule after the pipelines. Raises LoweringError and pySigma's errors."""
        self.prepare()
        self.last_processing_pipeline.apply(rule)
        return lower_rule(rule)

    def prepare(self) -> None:
        """Joins the pipelines, and takes the field table by which they name the fields.

        Raises SigmaConfigurationError when the option `integration` asks for another layout than the pipeline has.
        """
        if not hasattr(self, "last_processing_pipeline"):
            self.init_processing_pipeline()
        named = self.last_processing_pipeline.vars.get(INTEGRATION)
        if self.integration is None and named is not None:
            self.table = _table(str(named))
        elif named is not None and (named == FILEBEAT) != (self.integration == FILEBEAT):
            raise SigmaConfigurationError(
                f"the pipeline names fields as {named} has them, and the option integration is {self.integration}; "
                "the pipeline ecs_cloudtrail_filebeat is for integration=filebeat, ecs_cloudtrail for all versions"
            )

    def conversion(self, rule: SigmaRule) -> Conversion:
        """The query of a rule, after the pipelines, with its claim. pySigma's errors pass through."""
        self.prepare()
        unconverted = Conversion(str(rule.id or ""), str(rule.title), self.target, integration=self.table.integration)
        even_encodings(rule)
        try:
            origins = _origins(rule, self.table)
            return self.emitted(self.tree(rule), unconverted, origins)
        except (Refusal, LoweringError) as refusal:
            return replace(unconverted, refusal=str(refusal))

    def emitted(self, tree: Predicate, unconverted: Conversion, origins: Mapping[str, str]) -> Conversion:
        """The conversion of a lowered tree; origins are the raw names of its ECS names. Raises Refusal."""
        emitter = self.emitter(self.fold_case, origins, self.table)
        query = self.wrap(emitter.query(tree))
        return replace(
            unconverted,
            query=query,
            reasons=emitter.reasons,
            expensive=emitter.expensive,
            fields=tuple(emitter.fields),
        )

    def convert_rule(
        self,
        rule: SigmaRule,
        output_format: str | None = None,
        callback: Callable[..., Any] | None = None,
    ) -> list[Any]:
        """pySigma's entry: one query a rule (a list of conditions is their OR); a refusal is its exception."""
        try:
            conversion = self.conversion(rule)
            if conversion.refusal is not None:
                raise SigmaFeatureNotSupportedByBackendError(conversion.refusal, source=rule.source)
        except SigmaError as error:
            if not self.collect_errors:
                raise
            self.errors.append((rule, error))
            return []
        query = conversion.query if callback is None else callback(rule, output_format, 0, None, conversion.query)
        rule.set_conversion_result([query])
        return [query]


def _table(integration: str) -> FieldTable:
    try:
        return table(integration)
    except UnknownIntegrationError as error:
        raise SigmaConfigurationError(str(error)) from None


def _origins(rule: SigmaRule, fields: FieldTable) -> dict[str, str]:
    """The raw names of a rule by the canonical ECS names that the pipeline will give them."""
    found: dict[str, str] = {}
    for name in field_names(rule):
        with suppress(UnknownFieldError):
            found.setdefault(fields.raw(name).canonical, name)
    return found


# pySigma declares one abstract method a kind of node; none of them is reached from `convert_rule`.
TreeBackend.__abstractmethods__ = frozenset()
