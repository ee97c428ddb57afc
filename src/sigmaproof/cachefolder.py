"""Where sigmaproof keeps what can be had again: fetched jars, rules that it has read before."""

from __future__ import annotations

import os
import sys
from pathlib import Path

__all__ = ["cache_folder"]


def cache_folder() -> Path:
    """$SIGMAPROOF_CACHE, else the platform's cache folder."""
    own = os.environ.get("SIGMAPROOF_CACHE")
    if own:
        return Path(own).absolute()
    shared = os.environ.get("XDG_CACHE_HOME")
    if shared:
        return Path(shared).absolute() / "sigmaproof"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "sigmaproof"
    return Path.home() / ".cache" / "sigmaproof"
