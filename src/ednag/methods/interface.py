"""The interface of a method, and the record of one run."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from pydantic import BaseModel

from ednag.errors import EdnagError
from ednag.own_code import is_reference
from ednag.search.objective import DISTINCT, Count, Objective
from ednag.spaces.interface import INVALID, LargeSpace, SearchSpace
from ednag.tables.interface import COSTS, Protocol
from ednag.validation import StrictModel, read_model

#: Values per denoising step or generation; empty for methods without steps.
STEP_COLUMNS = ("step_mean", "step_best", "step_valid_rate", "step_unique_rate")

#: How a run may end; see `Run.status`.
STATUSES = ("completed", "degenerate", "stalled", "failed")
#: Most runs that are searched together; more take memory and no less time.
_TOGETHER = 100


class NoHyperparameters(StrictModel):
    """No hyper-parameters."""


@dataclass
class Run:
    """One seed of one method on one objective.

    Attributes:
        seed: The seed.
        status: "completed", "degenerate" (an end that `detail` explains), "stalled" or "failed".
        detail: The reason, if not completed.
        outcome: Code of the architecture the method's own protocol reports, -1 if none.
        outcome_metric: Its reported metric, as the table has it; NaN if none.
        total: Evaluations, repeats and invalid ones included.
        distinct: Distinct valid architectures evaluated.
        invalid: Evaluations of individuals that are no architecture.
        codes: int32[distinct], in order of first evaluation.
        metrics: float64[distinct], the queried metric of `codes`.
        lookups: int32[distinct], evaluations of any kind made before each first one.
        final_population: int32[N] codes, -1 invalid.
        outcome_drawn: The value by which the outcome was chosen, where each evaluation draws one
            of several trainings (`drawn_metrics`); NaN under other protocols, and if none.
        steps: STEP_COLUMNS -> float64 per step.
        epochs: int32[distinct], the epochs of each evaluation, where some were shorter than a whole
            training: each pair of architecture and epochs is then an evaluation, and `metrics` are
            after so many epochs. Empty in all other runs.
        keys: In a `LargeSpace`, the keys of the evaluated architectures, then of others in the
            last population; codes are positions in this list. Empty in all other spaces.
    """

    seed: int
    status: str
    detail: str
    outcome: int
    outcome_metric: float
    total: int
    distinct: int
    invalid: int
    codes: np.ndarray
    metrics: np.ndarray
    lookups: np.ndarray
    final_population: np.ndarray
    outcome_drawn: float = float("nan")
    steps: dict[str, np.ndarray] = field(default_factory=dict)
    epochs: np.ndarray = field(default_factory=lambda: np.empty(0, np.int32))
    keys: list[str] = field(default_factory=list)

    def key(self, code: int, space: SearchSpace) -> str:
        """The key of one of the run's codes, "" for an invalid one."""
        if code == INVALID:
            return ""
        return self.keys[code] if self.keys else space.key(code)


@dataclass(frozen=True)
class Outcome:
    """What a search returns; the evaluations are in the objective's ledger.

    Attributes:
        code: The architecture the method reports, -1 if none.
        status, detail: As in Run.
        drawn: The value by which it was chosen, where each evaluation draws one of several
            trainings; None: the value of its first evaluation.
        final_population: int32[N] codes, -1 invalid.
        steps: STEP_COLUMNS -> float64 per step.
    """

    code: int
    status: str = "completed"
    detail: str = ""
    drawn: float | None = None
    final_population: np.ndarray = field(default_factory=lambda: np.empty(0, np.int32))
    steps: dict[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True)
