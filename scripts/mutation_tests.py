"""The last judges of mutants, counted apart: the project's own tables and other quick tests, run in this process.

A test is collected once; once it runs without a mutant, to learn its time and the lines of the mutated files that it
runs. A survivor of the other judges meets only the tests of its lines, until the first that fails or the time is up.
Left out: tests that need an engine or are slow, generated cases (hypothesis would look for a smaller failure), and
tests that start processes, which run the files as they are.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from functools import partial
from io import StringIO
from typing import Any

import pytest
from mutation_lines import lines_run
from mutation_patch import Source
from mutation_reach import Lines

__all__ = ["Test", "Tests"]

FILES = """test_claims test_conformance test_diff_queries test_effort test_encodings test_eql_lowering test_eql_package
    test_hand_written_query test_javamap test_known test_limits test_lower test_mutations test_normalize
    test_normalize_elastic test_profiles test_query_text test_rules_content test_written""".split()
"""The test files."""
TABLES = frozenset(
    """test_case test_case_of_a_profile test_conformance test_documents_of_elastic test_text test_hash_of_strings
    test_order_of_a_tree_bin test_a_crowded_bucket_doubles_a_small_table test_length_in_units
    test_pruning_keeps_the_order_of_the_parsed_keys""".split()
)
"""Tests that go over the tables of documents, of Java's texts and of lowered EQL: counted apart, and asked first."""
SLOWEST = 2.0
"""Seconds of the processor that a test may take to be run at all."""
AT_MOST = 20.0
"""The same for all tests of one mutant, by what they took without it."""
OPTIONS = ["-p", "no:cacheprovider", "-p", "no:terminal", "--capture=no", "-m", "not engine",
           "-o", "addopts=--import-mode=importlib"]  # fmt: skip

STARTING = frozenset(("subprocess", "sigmaproof", "sigmaproof_command"))
"""Names by which a test starts a process (tests/commandline.py)."""

_NO: frozenset[int] = frozenset()
Limit = Callable[[float], AbstractContextManager[None]]
"""Stops what runs for longer than these seconds."""


@dataclass(eq=False)
class Test:
    """A test, with what it takes and reaches."""

    item: pytest.Item
    seconds: float = 0.0
    outcome: str = ""
    lines: dict[str, set[int]] = field(default_factory=dict)

    @property
    def is_table(self) -> bool:
        """Whether it goes over a table."""
        return getattr(self.item, "originalname", None) in TABLES


class Tests:
    """The tests that pass without a mutant."""

    def __init__(self, sources: Sequence[Source], limited: Limit) -> None:
        self.limited = limited
        self.tests = [Test(item) for item in _collected(FILES) if not _is_left_out(item)]
        self._learn(sources)

    def _learn(self, sources: Sequence[Source]) -> None:
        """Runs each test once; drops those that fail, are skipped, or are slow."""
        runs = lines_run(sources, (partial(self._time, test) for test in self.tests))
        for name, lines in runs.items():
            for line, numbers in lines.items():
                for number in numbers:
                    self.tests[number].lines.setdefault(name, set()).add(line)
        for test in list(self.tests):
            if test.outcome == "failed" and test.seconds < SLOWEST:
                print(f"WITHOUT A MUTANT fails: {test.item.nodeid}", flush=True)
            if test.outcome != "passed" or test.seconds > SLOWEST or not test.lines:
                self.tests.remove(test)
        self.tests.sort(key=lambda test: (not test.is_table, test.seconds))

    def _time(self, test: Test) -> None:
        start = time.process_time()
        test.outcome = self._outcome(test, 2 * SLOWEST)
        test.seconds = time.process_time() - start

    def failing(self, tiers: Iterable[Lines]) -> Test | None:
        """The first test that fails under the mutant in force, or None. tiers: the lines that it matters for; after the
        first that any test runs, those of the wider ones are asked too."""
        spent = 0.0
        for test in self._reaching(tiers):
            spent += test.seconds
            if spent > AT_MOST:
                return None
            if self._outcome(test) == "failed":
                return test
        return None

    def _reaching(self, tiers: Iterable[Lines]) -> Iterator[Test]:
        asked: set[int] = set()
        for lines in tiers:
            for test in self.tests:
                if id(test) not in asked and any(not test.lines.get(f, _NO).isdisjoint(n) for f, n in lines.items()):
                    asked.add(id(test))
                    yield test

    def is_sound(self, nodeid: str) -> bool:
        """Whether a test passes, to be asked without a mutant; one that doesn't is left out from here on."""
        test = next(one for one in self.tests if one.item.nodeid == nodeid)
        if self._outcome(test) == "passed":
            return True
        print(f"WITHOUT A MUTANT fails: {nodeid}", flush=True)
        self.tests.remove(test)
        return False

    def _outcome(self, test: Test, most: float = AT_MOST) -> str:
        from _pytest.runner import runtestprotocol

        with redirect_stdout(StringIO()), redirect_stderr(StringIO()), self.limited(most):
            reports = runtestprotocol(test.item, log=False, nextitem=None)
        kinds = {report.outcome for report in reports}
        return next((kind for kind in ("failed", "skipped") if kind in kinds), "passed")


def _collected(names: Sequence[str]) -> Iterator[pytest.Item]:
    """The tests of these files, in a session of pytest that stays open."""
    from _pytest.config import _prepareconfig
    from mutation_corpus import ROOT

    config = _prepareconfig([*OPTIONS, f"--rootdir={ROOT}", *(str(ROOT / "tests" / f"{name}.py") for name in names)])
    config._do_configure()
    session = pytest.Session.from_config(config)
    config.hook.pytest_sessionstart(session=session)
    yield from session.perform_collect()


def _is_left_out(item: pytest.Item) -> bool:
    test: Any = getattr(item, "obj", None)
    code = getattr(test, "__code__", None)
    return getattr(test, "is_hypothesis_test", False) or (code is not None and not STARTING.isdisjoint(code.co_names))
