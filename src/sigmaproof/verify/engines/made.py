"""What a cluster has made of the index that we asked for: its templates can have put in more.

An index template applies to every new index whose name fits its pattern. What a request sets wins, but a template
can add an alias, a field, a dynamic template or a setting, and then verdicts would be those of another index, or
other people's searches would find our documents. So the index is read back before anything is put into it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["foreign", "harmless", "settings_of"]

# Settings that change no verdict: the server's own, where the shards lie, how they are stored and kept.
_HARMLESS = (
    *("uuid", "version", "provided_name", "creation_date", "creation_date_string", "routing", "number_of_shards"),
    *("number_of_replicas", "auto_expand_replicas", "refresh_interval", "codec", "translog", "merge", "allocation"),
    *(
        "unassigned",
        "priority",
        "hidden",
        "lifecycle",
        "store",
        "indexing",
        "soft_deletes",
        "write",
        "search.slowlog",
        "replication",
    ),
)


def foreign(asked: Mapping[str, Any], got: Mapping[str, Any]) -> str | None:
    """What the index has and we did not ask for, in words; None when it is the one that we asked for.

    asked: the body that made it, `{"settings": {"index": …}, "mappings": …}`. got: the answer of `GET /<index>` for it.
    """
    if got.get("aliases"):
        return "the alias " + ", ".join(got["aliases"])
    wanted = dict(_leaves(asked["settings"]["index"]))
    for name, value in _leaves(got.get("settings", {}).get("index", {})):
        if wanted.get(name) != value and not harmless(name):
            return f"the setting index.{name}"
    return _difference(_normal(asked["mappings"]), _normal(got.get("mappings", {})), "mappings")


def harmless(setting: str) -> bool:
    """Whether a setting, named without the prefix `index.`, changes no verdict."""
    return any(f"{setting}.".startswith(f"{one}.") for one in _HARMLESS)


def settings_of(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Settings by their full names, the values as they are."""
    found: dict[str, Any] = {}
    for key, value in tree.items():
        found |= settings_of(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {prefix + key: value}
    return found


def _leaves(tree: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Settings by their full names, as the server writes them: all values are texts."""
    for name, value in settings_of(tree).items():
        yield name, str(value).lower() if isinstance(value, bool) else str(value)


def _normal(tree: Any) -> Any:
    """A mapping as the server could have written it too: lists of one as their element, values as texts."""
    if isinstance(tree, Mapping):
        return {key: _normal(value) for key, value in tree.items()}
    if isinstance(tree, list):
        return _normal(tree[0]) if len(tree) == 1 else [_normal(value) for value in tree]
    return str(tree).lower() if isinstance(tree, bool) else str(tree)


def _difference(asked: Any, got: Any, place: str) -> str | None:
    """The first place at which two mappings differ."""
    if isinstance(asked, Mapping) and isinstance(got, Mapping):
        for key in (*asked, *(key for key in got if key not in asked)):
            found = _difference(asked.get(key), got.get(key), f"{place}.{key}")
            if found is not None:
                return found
        return None
    return None if asked == got else place
