"""The user's side of an embedded server's process: start it, wait for it, end it.

What runs in that process is in `server.py`. What is asked of the engine is not known here.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sigmaproof.verify.engines import EngineUnavailable, jvm
from sigmaproof.verify.engines.products import ELASTICSEARCH, Product

__all__ = ["LOG", "Server"]

LOG = "server.log"
TAIL = 15
"""How many lines of the log an error shows."""
PATIENCE = 10.0
"""Seconds to wait for the process to end by itself."""


class Server:
    """A running node. port: of HTTP on 127.0.0.1. folder: its temporary folder, gone after `close`.

    The process has a session of its own, so Ctrl-C in the terminal reaches only the user's process, which
    then closes this one. When the user's process dies without closing, the server ends by itself.
    """

    def __init__(
        self,
        home: Path,
        *,
        product: Product = ELASTICSEARCH,
        options: Sequence[str] = (),
        timeout: float = 60.0,
        rehearsal: bool = False,
    ) -> None:
        """Start and wait until it answers. home: the product's folder. options: further ones for Java.
        timeout: seconds. rehearsal: wait until it has done its exercises and stopped Java (see `archive.py`).

        Raises EngineUnavailable, with the end of the log, when it does not come up in time.
        """
        jvm.require(product)
        self._title = product.title
        config = {
            "product": product.key,
            "home": str(home),
            "options": list(options),
            "rehearsal": rehearsal,
            "parent": os.getpid(),
        }
        self.folder: Path | None = None
        self._deadline = time.monotonic() + timeout
        self._pending = b""
        self._process = subprocess.Popen(  # noqa: S603 - our own module, started with our own Python
            jvm.command("server", json.dumps(config)),
            env=jvm.child_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            self.folder = Path(self._hear(timeout)["folder"])
            self.port = int(self._hear(timeout)["port"])
            if rehearsal:
                self._hear(timeout)
        except BaseException:
            self.close()
            raise

    def log_tail(self) -> str:
        """The last lines of its log, empty when there is none."""
        if self.folder is None or not (self.folder / LOG).is_file():
            return ""
        lines = (self.folder / LOG).read_text("utf-8", "replace").splitlines()
        return "\n".join(lines[-TAIL:])

    def close(self) -> None:
        """End it and remove its folder. Closing twice is fine."""
        process = self._process
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _hear(self, timeout: float) -> dict[str, Any]:
        """The next line that it says. Raises EngineUnavailable when it ends or the time is over."""
        stream = self._process.stdout
        assert stream is not None
        while b"\n" not in self._pending:
            left = self._deadline - time.monotonic()
            if left <= 0 or not select.select([stream], [], [], left)[0]:
                raise self._failure(f"was not ready after {timeout:g} s")
            data = os.read(stream.fileno(), 4096)
            if not data:
                raise self._failure("stopped while it was starting")
            self._pending += data
        line, _, self._pending = self._pending.partition(b"\n")
        message: dict[str, Any] = json.loads(line)
        return message

    def _failure(self, what: str) -> EngineUnavailable:
        said = self.log_tail() or self._errors()
        return EngineUnavailable(f"the embedded {self._title} {what}. The end of its log:\n{said}")

    def _errors(self) -> str:
        """What the process wrote on its standard error, when it did not even come to having a log."""
        stream = self._process.stderr
        assert stream is not None
        if not select.select([stream], [], [], 1.0)[0]:
            return "(nothing)"
        return os.read(stream.fileno(), 65536).decode("utf-8", "replace").strip()
