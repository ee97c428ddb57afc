"""The jars of the embedded servers: which they are, fetching them once, checking them at every start.

They are fetched with jgo, which knows the central Maven repository, and kept in a cache folder; from then on
neither jgo nor the network is needed. Which jar, which version and which content is pinned in
a data file beside this one for each of `products.py`. Starting Java with them is not done here.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from sigmaproof.cachefolder import cache_folder
from sigmaproof.verify.engines import EngineUnavailable
from sigmaproof.verify.engines.products import ELASTICSEARCH, Product

__all__ = ["INSTALL", "Fetch", "Jar", "ensure", "fetcher", "pinned"]

INSTALL = "pip install 'sigmaproof[elasticsearch]'"


@dataclass(frozen=True, slots=True)
class Jar:
    """One pinned jar. size: bytes. folder: below the engine's home. coordinate: group:artifact:version."""

    sha256: str
    size: int
    folder: str
    coordinate: str

    @property
    def path(self) -> str:
        """Below the engine's home, with `/`."""
        _, artifact, version = self.coordinate.split(":")
        return f"{self.folder}/{artifact}-{version}.jar"


Fetch = Callable[[Jar, Path], Path]
"""Puts a jar somewhere below an empty folder, or finds it elsewhere, and says where. May raise any error."""


def pinned(product: Product = ELASTICSEARCH) -> tuple[Jar, ...]:
    """A server's jars, as its data file lists them."""
    text = resources.files(__package__).joinpath(product.pins).read_text("ascii")
    rows = (line.split() for line in text.splitlines() if line and not line.startswith("#"))
    return tuple(Jar(sha256, int(size), folder, coordinate) for sha256, size, folder, coordinate in rows)


def ensure(cache: Path | None = None, fetch: Fetch | None = None, product: Product = ELASTICSEARCH) -> Path:
    """A server's home, with all jars in it, each checked against its pin; missing ones are fetched.

    cache: for `cache_folder()`. fetch: for jgo. Raises EngineUnavailable when a jar can't be fetched, or is
    not the pinned one (then it is removed), or when there is a jar that isn't pinned.
    """
    home = (cache or cache_folder()) / f"{product.key}-{product.version}"
    jars = pinned(product)
    try:
        if _check(home, jars, product) or not all((home / path).is_file() for path in product.files):
            with _locked(home, product):
                _fetch_all(home, _check(home, jars, product), fetch, product)
                for path, text in product.files.items():
                    _write(home / path, text)
    except OSError as error:
        raise EngineUnavailable(
            f"can't use the cache folder of the embedded {product.title}: {error}; set SIGMAPROOF_CACHE to a "
            "folder that can be written"
        ) from error
    return home


def fetcher(product: Product = ELASTICSEARCH) -> Fetch:
    """Fetching with jgo. Taken as they are: a jar that the user's own Maven repository has, the further
    repositories in jgo's configuration file (one named `central` stands for the central one), and the proxy
    and certificate variables that requests knows. Raises EngineUnavailable when jgo isn't installed."""
    try:
        from jgo.config import GlobalSettings
        from jgo.maven import MavenContext
    except ImportError as error:
        raise EngineUnavailable(f"the embedded {product.title} needs jgo: {INSTALL}") from error
    settings = GlobalSettings.load()

    def fetch(jar: Jar, folder: Path) -> Path:
        group, artifact, version = jar.coordinate.split(":")
        context = MavenContext(repo_cache=folder, local_repos=[settings.repo_cache], timeout=60)
        context.remote_repos.update(settings.repositories)
        return Path(context.project(group, artifact).at_version(version).artifact().resolve())

    return fetch


def _check(home: Path, jars: Sequence[Jar], product: Product) -> list[Jar]:
    """The jars that are missing. Raises EngineUnavailable for a wrong or an unexpected one, and removes it.

    Everything is hashed again each time: 41 MB (Elasticsearch) take a few hundredths of a second.
    """
    wanted = {jar.path for jar in jars}
    for folder in {jar.folder for jar in jars}:
        for path in (home / folder).glob("*.jar"):
            if f"{folder}/{path.name}" not in wanted:
                path.unlink(missing_ok=True)
                raise EngineUnavailable(
                    f"{path} is no jar of {product.title} {product.version}; removed, please try again"
                )
    missing = [jar for jar in jars if not (home / jar.path).is_file()]
    for jar in jars:
        if jar not in missing:
            _compare(home / jar.path, jar)
    return missing


def _compare(path: Path, jar: Jar) -> None:
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != jar.sha256:
        path.unlink(missing_ok=True)
        raise EngineUnavailable(
            f"{path.name} is not the file that sigmaproof expects: its sha256 is {found}, not {jar.sha256}. "
            f"It was removed from {path.parent}; try again, and if that doesn't help, look at the mirror or "
            "the local Maven repository that it comes from"
        )


def _announce(home: Path, missing: Sequence[Jar], product: Product) -> None:
    size = sum(jar.size for jar in missing) / 1e6
    print(
        f"sigmaproof: fetching {product.title} {product.version} once ({len(missing)} jars, {size:.0f} MB) into {home}"
        f". It is not part of sigmaproof; {product.licence}.",
        file=sys.stderr,
    )


def _fetch_all(home: Path, missing: Sequence[Jar], fetch: Fetch | None, product: Product) -> None:
    """Fetch into a folder beside the jars and rename each one when it is checked: an interruption at any
    point leaves only whole jars, and the next start goes on from there."""
    for left in home.glob("fetching-*"):  # by a process that was killed: we hold the lock, so nobody uses it
        shutil.rmtree(left, ignore_errors=True)
    if not missing:
        return
    fetch = fetch or fetcher(product)
    _announce(home, missing, product)
    with tempfile.TemporaryDirectory(dir=home, prefix="fetching-") as folder:
        for jar in missing:
            part = Path(folder) / "part"
            shutil.copyfile(_fetched(jar, Path(folder) / "repository", fetch, product), part)
            _compare(part, jar)
            target = home / jar.path
            target.parent.mkdir(parents=True, exist_ok=True)
            part.replace(target)


def _fetched(jar: Jar, folder: Path, fetch: Fetch, product: Product) -> Path:
    try:
        return fetch(jar, folder)
    except Exception as error:
        raise EngineUnavailable(
            f"can't fetch {jar.coordinate}: {error}. The embedded {product.title} is fetched once from the "
            "central Maven repository; behind a proxy set HTTPS_PROXY, for a mirror name it `central` under "
            "[repositories] in ~/.config/jgo.conf"
        ) from error


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="ascii")
    part.replace(path)


@contextmanager
def _locked(home: Path, product: Product) -> Iterator[None]:
    """Only one process at a time fetches. The system frees the lock when its process ends, in any way."""
    import fcntl

    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"sigmaproof: another process is fetching {product.title}; waiting for it", file=sys.stderr)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
