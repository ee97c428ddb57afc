"""Which runs of something run which lines of the mutated files: what is judged again under a mutant of a line."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence

from mutation_patch import Source, clear_caches

__all__ = ["lines_run"]


def lines_run(sources: Sequence[Source], runs: Iterable[Callable[[], object]]) -> dict[str, dict[int, list[int]]]:
    """Runs each, with empty caches. For each file by its name, and each line of it, the numbers of its runs, from 0."""
    os.environ["COVERAGE_CORE"] = "ctrace"  # the only one that knows contexts on every Python
    from coverage import Coverage

    coverage = Coverage(data_file=None, include=[str(source.path) for source in sources])
    coverage.start()
    for number, run in enumerate(runs):
        coverage.switch_context(str(number))
        clear_caches()
        run()
    coverage.stop()
    data = coverage.get_data()
    return {
        source.name: {
            line: sorted(int(context) for context in contexts if context)
            for line, contexts in data.contexts_by_lineno(str(source.path)).items()
        }
        for source in sources
    }
