"""NAR's sampler: in which true tier its guided cells are, on NAS-Bench-201.

A batch of 128 random cells with true tiers (its fifths by validation accuracy) gives the
histograms; 64 cells are drawn by them, with the thresholds in use and with uniform draws forced.
Their tiers are the fifths of all cells.
Chance is 20 % each. The reference's own functions give 31 to 36 % of tier 1 (specification nar.md).
With `--records nar_sampling.json.gz`, also the cells that the reference drew from its 3 batches of
each dataset. Exits 1 where tier 1 has less than chance.

    python benchmarks/guided_cells.py [--batches 100] [--records FILE]
"""

import argparse
import random
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from ednag.files import read_gzip
from ednag.ranker.replay import SamplerRecords, sampler_records
from ednag.ranker.sampling import RULES, TIERS, draw_guided, histograms_of, population_of
from ednag.ranker.tiers import tiers_of
from ednag.sources.lookup import locate
from ednag.spaces import get_space
from ednag.spaces.nasbench201 import NASBench201
from ednag.tables import get_definition

DATASETS = ("cifar10", "cifar100", "ImageNet16-120")


def validation_accuracies(dataset: str) -> np.ndarray:
    """Of all cells in code order, float64[15625], in %."""
    definition = get_definition("nasbench201", dataset)
    table = definition.build(locate(definition.sources), digests={})
    return np.asarray(table.values["validation_accuracy"], dtype=np.float64)


def tier_shares(
    dataset: str, accuracies: np.ndarray, batches: int, force_uniform: bool
) -> np.ndarray:
    """Shares float64[5] of guided cells in each true tier, the best first."""
    population, truth = population_of(dataset), tiers_of(accuracies).members
    rules = replace(RULES, force_uniform=force_uniform)
    drawn = []
    for seed in range(batches):
        generator = random.Random(seed)
        codes = np.array(generator.choices(range(NASBench201.size), k=rules.batch))
        tiers = tiers_of(accuracies[codes]).members
        made = histograms_of(population, codes, tiers, rules.bins)
        drawn.append(draw_guided(population, rules, made, generator, rules.batch // 2).codes)
    return shares_of(np.concatenate(drawn), truth)


def shares_of(codes: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Shares float64[5] of cells int64[n] in each tier; `truth` int64[15625] are the tiers."""
    return np.bincount(truth[codes], minlength=TIERS) / len(codes)


def recorded(records: SamplerRecords, dataset: str, force_uniform: bool) -> np.ndarray:
    """The cells that the reference drew on a dataset, int64[n]."""
    space = get_space("nasbench201")
    keys = [
        key
        for batch in records.nasbench201
        if batch.dataset in (dataset, dataset.lower().removesuffix("-120"))
        for run in batch.runs
        if run.force_uniform is force_uniform
        for key in run.sampled
    ]
    return np.array([space.code(key) for key in keys], dtype=np.int64)


def main() -> None:
    """Print a row for each dataset and kind of draws."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batches", type=int, default=100)
    parser.add_argument("--records", type=Path)
    given = parser.parse_args()
    records = given.records and sampler_records(read_gzip(given.records, "records"), given.records)
    missed = False
    print("dataset,draws,by," + ",".join(f"tier {tier + 1} (%)" for tier in range(TIERS)))
    for dataset in DATASETS:
        accuracies = validation_accuracies(dataset)
        for force_uniform in (False, True):
            rows = {"ours": tier_shares(dataset, accuracies, given.batches, force_uniform)}
            if records:
                codes = recorded(records, dataset, force_uniform)
                rows["reference"] = shares_of(codes, tiers_of(accuracies).members)
            for by, shares in rows.items():
                numbers = ",".join(f"{100 * share:.1f}" for share in shares)
                print(f"{dataset},{'uniform' if force_uniform else 'tiers'},{by},{numbers}")
                missed |= not force_uniform and bool(shares[0] < 1 / TIERS)
    sys.exit(int(missed))


if __name__ == "__main__":
    main()
