"""What EDNAG generates: the individuals of each run's last population, and all it evaluated.

The paper's tables of quality and validity do not say which architectures are "generated". Here
individuals that decode to none count as invalid, and repeats as often as they occur.
"""

import numpy as np

from ednag.methods.interface import Run


def describe_run(run: Run, higher_is_better: bool = True) -> dict[str, float]:
    """Counts and qualities of one run, of the queried metric; NaN for no value.

    If evaluations draw one of several trainings, the value is the one first drawn; of shorter
    trainings, those of the most epochs count.

    Returns:
        last_{size, valid_share, unique, best, mean, worst}: of the last population.
        seen_{best, mean, worst}: of the distinct valid architectures evaluated.
        steps: denoising steps made.
        first_invalid_share: share of invalid individuals in the initial population.
        evaluated_valid_share: share of all evaluations that are of an architecture.
    """
    codes, metrics = run.codes, run.metrics
    if len(run.epochs):
        longest = run.epochs == run.epochs.max()
        codes, metrics = codes[longest], metrics[longest]
    metric_of = dict(zip(codes.tolist(), metrics.tolist(), strict=True))
    population = run.final_population.tolist()
    valid = [code for code in population if code >= 0]
    last = np.array([metric_of.get(code, np.nan) for code in valid])
    shares = run.steps.get("step_valid_rate", np.empty(0))
    return {
        "last_size": len(population),
        "last_valid_share": len(valid) / len(population) if population else np.nan,
        "last_unique": len(set(valid)),
        **_qualities("last", last[~np.isnan(last)], higher_is_better),
        **_qualities("seen", metrics, higher_is_better),
        "steps": len(shares),
        "first_invalid_share": 1 - float(shares[0]) if len(shares) else np.nan,
        "evaluated_valid_share": 1 - run.invalid / run.total if run.total else np.nan,
    }


def _qualities(name: str, values: np.ndarray, higher_is_better: bool) -> dict[str, float]:
    """Best, mean and worst of float[n]; NaN for none."""
    if not len(values):
        return {f"{name}_{quality}": np.nan for quality in ("best", "mean", "worst")}
    low, high = float(values.min()), float(values.max())
    best, worst = (high, low) if higher_is_better else (low, high)
    return {f"{name}_best": best, f"{name}_mean": float(values.mean()), f"{name}_worst": worst}
