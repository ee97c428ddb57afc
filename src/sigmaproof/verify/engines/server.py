"""The embedded server's own process: `python -m sigmaproof.verify.engines.server '{"home": …}'`.

It is two processes. The *keeper* holds no Java: it makes the temporary folder, forks the *node*, and waits
until its standard input ends, which happens when the user's process closes it or dies in whatever way. Then
it kills the node and removes the folder. The data is temporary, so nobody has to ask the node politely; and
this works as well while the node starts, hangs or has crashed.

On standard output come JSON objects, one a line: {"folder"} at once, {"port"} when the node can be used.
How the user's side starts and ends all this is in `process.py`, how a node is started in `boot.py`.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import sys
import tempfile
import threading
import traceback
from pathlib import Path
from typing import Any, NoReturn

from sigmaproof.verify.engines import archive, boot, jvm
from sigmaproof.verify.engines.process import LOG
from sigmaproof.verify.engines.products import PRODUCTS

__all__ = ["main"]

_HEAP = "-Xmx512m"


def main(argument: str) -> None:
    """Keep a node until standard input ends or the parent is gone. argument: a JSON object with product
    (its key), home (the folder of jars), options (of Java, further ones), rehearsal (stop Java after one, for
    `archive.py`) and parent (its process id)."""
    config = json.loads(argument)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    folder = Path(tempfile.mkdtemp(prefix="sigmaproof-"))
    try:
        _say(1, {"folder": str(folder)})
        node = _fork(config, folder)
        try:
            _wait(config["parent"])
        finally:
            os.kill(node, signal.SIGKILL)
            os.waitpid(node, 0)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _fork(config: dict[str, Any], folder: Path) -> int:
    """Fork the node; its process id. Safe, as no thread and no Java runs yet. The pipe between the two is
    never written to: it ends with the keeper, which tells the node that its keeper was killed."""
    ours, theirs = os.pipe()
    node = os.fork()
    if node:
        os.close(ours)
        os.close(1)  # only the node has something to say from now on; when it dies, the reader sees the end
        return node
    os.close(theirs)
    try:
        _run(config, folder, ours)
    except BaseException as error:
        traceback.print_exc()
        print(getattr(error, "stacktrace", str)(), file=sys.stderr, flush=True)  # Java's side of it
    os._exit(1)


def _wait(parent: int) -> None:
    """Until standard input ends. The second look, at the parent's id, is for the case that some other
    process, forked from the parent, holds our standard input open."""
    while os.getppid() == parent:
        ready, _, _ = select.select([0], [], [], 1.0)
        if ready and not os.read(0, 4096):
            return


def _run(config: dict[str, Any], folder: Path, keeper: int) -> NoReturn:
    """Be the node."""
    guard = threading.Thread(target=_end_with, args=(keeper,), daemon=True)
    guard.start()
    out = os.dup(1)
    log = os.open(folder / LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (1, 2):
        os.dup2(log, stream)
    options = [_HEAP, f"-Djava.io.tmpdir={folder}", f"-XX:ErrorFile={folder}/crash.log", *config["options"]]
    product, home = PRODUCTS[config["product"]], Path(config["home"])
    jpype = jvm.start(home, options, product)
    node = boot.start_node(jpype.JClass, product, home, folder)
    port = boot.port(jpype.JClass, product, node)
    _say(out, {"port": port})
    if config["rehearsal"]:
        archive.rehearse(port, product)
        node.close()
        jpype.shutdownJVM()  # Java writes its archive now
        _say(out, {"done": True})
    os.close(out)
    guard.join()
    os._exit(0)


def _end_with(keeper: int) -> NoReturn:
    os.read(keeper, 1)
    os._exit(0)


def _say(stream: int, message: dict[str, Any]) -> None:
    os.write(stream, json.dumps(message).encode("ascii") + b"\n")


if __name__ == "__main__":
    main(sys.argv[1])
