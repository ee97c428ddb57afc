"""The pipeline from CloudTrail's raw field names to the ECS names of Elastic's AWS integration.

Made from the field table; it writes each field's canonical ECS name, so that it serves any backend for
Elasticsearch. Which other home of a field a query language needs is the backends' business.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sigma.exceptions import SigmaTransformationError
from sigma.processing.conditions import LogsourceCondition
from sigma.processing.pipeline import ProcessingItem, ProcessingPipeline
from sigma.processing.transformations import AddConditionTransformation
from sigma.processing.transformations.base import FieldMappingTransformationBase
from sigma.rule import SigmaRule

from sigmaproof.fields import DEFAULT, FILEBEAT, FieldTable, UnknownFieldError, table

__all__ = ["INTEGRATION", "ecs_cloudtrail", "ecs_cloudtrail_filebeat"]

INTEGRATION = "sigmaproof_integration"
"""The pipeline's variable that tells a backend of ours which profile of the field table the names are from."""


@dataclass
class EcsFieldMapping(FieldMappingTransformationBase):
    """Maps raw names to canonical ECS names. A name that the table does not know fails the conversion."""

    table: FieldTable

    def apply_field_name(self, field: str | None) -> str | list[str] | None:
        """The canonical ECS name; raises SigmaTransformationError with a suggestion for an unknown name."""
        if field is None:
            return None
        try:
            return self.table.raw(field).canonical
        except UnknownFieldError as error:
            raise SigmaTransformationError(str(error)) from error

    def apply(self, rule: SigmaRule) -> None:  # type: ignore[override]
        """Maps the detection strictly, and the list of fields to display as far as they are known."""
        listed, rule.fields = rule.fields, []
        super().apply(rule)
        rule.fields = [_known_or_same(name, self.table) for name in listed]


_SELECTOR = re.compile(r"\bof\s+([\w*]+)")
# A name that starts with an underscore is selected by patterns that do, the other one by `them` and the rest.
_NAMES = ("_ecs_cloudtrail_dataset", "ecs-cloudtrail-dataset")


@dataclass
class DatasetCondition(AddConditionTransformation):
    """Adds the dataset to every condition, under a name that no selector of the rule (`1 of _*`) selects."""

    def apply(self, rule: SigmaRule) -> None:  # type: ignore[override]
        """Raises SigmaTransformationError when the rule's selectors leave no name free. A correlation has no
        condition over selections; the rules that it names get theirs."""
        if not isinstance(rule, SigmaRule):
            return
        patterns = [p for condition in rule.detection.condition for p in _SELECTOR.findall(condition)]
        free = [name for name in _NAMES if not any(_selects(pattern, name) for pattern in patterns)]
        if not free:
            raise SigmaTransformationError("the condition selects every name there is; name its selections instead")
        self.name = free[0]
        super().apply(rule)


def _selects(pattern: str, name: str) -> bool:
    if pattern.startswith("_") != name.startswith("_"):
        return False
    return pattern == "them" or re.fullmatch(pattern.replace("*", ".*"), name) is not None


def _known_or_same(name: str, fields: FieldTable) -> str:
    try:
        return fields.raw(name).canonical
    except UnknownFieldError:
        return name


def _cloudtrail() -> LogsourceCondition:
    """A fresh condition for each item: pySigma ties a condition to one pipeline."""
    return LogsourceCondition(product="aws", service="cloudtrail")


def ecs_cloudtrail_filebeat() -> ProcessingPipeline:
    """The same for documents of Filebeat's module aws, index filebeat-*."""
    return ecs_cloudtrail(FILEBEAT)


def _words(integration: str) -> str:
    return "Filebeat's module aws" if integration == FILEBEAT else f"AWS integration {integration}"


def ecs_cloudtrail(integration: str = DEFAULT) -> ProcessingPipeline:
    """ECS field names of Elastic's AWS integration, for rules with product aws and service cloudtrail.

    integration: the profile of the field table. Raises UnknownIntegrationError.
    """
    fields = table(integration)
    return ProcessingPipeline(
        name=f"AWS CloudTrail to Elastic's ECS fields ({_words(integration)})",
        priority=20,
        vars={INTEGRATION: integration},
        allowed_backends=frozenset(),
        items=[
            ProcessingItem(
                identifier="ecs_cloudtrail_fields",
                rule_conditions=[_cloudtrail()],
                transformation=EcsFieldMapping(fields),
            ),
            ProcessingItem(
                identifier="ecs_cloudtrail_dataset",
                rule_conditions=[_cloudtrail()],
                transformation=DatasetCondition(conditions={"event.dataset": fields.dataset}),
            ),
        ],
    )
