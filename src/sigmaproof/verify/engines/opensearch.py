"""The engine `opensearch`, embedded (see `embedded.py`): a second real engine, of another house.

It has what OpenSearch ships beside its core for types and for ingest (constant_keyword, wildcard, match_only_text;
grok, scripts), and no EQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sigmaproof.verify.engines.embedded import Embedded
from sigmaproof.verify.engines.products import OPENSEARCH

__all__ = ["EmbeddedOpenSearch"]


class EmbeddedOpenSearch(Embedded):
    """The pinned OpenSearch. mappings, timeout: see `Embedded`."""

    def __init__(self, *, mappings: Mapping[str, Any] | None = None, timeout: float = 60.0) -> None:
        super().__init__(OPENSEARCH, elastic=True, mappings=mappings, timeout=timeout)
