"""Starting a server's node in this process' Java, as its own bootstrap does but without the checks for production.

Only for the child process (`server.py`), where Java runs. Each server has a function here; what both share is in
`_settings` and `port`. Nothing is asked of the node here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sigmaproof.verify.engines.products import ELASTICSEARCH, MODULE, OPENSEARCH, Product

__all__ = ["port", "start_node"]

Java = Callable[[str], Any]
"""Finds a Java class by its name."""

# OpenSearch's own modules that are loaded: HTTP, the types that are no part of the core, ingest and its scripts.
_MODULES = (
    "org.opensearch.transport.Netty4ModulePlugin",
    "org.opensearch.index.mapper.MapperExtrasModulePlugin",
    "org.opensearch.painless.PainlessModulePlugin",
    "org.opensearch.ingest.common.IngestCommonModulePlugin",
)


def start_node(java: Java, product: Product, home: Path, folder: Path) -> Any:
    """Start the server; its Node. folder: for its data and its log. Raises Java's exceptions."""
    config = folder / "config"
    config.mkdir()
    package = _PACKAGES[product.key]
    builder = java(f"{package}.common.settings.Settings").builder()
    for name, value in {**_settings(home, folder), **_OWN_SETTINGS[product.key]}.items():
        builder.put(name, value)
    settings = builder.build()
    logging = java(f"{package}.common.logging.LogConfigurator")
    if product is ELASTICSEARCH:
        logging.loadLog4jPlugins()
    logging.configureWithoutConfig(settings)
    if product is ELASTICSEARCH:
        logging.configureESLogging()
    environment = java(f"{package}.env.Environment")(settings, _path(java, config))
    node = _NODES[product.key](java, environment, home)
    node.start()
    return node


def port(java: Java, product: Product, node: Any) -> int:
    """The port that the system gave to its HTTP server."""
    transport = java(f"{_PACKAGES[product.key]}.http.HttpServerTransport").class_
    return int(node.injector().getInstance(transport).boundAddress().publishAddress().getPort())


def _settings(home: Path, folder: Path) -> dict[str, str]:
    """Port 0: the system gives a free one, so two engines never race for one."""
    return {
        "path.home": str(home),
        "path.data": str(folder / "data"),
        "path.logs": str(folder),
        "discovery.type": "single-node",
        "network.host": "127.0.0.1",
        "http.port": "0",
        "transport.port": "0",
        "node.name": "sigmaproof",
        "cluster.routing.allocation.disk.threshold_enabled": "false",
        # The breaker that looks at the heap counts garbage too, and what it refuses allocates nothing, so that Java's
        # serial collector never runs: after a long session every request is refused. The other way counts what is held.
        "indices.breaker.total.use_real_memory": "false",
        "logger.level": "WARN",
    }


_PACKAGES = {product.key: f"org.{product.key}" for product in (ELASTICSEARCH, OPENSEARCH)}
_OWN_SETTINGS: Mapping[str, Mapping[str, str]] = {
    # native libraries for vectors: not there, not needed
    ELASTICSEARCH.key: {"logger.org.elasticsearch.nativeaccess": "OFF"},
    OPENSEARCH.key: {"transport.type": "netty4", "http.type": "netty4"},
}


def _path(java: Java, path: Path) -> Any:
    return java("java.nio.file.Path").of(str(path))


def _elasticsearch(java: Java, environment: Any, home: Path) -> Any:
    """Its HTTP server is a module of its own, which lies in a folder."""
    loader = java("org.elasticsearch.plugins.PluginsLoader")
    none = java("java.util.Set").of()
    bundles = loader.loadModulesBundles(_path(java, (home / MODULE).parent))
    plugins = loader.createPluginsLoader(bundles, none, java("java.util.Map").of(), False)
    return java("org.elasticsearch.node.Node")(environment, plugins)


def _opensearch(java: Java, environment: Any, _home: Path) -> Any:
    """Its modules are on the class path. The constructor that takes some from there is meant for its tests, so it is
    not public."""
    version, none = java("org.opensearch.Version").CURRENT, java("java.util.List").of()
    info = java("org.opensearch.plugins.PluginInfo")
    plugins = java("java.util.ArrayList")()
    for name in _MODULES:
        plugins.add(info(name, "on the class path", "NA", version, "21", name, None, none, False))
    constructors = java("org.opensearch.node.Node").class_.getDeclaredConstructors()
    constructor = next(one for one in constructors if one.getParameterCount() == 3)
    constructor.setAccessible(True)
    return constructor.newInstance(environment, plugins, java("java.lang.Boolean").TRUE)


_NODES = {ELASTICSEARCH.key: _elasticsearch, OPENSEARCH.key: _opensearch}
