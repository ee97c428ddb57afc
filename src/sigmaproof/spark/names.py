"""How files that Spark read are shown, and in which order: as the local run shows and orders them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

__all__ = ["Names", "names_of"]

_LOCAL = "file:"


@dataclass(frozen=True)
class Names:
    """The roots that were given, as Spark names files in them, and the working directory of the user."""

    roots: Sequence[str] = ()
    here: str = ""
    ranks: dict[str, int] = field(default_factory=dict, compare=False)

    def of(self, path: str) -> tuple[int, str]:
        """The rank of a file's root and how the file is shown. path: as Spark's metadata has it, percent-encoded."""
        name = unquote(path)
        rank = self.ranks.get(_plain(name), self._rank(name) if len(self.roots) > len(self.ranks) else 0)
        return rank, self._shown(name)

    def _rank(self, name: str) -> int:
        plain = f"{_plain(name)}/"
        inside = (at for at, root in enumerate(self.roots) if plain.startswith(f"{root.rstrip('/')}/"))
        return next(inside, len(self.roots))

    def _shown(self, name: str) -> str:
        if not name.startswith(_LOCAL):
            return name
        path = _plain(name)
        return path.removeprefix(f"{self.here}/") if self.here != "/" else path.removeprefix("/")


def names_of(roots: Sequence[str | Path]) -> Names:
    """The names of files in these roots: URLs, or local paths, each of which is a file where it is a Path."""
    ranks = {str(root.absolute()): at for at, root in reversed(list(enumerate(roots))) if isinstance(root, Path)}
    return Names([_plain(str(root)) for root in roots], str(Path.cwd()), ranks)


def _plain(name: str) -> str:
    """A name without `file:` and the slashes that may stand behind it."""
    if not name.startswith(_LOCAL):
        return name
    return "/" + name.removeprefix(_LOCAL).lstrip("/")
