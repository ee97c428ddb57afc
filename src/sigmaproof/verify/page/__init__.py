"""The report as one HTML page that needs nothing else: no network, no second file, no library.

The page's own parts are the files beside this module. Rules and records are data: they go in as JSON in which no `<` is
left and come out as text nodes, so nothing in them is ever markup or script; the policy in the head allows only the one
script and the one style by their hashes. What the page holds is in `summary`
and `details`; how it behaves, in the scripts.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Iterator
from html import escape
from importlib import resources
from itertools import islice
from string import Template
from typing import Any

from sigmaproof.verify.page.details import details
from sigmaproof.verify.page.summary import summary
from sigmaproof.verify.run import Report

__all__ = ["page_text"]

PACK = 50  # rules that are read together when one of them is opened
SCRIPTS = ("basics.js", "matrix.js", "detail.js", "start.js")
# As JSON has it, with what could end a script element, or a line for a script's reader, escaped as well.
_UNSAFE = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def page_text(report: Report, everything: bool = False, made: str = "") -> str:
    """The whole page, ASCII only. everything: all differences, not one a reason and direction. made: the day."""
    style, script = _file("page.css"), '"use strict";\n' + "\n".join(map(_file, SCRIPTS))
    overview = summary(report, made)
    page = Template(_file("page.html")).substitute(
        policy=_policy(style, script),
        style=style,
        script=script,
        pack=str(PACK),
        summary=_json(overview),
        details=_json(list(_packed(report, everything))),
        totals=escape(overview["headline"]),
        facts=escape(" ".join(overview["facts"])),
        table=_plain_table(overview),
    )
    return page.encode("ascii", "xmlcharrefreplace").decode("ascii")


def _file(name: str) -> str:
    return resources.files(__name__).joinpath(name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    """Nothing may be loaded, and only this style and this script may be used."""
    return (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; img-src data:; base-uri 'none'; "
        "form-action 'none'; require-trusted-types-for 'script'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _packed(report: Report, everything: bool) -> Iterator[str]:
    """The details in packs of PACK rules, each a JSON array, compressed: records are long and much alike."""
    every = details(report, everything)
    while pack := list(islice(every, PACK)):
        yield base64.b64encode(gzip.compress(_json(pack).encode(), mtime=0)).decode()


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":")).translate(_UNSAFE)


def _plain_table(overview: dict[str, Any]) -> str:
    """The matrix for a reader without scripts."""
    head = "".join(f"<th>{escape(target['heading'])}</th>" for target in overview["targets"])
    rows = "\n".join(
        f"<tr><th>{escape(rule['title'])}</th><td>{'</td><td>'.join(map(_words, rule['cells']))}</td></tr>"
        for rule in overview["rules"]
    )
    return f"<table><thead><tr><th>Rule</th>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody></table>"


def _words(cell: dict[str, Any]) -> str:
    counts = f", {cell['agreeing']:,} of {cell['admissible']:,}" if cell["state"] != "refused" else ""
    return escape(cell["state"].replace("-", " ") + counts)
