"""How well the ranker and plainer predictors rank cells, and what the sampler makes of a ranker.

Everything is a function of a seed: it draws the cells held out, then the cells to train on, of
which a smaller training set takes the first. So predictors of one seed and size saw the same cells.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ednag.cells import nasbench101, nasbench201
from ednag.errors import EdnagError
from ednag.ranker.baselines import BASELINES, Described, fit_baseline
from ednag.ranker.encoding import encode_nasbench101, encode_nasbench201
from ednag.ranker.tau import kendall_tau_b, kendall_tau_ties_concordant

if TYPE_CHECKING:
    import pandas as pd

    from ednag.ranker.fitting import FittedRanker, RankerEpoch
    from ednag.ranker.model import Sizes
    from ednag.ranker.sampling import Protocol
    from ednag.ranker.tiers import Tiers

#: What the ranker is called beside BASELINES: by its score, and by the tier it assigns.
RANKER, RANKER_TIERS = "ranker", "ranker_tiers"
#: Width and layers of the study's ranker, which has one attention head and no dropout; the
#: published one has width 128, 6 layers, 4 heads and dropout 0.1.
WIDTH, LAYERS = 32, 1
#: What differs from the published recipes: 55 epochs at batch 128, 35 at 256 on NAS-Bench-101.
EPOCHS, BATCH = 30, 64
TIERS = 5
#: Columns of a list of cells of NAS-Bench-101 that are read.
LISTED = ("adjacency", "operations", "flops", "parameters", "validation_accuracy_108")
PROTOCOLS: tuple["Protocol", ...] = ("honest", "paper")


@dataclass(frozen=True)
class Cells:
    """The n cells of a study, with what is known of them.

    All 15,625 cells of NAS-Bench-201 in code order, or those of NAS-Bench-101 that a list has.

    Attributes:
        space: nasbench101 or nasbench201.
        dataset: What their accuracies are of.
        patches: float32[n, 19, 7, 7] or float32[n, 31, 4, 4].
        flops, parameters: float64[n], of whole networks.
        validation: float64[n], what predictors learn and are judged by; NaN where unknown.
        test: float64[n], what a search reports, NaN where unknown; None where no cell has one.
    """

    space: str
    dataset: str
    patches: np.ndarray
    flops: np.ndarray
    parameters: np.ndarray
    validation: np.ndarray
    test: np.ndarray | None

    def described(self, codes: np.ndarray) -> Described:
        """What a baseline may know of cells int[n]."""
        return Described(self.patches[codes], self.flops[codes], self.parameters[codes])


@dataclass(frozen=True)
class CellDraw:
    """Cells of one seed.

    Attributes:
        pool: int64[n], to train on: a training set of k cells is the first k.
        held_out: int64[m], to judge by; none of them is in the pool.
    """

    pool: np.ndarray
    held_out: np.ndarray


def cells_of(dataset: str, validation: np.ndarray, test: np.ndarray) -> Cells:
    """The cells with accuracies float64[15625]; networks counted as on `dataset`.

    A dataset that the benchmark does not have is counted as on CIFAR-10.
    """
    counted = dataset if dataset in nasbench201.SHAPES else "cifar10"
    counts = nasbench201.counts(nasbench201.shape_of(counted))
    return Cells(
        "nasbench201",
        dataset,
        encode_nasbench201(counted),
        counts.flops.astype(np.float64),
        counts.parameters.astype(np.float64),
        validation,
        test,
    )


def cells_of_nasbench101(listed: "pd.DataFrame") -> Cells:
    """Cells of NAS-Bench-101 with the validation accuracy of one training of 108 epochs.

    Their test accuracy is not there. The encoding counts for vertices numbered as listed.

    Args:
        listed: As `ednag cells enumerate --hashes` writes them: columns LISTED.

    Raises:
        EdnagError: A row is no cell.
    """
    batch = nasbench101.from_texts(listed["adjacency"].tolist(), listed["operations"].tolist())
    return Cells(
        "nasbench101",
        "cifar10",
        encode_nasbench101(batch),
        listed["flops"].to_numpy(dtype=np.float64),
        listed["parameters"].to_numpy(dtype=np.float64),
        listed["validation_accuracy_108"].to_numpy(dtype=np.float64),
        None,
    )


def split_cells(cells: Cells, training: int, held_out: int, seed: int) -> CellDraw:
    """Draw cells that have a validation accuracy, and a test accuracy where any has one.

    Raises:
        EdnagError: There are too few, or fewer are asked for than there are tiers.
    """
    if training < TIERS or held_out < TIERS:
        raise EdnagError(
            f"ranker: {training} cells to train on and {held_out} held out for {TIERS} tiers; "
            f"give at least {TIERS} of each"
        )
    there = np.isfinite(cells.validation)
    if cells.test is not None:
        there &= np.isfinite(cells.test)
    known = np.flatnonzero(there)
    if training + held_out > len(known):
        raise EdnagError(
            f"ranker: {training} cells to train on and {held_out} held out are more than the "
            f"{len(known)} with an accuracy; ask for fewer"
        )
    drawn = np.random.default_rng(seed).permutation(known)
    return CellDraw(drawn[held_out : held_out + training], drawn[:held_out])


def judged(
    predictor: str, training: int, scores: np.ndarray, measured: np.ndarray
) -> dict[str, Any]:
    """A row about scores float[n] of held-out cells beside accuracies float64[n]."""
    return {
        "predictor": predictor,
        "training": training,
        "held_out": len(measured),
        "tau_b": kendall_tau_b(scores, measured),
        "tau_ties_concordant": kendall_tau_ties_concordant(scores, measured),
    }


def baseline_rows(
    cells: Cells, split: CellDraw, sizes: Sequence[int], seed: int
) -> Iterator[dict[str, Any]]:
    """Every baseline trained on each number of cells, a row each; see `judged`."""
    unseen, measured = cells.described(split.held_out), cells.validation[split.held_out]
    for size in sizes:
        codes = split.pool[:size]
        training = cells.described(codes)
        for name in BASELINES:
            predict = fit_baseline(name, training, cells.validation[codes], seed)
            yield judged(name, size, predict(unseen), measured)


def fit_ranker(
    cells: Cells,
    codes: np.ndarray,
    held_out: np.ndarray,
    seed: int,
    progress: "Callable[[RankerEpoch], object] | None" = None,
) -> "FittedRanker":
    """The study's small ranker, trained on cells int64[n]; those held out only judge epochs."""
    from ednag.ranker.fitting import RECIPES, Sample, fit

    recipe = replace(RECIPES[cells.space], epochs=EPOCHS, batch=BATCH)
    samples = [Sample(cells.patches[some], cells.validation[some]) for some in (codes, held_out)]
    return fit(study_sizes(cells), recipe, *samples, seed=seed, progress=progress)


