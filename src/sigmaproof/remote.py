"""Files at a URL (`s3://bucket/key`, or any other that fsspec knows): their listing and their bytes.

S3, Google and Azure are reached by obstore (extra `remote`): it takes its credentials, region and endpoint from the
environment (AWS_ACCESS_KEY_ID, AWS_REGION, AWS_ENDPOINT_URL) or from the role of the machine. It needs no botocore,
while each version of s3fs is bound to a few weeks of botocore's. Nothing is asked from a network before a URL is listed
or opened.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import PurePosixPath
from typing import Any

from sigmaproof.diagnostics import InputError, Place

__all__ = ["Remote", "is_url"]

READ = 1 << 20
"""Bytes that are waited for."""
_OBSTORE = frozenset({"s3", "s3a", "gs", "az", "adl", "abfs", "abfss"})
_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]+)://(?P<path>.*)", re.DOTALL)


def is_url(text: str) -> bool:
    """Whether a text is a URL rather than a path."""
    return bool(_URL.fullmatch(text))


@dataclass(frozen=True, slots=True)
class Remote:
    """A file or a directory at a URL. size: its bytes, where a listing has said them."""

    url: str
    size: int | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return self.url

    @property
    def scheme(self) -> str:
        """What stands before `://`."""
        return self.url.partition("://")[0].lower()

    @property
    def name(self) -> str:
        """The last part of its path."""
        return PurePosixPath(self.url.partition("://")[2]).name

    @property
    def suffix(self) -> str:
        """The extension of its name."""
        return PurePosixPath(self.name).suffix

    @property
    def path(self) -> str:
        """As its file system names it."""
        with self._reported():
            return str(self._system._strip_protocol(self.url))

    @property
    def _system(self) -> Any:
        return _system(self.scheme)

    def at(self, path: str, size: int | None) -> Remote:
        """The file at a path that the file system named."""
        return Remote(f"{self.scheme}://{path.removeprefix(f'{self.scheme}://')}", size)

    def length(self) -> int:
        """Its bytes, as it is stored. Raises OSError."""
        if self.size is not None:
            return self.size
        with _as_os_error():
            return int(self._system.info(self.path)["size"] or 0)

    def kind(self) -> str:
        """`file`, `directory`, or nothing where there is neither. Raises InputError where that can't be asked."""
        if self.scheme in _OBSTORE and "/" not in self.path.strip("/"):
            return "directory"  # a bucket, which is no object of itself
        with self._reported():
            try:
                return str(self._system.info(self.path)["type"])
            except FileNotFoundError:
                return ""

    def children(self) -> Iterator[tuple[Remote, bool]]:
        """What a directory holds, by name, each with whether it is a directory. Raises InputError."""
        with self._reported():
            found = self._system.ls(self.path, detail=True)
        for one in sorted(found, key=lambda one: str(one["name"])):
            if str(one["name"]).rstrip("/") != self.path.rstrip("/"):  # some list the directory itself
                yield self.at(one["name"], one["size"]), one["type"] == "directory"

    def matching(self) -> list[Remote]:
        """The files that a pattern with `*`, `?`, `[…]` and `**` stands for, by name. Raises InputError."""
        with self._reported():
            found = self._system.glob(self.path, detail=True)
        return [self.at(name, one["size"]) for name, one in sorted(found.items()) if one["type"] != "directory"]

    def open(self, mode: str = "rb") -> io.BufferedReader:
        """Its bytes. Raises OSError."""
        return io.BufferedReader(_Stream(self), READ)

    def _reported(self) -> _Reported:
        return _Reported(self)


class _Reported:
    """What a file system raises becomes an InputError that names the URL."""

    def __init__(self, file: Remote) -> None:
        self.file = file

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, Exception) and not isinstance(error, InputError):
            raise InputError("path-unreachable", Place(str(self.file)), _words(error)) from error


class _Stream(io.RawIOBase):
    """The bytes of a remote file. Whatever goes wrong is an OSError."""

    def __init__(self, file: Remote) -> None:
        self._pieces: Iterator[Any] = iter(())
        self._left = memoryview(b"")
        with _as_os_error():
            self._pieces = _pieces(file)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with _as_os_error():
            while not self._left:
                piece = next(self._pieces, None)
                if piece is None:
                    return 0
                self._left = memoryview(piece)
        size = min(len(buffer), len(self._left))
        buffer[:size], self._left = self._left[:size], self._left[size:]
        return size


@contextmanager
def _as_os_error() -> Iterator[None]:
    try:
        yield
    except InputError as error:
        raise OSError(error.diagnostic.message) from error
    except Exception as error:
        raise OSError(_words(error)) from error


def _pieces(file: Remote) -> Iterator[Any]:
    """The bytes of a file as they come: by obstore in one request, which fsspec's file would make several of."""
    bucket, _, key = file.path.partition("/")
    store = _store(file.scheme, bucket) if file.scheme in _OBSTORE else None
    if store is not None:
        from obstore import get

        return iter(get(store, key).stream(min_chunk_size=READ))
    stream = _system(file.scheme).open(file.path, "rb")
    return iter(lambda: stream.read(READ), b"")


@cache
def _store(scheme: str, bucket: str) -> Any:
    """obstore's bucket; None where obstore is not installed."""
    try:
        from obstore.store import from_url
    except ImportError:
        return None
    return from_url(f"{scheme}://{bucket}")


def _words(error: Exception) -> str:
    """The first line of what a library says; nothing of it is secret, but it can be a page long."""
    if isinstance(error, FileNotFoundError):
        return "no such file or directory"
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:300]


@cache
def _system(scheme: str) -> Any:
    """The file system of a scheme. Raises InputError where it is not installed, or not known."""
    at, help = Place(f"{scheme}://"), "pip install 'sigmaproof[remote]'"
    try:
        import fsspec
    except ImportError:
        raise InputError("path-remote", at, "files at a URL need the extra `remote`", help) from None
    _prefer_obstore(scheme)
    try:
        return fsspec.filesystem(scheme)
    except (ImportError, ValueError) as error:
        raise InputError("path-remote", at, f"can't be read: {_words(error)}", help) from None


def _prefer_obstore(scheme: str) -> None:
    if scheme in _OBSTORE:
        try:
            from obstore.fsspec import register
        except ImportError:
            return  # then fsspec takes what it knows, s3fs for one
        register(scheme)
