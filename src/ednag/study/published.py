"""What the papers print: tables, and the seeds that EDNAG's authors list."""

import math
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from ednag.errors import EdnagError
from ednag.study.seeds import Block, plan_blocks
from ednag.tables import TABLES
from ednag.text_files import csv_rows
from ednag.yaml_files import read_yaml

#: Printed table -> its file in the folder `published`.
PUBLISHED_TABLES = {
    "nasbench201": "nasbench201.csv",
    "nasbench101-301": "nasbench101-301.csv",
    "transnas-micro": "transnas.csv",
    "transnas-macro": "transnas.csv",
    "mobilenetv3": "mobilenetv3.csv",
    "generated-quality": "generated-quality.csv",
    "validity": "validity.csv",
    "mapping-ablation": "mapping-ablation.csv",
    "cost": "cost-gpu-hours.csv",
    "predictor": "predictor-pearson.csv",
}

_COLUMNS = ("space", "dataset", "seed", "value_in_comment")


def read_listed_seeds(path: Path) -> dict[tuple[str, str], dict[int, float]]:
    """(space, dataset) -> {seed: value in the authors' comment}, in the order of the file.

    Args:
        path: `published/reference-seeds.csv`; values in the table's unit (%, or loss x 100).

    Raises:
        EdnagError: A column is missing, a value is no number, or a seed is repeated.
    """
    listed: dict[tuple[str, str], dict[int, float]] = {}
    for number, row in csv_rows(path, _COLUMNS):
        try:
            space, dataset, seed, value = (row[name] for name in _COLUMNS)
            group = listed.setdefault((space, dataset), {})
            if int(seed) in group:
                raise ValueError(f"seed {seed} is repeated")
            if not math.isfinite(float(value)):
                raise ValueError(f"{value} is not a number")
            group[int(seed)] = float(value)
        except ValueError as error:
            raise EdnagError(f"{path.name}: line {number}: {str(error)[:200]}") from None
    return listed


def benchmarks_printed(folder: Path) -> list[tuple[str, str]]:
    """(space, dataset) of the registry whose dataset a printed table or a claim names.

    Jobs that read printed numbers import the definitions of these benchmarks.

    Args:
        folder: The folder `published`.
    """
    files = dict.fromkeys([*PUBLISHED_TABLES.values(), "reference-seeds.csv", "claims.yaml"])
    texts = [(folder / name).read_text(encoding="utf-8") for name in files]
    words = {word for text in texts for word in re.findall(r"[\w-]+", text)}
    return [(space, name) for space in TABLES for name in TABLES[space] if name in words]


def are_claimed(searched: Mapping[tuple[str, str], Collection[str]], folder: Path) -> bool:
    """Whether a claim is about what a study runs: a method of it on a dataset of it.

    Args:
        searched: (space, dataset) with measured values -> methods that run there.
        folder: The folder `published`.
    """

    def is_about(
        claim: Mapping[str, Any], place: tuple[str, str], methods: Collection[str]
    ) -> bool:
        named = {claim.get("method", "ednag"), claim.get("against")} - {None}
        dataset = claim.get("dataset", place[1])
        return (claim.get("space"), dataset) == place and named.issubset(methods)

    claims = read_yaml(folder / "claims.yaml")
    return any(is_about(claim, *pair) for claim in claims for pair in searched.items())


def plan_with_authors(
    seeds: Iterable[int], listed: Iterable[int], present: Iterable[Block], size: int
) -> list[Block]:
    """Blocks that cover the study's seeds and the listed ones, none overlapping.

    The study's own plan is part of it unchanged, so listing more seeds reruns nothing.

    Args:
        seeds: The study's seeds.
        listed: The authors' seeds.
        present: Blocks whose run files exist.
        size: Largest number of seeds in a new block.
    """
    present, seeds = list(present), list(seeds)
    own = plan_blocks(seeds, present, size)
    covered = {seed for block in own for seed in block.seeds}
    others = [block for block in present if not covered.intersection(block.seeds)]
    return plan_blocks({*seeds, *listed}, [*own, *others], size)
