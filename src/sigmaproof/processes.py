"""Worker processes that go over tasks, with what they say in the order of the tasks. What a task is, is not known here.

A worker that is killed loses nothing and counts nothing twice: its task is done again by another one, of which the
messages that have come already are left out. That needs work that says the same each time.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Generic, TypeVar

__all__ = ["Killed", "Pool", "processors", "shared_out"]

T = TypeVar("T")
M = TypeVar("M")
_ATTEMPTS = 2
_MOST_AHEAD = 32 << 20
"""Bytes of messages that are kept of tasks whose turn has not come; then only the one whose turn it is is heard."""


class Killed(Exception):
    """The processes that worked on a task were killed. exit_code: negative for a signal."""

    def __init__(self, exit_code: int | None) -> None:
        super().__init__(f"its process was killed {_ATTEMPTS} times (exit code {exit_code})")


@dataclass(eq=False)
class _Worker(Generic[T]):
    process: BaseProcess
    connection: Connection
    number: int | None = None
    skip: int = 0


@dataclass
class _Said(Generic[M]):
    messages: deque[tuple[M, int]] = field(default_factory=deque)
    size: int = 0
    count: int = 0
    attempts: int = 1
    killed: Killed | None = None
    is_done: bool = False


class Pool(Generic[T, M]):
    """Processes that work.

    work: makes messages of a task. Tasks and messages are pickled; `work` too, where there is no fork. fork: whether
    there may be one.
    """

    def __init__(self, work: Callable[[T], Iterator[M]], jobs: int, fork: bool = True) -> None:
        self._work = work
        # a fork has the rules and the search at once, and shares their memory
        self._context: Any = multiprocessing.get_context("fork" if fork and sys.platform == "linux" else "spawn")
        self._jobs = jobs
        self._workers: list[_Worker[T]] = []

    def results(self, tasks: Iterable[T]) -> Iterator[tuple[T, M | Killed]]:
        """What is said of each task, in the order of the tasks; Killed is the last that is said of one."""
        todo = list(tasks)
        said: dict[int, _Said[M]] = {}
        self._workers = [self._start() for _ in range(min(self._jobs, len(todo)))]
        given = 0
        try:
            for turn, task in enumerate(todo):
                while True:
                    given = self._give(todo, given, said)
                    one = said[turn]
                    while one.messages:
                        message, size = one.messages.popleft()
                        one.size -= size
                        yield task, message
                    if one.is_done:
                        break
                    self._listen(todo, turn, said)
                if one.killed:
                    yield task, one.killed
                del said[turn]
        finally:
            self._stop()

    def _start(self) -> _Worker[T]:
        ours, theirs = self._context.Pipe()
        inherited = ours if self._context.get_start_method() == "fork" else None
        process = self._context.Process(target=_serve, args=(theirs, self._work, inherited), daemon=True)
        process.start()
        theirs.close()
        return _Worker(process, ours)

    def _give(self, todo: list[T], given: int, said: dict[int, _Said[M]]) -> int:
        for worker in self._workers:
            if worker.number is None and given < len(todo):
                said[given] = _Said()
                self._send(worker, given, todo)
                given += 1
        return given

    def _send(self, worker: _Worker[T], number: int, todo: list[T]) -> None:
        worker.number = number
        with suppress(OSError):  # it was killed before: `_hear` sees that
            worker.connection.send(todo[number])

    def _listen(self, todo: list[T], turn: int, said: dict[int, _Said[M]]) -> None:
        ahead = sum(one.size for one in said.values())
        heard = [w for w in self._workers if w.number is not None and (ahead < _MOST_AHEAD or w.number == turn)]
        ready = wait([worker.connection for worker in heard])
        for worker in heard:
            if worker.connection in ready:
                self._hear(worker, said, todo)

    def _hear(self, worker: _Worker[T], said: dict[int, _Said[M]], todo: list[T]) -> None:
        number = worker.number
        assert number is not None
        one = said[number]
        try:
            content = worker.connection.recv_bytes()
        except (EOFError, OSError):
            self._replace(worker, one, todo)
            return
        message = pickle.loads(content)  # noqa: S301  # from a process of ours
        if message is None:
            one.is_done, worker.number = True, None
        elif isinstance(message, _Raised):
            raise message.error
        elif worker.skip:
            worker.skip -= 1
        else:
            one.messages.append((message, len(content)))
            one.size += len(content)
            one.count += 1

    def _replace(self, worker: _Worker[T], one: _Said[M], todo: list[T]) -> None:
        """A new worker in the place of one that was killed; it does the task again, if that may be done."""
        worker.process.join()
        fresh = self._start()
        self._workers[self._workers.index(worker)] = fresh
        if one.attempts == _ATTEMPTS:
            one.is_done, one.killed = True, Killed(worker.process.exitcode)
            return
        one.attempts += 1
        fresh.skip = one.count
        assert worker.number is not None
        self._send(fresh, worker.number, todo)

    def _stop(self) -> None:
        for worker in self._workers:
            worker.connection.close()
            worker.process.terminate()
        for worker in self._workers:
            worker.process.join()


@dataclass(frozen=True)
class _Raised:
    error: BaseException


def _serve(connection: Connection, work: Callable[[Any], Iterator[Any]], inherited: Connection | None) -> None:
    """What a worker does: tasks come, messages go, None ends a task's. inherited: the parent's end, in a fork."""
    if inherited:
        inherited.close()  # or it would not see that the parent is gone, and wait forever
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent stops its workers
    while True:
        try:
            task = connection.recv()
        except (EOFError, OSError):
            return
        try:
            for message in work(task):
                connection.send(message)
            connection.send(None)
        except (BrokenPipeError, ConnectionResetError):
            return
        except Exception as error:
            connection.send(_Raised(error))


def shared_out(
    work: Callable[[Sequence[T]], list[M]], items: Sequence[T], many: int, size: int, jobs: int, fork: bool = True
) -> list[M]:
    """What `work` makes of the items, in their order: of many by so many processes, of so many items at once.

    A part whose processes were killed, perhaps for want of memory, is done once more in this one.
    """
    if len(items) < many or jobs == 1:
        return work(items)
    parts = [items[at : at + size] for at in range(0, len(items), size)]
    said = Pool(partial(_one_message, work), jobs, fork).results(parts)
    return [one for part, made in said for one in (work(part) if isinstance(made, Killed) else made)]


def _one_message(work: Callable[[Any], Any], part: Any) -> Iterator[Any]:
    yield work(part)


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
