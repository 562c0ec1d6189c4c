"""Benchmark tables by space and dataset. A table is one reader here and one line in TABLES."""

import importlib
from collections.abc import Mapping
from pathlib import Path

from ednag.errors import EdnagError
from ednag.naming import suggestion
from ednag.spaces import SPACES, get_space
from ednag.tables.interface import (
    Benchmark,
    BenchmarkTable,
    Metric,
    PredictorDefinition,
    Protocol,
    TableDefinition,
    densify,
)

#: What `ednag tables build` can build.
Definition = TableDefinition | PredictorDefinition

#: space -> dataset -> "module:definition"; imported only when asked for
TABLES = {
    "nasbench201": {
        "cifar10-analog": "ednag.tables.analog_nasbench:TABLE",
        "cifar10": "ednag.tables.nasbench201_csv:CIFAR10",
        "cifar100": "ednag.tables.nasbench201_csv:CIFAR100",
        "ImageNet16-120": "ednag.tables.nasbench201_csv:IMAGENET16",
        "digits-unseen": "ednag.tables.meta_predictor:DIGITS_UNSEEN",
        "aircraft": "ednag.tables.meta_predictor:AIRCRAFT",
        "pets": "ednag.tables.meta_predictor:PETS",
        "cifar10-predicted": "ednag.tables.meta_predictor:CIFAR10",
        "cifar100-predicted": "ednag.tables.meta_predictor:CIFAR100",
        "own-images": "ednag.tables.meta_predictor:OWN_IMAGES",
    },
    "nasbench101": {
        "cifar10": "ednag.tables.nasbench101_tfrecord:CIFAR10",
    },
    "transnas-micro": {
        "class_scene": "ednag.tables.transnas_csv:MICRO_CLASS_SCENE",
        "class_object": "ednag.tables.transnas_csv:MICRO_CLASS_OBJECT",
        "jigsaw": "ednag.tables.transnas_csv:MICRO_JIGSAW",
        "segmentsemantic": "ednag.tables.transnas_csv:MICRO_SEGMENTSEMANTIC",
        "normal": "ednag.tables.transnas_csv:MICRO_NORMAL",
        "autoencoder": "ednag.tables.transnas_csv:MICRO_AUTOENCODER",
        "room_layout": "ednag.tables.transnas_csv:MICRO_ROOM_LAYOUT",
    },
    "transnas-macro": {
        "class_scene": "ednag.tables.transnas_csv:MACRO_CLASS_SCENE",
        "class_object": "ednag.tables.transnas_csv:MACRO_CLASS_OBJECT",
        "jigsaw": "ednag.tables.transnas_csv:MACRO_JIGSAW",
        "segmentsemantic": "ednag.tables.transnas_csv:MACRO_SEGMENTSEMANTIC",
        "normal": "ednag.tables.transnas_csv:MACRO_NORMAL",
        "autoencoder": "ednag.tables.transnas_csv:MACRO_AUTOENCODER",
        "room_layout": "ednag.tables.transnas_csv:MACRO_ROOM_LAYOUT",
    },
    "nasbench301": {
        "cifar10-725": "ednag.tables.naslib_nasbench301:SMALL",
        "cifar10": "ednag.tables.naslib_nasbench301:FULL",
    },
    "mobilenetv3": {
        "imagenet": "ednag.tables.ofa_predictor:IMAGENET",
        "cifar10": "ednag.tables.meta_predictor:MOBILENETV3_CIFAR10",
        "cifar100": "ednag.tables.meta_predictor:MOBILENETV3_CIFAR100",
        "aircraft": "ednag.tables.meta_predictor:MOBILENETV3_AIRCRAFT",
        "pets": "ednag.tables.meta_predictor:MOBILENETV3_PETS",
    },
    "nasbench-graph": {
        "cora": "ednag.tables.nasbench_graph:CORA",
        "citeseer": "ednag.tables.nasbench_graph:CITESEER",
        "pubmed": "ednag.tables.nasbench_graph:PUBMED",
        "cs": "ednag.tables.nasbench_graph:CS",
        "physics": "ednag.tables.nasbench_graph:PHYSICS",
        "photo": "ednag.tables.nasbench_graph:PHOTO",
        "computers": "ednag.tables.nasbench_graph:COMPUTERS",
        "arxiv": "ednag.tables.nasbench_graph:ARXIV",
        "proteins": "ednag.tables.nasbench_graph:PROTEINS",
    },
}

