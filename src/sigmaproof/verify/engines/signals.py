"""Signals that end the process, as exceptions: so that `with` and `finally` clean up what lies outside of it.

Python makes an exception of SIGINT only; SIGTERM and SIGHUP end it on the spot. Handlers can be set in the main
thread alone; elsewhere, and where the caller has handlers of his own, nothing is changed.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

__all__ = ["as_exceptions", "held"]

_ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


@contextmanager
def as_exceptions() -> Iterator[None]:
    """While it lasts, a signal that would end the process raises SystemExit, with the code that shells expect."""
    with _handled({sign: _raise for sign in _ENDING if signal.getsignal(sign) is signal.SIG_DFL}):
        yield


@contextmanager
def held() -> Iterator[None]:
    """While it lasts, none of these signals and no Ctrl-C disturbs; it must be short."""
    with _handled(dict.fromkeys((signal.SIGINT, *_ENDING), signal.SIG_IGN)):
        yield


@contextmanager
def _handled(handlers: dict[int, Any]) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {sign: signal.getsignal(sign) or signal.SIG_DFL for sign in handlers}
    for sign, handler in handlers.items():
        signal.signal(sign, handler)
    try:
        yield
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)


def _raise(sign: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + sign)
