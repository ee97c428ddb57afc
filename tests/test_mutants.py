"""The generator of mutants, and how one is put in force. The mutants themselves run at night (`dev.py mutants`)."""

from __future__ import annotations

import ast
import time
from typing import Any

import pytest
import yaml
from mutation_judge import NeverEndsError, limited
from mutation_patch import in_force
from mutation_reach import Reach
from mutation_sites import Mutant, Signatures, mutants_of
from run_mutants import SURVIVORS, all_mutants, explanations, sources

from sigma.backends.sigmaproof import eql

USES = {
    "MOST_REGEX": "if len(source) > MOST_REGEX:",
    "TARGETS": "for raw, path, home in TARGETS:",
}
KNOWN = Signatures(frozenset({"escaped"}), frozenset({("f", "cased")}))


@pytest.fixture(scope="module")
def mutants() -> list[tuple[str, Any, Mutant]]:
    return all_mutants(sources())


@pytest.mark.parametrize(
    ("source", "change"),
    [
        ("def g(a):\n    return escaped(a)", "escaped(a) -> a"),
        ("def g(a):\n    return a.lower()", "a.lower() -> a"),
        ("def g(a):\n    return f'[{a}]'", "']' -> ''"),
        ("def g(a):\n    return a in '*?'", "'*?' -> '*'"),
        ("X = {'a': 1, 'b': 2}", "{'a': 1, 'b': 2} -> without entry 'a'"),
        ("def g(a):\n    if a:\n        return 1", "a -> False"),
        ("def g(a, b):\n    return a and b", "a and b -> b"),
        ("def g(a):\n    return a < 5", "a < 5 -> LtE"),
        ("X = 1000", "1000 -> 1001"),
        ("def g(a):\n    return f(a, cased=True)", "f(a, cased=True) -> without cased"),
        ("def g(a):\n    raise Refusal(a)", "raise Refusal(a) -> pass"),
        ("def g(a):\n    claim(a)", "claim(a) -> pass"),
        ("def g(a):\n    return [b for b in a if b]", "if b -> if True"),
    ],
)
def test_a_change_is_found_and_can_be_taken_back(source: str, change: str) -> None:
    tree = ast.parse(source)
    found = [one for one in mutants_of("x.py", source, tree, KNOWN) if one.change == change]
    before = ast.dump(tree)
    assert found
    undo = found[0].apply()
    assert ast.dump(tree) != before
    undo()
    assert ast.dump(tree) == before


@pytest.mark.parametrize(
    "source",
    [
        "'''a word or two'''",
        "MOST_BYTES = 5",
        "def _told(a):\n    hint = f'[{a}]'",
        "__all__ = ['a', 'b']",
        "import a",
        "def g(a: 'x') -> 'y':\n    assert a in 'bc'",
    ],
)
def test_what_cannot_matter_is_left_out(source: str) -> None:
    assert list(mutants_of("written.py", source, ast.parse(source), KNOWN)) == []


def test_an_expression_that_says_the_same_is_no_mutant() -> None:
    source = "X = re.compile(r'a\\}b')"
    changes = {one.change for one in mutants_of("x.py", source, ast.parse(source), KNOWN)}
    assert changes == {"'a\\\\}b' -> '\\\\}b'", "'a\\\\}b' -> 'a\\\\}'", "'a\\\\}b' -> 'a\\\\b'"}


def test_lines_for_which_a_mutant_matters(mutants: list[tuple[str, Any, Mutant]]) -> None:
    """Of a function its own; of a name those that use it, in other files too."""
    reach = Reach([source for _, source in sources()])
    texts = {source.name: source.text.splitlines() for _, source, _ in mutants}
    seen = set()
    for _, _, mutant in mutants:
        own, wider, *_ = reach.tiers(mutant)
        if mutant.where in {"MOST_REGEX", "TARGETS"}:
            found = {(name, texts[name][line - 1].strip()) for name, lines in wider.items() for line in lines}
            assert (mutant.file, USES[mutant.where]) in found
            seen.add(mutant.where)
            if mutant.where == "TARGETS":
                assert "src/sigmaproof/normalize/older.py" in wider
        elif mutant.where == "checked_regex":
            assert own[mutant.file] < wider[mutant.file]
            seen.add(mutant.where)
    assert seen == {"MOST_REGEX", "TARGETS", "checked_regex"}


def test_code_of_coverage_is_not_stopped() -> None:
    """It holds a lock, for which the next line of any test would wait for ever."""
    code = compile("def f(a):\n    while a():\n        pass", "/x/coverage/collector.py", "exec")
    namespace: dict[str, Any] = {}
    exec(code, namespace)
    left = []

    def run() -> None:
        until = time.process_time() + 0.05
        namespace["f"](lambda: time.process_time() < until)
        left.append("coverage")
        while True:
            pass

    with pytest.raises(NeverEndsError), limited(0.01):
        run()
    assert left == ["coverage"]


def test_a_mutant_is_in_force_only_within(mutants: list[tuple[str, Any, Mutant]]) -> None:
    by_change = {(one.file.rpartition("/")[2], one.where, one.change): (source, one) for _, source, one in mutants}
    for where, change, text in (("eql_string", "'\"' -> ''", 'a"'), ("_ESCAPES", None, '"a"')):
        found = [v for (f, w, c), v in by_change.items() if (f, w) == ("eql.py", where) and change in (None, c)]
        changed = []
        for source, mutant in found:
            with in_force(source, mutant):
                changed.append(eql.eql_string('a"\n') != '"a\\"\\n"')
            assert eql.eql_string('a"\n') == '"a\\"\\n"'
        assert any(changed), (where, text)


def test_survivors_name_mutants(mutants: list[tuple[str, Any, Mutant]]) -> None:
    known = {(*one.key[:2], change) for _, _, one in mutants for change in (one.change, None)}
    assert explanations() - known == set()
    assert all(len(entry["why"]) > 20 for entry in yaml.safe_load(SURVIVORS.read_text(encoding="utf-8")))
