"""Records of the reference's sampler: histograms, divergences and draws, one by one."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ednag.cli.replay import command


@pytest.fixture
def records(golden: Path) -> Any:
    return json.loads(gzip.decompress((golden / "nar_sampling.json.gz").read_bytes()))


def replayed(content: Any, folder: Path) -> Result:
    path = folder / "records.json.gz"
    path.write_bytes(gzip.compress(json.dumps(content).encode()))
    return CliRunner().invoke(command, [str(path)])


def test_every_record_is_reproduced(golden: Path) -> None:
    result = CliRunner().invoke(command, [str(golden / "nar_sampling.json.gz")])
    assert result.exit_code == 0, result.output
    assert "identical, 12 records of NAR's sampler\n1 trace identical" in result.output


def _move_a_count(content: Any) -> None:
    bins = content["nasbench201"][4]["histograms"]["flops"][2]
    bins[0][1] += 1


def _exchange_a_cell(content: Any) -> None:
    run = content["nasbench201"][8]["runs"][1]
    run["sampled"][40] = run["sampled"][41]


def _move_an_edge(content: Any) -> None:
    content["nasbench101"][1]["drawn"][30]["matrix"][0][0] = 1


def _shift_a_divergence(content: Any) -> None:
    content["nasbench201"][0]["kl_tier1_to_tiers_2_5"]["edges"][3] += 1e-3


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_move_a_count, "cifar100, seed 1: flops of tier 3 differ"),
        (_shift_a_divergence, "cifar10, seed 0: KL of edges differs"),
        (_exchange_a_cell, "imagenet16, seed 2: random seed 2, forced uniform: cell 40 differs"),
        (_move_an_edge, "nasbench101, random seed 1: structure 30 differs"),
    ],
)
def test_the_first_divergence_is_named_in_one_line(
    records: Any, tmp_path: Path, change: Callable[[Any], None], words: str
) -> None:
    change(records)
    result = replayed(records, tmp_path)
    assert result.exit_code == 1
    assert words in result.output and result.output.count("\n") == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"nasbench201": 3}, "not records of NAR's sampler (nasbench201"),
        ({"nasbench101": [{"python_random_seed": 1}]}, "nasbench101.0.drawn"),
    ],
)
def test_what_are_no_records_is_refused(content: Any, words: str, tmp_path: Path) -> None:
    result = replayed(content, tmp_path)
    assert result.exit_code != 0 and words in str(result.exception)


def test_a_batch_without_all_tiers_or_of_another_dataset_is_refused(
    records: Any, tmp_path: Path
) -> None:
    batch = records["nasbench201"][0]
    for key, value in (("histograms", {"flops": []}), ("dataset", "svhn"), ("batch", ["a"])):
        result = replayed({"nasbench201": [{**batch, key: value}]}, tmp_path)
        assert result.exit_code != 0 and "not records of NAR's sampler" in str(result.exception)
