"""The targets by the names of our own command line, loaded only when asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sigma.backends.sigmaproof.base import TreeBackend

__all__ = ["TARGETS", "backend"]

# name -> (module, class, what it is)
TARGETS = {
    "eql": ("eql", "EqlBackend", "EQL for Elasticsearch and Elastic Security"),
    "lucene": ("lucene", "LuceneBackend", "Lucene query strings for Elasticsearch and Kibana"),
    "native": ("native", "NativeBackend", "the predicate tree as JSON, which `evaluate` runs"),
}


def backend(target: str) -> type[TreeBackend]:
    """The backend class of a target. Raises KeyError for an unknown one."""
    module, name, _ = TARGETS[target]
    found: type[TreeBackend] = getattr(import_module(f"sigma.backends.sigmaproof.{module}"), name)
    return found
