"""The engine `elasticsearch`, embedded (see `embedded.py`). It has no plug-ins: no EQL, no ES|QL, no wildcard type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sigmaproof.verify.engines.embedded import Embedded
from sigmaproof.verify.engines.products import ELASTICSEARCH

__all__ = ["EmbeddedElasticsearch"]


class EmbeddedElasticsearch(Embedded):
    """The pinned Elasticsearch. mappings, timeout: see `Embedded`."""

    def __init__(self, *, mappings: Mapping[str, Any] | None = None, timeout: float = 60.0) -> None:
        super().__init__(ELASTICSEARCH, mappings=mappings, timeout=timeout)