#: space -> dataset -> source id -> "module:definition": the benchmarks' own files with the rows
#: of a table above, which small public files hold by default.
OFFICIAL = {
    "nasbench201": {
        dataset: {
            "nasbench201-v1_0": f"ednag.tables.nasbench201_official:{name}_V1_0",
            "nasbench201-v1_1": f"ednag.tables.nasbench201_official:{name}_V1_1",
            "nats-tss-simple": f"ednag.tables.nats_bench:{name}",
        }
        for dataset, name in (
            ("cifar10", "CIFAR10"),
            ("cifar100", "CIFAR100"),
            ("ImageNet16-120", "IMAGENET16"),
        )
    },
    "nasbench101": {
        "cifar10": {"nasbench101-full": "ednag.tables.nasbench101_tfrecord:CIFAR10_FULL"},
    },
    **{
        space: {
            task: {"transnas-v10141024": reference.replace("_csv", "_official")}
            for task, reference in TABLES[space].items()
        }
        for space in ("transnas-micro", "transnas-macro")
    },
}


def get_definition(space: str, dataset: str) -> Definition:
    """The definition of a benchmark; raises EdnagError naming the closest valid name."""
    if space not in TABLES:
        raise EdnagError(f"unknown search space {space!r}{suggestion(space, SPACES)}")
    if dataset not in TABLES[space]:
        raise EdnagError(
            f"unknown dataset {dataset!r} of space {space}{suggestion(dataset, TABLES[space])}"
        )
    return _resolve(TABLES[space][dataset])


def get_table_definition(space: str, dataset: str) -> TableDefinition:
    """The definition of a table; raises EdnagError where values are predicted."""
    return _as_table(get_definition(space, dataset))


def official_definitions(space: str, dataset: str) -> dict[str, TableDefinition]:
    """Source id -> definition of the same table read from that official file; may be empty."""
    named = OFFICIAL.get(space, {}).get(dataset, {})
    return {source: _as_table(_resolve(reference)) for source, reference in named.items()}


def _as_table(definition: Definition) -> TableDefinition:
    if isinstance(definition, PredictorDefinition):
        raise EdnagError(
            f"{definition.space}/{definition.dataset} has no benchmark table: the space is too "
            "large for one and its values are predicted when they are asked for"
        )
    return definition


def _resolve(reference: str) -> Definition:
    module, attribute = reference.split(":")
    definition: Definition = getattr(importlib.import_module(module), attribute)
    return definition


def build_benchmark(
    definition: Definition, paths: Mapping[str, Path], digests: Mapping[str, str]
) -> Benchmark:
    """Read verified source files into a table, or into a predictor where there is no table.

    Args:
        definition: What to build.
        paths: Source id -> path of its verified bytes.
        digests: Source id -> their sha256.

    Raises:
        EdnagError: A file holds something else.
    """
    if isinstance(definition, PredictorDefinition):
        return definition.build(definition.load(paths), digests)
    return build_table(definition, paths, digests)


def build_table(
    definition: TableDefinition, paths: Mapping[str, Path], digests: Mapping[str, str]
) -> BenchmarkTable:
    """Read verified source files into a table; see `build_benchmark`."""
    rows = definition.read(paths)
    return densify(rows, get_space(definition.space), definition, digests)


def is_predicted(space: str, dataset: str) -> bool:
    """Whether a benchmark's values are predictions, which no comparison over datasets counts."""
    metrics = get_definition(space, dataset).metrics
    return all(metric.name.startswith("predicted") for metric in metrics)


def get_metric(space: str, dataset: str, name: str) -> Metric:
    """A metric of a benchmark by its name: unit, description, direction."""
    metrics = get_definition(space, dataset).metrics
    return next(metric for metric in metrics if metric.name == name)


def get_reported_metric(space: str, dataset: str, protocol: str) -> Metric:
    """The metric that a protocol of a benchmark reports."""
    return get_metric(space, dataset, get_protocol(space, dataset, protocol).reported_metric)


def get_protocol(space: str, dataset: str, protocol: str) -> Protocol:
    """A table's protocol by name; raises EdnagError naming the closest valid one."""
    protocols = get_definition(space, dataset).protocols
    if protocol not in protocols:
        raise EdnagError(
            f"unknown protocol {protocol!r} of {space}/{dataset}{suggestion(protocol, protocols)}"
        )
    return protocols[protocol]
