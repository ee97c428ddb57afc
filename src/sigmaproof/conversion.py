"""Converts loaded rules: pipelines, one backend a target, and the claim of each query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sigmaproof.fidelity import Conversion
from sigmaproof.fields import DEFAULT, table
from sigmaproof.predicate import Predicate
from sigmaproof.rules import Rule
from sigmaproof.targets import backend

if TYPE_CHECKING:
    from sigma.processing.pipeline import ProcessingPipeline

__all__ = ["convert_rule", "mapped_tree"]


def convert_rule(
    rule: Rule,
    target: str,
    case: str = "fold",
    pipelines: Sequence[ProcessingPipeline] = (),
    integration: str = DEFAULT,
) -> Conversion:
    """One rule in one target (`eql`, `lucene`, `native`). What can't be said comes back as refused.

    pipelines: pySigma pipelines, applied after those that the rule was loaded with and before ours. case: `fold`, or
    `exact` to search as the rule spells it. integration: the profile of the field table.

    Raises UnknownIntegrationError, and pySigma's SigmaConfigurationError for a broken pipeline.
    """
    from sigma.exceptions import SigmaConfigurationError, SigmaError

    table(integration)
    rule = rule.with_pipelines(pipelines)
    if target != "native" and (refusal := _wrong_logsource(rule)):
        return Conversion(rule.id, rule.title, target, refusal=refusal, integration=integration)
    try:
        made = backend(target)(_pipeline(target, integration), case=case, integration=integration)
        converted = made.conversion(rule.sigma())
    except SigmaConfigurationError:
        raise  # a broken pipeline is no property of the rule
    except SigmaError as error:
        return Conversion(rule.id, rule.title, target, refusal=str(error), integration=integration)
    return replace(converted, rule_id=rule.id, title=rule.title)


def mapped_tree(rule: Rule, pipelines: Sequence[ProcessingPipeline] = (), integration: str = DEFAULT) -> Predicate:
    """The tree of a rule with ECS names, as the query targets see it. Raises pySigma's errors, LoweringError."""
    return backend("native")(_pipeline("ecs", integration)).tree(rule.with_pipelines(pipelines).sigma())


def _wrong_logsource(rule: Rule) -> str | None:
    if rule.is_cloudtrail:
        return None
    found = ", ".join(f"{key}: {value}" for key, value in rule.data["logsource"].items() if key != "definition")
    return f"the logsource is {found}; only product: aws, service: cloudtrail can be converted"


def _pipeline(target: str, integration: str) -> ProcessingPipeline | None:
    from sigma.pipelines.sigmaproof import ecs_cloudtrail

    return None if target == "native" else ecs_cloudtrail(integration)
