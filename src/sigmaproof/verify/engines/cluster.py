"""The engine of a running cluster: any Elasticsearch from 8 on, by its URL.

It makes one index of its own, with a random name, and removes it at the end, whatever the end is; it reads and
changes nothing else on the cluster. How it is reached is in `access.py`, what is asked in `index.py` and
`eqlsearch.py`. Here is the order of it, what the cluster is and has, and what to do about its errors.
"""

from __future__ import annotations

import ssl
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Any, Self

from sigmaproof.fields import FieldTable, table
from sigmaproof.verify.engines import Answer, Document, EngineUnavailable, Eql, Loaded, Query, eqlsearch, made, signals
from sigmaproof.verify.engines.access import CA_FILE, HOW, Access
from sigmaproof.verify.engines.client import Client, Refused, escape
from sigmaproof.verify.engines.index import SETTINGS, Index, fresh_name, only_dsl

__all__ = ["Cluster"]

OLDEST = 8
"""The first major version that is supported."""
LONGEST = 300.0
"""Seconds without any byte before a request fails."""
REMOVAL = 20.0
"""The same, for removing the index: the user may have asked us to end."""
REMOVAL_PAUSES = (0.5, 2.0, 4.0)
"""Seconds before removing is tried again, when the connection failed."""
_NOTHING_MADE = (400, 401, 403, 404, 405, 413)
"""What a cluster answers when it did not even begin to make an index."""
_NOTE = "A temporary index of `sigmaproof verify`. It can be deleted when no run is under way."


