"""Which engine a name or a URL on the command line means. Nothing is started or asked here."""

from __future__ import annotations

from collections.abc import Mapping

from sigmaproof.verify.engines import Engine
from sigmaproof.verify.engines.access import AccessError, access

__all__ = ["EMBEDDED", "UsageError", "engine_of"]

EMBEDDED = ("embedded", "elasticsearch", "opensearch")
"""The servers that are started here; the first two are the same."""
_NOT_IN_A_NAME = "*,?/\\ \t\n"


class UsageError(ValueError):
    """The command line or the environment is wrong; the message says what to write instead. The exit code is 2."""


def engine_of(
    named: str, environment: Mapping[str, str], pipeline: str | None = None, template: str | None = None
) -> Engine:
    """The engine. pipeline, template: of the cluster's own, for a URL only. Raises UsageError."""
    wanted = {"--ingest-pipeline": pipeline, "--index-template": template}
    for option, name in wanted.items():
        if name is not None and named in EMBEDDED:
            raise UsageError(f"{option} is one of a cluster of your own: give its URL with --engine")
        if name is not None and (not name or any(sign in name for sign in _NOT_IN_A_NAME)):
            raise UsageError(f"{option} {name!r}: give the name of one, without wildcards")
    if named in EMBEDDED:
        return _embedded(named)
    from sigmaproof.verify.engines.cluster import Cluster

    try:
        return Cluster(access(named, environment), pipeline, template)
    except AccessError as error:
        raise UsageError(str(error)) from error


def _embedded(named: str) -> Engine:
    if named == "opensearch":
        from sigmaproof.verify.engines.opensearch import EmbeddedOpenSearch

        return EmbeddedOpenSearch()
    from sigmaproof.verify.engines.elasticsearch import EmbeddedElasticsearch

    return EmbeddedElasticsearch()
