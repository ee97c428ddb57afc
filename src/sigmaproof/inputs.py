"""What PATH… on the command line means: which files are rules, which are logs, what a directory counts as."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sigmaproof.diagnostics import STDIN, InputError, Place
from sigmaproof.events import LOG_SUFFIXES

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
        inputs.rules += _named(path, is_rule, "rules (.yml, .yaml)")
    for path in logs:
        inputs.logs += _named(path, is_log, "logs (.json, .jsonl, .ndjson, .log, also .gz)")
    return inputs


def is_rule(path: Path) -> bool:
    """Whether a file name is that of a rule; tests beside rules are none."""
    return path.suffix in RULE_SUFFIXES and not is_test(path)


def is_test(path: Path) -> bool:
    """Whether a file name is that of the test file of a rule."""
    return path.suffix in RULE_SUFFIXES and path.stem.endswith(".test")


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
        raise _missing(path)
    elif is_rule(path):
        inputs.rules.append(path)
    elif is_log(path):
        inputs.logs.append(path)
    else:
        raise _unknown(path)


def _missing(path: Path) -> InputError:
    return InputError("path-missing", Place(str(path)), "no such file or directory")


def _unknown(path: Path) -> InputError:
    if is_test(path):
        help = "name the rule: `sigmaproof test` finds its test file by itself"
        return InputError("path-test", Place(str(path)), "the test file of a rule is no rule", help)
    help = ".yml and .yaml are rules, .json .jsonl .ndjson .log (also .gz) are logs; or name it with --rules, --logs"
    return InputError("path-unknown", Place(str(path)), "neither a rule nor a log by its extension", help)


def _named(path: Path, wanted: Callable[[Path], bool], what: str) -> list[Path]:
    """The files of a path that the user named with --rules or --logs; a file whatever its extension."""
    if path != STDIN and not path.exists():
        raise _missing(path)
    if is_test(path):
        raise _unknown(path)
    found = _files(path, wanted)
    if not found:
        raise InputError("path-empty", Place(str(path)), f"holds no {what}")
    return found


def _files(path: Path, wanted: Callable[[Path], bool]) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(file for file in path.rglob("*") if wanted(file) and (file.is_file() or _leads_nowhere(file)))


def _leads_nowhere(file: Path) -> bool:
    """Whether it is a link to itself or to nothing: it counts, so that whoever reads it can say so."""
    return file.is_symlink() and not file.exists()
