"""A file has a name that rules don't have.

What: 10 to 70 characters, small letters, digits and `_`, with `.yml` (specification, Yaml File).

Why: repositories of rules are used on systems that tell capitals apart and on others that don't, and by scripts that
stumble over spaces.

Example:

    # file: Role Created.yml
    title: Role Created
    logsource:
        product: aws
        service: cloudtrail
    detection:
        selection:
            eventName: CreateRole
        condition: selection

Use instead:

    # file: aws_iam_role_created.yml
    title: Role Created
    logsource:
        product: aws
        service: cloudtrail
    detection:
        selection:
            eventName: CreateRole
        condition: selection
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from sigmaproof.check.registry import Found
from sigmaproof.check.subjects import TextSubject

__all__ = ["check"]

_NAME = re.compile(r"[a-z0-9_]+\.yml", re.ASCII)
SHORTEST, LONGEST = 10, 70


def check(subject: TextSubject) -> Iterator[Found]:
    """The name of a file; standard input has none."""
    name = subject.name
    if not name or not subject.documents:
        return
    if not _NAME.fullmatch(name):
        shown = name.encode("utf-8", "replace").decode()
        message = f"the file name {shown!r} has other characters than a-z, 0-9 and _, or another ending than .yml"
        yield Found(subject.place(), message, _help(name))
    elif not SHORTEST <= len(name) <= LONGEST:
        message = f"the file name has {len(name)} characters"
        yield Found(subject.place(), message, f"take {SHORTEST} to {LONGEST}")


def _help(name: str) -> str:
    """The name that it has without the other characters, if that is one that rules have."""
    stem = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().rpartition(".")[0].lower()
    better = re.sub(r"[^a-z0-9]+", "_", stem).strip("_") + ".yml"
    if SHORTEST <= len(better) <= LONGEST:
        return f"rename it: {better}"
    return f"rename it: {SHORTEST} to {LONGEST} characters of a-z, 0-9 and _, with .yml at the end"
