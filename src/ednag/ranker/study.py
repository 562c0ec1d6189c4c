"""The study of rankers: how well predictors rank cells, and NAR's search with a ranker.

Everything is a function of a seed: it draws the held-out cells, then the cells to train on. A
smaller training set is the first part of a larger one. So predictors of one seed and size are
trained on the same cells.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ednag.cells import nasbench101, nasbench201
from ednag.errors import EdnagError
from ednag.files import read_rows
from ednag.ranker.baselines import BASELINES, UNTRAINED, Described, fit_baseline
from ednag.ranker.encoding import encode_nasbench101, encode_nasbench201
from ednag.ranker.tau import kendall_tau_b, kendall_tau_ties_concordant, spearman

if TYPE_CHECKING:
    from ednag.ranker.fitting import FittedRanker, Precision, RankerEpoch
    from ednag.ranker.sampling import Protocol
    from ednag.ranker.tiers import Tiers

#: Names of the ranker besides BASELINES: by its score, and by the tier that it assigns.
RANKER, RANKER_TIERS = "ranker", "ranker_tiers"
#: The small ranker has one attention head and no dropout. The published one has width 128,
#: 6 layers, 4 heads and dropout 0.1.
WIDTH, LAYERS = 32, 1
#: The published recipes have 55 epochs at batch 128, and 35 at 256 on NAS-Bench-101.
EPOCHS, BATCH = 30, 64
RankerSize = Literal["small", "published"]
#: Iterations of a search by the ranker of each size.
ITERATIONS = MappingProxyType({"small": 20, "published": 50})
TIERS = 5
#: Columns that are read of a list of cells of NAS-Bench-101.
LISTED = ("adjacency", "operations", "flops", "parameters", "validation_accuracy_108")
#: Share of the cells held out that counts as the best, and cells taken by score whose best is
#: compared with the best of all.
BEST_SHARE, TAKEN = 0.05, 10
PROTOCOLS: tuple["Protocol", ...] = ("honest", "paper")


@dataclass(frozen=True)
class Cells:
    """The n cells of a study.

    All 15,625 cells of NAS-Bench-201 in code order, or the cells of NAS-Bench-101 in a list.

    Attributes:
        space: nasbench101 or nasbench201.
        dataset: Dataset of the accuracies.
        patches: float32[n, 19, 7, 7] or float32[n, 31, 4, 4], the ranker's encodings.
        flops, parameters: float64[n], of whole networks.
        validation: float64[n], accuracies to train and judge predictors; NaN where unknown.
        test: float64[n], accuracies that a search reports, NaN where unknown; None if no cell has
            one.
    """

    space: str
    dataset: str
    patches: np.ndarray
    flops: np.ndarray
    parameters: np.ndarray
    validation: np.ndarray
    test: np.ndarray | None

    def described(self, codes: np.ndarray) -> Described:
        """The input of a baseline for cells int[n]."""
        return Described(self.patches[codes], self.flops[codes], self.parameters[codes])


@dataclass(frozen=True)
class CellDraw:
    """Cells of one seed.

    Attributes:
        pool: int64[n], cells to train on; a training set of k cells is the first k.
        held_out: int64[m], other cells to judge by.
    """

    pool: np.ndarray
    held_out: np.ndarray


def cells_of(dataset: str, validation: np.ndarray, test: np.ndarray) -> Cells:
    """The cells with accuracies float64[15625]; networks counted as on `dataset`.

    For a dataset that the benchmark does not have, networks are counted as on CIFAR-10.
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


def read_listed_cells(path: Path) -> Cells:
    """Cells of a file of `ednag cells enumerate --hashes`; raises EdnagError for other files.

    Validation accuracies are those of one training of 108 epochs; there are no test accuracies. The
    encoding is for vertices numbered as in the list.
    """
    what, advice = "a list of `ednag cells enumerate --hashes`", "write it again"
    listed = read_rows(path, columns=LISTED, what=what, advice=advice)
    batch = nasbench101.from_texts(listed["adjacency"].tolist(), listed["operations"].tolist())
    flops, parameters, accuracy = (listed[name].to_numpy(dtype=np.float64) for name in LISTED[2:])
    patches = encode_nasbench101(batch)
    return Cells("nasbench101", "cifar10", patches, flops, parameters, accuracy, None)