class Cluster:
    """An Engine (see the package). Nothing is asked before the first `load`.

    Where the cluster refuses a type of Elastic's distribution, the nearest one stands for it, and a remark says so.
    access: see `access.access`. Used with `with`, it also removes its index when SIGTERM or SIGHUP ends the process.
    """

    def __init__(self, access: Access) -> None:
        self._access = access
        self._client = self._client_for(access, LONGEST)
        self.name = f"elasticsearch at {self._client.where}"
        self.has_eql = False
        self.remarks: tuple[str, ...] = ()
        self._known = False
        self._index: Index | None = None
        self._to_remove: dict[str, bool] = {}  # name of an index -> whether the cluster has said that it made it
        self._guard = ExitStack()

    def load(self, docs: Iterable[tuple[str, Document]], fields: FieldTable | None = None) -> Loaded:
        """Replace all documents by these; see Engine.load."""
        with self._helpful():
            if not self._known:
                self._meet()
            self._index = None
            self._remove()
            index = self._made(fields or table())
            loaded = index.load(docs)
            self.has_eql = eqlsearch.is_there(self._client, index)
            self._index = index
        return loaded

    def search(self, queries: Sequence[Query | Eql]) -> list[Answer]:
        """The answers to the queries; see Engine.search."""
        index = self._index
        if index is None:
            raise ValueError("nothing is loaded to search in; call load first")
        if not self.has_eql:
            only_dsl(queries)
        with self._helpful():
            in_dsl = iter(index.search([query for query in queries if not isinstance(query, Eql)]))
            in_eql = iter(eqlsearch.ask(self._client, index, [query for query in queries if isinstance(query, Eql)]))
        return [next(in_eql if isinstance(query, Eql) else in_dsl) for query in queries]

    def close(self) -> None:
        """Remove the index and close the connection. Raises EngineUnavailable, with its name, when it can't."""
        try:
            with signals.held():
                self._index = None
                self._client.close()
                self._remove()
        finally:
            self._guard.close()

    def __enter__(self) -> Self:
        self._guard.enter_context(signals.as_exceptions())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.close()
        except EngineUnavailable as left:
            if error is None:
                raise
            print(f"sigmaproof: {left}", file=sys.stderr)  # beside the error that ended it, which goes its way

    @staticmethod
    def _client_for(access: Access, timeout: float) -> Client:
        return Client(
            access.url, headers=access.headers, context=access.context, secrets=access.secrets, timeout=timeout
        )

    # what it is

    def _meet(self) -> None:
        """Find out what it is. Raises EngineUnavailable for anything but an Elasticsearch that can be used."""
        version = self._root().get("version")
        version = version if isinstance(version, Mapping) else {}
        where, number = self._client.where, str(version.get("number", ""))
        if str(version.get("distribution", "")).lower() == "opensearch":
            raise EngineUnavailable(
                f"{where} is an OpenSearch ({number}), which is not supported yet: it has no EQL, and its flat_object "
                "answers other than the flattened fields of Elasticsearch; give the URL of an Elasticsearch"
            )
        if self._client.product != "Elasticsearch":
            raise EngineUnavailable(f"{where} does not say that it is an Elasticsearch (no header X-elastic-product)")
        if number.partition(".")[0].isdigit() and int(number.partition(".")[0]) < OLDEST:
            raise EngineUnavailable(f"{where} is an Elasticsearch {number}; {OLDEST} or newer is needed")
        self.name = f"elasticsearch {number} at {where}" if number else self.name
        self._known = True

    def _root(self) -> Mapping[str, Any]:
        """What it says of itself; nothing where that may not be asked (403), or where it has no such page (405)."""
        try:
            return self._client.request("GET", "/")
        except Refused as refused:
            if refused.status in (403, 405) and self._client.product == "Elasticsearch":
                return {}
            raise

    # the index

    def _made(self, fields: FieldTable) -> Index:
        """A fresh index with the types of Elastic's distribution, or the nearest ones where it refuses those."""
        from sigmaproof.verify.engines.mapping import ELASTIC_TYPES, mapping

        try:
            return self._make(mapping(fields, elastic=True))
        except Refused as refused:
            of_types = refused.reason.startswith("mapper_parsing_exception")
            if not of_types or not any(kind in refused.reason for kind in ELASTIC_TYPES):
                raise
        types = ", ".join(sorted(ELASTIC_TYPES))
        self.remarks = (f"The cluster has not all of the types {types}: keyword and text stand for them.",)
        return self._make(mapping(fields))

    def _make(self, mappings: Mapping[str, Any]) -> Index:
        """Make an index, and see that it is the one that was asked for. Its name is noted first: when the answer is
        cut off, the cluster can have made it all the same."""
        name = fresh_name()
        noted = {"_meta": {"made_by": _NOTE}, **mappings}
        self._to_remove[name] = False
        try:
            index = Index(self._client, noted, name)
        except Refused as refused:
            if refused.status in _NOTHING_MADE:
                del self._to_remove[name]
            raise
        self._to_remove[name] = True
        got = self._client.request("GET", index.path).get(name, {})
        extra = made.foreign({"settings": {"index": SETTINGS}, "mappings": noted}, got)
        if extra is not None:
            raise EngineUnavailable(
                f"{self._client.where} makes another index than it was asked for: {extra} comes from elsewhere, as an "
                "index template; give the template a pattern that does not fit sigmaproof-*"
            )
        return index

    def _remove(self) -> None:
        """Remove what was made, with a connection of its own: the other may be in any state."""
        if not self._to_remove:
            return
        client = self._client_for(self._access, REMOVAL)
        left = {name: reason for name in self._to_remove if (reason := self._why_left(client, name))}
        self._to_remove = dict.fromkeys(left, True)
        client.close()
        if left:
            names = ", ".join(left)
            reason = next(iter(left.values()))
            raise EngineUnavailable(
                f"THE INDEX {names} IS LEFT ON {client.where}, it could not be removed ({reason}); "
                f"remove it: DELETE /{names}"
            )

    def _why_left(self, client: Client, name: str) -> str | None:
        """Remove an index: None when it is gone. One whose making was cut off can appear after we have asked."""
        reason: str | None = None
        for pause in (*REMOVAL_PAUSES, None):
            try:
                client.request("DELETE", f"/{escape(name)}")
            except Refused as refused:
                if refused.status != 404:
                    return str(refused)
                reason = None
                if self._to_remove[name]:
                    return None
            except EngineUnavailable as error:
                reason = str(error)
                if isinstance(error.__cause__, TimeoutError):
                    return reason
            else:
                return None
            if pause is not None:
                time.sleep(pause)
        return reason

    # errors

    @contextmanager
    def _helpful(self) -> Iterator[None]:
        """Errors that the user can help say how."""
        try:
            yield
        except Refused as refused:
            advice = self._advice(refused.status)
            if advice is None:
                raise
            raise EngineUnavailable(f"{self._client.where}: {refused}; {advice}") from refused
        except EngineUnavailable as error:
            if isinstance(error.__cause__, ssl.SSLCertVerificationError):
                raise EngineUnavailable(
                    f"{error}; for an authority of your own set {CA_FILE} to its certificate (PEM)"
                ) from error
            raise

    def _advice(self, status: int) -> str | None:
        if status == 401 and self._access.given:
            return f"it does not accept the credentials in {self._access.given}"
        if status == 401:
            return f"it wants credentials: {HOW} in the environment"
        if status == 403:
            whose = f"the credentials in {self._access.given} need" if self._access.given else "a user needs"
            return f"{whose} the privilege `all` on the indices sigmaproof-*"
        return None
