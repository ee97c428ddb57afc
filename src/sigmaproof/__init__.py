"""One Sigma rule, many query languages, the same verdict everywhere, checked on real engines.

The verbs: load, convert, evaluate, normalize, verify, explain. They are imported when first used, so that
neither the command line nor pySigma's plug-in search pays for what it doesn't need.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_VERBS = {
    "load": "sigmaproof.rules:load_files",
    "load_text": "sigmaproof.rules:load_text",
    "convert": "sigmaproof.conversion:convert_rule",
    "evaluate": "sigmaproof.evaluate.run:evaluate",
    "explain": "sigmaproof.evaluate.explain:explain",
    "normalize": "sigmaproof.normalize:normalize",
    "verify": "sigmaproof.verify.run:verify",
}
__all__ = ["__version__", "convert", "evaluate", "explain", "load", "load_text", "normalize", "verify"]


def __getattr__(name: str) -> Any:
    if name not in _VERBS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, attribute = _VERBS[name].partition(":")
    return getattr(import_module(module), attribute)
