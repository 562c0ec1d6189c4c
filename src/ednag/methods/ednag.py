"""EDNAG: evolutionary denoising from Gaussian noise, exactly as the reference implementation.

The method makes 99 denoising steps of 90 evaluations whatever the budget and evaluates the same
architectures repeatedly. On NAS-Bench-201 it reports the best of the last population, not the best
of all evaluations. Source: ednag-search specification.
"""

from collections.abc import Callable
from typing import Any

from ednag.methods.interface import STEP_COLUMNS, Method, Outcome, first_population
from ednag.search.hyperparameters import SearchHyperparameters
from ednag.search.instruction_set import Arithmetic
from ednag.search.objective import Objective
from ednag.search.result import SearchResult


def search_ednag(
    objective: Objective, seed: int, budget: int, settings: SearchHyperparameters
) -> Outcome:
    """One run of the reference search; `budget` is not read."""
    from ednag.search import compiled

    # Both engines make the same run.
    supported = compiled.unsupported(objective) is None
    search = compiled.search if supported else readable_search(settings.arithmetic)
    result = search(objective, seed, settings)
    return outcome_of(result)


def outcome_of(result: SearchResult) -> Outcome:
    """The end of a run from the result of an engine."""
    return Outcome(
        code=result.outcome,
        status=result.status,
        detail=result.detail,
        drawn=result.outcome_metric,
        final_population=result.final_population,
        steps={name: getattr(result.steps, name.removeprefix("step_")) for name in STEP_COLUMNS},
    )


def readable_search(arithmetic: Arithmetic) -> Callable[..., Any]:
    """The search of the readable engine; imports torch, and needs a CPU with the instruction set.

    Raises:
        EdnagError: The CPU lacks it, or torch already computes with another one.
    """
    from ednag.search.instruction_set import use_instruction_set

    use_instruction_set(arithmetic)
    from ednag.search import engine

    return engine.search


METHOD = Method(
    name="ednag",
    title="EDNAG",
    description="evolutionary denoising as the reference does it; runs its own number of "
    "evaluations whatever the budget",
    hyperparameters=SearchHyperparameters,
    search=search_ednag,
    from_space=frozenset(SearchHyperparameters.model_fields),
    has_own_end=True,
    random_start=first_population,
    tunable={
        "num_step": (10, 15, 20, 30, 50, 75, 100, 150, 200),
        "population_num": (10, 15, 20, 30, 45, 60, 90),
        "temperature": (0.1, 0.3, 1.0, 3.0, 10.0),
        "noise_scale": (0.0, 0.2, 0.4, 0.6, 0.8, 1.0),
        "mutate_rate": (0.0, 0.2, 0.4, 0.6, 0.8, 1.0),
        "elite_rate": (0.0, 0.1, 0.2, 0.3, 0.5),
        "diver_rate": (0.0, 0.1, 0.2, 0.3, 0.5),
        "mutate_distri_index": (1, 2, 5, 10, 20),
        "mapping": ("identity", "power", "energy", "exponential", "rescale"),
    },
)