def split_cells(cells: Cells, training: int, held_out: int, seed: int) -> CellDraw:
    """Draw cells that have a validation accuracy, and a test accuracy where any has one.

    Raises:
        EdnagError: There are too few, or fewer than the number of tiers are asked for.
    """
    if training < TIERS or held_out < TIERS:
        raise EdnagError(
            f"ranker: {training} cells to train on and {held_out} held out for {TIERS} tiers; "
            f"give at least {TIERS} of each"
        )
    has_accuracy = np.isfinite(cells.validation)
    if cells.test is not None:
        has_accuracy &= np.isfinite(cells.test)
    codes = np.flatnonzero(has_accuracy)
    if training + held_out > len(codes):
        raise EdnagError(
            f"ranker: {training} cells to train on and {held_out} held out are more than the "
            f"{len(codes)} with an accuracy; ask for fewer"
        )
    drawn = np.random.default_rng(seed).permutation(codes)
    return CellDraw(drawn[held_out : held_out + training], drawn[:held_out])


def judged(
    predictor: str, training: int, scores: np.ndarray, measured: np.ndarray
) -> dict[str, Any]:
    """A row on scores float[n] of held-out cells against accuracies float64[n].

    `precision` is the share of truly best cells, 5 % of all, among as many with the highest
    scores; `regret` is by how much the best of the ten highest scores misses the best accuracy. Of
    equal scores the first is taken.
    """
    by_score = np.argsort(-scores, kind="stable")
    count = max(1, round(BEST_SHARE * len(measured)))
    best = np.argsort(-measured, kind="stable")[:count]
    return {
        "predictor": predictor,
        "training": training,
        "held_out": len(measured),
        "tau_b": kendall_tau_b(scores, measured),
        "tau_ties_concordant": kendall_tau_ties_concordant(scores, measured),
        "spearman": spearman(scores, measured),
        "precision": len(np.intersect1d(by_score[:count], best)) / count,
        "regret": float(measured.max() - measured[by_score[:TAKEN]].max()),
    }


def baseline_rows(
    cells: Cells, split: CellDraw, sizes: Sequence[int], seed: int
) -> Iterator[dict[str, Any]]:
    """One row for each baseline and number of training cells; see `judged`."""
    unseen, measured = cells.described(split.held_out), cells.validation[split.held_out]
    untrained: dict[str, dict[str, Any]] = {}
    for size in sizes:
        codes = split.pool[:size]
        training = cells.described(codes)
        for name in BASELINES:
            if name in untrained:
                yield {**untrained[name], "training": size}
                continue
            predict = fit_baseline(name, training, cells.validation[codes], seed)
            row = judged(name, size, predict(unseen), measured)
            if name in UNTRAINED:
                untrained[name] = row
            yield row


