#!/usr/bin/env python3
"""Sets up and runs everything from a clean checkout: `python3 dev.py demo` and `python3 dev.py test`.

Needs Python 3.11 or newer and nothing else. Makes `.venv` in the checkout, and installs into it again only when
pyproject.toml has changed. `check` is what CI runs beside the tests: ruff, mypy and the documentation's examples.
`nightly` runs the properties with far more generated cases, other ones on every run, and `mutants`.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import subprocess
import sys
import tempfile
import venv
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
# pySigma 1.5 gives its last versions' results only below pyparsing 3.3.3 (nested `not` fails above).
OLD_VENV = VENV / "pysigma-1.5"
OLD_PYSIGMA = ["pysigma>=1.5,<2", "pyparsing<3.3.3"]
NIGHTLY = [
    f"tests/test_{name}.py"
    for name in ("cases", "properties", "fuzz", "eql_package", "literals", "pipelines", "check_hostile", "spark")
]
# Tests of what never meets pySigma: once is enough.
SAME_WITH_ANY = """
    test_access test_any_document test_changed test_check_hostile test_check_settings test_cluster test_cluster_end
    test_cluster_real test_compare_converter test_containers test_coverage test_decide test_diff_queries
    test_dslmodel test_effort test_engine_client test_engine_elasticsearch test_eql_engine test_eql_lowering
    test_eql_package test_events test_formats test_javamap test_literals test_match_outputs test_match_summary
    test_mutants test_mutations test_normalize test_normalize_elastic test_opensearch test_own_cluster test_own_requests
    test_pieces test_pipelines test_pysigma_versions test_query_files test_remote test_report_page test_safeyaml
    test_selection test_servicemodels test_shrink test_sigma_cli test_spark test_stdin_stream
    test_tables""".split()
# sigma-cli with our wheel beside Elastic's plug-in: whatever versions pip finds to fit together.
CLI_VENV = VENV / "sigma-cli"
CLI_PACKAGES = ["sigma-cli", "pysigma-backend-elasticsearch"]
RULE = "sigma_rules/aws/cloudtrail/aws_rolesanywhere_external_ca_trust_anchor.yml"


def main() -> int:
    """Runs the command named on the command line; returns its exit code."""
    commands = {
        "demo": demo,
        "test": test,
        "nightly": nightly,
        "mutants": mutants,
        "check": check,
        "setup": install,
    }
    if len(sys.argv) != 2 or sys.argv[1] not in commands:
        print(f"usage: python3 dev.py {'|'.join(commands)}", file=sys.stderr)
        return 2
    return commands[sys.argv[1]]()


def install() -> int:
    """The environment for working on the project."""
    setup(VENV, "dev")
    return 0


def demo() -> int:
    """The main job: convert our rules, evaluate them on the fixture logs, verify them on a real Elasticsearch."""
    setup(VENV, "elasticsearch")
    steps = [
        ["convert", "-t", "eql,lucene", RULE],
        ["evaluate", "sigma_rules", "fixtures/events/rolesanywhere.ndjson"],
        ["verify", "sigma_rules", "fixtures/events"],
    ]
    for step in steps:
        print(f"\n$ sigmaproof {' '.join(step)}", flush=True)
        code = run(VENV, "sigmaproof", *step)
        if code:
            return code
    return 0


def test() -> int:
    """All tests, the real engines included, with pySigma 2; at the same time, with 1.5, those that meet pySigma.

    With 1.5 no engine is asked again: tests/test_pysigma_versions.py holds the queries to be the same.

    With pySigma 2 every branch of what makes a verdict or a query must be run (pyproject.toml, coverage), by the tests
    that meet pySigma: to count makes them slower, so the others run without it.
    """
    setup(VENV, "dev")
    setup(OLD_VENV, "test", *OLD_PYSIGMA)
    setup_sigma_cli()
    environment = {**os.environ, "SIGMAPROOF_REQUIRE_ENGINE": "1"}
    left_out = [f"--ignore=tests/{name}.py" for name in SAME_WITH_ANY]
    beside = [
        [str(program(VENV, "python")), "-m", "pytest", "-q", "-m", "engine"],
        [str(program(OLD_VENV, "python")), "-m", "pytest", "-q", "-m", "not engine", *left_out],
    ]
    with tempfile.TemporaryFile("w+", encoding="utf-8") as said, ThreadPoolExecutor(1) as thread:

        def code_of(command: list[str]) -> int:
            done = subprocess.run(
                command, cwd=ROOT, env=environment, stdout=said, stderr=subprocess.STDOUT, check=False
            )
            return done.returncode

        others = [thread.submit(code_of, command) for command in beside]
        print(f"\n== tests with {version(VENV)}", flush=True)
        tests = ["-m", "pytest", "-q", "-m", "not engine"]
        codes = [run(VENV, "python", "-m", "coverage", "run", *tests, *left_out, environment=environment)]
        rest = [f"tests/{name}.py" for name in SAME_WITH_ANY]
        codes.append(run(VENV, "python", *tests, *rest, environment=environment))
        codes += [other.result() for other in others]
        said.seek(0)
        print(f"\n== tests on the engine, then with {version(OLD_VENV)}\n{said.read()}", flush=True)
    print("\n== branches of what makes a verdict or a query", flush=True)
    codes.append(run(VENV, "python", "-m", "coverage", "report"))
    return max(map(abs, codes))


def nightly() -> int:
    """The properties on thousands of generated cases, and 100,000 pairs of rule and record on the real Elasticsearch.

    What is generated depends on a seed, which is printed; SIGMAPROOF_SEED repeats a run. SIGMAPROOF_PAIRS,
    SIGMAPROOF_PREFILTER_PAIRS (10 million of a rule and a record, against the plain evaluator) and SIGMAPROOF_EXAMPLES
    change how many.
    """
    setup(VENV, "dev")
    seed = os.environ.get("SIGMAPROOF_SEED") or str(secrets.randbelow(2**32))
    print(f"\n== nightly with SIGMAPROOF_SEED={seed}", flush=True)
    environment = {"SIGMAPROOF_REQUIRE_ENGINE": "1", "SIGMAPROOF_TIER": "nightly", "SIGMAPROOF_SEED": seed}
    arguments = ["-m", "pytest", "-q", "-s", f"--hypothesis-seed={seed}", *NIGHTLY]
    codes = [run(VENV, "python", *arguments, environment=environment), mutants()]
    return max(map(abs, codes))


def mutants() -> int:
    """Mutates the backends, the lowering and the normalizer, and counts how many mutants `verify` and the tests see.

    SIGMAPROOF_MUTANTS=200 takes a sample, which SIGMAPROOF_SEED draws; scripts/run_mutants.py says what else there is.
    """
    setup(VENV, "dev")
    print("\n== mutants", flush=True)
    return run(VENV, "python", "scripts/run_mutants.py", environment={"PYTHONPATH": str(ROOT / "tests")})


def check() -> int:
    """Ruff, mypy strict, and the documentation against what the commands print."""
    setup(VENV, "dev")
    steps = [
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        ["mypy"],
        ["python", "scripts/make_docs.py", "--check"],
    ]
    for step in steps:
        print(f"\n== {' '.join(step)}", flush=True)
        if code := run(VENV, *step):
            return code
    return 0


def setup(place: Path, extra: str, *pins: str) -> None:
    """Makes the environment and installs the checkout into it, unless that is done already."""
    wanted = hashlib.sha256(repr((extra, pins, (ROOT / "pyproject.toml").read_bytes())).encode()).hexdigest()
    stamp = place / f"sigmaproof-{extra}.stamp"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    print(f"setting up {place.relative_to(ROOT)} …", file=sys.stderr, flush=True)
    if not program(place, "python").exists():
        venv.create(place, with_pip=True)
    pip = [str(program(place, "python")), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "-e", f"{ROOT}[{extra}]", *pins], check=True)
    stamp.write_text(wanted)


def setup_sigma_cli() -> None:
    """Makes the environment of sigma-cli, with a fresh wheel of the checkout when anything in it has changed."""
    files = sorted(file for room in ("src", "backends") for file in (ROOT / room).rglob("*") if file.is_file())
    content = [file.read_bytes() for file in (ROOT / "pyproject.toml", *files) if file.suffix != ".pyc"]
    wanted = hashlib.sha256(repr((CLI_PACKAGES, content)).encode()).hexdigest()
    stamp = CLI_VENV / "sigmaproof-wheel.stamp"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    print(f"setting up {CLI_VENV.relative_to(ROOT)} …", file=sys.stderr, flush=True)
    fresh = not program(CLI_VENV, "sigma").exists()
    if fresh:
        venv.create(CLI_VENV, with_pip=True)
    pip = [str(program(CLI_VENV, "python")), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, str(ROOT), *CLI_PACKAGES], check=True)
    if not fresh:  # the same version is there already: pip would keep the old wheel
        subprocess.run([*pip, "--force-reinstall", "--no-deps", str(ROOT)], check=True)
    stamp.write_text(wanted)


def run(place: Path, name: str, *arguments: str, environment: dict[str, str] | None = None) -> int:
    """Runs a program of the environment in the checkout; returns its exit code."""
    command = [str(program(place, name)), *arguments]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **(environment or {})}, check=False).returncode


def program(place: Path, name: str) -> Path:
    """Where a program of an environment is."""
    return place / ("Scripts" if os.name == "nt" else "bin") / name


def version(place: Path) -> str:
    """The pySigma of an environment, in words."""
    code = "import importlib.metadata as m; print('pySigma', m.version('pysigma'))"
    found = subprocess.run([str(program(place, "python")), "-c", code], capture_output=True, text=True, check=True)
    return found.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
