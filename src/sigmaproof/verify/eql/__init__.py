"""An independent reading of Elasticsearch's EQL: parse it, check it, lower it to Query DSL.

This is a judge: it shares nothing with the code that emits EQL, and it refuses what Elasticsearch
refuses. Submodules: `parser` (text to `ast`), `analysis` (fields, types), `simplify` (folding), `plan`,
`lowering` (Query DSL).
"""

from __future__ import annotations

from sigmaproof.verify.eql.errors import EqlError
from sigmaproof.verify.eql.lowering import lower
from sigmaproof.verify.eql.parser import parse
from sigmaproof.verify.eql.types import FieldType, types_of

__all__ = ["EqlError", "FieldType", "lower", "parse", "types_of"]