def study_sizes(cells: Cells) -> "Sizes":
    """Sizes of the study's ranker of these cells."""
    from ednag.ranker.model import Sizes

    _, patches, side, _ = cells.patches.shape
    return Sizes(
        patches,
        side,
        model=WIDTH,
        heads=1,
        key=WIDTH,
        feed_forward=2 * WIDTH,
        tier_hidden=2 * WIDTH,
        score_hidden=4 * WIDTH,
        layers=LAYERS,
        dropout=0.0,
    )


def tier_rows(
    cells: Cells, split: CellDraw, size: int, logits: np.ndarray, scores: np.ndarray, seed: int
) -> list[dict[str, Any]]:
    """How often held-out cells of each tier were put into each tier, by several predictors.

    True tiers are by the bounds of the training set. The ranker says tiers by itself
    (`ranker_tiers`); of any score, the ranker's too, the fifths of the held-out cells are taken.

    Args:
        cells: All cells.
        split: Of this seed.
        size: Cells that the ranker was trained on.
        logits: float[m, 5], the ranker's, of the held-out cells.
        scores: float[m], likewise.
        seed: Of the random forest.
    """
    from ednag.ranker.tiers import tiers_of

    codes = split.pool[:size]
    truth = tiers_of(cells.validation[codes]).of(cells.validation[split.held_out])
    forest = fit_baseline("random_forest", cells.described(codes), cells.validation[codes], seed)
    unseen = cells.described(split.held_out)
    said = {
        RANKER_TIERS: logits.argmax(axis=1),
        RANKER: tiers_of(scores).members,
        "random_forest": tiers_of(forest(unseen)).members,
        "flops": tiers_of(unseen.flops).members,
    }
    return [
        {
            "predictor": name,
            "training": size,
            "tier": tier + 1,
            "predicted_tier": predicted + 1,
            "cells": int(((truth == tier) & (tiers == predicted)).sum()),
        }
        for name, tiers in said.items()
        for tier in range(TIERS)
        for predicted in range(TIERS)
    ]


