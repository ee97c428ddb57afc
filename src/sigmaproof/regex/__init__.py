"""The dialect of regular expressions, parsed once into a tree from which every engine's spelling is made.

The dialect is what both RE2 and Python's `re` parse, with RE2's meaning: linear time, no look-around, no
back-references. `parser` reads it, `tree` is what it means, `render` spells it for RE2 and for Lucene, `search`
runs it, `effort` counts what it costs Lucene.
"""

from __future__ import annotations

from sigmaproof.regex.effort import effort
from sigmaproof.regex.parser import RegexError, parse, parse_spelled
from sigmaproof.regex.render import longest_match, lucene_char, lucene_literal, lucene_regex, re2_source
from sigmaproof.regex.search import searcher
from sigmaproof.regex.tree import Node

__all__ = [
    "Node",
    "RegexError",
    "effort",
    "longest_match",
    "lucene_char",
    "lucene_literal",
    "lucene_regex",
    "parse",
    "parse_spelled",
    "re2_source",
    "searcher",
]
