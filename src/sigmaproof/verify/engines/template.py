"""The cluster's own index template: the settings and mappings that a temporary index gets from it.

Only `_simulate` is asked, which puts a template and its component templates together and changes nothing. The result
is then written into the request that makes the index: the template itself applies to other names, and what belongs to
a data stream can't be used by an index of its own.

Sources of the facts: Elasticsearch's pages "Simulate index template API" and "Index modules"; the answers were seen on
OpenSearch 3.8.0, whose API is the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sigmaproof.verify.engines import EngineUnavailable
from sigmaproof.verify.engines.client import Client, Refused, escape
from sigmaproof.verify.engines.made import harmless, settings_of

__all__ = ["Template", "resolve"]

_PIPELINES = ("default_pipeline", "final_pipeline")
# They change no verdict, but would make the searches or the making of the index fail: sorting needs fields that a
# document may not have, and a smaller window than our pages is refused.
_LEFT_OUT = ("sort", "max_result_window", "routing_path")
_MODES = ("standard", "logsdb")
"""Modes of an index in which events are kept one by one."""


@dataclass(frozen=True, slots=True)
class Template:
    """What a template gives. version: in words, empty when it says nothing. pipelines: those that it names for its own
    indices, which are not used."""

    name: str
    settings: Mapping[str, Any]
    mappings: Mapping[str, Any]
    version: str
    pipelines: tuple[str, ...]

    @property
    def told(self) -> str:
        """What was used of it, as a remark."""
        text = f"Index: as the cluster's template {self.name} ({self.version or 'it says no version'}) makes it"
        unused = f", without its pipelines {', '.join(self.pipelines)}" if self.pipelines else ""
        return f"{text}{unused}."


def resolve(client: Client, name: str) -> Template:
    """The template of this name, with its component templates. Raises EngineUnavailable when there is none, or when
    it is for an index that can't hold single events."""
    try:
        entry = client.request("GET", f"/_index_template/{escape(name)}")["index_templates"][0]
        made = client.request("POST", f"/_index_template/_simulate/{escape(name)}").get("template", {})
    except (Refused, LookupError) as error:
        if isinstance(error, Refused) and error.status != 404:
            raise
        raise EngineUnavailable(f"{client.where} has no index template {name} (--index-template)") from error
    settings = settings_of(made.get("settings", {}).get("index", {}))
    mode = settings.get("mode", "standard")
    if mode not in _MODES:
        raise EngineUnavailable(
            f"the index template {name} has index.mode {mode}: only {' or '.join(_MODES)} can be used"
        )
    pipelines = tuple(str(settings[key]) for key in _PIPELINES if settings.get(key, "_none") != "_none")
    kept = {key: value for key, value in settings.items() if not _is_left_out(key)}
    mappings = {key: value for key, value in made.get("mappings", {}).items() if key != "_data_stream_timestamp"}
    return Template(name, kept, mappings, _version(entry.get("index_template", {})), pipelines)


def _is_left_out(setting: str) -> bool:
    return harmless(setting) or any(f"{setting}.".startswith(f"{one}.") for one in (*_LEFT_OUT, *_PIPELINES))


def _version(template: Mapping[str, Any]) -> str:
    """What it says of its version: its own, and that of the package that installed it (Fleet)."""
    package = template.get("_meta", {}).get("package", {}) if isinstance(template.get("_meta"), Mapping) else {}
    parts = [f"version {template['version']}"] if "version" in template else []
    if isinstance(package, Mapping) and package.get("version"):
        parts.append(f"package {package.get('name', '')} {package['version']}")
    return ", ".join(parts)
