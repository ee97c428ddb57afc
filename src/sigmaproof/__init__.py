"""One Sigma rule, many query languages, the same verdict everywhere, checked on real engines.

The verbs: load, read, convert, evaluate, normalize, verify, check, explain. They are imported when first used, so
that neither the command line nor pySigma's plug-in search pays for what it doesn't need.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what a type checker sees of the table below
    from sigmaproof.api import evaluate, explain, load, read, verify
    from sigmaproof.check import check
    from sigmaproof.conversion import convert_rule as convert
    from sigmaproof.normalize import normalize
    from sigmaproof.rules import load_text

__version__ = "0.1.0"

_VERBS = {
    "check": "sigmaproof.check:check",
    "convert": "sigmaproof.conversion:convert_rule",
    "evaluate": "sigmaproof.api:evaluate",
    "explain": "sigmaproof.api:explain",
    "load": "sigmaproof.api:load",
    "load_text": "sigmaproof.rules:load_text",
    "normalize": "sigmaproof.normalize:normalize",
    "read": "sigmaproof.api:read",
    "verify": "sigmaproof.api:verify",
}
__all__ = [
    "__version__",
    "check",
    "convert",
    "evaluate",
    "explain",
    "load",
    "load_text",
    "normalize",
    "read",
    "verify",
]


class _Package(ModuleType):
    """Some rooms have the name of their verb (`sigmaproof.evaluate`): here the name is the verb, whatever was imported
    before; `from sigmaproof.evaluate import …` finds the room all the same."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _VERBS and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


def __getattr__(name: str) -> Any:
    if name not in _VERBS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, attribute = _VERBS[name].partition(":")
    verb = getattr(import_module(module), attribute)
    globals()[name] = verb
    return verb


sys.modules[__name__].__class__ = _Package
