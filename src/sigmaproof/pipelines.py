"""Loads the pySigma pipelines that a user names with -p: plain data only, nothing that runs or renders a template."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sigmaproof.diagnostics import InputError, Place, shown_path
from sigmaproof.rules import schema_faults
from sigmaproof.safeyaml import Document, documents

if TYPE_CHECKING:
    from sigma.processing.pipeline import ProcessingPipeline

__all__ = ["load_pipelines"]

# Transformations that only change names and values of a rule. Others render templates, write query text past the
# backends' quoting, or load files.
ALLOWED = frozenset(
    """add_condition add_field add_fieldname_prefix add_fieldname_suffix change_logsource convert_type
    detection_item_failure drop_detection_item field_name_mapping field_name_prefix field_name_prefix_mapping
    field_name_suffix map_string remove_field replace_string rule_failure set_custom_attribute set_field set_state
    set_value value_placeholders wildcard_placeholders""".split()
)
OURS = "ecs_cloudtrail"
FOR_FILEBEAT = "ecs_cloudtrail_filebeat"


def load_pipelines(names: Sequence[str]) -> list[ProcessingPipeline]:
    """The pipelines of these files, in order. Our own (`ecs_cloudtrail`) is always applied, so naming it is fine.

    Raises InputError for a file that can't be read or that holds more than data.
    """
    if FOR_FILEBEAT in names:
        message = "is the layout of Filebeat's module, which here is a profile"
        raise InputError("pipeline-profile", Place(FOR_FILEBEAT), message, "use --integration filebeat")
    return [_load(Path(name)) for name in names if name != OURS]


def _load(path: Path) -> ProcessingPipeline:
    from sigma.exceptions import SigmaError
    from sigma.processing.pipeline import ProcessingPipeline

    shown = shown_path(path)
    try:
        found = list(documents(path.read_bytes(), shown))
    except OSError as error:
        raise InputError("pipeline-unreadable", Place(shown), f"can't be read: {error.strerror}") from None
    if len(found) != 1:
        raise InputError("pipeline-form", Place(shown), "a pipeline is one YAML map")
    for fault in schema_faults(found[0], "pipeline", "pipeline-form"):
        raise InputError(fault.code, fault.place, fault.message, fault.help)
    _check(found[0])
    try:
        return ProcessingPipeline.from_dict(found[0].data)
    except (SigmaError, TypeError, LookupError, ValueError, AttributeError) as error:
        raise InputError("pipeline-invalid", Place(shown), str(error)) from None


def _check(document: Document) -> None:
    for key in ("postprocessing", "finalizers"):
        if key in document.data:
            message = f"{key} change the query after its meaning was checked"
            raise InputError("pipeline-unsafe", document.place(key), message, "leave it out")
    for name, values in (document.data.get("vars") or {}).items():
        if "" in (values if isinstance(values, list) else [values]):
            message = f"the empty text as a value of {name}: a placeholder in |contains would match everything"
            raise InputError("pipeline-form", document.place("vars", name), message, "leave it out")
    for index, item in enumerate(document.data.get("transformations") or []):
        place = document.place("transformations", index)
        if item["type"] not in ALLOWED or "vars" in item:
            raise InputError("pipeline-unsafe", place, f"the transformation {item['type']!r} is not allowed here")
        if "regex" in item:
            _check_expression(item["regex"], place)


def _check_expression(source: str, place: Place) -> None:
    from sigmaproof.regex import RegexError, parse

    try:
        parse(source)
    except RegexError as error:
        raise InputError("pipeline-form", place, str(error)) from None
