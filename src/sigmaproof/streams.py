"""stdout and stderr as the command line needs them: UTF-8, and no noise when the reader has gone."""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper
from pathlib import Path

__all__ = ["prepare", "silence"]


def prepare() -> None:
    """Makes both streams UTF-8 whatever the locale; a lone surrogate, as names and values can hold, is escaped.

    A stream that the caller has closed becomes one that goes nowhere.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - open to the end
        stream = getattr(sys, name)
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def silence() -> None:
    """Sends what is left in stdout nowhere, so that Python's own last flush can't fail."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