class Method:
    """A search method.

    Attributes:
        name: Id in the configuration and in paths.
        title: Name in tables and figures.
        description: One sentence.
        hyperparameters: Model of the hyper-parameters; its defaults are the method's.
        search: Takes (objective, seed, budget, hyperparameters); the budget is what the
            objective's ledger may have `spent`: distinct evaluations, or their graphs.
        has_own_end: Whether the method ends by its own rule and ignores the budget.
        search_together: Like `search` of (objectives, seeds, budget, hyperparameters), one
            objective for each seed, in less time; None if there is no such function.
        from_space: Hyper-parameters whose default comes from the space's profile where it has one.
        spaces: Search spaces that the method can search, None for all; a study skips it in others.
        further: Kind of the further table that the method reads beside that of the dataset, such as
            `zero-cost`, as `objective.further`; "" for none. A study skips the method on datasets
            beside which there is none (`ednag.tables.further_table`). For costs (`COSTS`) it may be
            the dataset's own table (`ednag.tables.costs.cost_tables`).
        epochs: Whether the method trains for fewer epochs first. A study skips it where a protocol
            has no `epochs`. Its budget is of epochs: as many as the trainings of others have.
        measured_only: Whether a study skips the method on predicted values, because it learns a
            predictor itself.
        seeds: Default seeds of a slow method, such as "0-9"; "" for all seeds of the study.
        varies: Id of the method that this one is a variant of, or None. Tables that compare a
            method with others leave its variants out.
        of: Id of the registered method that an instance runs, or `module:attribute` of a method
            that is not registered; None: it is registered itself.
        random_start: Takes (hyper-parameters, budget): the distinct evaluations at most that a run
            draws at random before anything it has seen can guide it. So long the method is still
            random search, and tables mark it. None: less than two.
        settings: Hyper-parameters that an instance sets. They precede those of the space.
        tuned_on: Where its settings were chosen by results, each `SPACE` or `SPACE/DATASET`, as its
            module's docstring says. There it is compared with no other method over datasets. Empty
            where its authors do not say how they chose.
        tunable: Hyper-parameters that `ednag tune` chooses, and the values it draws from.
    """

    name: str
    title: str
    description: str
    hyperparameters: type[BaseModel]
    search: Callable[[Objective, int, int, Any], Outcome]
    has_own_end: bool = False
    search_together: Callable[[list[Objective], list[int], int, Any], list[Outcome]] | None = None
    from_space: frozenset[str] = frozenset()
    spaces: frozenset[str] | None = None
    further: str = ""
    epochs: bool = False
    measured_only: bool = False
    seeds: str = ""
    varies: str | None = None
    of: str | None = None
    random_start: Callable[[Any, int], int] | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    tuned_on: tuple[str, ...] = ()
    tunable: Mapping[str, Sequence[Any]] = field(default_factory=dict)

    def instance(
        self,
        name: str,
        title: str = "",
        description: str = "",
        settings: Mapping[str, Any] = {},
        tuned_on: Sequence[str] = (),
    ) -> "Method":
        """This method with other settings, title and description; an instance under another id.

        The default title of an instance is its id. It was tuned where this method was, and on
        what `tuned_on` adds.
        """
        own = name == self.name
        return replace(
            self,
            name=name,
            title=title or (self.title if own else name),
            description=description or self.description,
            varies=self.varies if own else self.varies or self.of or self.name,
            of=self.of if own else self.of or self.name,
            settings={**self.settings, **settings},
            tuned_on=tuple(dict.fromkeys((*self.tuned_on, *tuned_on))),
        )

    @property
    def is_own(self) -> bool:
        """Whether the method is of the user's code: see `ednag.methods.own`."""
        return is_reference(self.of or "")

    def can_search(self, space: str) -> bool:
        """Whether the method can search the space of this name."""
        return self.spaces is None or space in self.spaces

    def check_space(self, space: str) -> None:
        """Raise EdnagError if the method cannot search the space of this name."""
        if not self.can_search(space):
            raise EdnagError(
                f"method {self.name} cannot search {space}; it searches "
                f"{', '.join(sorted(self.spaces or ()))}"
            )

    def defaults_in(self, space: SearchSpace, protocol: Protocol | None = None) -> dict[str, float]:
        """The hyper-parameters whose default is another in this space, or under this protocol."""
        own = {**space.profile.hyperparameters, **(protocol.hyperparameters if protocol else {})}
        return {name: value for name, value in own.items() if name in self.from_space}

    def read_hyperparameters(
        self,
        given: Mapping[str, Any],
        space: SearchSpace | None = None,
        protocol: Protocol | None = None,
    ) -> BaseModel:
        """All hyper-parameters: those given, then the instance's, the benchmark's, the defaults.

        Raises:
            EdnagError: A value is wrong; one line that names it.
        """
        of_space = self.defaults_in(space, protocol) if space is not None else {}
        values = {**of_space, **self.settings, **given}
        return read_model(self.hyperparameters, values, f"method {self.name}: hyperparameters")

    def cost(self, settings: BaseModel) -> str:
        """The second objective that the hyper-parameters name; "" for none."""
        return str(getattr(settings, "cost", "")) if self.further == COSTS else ""

    def described(
        self, budget: int, settings: BaseModel, count: Count = "distinct evaluations"
    ) -> dict[str, Any]:
        """What run files say of the method: its id, the budget that it keeps, hyper-parameters.

        A budget of distinct evaluations is a number; of another, it is text such as
        `512 unique graphs`.
        """
        counted = budget if count == DISTINCT else f"{budget} {count}"
        return {
            "method": self.name,
            "budget": None if self.has_own_end else counted,
            "hyperparameters": settings.model_dump(mode="json"),
        }

    def check_objective(self, objective: Objective) -> None:
        """Raise EdnagError if the method cannot search the space, or lacks what it reads."""
        self.check_space(objective.space.name)
        # Costs may be columns of the benchmark itself.
        if self.further not in ("", COSTS) and objective.further is None:
            raise EdnagError(
                f"method {self.name} reads a table {self.further} beside that of the benchmark; "
                "give its file: --further results/tables/SPACE/NAME.parquet"
            )
        if self.epochs and not objective.protocol.epochs:
            raise EdnagError(
                f"method {self.name} trains for fewer epochs first, and "
                f"{objective.table.space}/{objective.table.dataset} has no accuracies after fewer "
                "epochs; choose another method, or nasbench101/cifar10-epochs"
            )

    def run(self, objective: Objective, seed: int, budget: int, settings: BaseModel) -> Run:
        """Run one seed from an empty ledger; raises EdnagError, see `check_objective`."""
        self.check_objective(objective)
        if self.is_own:
            from ednag.methods.own import run_own

            return run_own(self, objective, seed, budget, settings)
        objective.begin(seed)
        return run_of(objective, seed, self.search(objective, seed, budget, settings))

    def run_all(
        self, objective: Objective, seeds: Sequence[int], budget: int, settings: BaseModel
    ) -> Iterator[Run]:
        """Run all seeds, together where a registered method has `search_together`."""
        if self.search_together is None or isinstance(objective.space, LargeSpace) or self.is_own:
            for seed in seeds:
                yield self.run(objective, seed, budget, settings)
            return
        self.check_objective(objective)
        for start in range(0, len(seeds), _TOGETHER):
            group = list(seeds[start : start + _TOGETHER])
            objectives = [copy(objective) for _ in group]
            for each, seed in zip(objectives, group, strict=True):
                each.begin(seed)
            outcomes = self.search_together(objectives, group, budget, settings)
            yield from map(run_of, objectives, group, outcomes)


