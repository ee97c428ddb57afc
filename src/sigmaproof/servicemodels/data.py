"""Reads AWS's service models: which services there are, and the operations and shapes of one.

They are the data files of botocore, an optional package, of which no code is run: no session, no network, no
credentials. How CloudTrail names what a model describes is in `names`; what follows from it in `judge` and `texts`.
"""

from __future__ import annotations

import gzip
import re
from collections import defaultdict
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib import resources
from importlib.resources.abc import Traversable
from importlib.util import find_spec
from typing import Any

import orjson

__all__ = ["Model", "available", "models", "operations", "services", "version"]

# A model says its names at its beginning, before its operations.
HEAD = 2000
_NAMES = re.compile(r'"(?:endpointPrefix|signingName)"\s*:\s*"([^"]+)"')
# Some services date their event names: UpdateFunctionCode20150331v2.
_DATED = re.compile(r"\d{4}_?\d\d_?\d\d(v\d)?$", re.ASCII)


class Model:
    """The newest model of one service. name: its folder in botocore. protocol: as AWS names it (`ec2`, `rest-xml`)."""

    def __init__(self, name: str, data: Mapping[str, Any]) -> None:
        self.name = name
        self.protocol: str = data["metadata"]["protocol"]
        self.shapes: Mapping[str, Mapping[str, Any]] = data["shapes"]
        self.operations: dict[str, tuple[str | None, str | None]] = {
            key: (operation.get("input", {}).get("shape"), operation.get("output", {}).get("shape"))
            for id, operation in data["operations"].items()
            for key in (id, operation["name"])
        }

    def knows(self, event_name: str) -> bool:
        """Whether it has an operation that CloudTrail logs under this name."""
        return event_name in self.operations or _DATED.sub("", event_name) in self.operations

    def shape(self, event_name: str, part: str) -> str | None:
        """The name of the shape of an operation's `requestParameters` or `responseElements`, if it has any."""
        found = self.operations.get(event_name) or self.operations.get(_DATED.sub("", event_name), (None, None))
        return found[part == "responseElements"]


@cache
def available() -> bool:
    """Whether botocore is installed."""
    return find_spec("botocore") is not None


@cache
def version() -> str | None:
    """The package and its version, such as `botocore 1.40.0`; None when it is not installed."""
    if not available():
        return None
    import botocore

    found: str = botocore.__version__
    return f"botocore {found}"


def models(event_source: str) -> tuple[Model, ...]:
    """The models of the services that log under an event source; several share one (`rds.amazonaws.com`)."""
    if not available():
        return ()
    return tuple(_model(name) for name in services().get(event_source.partition(".")[0].lower(), ()))


@lru_cache(maxsize=1024)
def operations(event_source: str) -> frozenset[str]:
    """The names of all operations of the services that log under an event source, in lower case; empty when unknown.

    Kept by themselves: of a rule set with many services the models together would fill the memory.
    """
    return frozenset(name.lower() for model in models(event_source) for name in model.operations)


@cache
def services() -> Mapping[str, tuple[str, ...]]:
    """The services by each name that an event source can have: endpoint, signing name, and botocore's own.

    botocore must be installed.
    """
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for folder in sorted(resources.files("botocore").joinpath("data").iterdir(), key=lambda one: one.name):
        file = _newest(folder) if folder.is_dir() else None
        if file is not None:
            head = _text(file, HEAD).decode("utf-8", errors="ignore").partition('"operations"')[0]
            for name in (folder.name, *_NAMES.findall(head)):
                found[name.lower()][folder.name] = None
    return {name: tuple(services) for name, services in found.items()}


@lru_cache(maxsize=16)
def _model(name: str) -> Model:
    file = _newest(resources.files("botocore").joinpath("data", name))
    if file is None:
        raise LookupError(f"botocore has no model of {name}")
    return Model(name, orjson.loads(_text(file)))


def _newest(folder: Traversable) -> Traversable | None:
    """The service model of the newest version of a service's API."""
    for at in sorted((one for one in folder.iterdir() if one.is_dir()), key=lambda one: one.name, reverse=True):
        for name in ("service-2.json.gz", "service-2.json"):
            if at.joinpath(name).is_file():
                return at.joinpath(name)
    return None


def _text(file: Traversable, size: int = -1) -> bytes:
    with file.open("rb") as raw:
        if file.name.endswith(".gz"):
            with gzip.open(raw) as unpacked:
                return unpacked.read(size)
        return raw.read(size)
