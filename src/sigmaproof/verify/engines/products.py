"""The servers that can be embedded, as data: what each is called, which version is pinned, what it is licensed as.

Which jars a server has is in `<key>-<version>.sha256`, how its Java is started in `boot.py`, what its API is like in
`dialects.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["ELASTICSEARCH", "MODULE", "OPENSEARCH", "PRODUCTS", "Product"]

MODULE = "modules/transport-netty4"
"""Where Elasticsearch looks for its HTTP server: on the class path it would stop with "jar hell"."""


@dataclass(frozen=True, slots=True)
class Product:
    """One server. key: its name in file names and in `--engine`. licence: a sentence for who fetches it. files: what
    its home holds beside the jars, text by path."""

    key: str
    title: str
    version: str
    licence: str
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def pins(self) -> str:
        """The data file that lists its jars."""
        return f"{self.key}-{self.version}.sha256"


_ELASTICSEARCH = "9.2.0"
ELASTICSEARCH = Product(
    key="elasticsearch",
    title="Elasticsearch",
    version=_ELASTICSEARCH,
    licence="its licence is, as you choose, the Elastic License 2.0, the AGPLv3 or the SSPL",
    files={
        f"{MODULE}/plugin-descriptor.properties": f"""\
name=transport-netty4
description=HTTP and transport by Netty
version={_ELASTICSEARCH}
elasticsearch.version={_ELASTICSEARCH}
java.version=17
classname=org.elasticsearch.transport.netty4.Netty4Plugin
"""
    },
)
OPENSEARCH = Product(
    key="opensearch", title="OpenSearch", version="3.8.0", licence="its licence is the Apache License 2.0"
)
PRODUCTS = {product.key: product for product in (ELASTICSEARCH, OPENSEARCH)}