def fit_ranker(
    cells: Cells,
    codes: np.ndarray,
    seed: int,
    progress: "Callable[[RankerEpoch], object] | None" = None,
    size: RankerSize = "small",
    precision: "Precision" = "float32",
) -> "FittedRanker":
    """The ranker of cells int64[n], a fifth of which choose the epoch."""
    from ednag.ranker.fitting import RECIPES, Sample, fit, split_for_fit
    from ednag.ranker.model import SIZES, Sizes

    split = split_for_fit(codes, cells.space)
    samples = [Sample(cells.patches[some], cells.validation[some]) for some in split]
    if size == "published":
        sizes = SIZES[cells.space]
        recipe = replace(RECIPES[cells.space], precision=precision)
        return fit(sizes, recipe, *samples, seed=seed, progress=progress)

    _, patches, side, _ = cells.patches.shape
    sizes = Sizes(
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
    recipe = replace(RECIPES[cells.space], epochs=EPOCHS, batch=BATCH, precision=precision)
    return fit(sizes, recipe, *samples, seed=seed, progress=progress)


@dataclass(frozen=True)
class RankerStudy:
    """Rows of three tables: `judged`, `tier_rows` and `search_rows` (empty if no search)."""

    judged: list[dict[str, Any]]
    tiers: list[dict[str, Any]]
    searches: list[dict[str, Any]]


def study_ranker(
    cells: Cells,
    training: Sequence[int],
    held_out: int,
    seed: int,
    iterations: int | None,
    log: Callable[[str], object],
    ranker: RankerSize = "small",
    precision: "Precision" = "float32",
) -> RankerStudy:
    """Train a ranker on sets of several sizes and judge it by cells that it never saw.

    Tiers and searches are those of the ranker of the largest size.

    Args:
        training: Sizes of the training sets.
        held_out: Number of cells to judge by.
        iterations: Of each search; None for no search.
        log: Called with lines of progress.
        ranker: Its size, with its epochs.
        precision: Of the passes in training.
    """

    def progress(epoch: "RankerEpoch") -> None:
        tau = float("nan") if epoch.tau_b is None else epoch.tau_b
        log(
            f"epoch {epoch.epoch}: tier loss {epoch.tier_loss:.3f}, rank loss "
            f"{epoch.rank_loss:.3f}, tier accuracy {epoch.tier_accuracy:.2f}, tau-b {tau:.3f}"
        )

    draw = split_cells(cells, max(training), held_out, seed)
    unseen, rows, searches = draw.held_out, [], list[dict[str, Any]]()
    for size in sorted(training):
        fitted = fit_ranker(cells, draw.pool[:size], seed, progress, ranker, precision)
        logits, scores = fitted.score(cells.patches[unseen])
        row = judged(RANKER, size, scores, cells.validation[unseen])
        log(f"ranker of {size} cells: tau-b {row['tau_b']:.3f} on {len(unseen)} held out")
        rows.append(row)
    tiers = tier_rows(cells, draw, size, logits, scores, seed)
    if iterations is not None:
        searches = search_rows(cells, draw, size, fitted, iterations, seed)
    return RankerStudy(rows, tiers, searches)


def tier_rows(
    cells: Cells, split: CellDraw, size: int, logits: np.ndarray, scores: np.ndarray, seed: int
) -> list[dict[str, Any]]:
    """Numbers of held-out cells by true tier, predicted tier and predictor.

    True tiers are by the bounds of the training set. `ranker_tiers` are the tiers that the ranker
    predicts; every other predictor's tiers are the fifths of the held-out cells by its score.

    Args:
        size: Number of cells that the ranker is trained on.
        logits: float[m, 5], the ranker's tier logits of the held-out cells.
        scores: float[m], the ranker's scores of them.
    """
    from ednag.ranker.tiers import tiers_of

    codes = split.pool[:size]
    truth = tiers_of(cells.validation[codes]).of(cells.validation[split.held_out])
    known, unseen = cells.described(codes), cells.described(split.held_out)
    plain = {
        name: fit_baseline(name, known, cells.validation[codes], seed)(unseen)
        for name in ("ridge_pairs", "random_forest", "flops")
    }
    tiers_by = {
        RANKER_TIERS: logits.argmax(axis=1),
        RANKER: tiers_of(scores).members,
        **{name: tiers_of(each).members for name, each in plain.items()},
    }
    return [
        {
            "predictor": name,
            "training": size,
            "tier": tier + 1,
            "predicted_tier": predicted + 1,
            "cells": int(((truth == tier) & (tiers == predicted)).sum()),
        }
        for name, tiers in tiers_by.items()
        for tier in range(TIERS)
        for predicted in range(TIERS)
    ]


def search_rows(
    cells: Cells,
    split: CellDraw,
    size: int,
    fitted: "FittedRanker",
    iterations: int,
    seed: int,
) -> list[dict[str, Any]]:
    """NAR's search of NAS-Bench-201, with tier distributions allowed and with uniform draws forced.

    One row for each of the two, each protocol and each k. A cell of the training set may be drawn
    again, as in the published search. Only for cells with test accuracies.
    """
    assert cells.test is not None
    from ednag.ranker.fitting import SearchingRanker, split_for_fit
    from ednag.ranker.sampling import RULES, Population
    from ednag.ranker.search import RankedSearch, histograms_of_batches
    from ednag.ranker.tiers import tiers_of

    population = Population(cells.flops, cells.parameters)
    tiers = tiers_of(cells.validation[split.pool[:size]])
    parts = {"validation": cells.validation, "test": cells.test}
    training, _ = split_for_fit(split.pool[:size], cells.space)
    histograms = histograms_of_batches(population, training, fitted.batches, RULES.bins)
    rows = []
    for force_uniform in (False, True):
        for protocol in PROTOCOLS:
            search = RankedSearch(
                population,
                replace(RULES, force_uniform=force_uniform),
                histograms,
                SearchingRanker(fitted, cells.patches),
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
    """How often each distribution was used, and the accuracies of guided and random draws."""
    guided = [each.drawn.codes[each.drawn.guided] for each in done]
    free = [each.drawn.codes[~each.drawn.guided] for each in done]
    summary: dict[str, float] = {
        f"used_{name}": sum(each.drawn.used[name] for each in done) / len(done)
        for name in ("flops", "parameters", "structure")
    }
    for name, parts in (("guided", guided), ("random", free)):
        drawn = np.concatenate(parts)
        empty = not len(drawn)
        summary[f"{name}_mean"] = float("nan") if empty else float(accuracies[drawn].mean())
        first = tiers.of(accuracies[drawn]) == 0
        summary[f"{name}_first_tier"] = float("nan") if empty else float(first.mean())
    summary["too_large"] = float(np.mean([each.drawn.too_large for each in done]))
    return summary
