"""What tests share: the engine, started once, and the data beside the project when it is there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"
REQUIRED = os.environ.get("SIGMAPROOF_REQUIRE_ENGINE") == "1"
TIER = os.environ.get("SIGMAPROOF_TIER", "ci")

EXAMPLES = int(os.environ.get("SIGMAPROOF_EXAMPLES", "2000"))

# ci: the same examples on every run. nightly: others on every run, far more, with what reproduces a failure printed.
_usual: dict[str, Any] = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
}
settings.register_profile("ci", max_examples=100, derandomize=True, database=None, **_usual)
settings.register_profile("nightly", max_examples=EXAMPLES, print_blob=True, **_usual)
settings.load_profile(TIER)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the tests that need the engine, so that those can be run without what slows the others down."""
    for item in items:
        if {"engine", "opensearch"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("engine")


@pytest.fixture(scope="session")
def engine() -> Iterator[object]:
    """A running embedded Elasticsearch. Skipped, announced, where it can't be had; an error where it must be."""
    from sigmaproof.verify.engines.elasticsearch import EmbeddedElasticsearch

    yield from _running(EmbeddedElasticsearch())


@pytest.fixture(scope="session")
def opensearch() -> Iterator[object]:
    """A running embedded OpenSearch, the second real engine; as `engine` otherwise."""
    from sigmaproof.verify.engines.opensearch import EmbeddedOpenSearch

    yield from _running(EmbeddedOpenSearch())


def _running(started: Any) -> Iterator[object]:
    from sigmaproof.verify.engines import EngineUnavailable

    try:
        started.start()
    except EngineUnavailable as error:
        if REQUIRED:
            raise
        pytest.skip(f"NOT RUN on a real engine: {error}")
    with started:
        yield started


@pytest.fixture(scope="session")
def shared() -> Path:
    """The real logs, public rules and reference documents beside the project."""
    if not SHARED.is_dir():
        pytest.skip("NOT RUN on real logs and public rules: no ../shared beside the project")
    return SHARED
