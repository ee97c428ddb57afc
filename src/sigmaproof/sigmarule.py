"""Our checked data -> pySigma's rule: with our own encodings in place of pySigma's, and the user's pipelines applied.

With `lower` and the backends, the only place that knows pySigma's classes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

from sigma.exceptions import SigmaValueError
from sigma.modifiers import SigmaValueModifier, modifier_mapping, reverse_modifier_mapping
from sigma.rule import SigmaDetection, SigmaDetectionItem, SigmaRule
from sigma.types import Placeholder, SigmaCasedString, SigmaExpansion, SigmaString, SpecialChars, sigma_type

from sigmaproof.encodings import ENCODINGS, EncodingError, encoded
from sigmaproof.lower import pattern_of_string
from sigmaproof.predicate import Part, Pattern, Wild

if TYPE_CHECKING:
    from sigma.processing.pipeline import ProcessingPipeline

__all__ = ["even_encodings", "field_names", "sigma_rule"]


def sigma_rule(data: Mapping[str, Any], pipelines: Sequence[ProcessingPipeline] = ()) -> SigmaRule:
    """A fresh pySigma rule of a rule's data, as pipelines change the one that they are given.

    pipelines: the user's, as one chain, applied to it. Raises pySigma's errors, and what its code raises otherwise.
    """
    copy = {key: _copy(value) for key, value in data.items() if key != "detection"}
    rule = SigmaRule.from_dict({**copy, "detection": _without_encodings(data["detection"])})
    for name, detection in rule.detection.detections.items():
        _encode(data["detection"][name], detection)
    if pipelines:
        sum(pipelines[1:], pipelines[0]).apply(rule)
    return rule


def field_names(rule: SigmaRule) -> Iterator[str]:
    """The names of the fields that a rule tests, as they are now."""
    for detection, index in _items(rule.detection.detections.values()):
        item = detection.detection_items[index]
        if isinstance(item, SigmaDetectionItem) and item.field is not None:
            yield item.field


def _items(detections: Iterable[SigmaDetection]) -> Iterator[tuple[SigmaDetection, int]]:
    """The place of every item of these selections: the list that it stands in, and where."""
    for detection in detections:
        for index, item in enumerate(detection.detection_items):
            if isinstance(item, SigmaDetection):
                yield from _items([item])
            else:
                yield detection, index


def even_encodings(rule: SigmaRule) -> None:
    """Encodes in our way what pySigma's own loader has encoded in the way of its version, before any pipeline."""
    for detection, index in _items(rule.detection.detections.values()):
        item = detection.detection_items[index]
        assert isinstance(item, SigmaDetectionItem)
        names = [reverse_modifier_mapping.get(modifier.__name__, "") for modifier in item.modifiers]
        if not ENCODINGS.isdisjoint(names) and item.original_value is not None:
            values = list(item.original_value)
            detection.detection_items[index] = SigmaDetectionItem(item.field, list(_modifiers(names)), values)


def _without_encodings(value: Any) -> Any:
    """A deep copy of a selection; an item that is encoded is a stand-in, which `_encode` replaces."""
    if isinstance(value, list):
        return [_without_encodings(inner) for inner in value]
    if not isinstance(value, Mapping):
        return value
    return {
        (f"\0{number}" if _is_encoded(key) else key): ("" if _is_encoded(key) else _without_encodings(inner))
        for number, (key, inner) in enumerate(value.items())
    }


def _is_encoded(key: str) -> bool:
    return "|" in key and not ENCODINGS.isdisjoint(key.split("|"))


def _encode(definition: Any, detection: SigmaDetection) -> None:
    """Puts the items of one selection that are encoded in place, walking its data and pySigma's items side by side."""
    if isinstance(definition, Mapping):
        for index, (key, value) in enumerate(definition.items()):
            if _is_encoded(key):
                detection.detection_items[index] = _item(key, value)
    elif isinstance(definition, list):
        nested = [item for item in detection.detection_items if isinstance(item, SigmaDetection)]
        for inner, item in zip(definition, nested, strict=False):  # none are nested in a list of plain values
            _encode(inner, item)


def _item(key: str, value: Any) -> SigmaDetectionItem:
    field, *names = key.split("|")
    values = [sigma_type(one) for one in (value if isinstance(value, list) else [value])]
    return SigmaDetectionItem(field or None, list(_modifiers(names)), values)


def _modifiers(names: Sequence[str]) -> Iterator[type[Any]]:
    """pySigma's modifiers, with one of ours for each run of encodings: between them a text can be bytes."""
    for is_ours, run in groupby(names, key=ENCODINGS.__contains__):
        if is_ours:
            yield _encoding(tuple(run))
        else:
            yield from (modifier_mapping[name] for name in run)


@cache
def _encoding(names: tuple[str, ...]) -> type[Any]:
    class Encoding(SigmaValueModifier[SigmaString, Any]):
        """A run of encodings as one modifier."""

        def modify(self, val: SigmaString) -> Any:
            if any(isinstance(part, Placeholder) for part in val.s):
                raise SigmaValueError(f"|expand can't stand before |{names[0]}: a pipeline fills placeholders later")
            try:
                patterns = encoded(pattern_of_string(val), names)
            except EncodingError as error:
                raise SigmaValueError(str(error)) from error
            strings = [_string(pattern, isinstance(val, SigmaCasedString)) for pattern in patterns]
            return strings[0] if len(strings) == 1 else SigmaExpansion(list(strings))

    return Encoding


def _string(pattern: Pattern, cased: bool) -> SigmaString:
    string = SigmaCasedString() if cased else SigmaString()
    string.s = [_special(part) for part in pattern]
    return string


def _special(part: Part) -> str | SpecialChars:
    if isinstance(part, str):
        return part
    return SpecialChars.WILDCARD_MULTI if part is Wild.ANY else SpecialChars.WILDCARD_SINGLE


def _copy(value: Any) -> Any:
    """A deep copy of plain data."""
    if isinstance(value, dict):
        return {key: _copy(inner) for key, inner in value.items()}
    return [_copy(inner) for inner in value] if isinstance(value, list) else value