def first_population(settings: Any, budget: int) -> int:
    """The `random_start` of methods that begin with a random population."""
    return int(settings.population_num)


def run_of(objective: Objective, seed: int, outcome: Outcome) -> Run:
    """The record of a run that has ended."""
    ledger = objective.ledger
    codes, epochs = objective.entered()
    metric = drawn = float("nan")
    if outcome.code >= 0:
        metric = objective.report(outcome.code)
        if objective.protocol.drawn_metrics:
            (first,) = objective.metric(np.array([outcome.code]))
            drawn = float(first) if outcome.drawn is None else outcome.drawn
    run = Run(
        seed=seed,
        status=outcome.status,
        detail=outcome.detail,
        outcome=outcome.code,
        outcome_metric=metric,
        outcome_drawn=drawn,
        total=ledger.total,
        distinct=ledger.distinct,
        invalid=ledger.invalid,
        codes=codes,
        metrics=objective.metric(codes, epochs),
        lookups=ledger.lookups(),
        final_population=np.asarray(outcome.final_population, dtype=np.int32),
        steps=outcome.steps,
        epochs=epochs,
    )
    space = objective.space
    return _with_own_codes(run, space) if isinstance(space, LargeSpace) else run


def _with_own_codes(run: Run, space: LargeSpace) -> Run:
    """The run with codes that do not depend on the space: positions in its keys."""
    codes = dict.fromkeys([*run.codes.tolist(), *run.final_population.tolist()])
    codes.pop(INVALID, None)
    position = {INVALID: INVALID} | {code: place for place, code in enumerate(codes)}
    return replace(
        run,
        outcome=position[run.outcome],
        codes=np.arange(run.distinct, dtype=np.int32),
        final_population=np.array(
            [position[code] for code in run.final_population.tolist()], dtype=np.int32
        ),
        keys=space.keys(np.array(list(codes))),
    )
