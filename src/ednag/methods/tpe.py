"""TPE, the tree-structured Parzen estimator (Bergstra et al., NIPS 2011), of the library Optuna.

Each variable of the space is a categorical parameter. Optuna's defaults: ten random architectures
first; then the best by the ratio of two densities, of the best tenth (25 at most) and of the rest,
among 24 that are drawn of the first. Source: Akiba et al., KDD 2019.

Only the order of accuracies counts. Optuna computes densities in floating point: another CPU may
give other last bits and, rarely, another architecture.
"""

from collections.abc import Sequence
from typing import Any

from pydantic import Field

from ednag.methods.ask_tell import search_by
from ednag.methods.interface import Method
from ednag.spaces.interface import SearchSpace
from ednag.validation import StrictModel


class Tpe(StrictModel):
    """Hyper-parameters of TPE; the defaults are Optuna's."""

    startup: int = Field(10, ge=1, le=1000, description="Random architectures that come first.")
    candidates: int = Field(24, ge=1, le=1000, description="Architectures that compete each time.")


class _Optuna:
    """A study of Optuna on a search space; see `ask_tell.Optimiser`."""

    def __init__(self, space: SearchSpace, seed: int, settings: Tpe) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._optuna = optuna
        self._kinds: dict[str, Any] = {
            f"{place} {variable.name}": optuna.distributions.CategoricalDistribution(
                range(len(variable.options))
            )
            for place, variable in enumerate(space.variables)
        }
        sampler = optuna.samplers.TPESampler(
            seed=seed, n_startup_trials=settings.startup, n_ei_candidates=settings.candidates
        )
        self._study = optuna.create_study(direction="maximize", sampler=sampler)
        self._asked: Any = None

    def ask(self) -> Sequence[int]:
        self._asked = self._study.ask(self._kinds)
        return [self._asked.params[name] for name in self._kinds]

    def tell(self, values: Sequence[int], score: float | None) -> None:
        params = dict(zip(self._kinds, values, strict=True))
        state = self._optuna.trial.TrialState
        if self._asked is not None and params == self._asked.params:
            self._study.tell(self._asked, score, state=state.FAIL if score is None else None)
            self._asked = None
        elif score is not None:
            trial = self._optuna.trial.create_trial(
                params=params, distributions=self._kinds, value=score
            )
            self._study.add_trial(trial)


METHOD = Method(
    name="tpe",
    title="TPE",
    description="the tree-structured Parzen estimator of Optuna, each variable a category",
    hyperparameters=Tpe,
    search=search_by(_Optuna),
    seeds="0-29",
    random_start=lambda settings, budget: int(settings.startup),
)