class Lookup:
    """What a ranker says of cells, asked for once each."""

    def __init__(self, fitted: "FittedRanker", patches: np.ndarray) -> None:
        self._fitted, self._patches = fitted, patches
        self._logits = np.full((len(patches), TIERS), np.nan, dtype=np.float32)
        self._scores = np.full(len(patches), np.nan, dtype=np.float32)

    def __call__(self, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Tier logits float32[n, 5] and scores float32[n] of cells int64[n]."""
        new = np.unique(codes[np.isnan(self._scores[codes])])
        if len(new):
            self._logits[new], self._scores[new] = self._fitted.score(self._patches[new])
        return self._logits[codes], self._scores[codes]


def search_rows(
    cells: Cells, split: CellDraw, size: int, score: Lookup, iterations: int, seed: int
) -> list[dict[str, Any]]:
    """NAR's search of NAS-Bench-201, with tier distributions allowed and uniform draws forced.

    One row for each of the two and each protocol. Accuracies are the table's; a cell that was
    trained on may be drawn again, as in the published search. Only for cells with test accuracies.
    """
    assert cells.test is not None
    from ednag.ranker.populations import nasbench201_population
    from ednag.ranker.sampling import RULES
    from ednag.ranker.search import RankedSearch
    from ednag.ranker.tiers import tiers_of

    population = replace(
        nasbench201_population("cifar10"), flops=cells.flops, parameters=cells.parameters
    )
    tiers = tiers_of(cells.validation[split.pool[:size]])
    parts = {"validation": cells.validation, "test": cells.test}
    rows = []
    for force_uniform in (False, True):
        for protocol in PROTOCOLS:
            search = RankedSearch(
                population,
                replace(RULES["nasbench201"], force_uniform=force_uniform),
                score,
                lambda codes, part: parts[part][codes],
                protocol=protocol,
                seed=seed,
                iterations=iterations,
            )
            outcomes = search.run()
            about = {
                "draws": "uniform" if force_uniform else "tiers",
                "protocol": protocol,
                "training": size,
                "iterations": iterations,
                **_about_draws(search.done, cells.validation, tiers),
            }
            rows += [{**about, **asdict(outcome)} for outcome in outcomes]
    return rows


def _about_draws(done: Sequence[Any], accuracies: np.ndarray, tiers: "Tiers") -> dict[str, float]:
    """How often each distribution was used, and what guided and random draws were worth."""
    after_first = done[1:]
    count = max(1, len(after_first))
    guided = [each.drawn.codes[: each.drawn.guided] for each in after_first]
    free = [each.drawn.codes[each.drawn.guided :] for each in done]
    told: dict[str, float] = {
        f"used_{name}": sum(each.drawn.used[name] for each in after_first) / count
        for name in ("flops", "parameters", "structure")
    }
    for name, parts in (("guided", guided), ("random", free)):
        drawn = np.concatenate([*parts, np.empty(0, dtype=np.int64)]).astype(np.int64)
        empty = not len(drawn)
        told[f"{name}_mean"] = float("nan") if empty else float(accuracies[drawn].mean())
        first = tiers.of(accuracies[drawn]) == 0
        told[f"{name}_first_tier"] = float("nan") if empty else float(first.mean())
    told["too_large"] = float(np.mean([each.drawn.too_large for each in after_first] or [np.nan]))
    return told
