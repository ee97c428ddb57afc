"""The documentation page of a code: the docstring of its module, and the two pieces of YAML in it as whole rules.

A page has a first line, paragraphs, and after `Example:` and `Use instead:` indented YAML. A piece that is no whole
rule (it doesn't begin with `title:`) replaces keys of BASE, a rule that has no findings.
"""

from __future__ import annotations

import ast
import re
import textwrap
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from sigmaproof.check.registry import Entry, entry

__all__ = ["BASE", "Page", "page", "whole"]

BASE = """title: Role Created
id: 6d5f3a52-3f3e-4d54-9a52-5b5d1f0e7c11
status: experimental
description: Finds the creation of a role in IAM.
references:
    - https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
author: An author
date: 2026-01-15
tags:
    - attack.persistence
    - attack.t1098
logsource:
    product: aws
    service: cloudtrail
detection:
    selection:
        eventSource: iam.amazonaws.com
        eventName: CreateRole
    condition: selection
falsepositives:
    - Administrators who create roles
level: medium
"""
# What can't be seen on a page, or would be another thing in a docstring.
_SIGNS = {"<TAB>": "\t", "<BOM>": "\ufeff", "<CR>": "\r", "<NUL>": "\\0", "<LATIN-1>": "\udce9"}
_BLOCK = re.compile(r"^(Example|Use instead):\n\n((?:(?: {4}.*)?\n)+)", re.MULTILINE)
_KEY = re.compile(r"^(\S[^:]*):", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Page:
    """A page. example, instead: as on the page; empty where a finding can't be shown in a few lines."""

    code: str
    text: str
    example: str = ""
    instead: str = ""

    @property
    def summary(self) -> str:
        """Its first line."""
        return self.text.partition("\n")[0]


@cache
def page(code: str) -> Page:
    """The page of a code. Raises UnknownCodeError."""
    from sigmaproof.check.others import OTHERS

    one = entry(code)
    text = OTHERS[code].text if one.layer == "input" else _docstring(one)
    blocks = {name: textwrap.dedent(block).strip("\n") + "\n" for name, block in _BLOCK.findall(f"{text}\n")}
    return Page(code, text, blocks.get("Example", ""), blocks.get("Use instead", ""))


def _docstring(one: Entry) -> str:
    """Read, not imported: what a check needs to run is not needed to explain it."""
    spec = find_spec(one.module)
    assert spec is not None
    assert spec.origin is not None
    return ast.get_docstring(ast.parse(Path(spec.origin).read_text(encoding="utf-8"))) or ""


def whole(piece: str) -> str:
    """A piece of a page as the text of a file."""
    for sign, char in _SIGNS.items():
        piece = piece.replace(sign, char)
    first, dashes, others = piece.partition("\n---\n")
    if "title:" in piece.split("\n", 1)[0] or not _KEY.search(piece) or piece.startswith(("-", "[", "\ufeff", "&")):
        return piece
    return (
        "".join({**_by_key(BASE), **_by_key(first if first.endswith("\n") else f"{first}\n")}.values())
        + dashes[1:]
        + others
    )


def _by_key(text: str) -> dict[str, str]:
    """The lines of each key at the left margin. What stands before the first one belongs to it."""
    found: dict[str, str] = {}
    key, before = "", ""
    for line in text.splitlines(keepends=True):
        if match := _KEY.match(line):
            key = match[1]
            found[key], before = found.get(key, "") + before + line, ""
        elif key:
            found[key] += line
        else:
            before += line
    return found
