"""What of the API and of the types differs between Elasticsearch and OpenSearch, as data; and which one a server is.

Measured on Elasticsearch 9.2.0 and OpenSearch 3.8.0. What is asked is in `index.py`, the mapping in `mapping.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sigmaproof.verify.engines import EngineUnavailable

__all__ = ["DIALECTS", "ELASTICSEARCH", "OPENSEARCH", "Dialect", "recognised"]


@dataclass(frozen=True, slots=True)
class Dialect:
    """One API. pit: the path of a point in time, below an index and alone; pit_id: its id in the answer. closing: the
    body that ends one, made of its id. order: sorting by place in the index, which pages need. oldest: the first major
    version that is supported. stand_ins: the types of the field table that it has not, each with what stands for it.
    remarks: what the reader of a report must know. privileges: what credentials need, beside all on our indices, for an
    ingest pipeline and for an index template of the cluster's own.
    """

    key: str
    title: str
    pit: str
    pit_id: str
    pit_ids_are_a_list: bool
    order: str
    oldest: int
    has_eql: bool
    stand_ins: Mapping[str, str]
    remarks: tuple[str, ...]
    privileges: tuple[str, str]

    def closing(self, pit: str) -> dict[str, Any]:
        """The body of the request that ends a point in time."""
        return {self.pit_id: [pit] if self.pit_ids_are_a_list else pit}


ELASTICSEARCH = Dialect(
    key="elasticsearch",
    title="Elasticsearch",
    pit="_pit",
    pit_id="id",
    pit_ids_are_a_list=False,
    order="_shard_doc",
    oldest=8,
    has_eql=True,
    stand_ins={},
    remarks=(),
    privileges=("read_pipeline", "manage_index_templates"),
)
OPENSEARCH = Dialect(
    key="opensearch",
    title="OpenSearch",
    pit="_search/point_in_time",
    pit_id="pit_id",
    pit_ids_are_a_list=True,
    order="_doc",  # OpenSearch 2 has no _shard_doc; with one shard both are the same order
    oldest=2,
    has_eql=False,
    stand_ins={"flattened": "flat_object"},
    remarks=(
        "OpenSearch has no flattened fields: flat_object stands for them. The claims of a conversion are about "
        "flattened; where flat_object answers another way, the difference is shown as one (docs/opensearch.md).",
    ),
    privileges=(
        "cluster:admin/ingest/pipeline/get and cluster:admin/ingest/pipeline/simulate",
        "indices:admin/index_template/get and indices:admin/index_template/simulate",
    ),
)
DIALECTS = {dialect.key: dialect for dialect in (ELASTICSEARCH, OPENSEARCH)}


def recognised(root: Mapping[str, Any], product: str | None, where: str) -> tuple[Dialect, str]:
    """Whose server it is, and its version in words (empty when it says none).

    root: what it answers to `GET /`, empty when it may not be asked. product: its header X-elastic-product. Raises
    EngineUnavailable for anything but a server that can be used.
    """
    version = root.get("version")
    version = version if isinstance(version, Mapping) else {}
    number = str(version.get("number", ""))
    if str(version.get("distribution", "")).lower() == OPENSEARCH.key:
        dialect = OPENSEARCH
    elif product == "Elasticsearch":
        dialect = ELASTICSEARCH
    else:
        raise EngineUnavailable(
            f"{where} does not say that it is an Elasticsearch (no header X-elastic-product) or an OpenSearch"
        )
    major = number.partition(".")[0]
    if major.isdigit() and int(major) < dialect.oldest:
        raise EngineUnavailable(f"{where} is an {dialect.title} {number}; {dialect.oldest} or newer is needed")
    return dialect, number
