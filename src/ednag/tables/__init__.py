"""Benchmark tables by space and dataset. A table is one reader here and one line in TABLES."""

import importlib
from collections.abc import Mapping
from pathlib import Path

from ednag.errors import EdnagError
from ednag.naming import suggestion
from ednag.spaces import SPACES, get_space
from ednag.tables.interface import BenchmarkTable, Protocol, TableDefinition, densify

#: space -> dataset -> "module:definition"; imported only when asked for
TABLES = {
    "nasbench201": {
        "cifar10-analog": "ednag.tables.analog_nasbench:TABLE",
        "cifar10": "ednag.tables.nasbench201_csv:CIFAR10",
        "cifar100": "ednag.tables.nasbench201_csv:CIFAR100",
        "ImageNet16-120": "ednag.tables.nasbench201_csv:IMAGENET16",
    },
}


def get_definition(space: str, dataset: str) -> TableDefinition:
    """The definition of a table; raises EdnagError naming the closest valid name."""
    if space not in TABLES:
        raise EdnagError(f"unknown search space {space!r}{suggestion(space, SPACES)}")
    if dataset not in TABLES[space]:
        raise EdnagError(
            f"unknown dataset {dataset!r} of space {space}{suggestion(dataset, TABLES[space])}"
        )
    module, attribute = TABLES[space][dataset].split(":")
    definition: TableDefinition = getattr(importlib.import_module(module), attribute)
    return definition


def build_table(
    definition: TableDefinition, paths: Mapping[str, Path], digests: Mapping[str, str]
) -> BenchmarkTable:
    """Read verified source files into a table.

    Args:
        definition: What to build.
        paths: Source id -> path of its verified bytes.
        digests: Source id -> their sha256.
    """
    rows = definition.read(paths)
    return densify(rows, get_space(definition.space), definition, digests)


def get_protocol(space: str, dataset: str, protocol: str) -> Protocol:
    """A table's protocol by name; raises EdnagError naming the closest valid one."""
    protocols = get_definition(space, dataset).protocols
    if protocol not in protocols:
        raise EdnagError(
            f"unknown protocol {protocol!r} of {space}/{dataset}{suggestion(protocol, protocols)}"
        )
    return protocols[protocol]
