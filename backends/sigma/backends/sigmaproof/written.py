"""What pySigma's own loader lets through and ours refuses, found again when a rule comes by way of pySigma.

sigma-cli reads rules with pySigma's loader: of a key that stands twice one value is lost there, and an empty text
that everything contains is a search. What is refused, and in which words, is in `safeyaml` and `rulevalues`.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from sigma.exceptions import SigmaError
from sigma.rule import SigmaRule

from sigmaproof.diagnostics import InputError, shown_path
from sigmaproof.rulevalues import detection_faults
from sigmaproof.safeyaml import Document, documents

__all__ = ["written_fault"]


def written_fault(rule: SigmaRule) -> str | None:
    """Why our loader refuses this rule as its author wrote it, before any pipeline; None when it doesn't.

    The YAML is seen only where the rule's file can be read: what came through standard input is judged as loaded.
    """
    return _yaml_fault(rule) or _detection_fault(rule)


def _yaml_fault(rule: SigmaRule) -> str | None:
    path = rule.source.path if rule.source is not None else None
    try:
        return None if path is None else _file_fault(Path(path), Path(path).stat().st_mtime_ns)
    except OSError:
        return None  # no file any more, or a name that pySigma was given for one


@lru_cache(maxsize=1_000)
def _file_fault(path: Path, changed: int) -> str | None:  # noqa: ARG001 - a part of the cache's key
    """The fault of a file's YAML. changed: its time, so that an edited file is read again."""
    try:
        for _ in documents(path.read_bytes(), shown_path(path)):
            pass
    except InputError as error:
        return _told(error.diagnostic.message, error.diagnostic.help, f" (line {error.diagnostic.place.line})")
    return None


def _detection_fault(rule: SigmaRule) -> str | None:
    try:
        data = {"detection": rule.detection.to_dict()}
    except (SigmaError, KeyError):  # KeyError: a modifier of ours, which pySigma has no name for
        return None  # a pipeline changed it already, or it was built by a program: nothing is as written
    except IndexError:  # pySigma takes an empty list for null, and can't write it again
        return "an empty list of values; use `null` for a missing field, or give values"
    for fault in detection_faults(Document(data, "", 0)):
        if fault.level == "error":
            return _told(fault.message, fault.help)
    return None


def _told(message: str, help: str, where: str = "") -> str:
    return f"{message}{where}{f'; {help}' if help else ''}"
