"""What PATH… on the command line means: which files are rules, which are logs, what a directory counts as."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sigmaproof.diagnostics import InputError, Place
from sigmaproof.events import LOG_SUFFIXES, STDIN

__all__ = ["Inputs", "sort_paths"]

RULE_SUFFIXES = (".yml", ".yaml")
PACKED = (".gz",)


@dataclass
class Inputs:
    """Files by what they are, in the order given."""

    rules: list[Path] = field(default_factory=list)
    logs: list[Path] = field(default_factory=list)


def sort_paths(
    paths: Sequence[Path],
    rules: Iterable[Path] = (),
    logs: Iterable[Path] = (),
    stdin: str = "rules",
) -> Inputs:
    """Sorts paths by their extension. rules, logs: directories or files whose meaning the user named.

    Raises InputError for a path that doesn't exist, a file of an unknown kind, and a directory that holds both.
    """
    inputs = Inputs()
    for path in paths:
        _add(path, inputs, stdin)
    for path in rules:
        inputs.rules += _files(path, is_rule)
    for path in logs:
        inputs.logs += _files(path, is_log)
    return inputs


def is_rule(path: Path) -> bool:
    """Whether a file name is that of a rule; tests beside rules are none."""
    return path.suffix in RULE_SUFFIXES and not path.stem.endswith(".test")


def is_log(path: Path) -> bool:
    """Whether a file name is that of a log, packed or not."""
    plain = path.with_suffix("") if path.suffix in PACKED else path
    return plain.suffix in LOG_SUFFIXES


def _add(path: Path, inputs: Inputs, stdin: str) -> None:
    if path == STDIN:
        (inputs.rules if stdin == "rules" else inputs.logs).append(path)
    elif path.is_dir():
        rules, logs = _files(path, is_rule), _files(path, is_log)
        if rules and logs:
            raise InputError(
                "path-mixed",
                Place(str(path)),
                "holds rules and logs",
                f"say which: --rules {path} or --logs {path}",
            )
        inputs.rules += rules
        inputs.logs += logs
        if not rules and not logs:
            raise InputError(
                "path-empty", Place(str(path)), "holds neither rules (.yml) nor logs (.json, .ndjson, .gz)"
            )
    elif not path.exists():
        raise InputError("path-missing", Place(str(path)), "no such file or directory")
    elif is_rule(path):
        inputs.rules.append(path)
    elif is_log(path):
        inputs.logs.append(path)
    else:
        known = (
            ".yml and .yaml are rules, .json .jsonl .ndjson .log (also .gz) are logs; or name it with --rules, --logs"
        )
        raise InputError("path-unknown", Place(str(path)), "neither a rule nor a log by its extension", known)


def _files(path: Path, wanted: Callable[[Path], bool]) -> list[Path]:
    if not path.is_dir():
        if not path.exists() and path != STDIN:
            raise InputError("path-missing", Place(str(path)), "no such file or directory")
        return [path]
    return sorted(file for file in path.rglob("*") if file.is_file() and wanted(file))
