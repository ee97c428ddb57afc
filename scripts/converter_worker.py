"""Converts Sigma rules with pySigma-backend-elasticsearch: runs in that package's own environment.

Standard input: a JSON list of YAML texts. Standard output: the versions, and for each text and target the queries
or the error. The field names are those of our pipeline; everything else of a query is that backend's. Nothing is
judged here: scripts/compare_converter.py does.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module, metadata
from typing import Any


def main() -> None:
    """Answers one request."""
    texts = json.load(sys.stdin)
    names = ("pysigma", "pysigma-backend-elasticsearch")
    versions = {name: metadata.version(name) for name in names}
    json.dump({"versions": versions, "answers": [converted(text) for text in texts]}, sys.stdout)


def converted(text: str) -> dict[str, Any]:
    """The queries of a text in each target, or `error`: whatever the conversion raised."""
    there = import_module("sigma.backends.elasticsearch")
    backends = {"eql": there.EqlBackend, "lucene": there.LuceneBackend}
    return {target: one(backend, text) for target, backend in backends.items()}


def one(backend: Any, text: str) -> dict[str, Any]:
    """One target's queries as texts. A crash of the converter is an answer like any other."""
    from sigma.collection import SigmaCollection

    from sigma.pipelines.sigmaproof import ecs_cloudtrail

    try:
        rules = SigmaCollection.from_yaml(text)
        return {"queries": [str(query) for query in backend(processing_pipeline=ecs_cloudtrail()).convert(rules)]}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


if __name__ == "__main__":
    main()
