"""Runs of a method of the user's, which end with a status whatever the method does.

A method of this package that breaks its rules is a fault to mend, and stops the job. One that a
study names as `module:attribute` costs only its own seed: the run is `failed` or `stalled`, has the
reason, and keeps the evaluations that were made.
"""

from copy import copy
from typing import Any

import numpy as np
from pydantic import BaseModel

from ednag.errors import EdnagError, shown
from ednag.methods.budget import LOOKUPS_PER_ARCHITECTURE
from ednag.methods.interface import STATUSES, STEP_COLUMNS, Method, Outcome, Run, run_of
from ednag.own_code import told
from ednag.search.objective import Ledger, Objective
from ednag.spaces.interface import INVALID


def _named(value: object) -> str:
    """A value for a message: a number or text, else its class, whose `repr` may be an address."""
    if isinstance(value, str | int | float | np.number):
        return shown(value)
    if isinstance(value, np.ndarray):
        return f"an array {value.dtype}{list(value.shape)}"
    return f"a value of the class {type(value).__name__}"


class _RuleBrokenError(Exception):
    """The method has done what no method may do."""


class _StalledError(Exception):
    """The method asks for nothing new."""


class _WatchedLedger(Ledger):
    """A ledger that ends a run without new architectures."""

    most: int  # look-ups in a row that bring none
    _found: tuple[int, int] = (0, 0)  # distinct architectures, and look-ups until the last one

    def enter(self, codes: np.ndarray) -> None:
        super().enter(codes)
        self._watch()

    def repeat(self) -> None:
        super().repeat()
        self._watch()

    def _watch(self) -> None:
        distinct, total = self._found
        if self.distinct > distinct:
            self._found = (self.distinct, self.total)
        elif self.total - total >= self.most:
            raise _StalledError(
                f"{self.total} look-ups gave {self.distinct} distinct architectures"
            )


class _CheckedObjective(Objective):
    """An objective that refuses codes outside the space and evaluations beyond the budget."""

    limit: int | None  # None: the method ends by its own rule

    def evaluate(self, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        given = self._given(codes)
        known = given if self.present is None else self.present[given]
        if self.limit is not None and self.ledger.affordable(known, self.limit) < len(known):
            raise _RuleBrokenError(f"asks for more than its budget of {self.limit}")
        return super().evaluate(given.astype(np.int32))

    def evaluate_one(self, code: int) -> float:
        return float(self.evaluate(np.array([code]))[0][0])

    def evaluate_after(self, codes: np.ndarray, epochs: int) -> np.ndarray:
        given, lengths = self._given(codes), self.protocol.epochs
        if epochs not in lengths or INVALID in given:
            raise _RuleBrokenError(f"asks for {_named(epochs)} epochs, or of no architecture")
        new = len(self.ledger.spending(self.entries(given, epochs)))
        spent = int(self.entered()[1].sum()) or max(lengths) * self.ledger.distinct
        if self.limit is not None and spent + new * epochs > self.limit * max(lengths):
            raise _RuleBrokenError(f"asks for more epochs than its budget of {self.limit} has")
        return super().evaluate_after(given, epochs)

    def _given(self, codes: np.ndarray) -> np.ndarray:
        given = np.asarray(codes)
        if given.ndim != 1 or given.dtype.kind not in "iu":
            raise _RuleBrokenError(f"hands in {_named(codes)}, not codes as an array int[n]")
        self._check_range(given)
        return given

    def _check_range(self, codes: np.ndarray) -> None:
        outside = codes[(codes < INVALID) | (codes >= self.space.numbered)]
        if len(outside):
            raise _RuleBrokenError(
                f"hands in the code {outside[0]}; {self.space.name} has codes from 0 to "
                f"{self.space.numbered - 1}, and -1 for no architecture"
            )

    def check(self, outcome: object) -> Outcome:
        """What a search returned; raises _RuleBrokenError if it is no outcome of its run."""
        if not isinstance(outcome, Outcome):
            raise _RuleBrokenError(f"returns {_named(outcome)}, not an Outcome")
        evaluated = {INVALID, *self.entered()[0].tolist()}
        if not isinstance(outcome.code, int | np.integer) or outcome.code not in evaluated:
            raise _RuleBrokenError(
                f"reports {_named(outcome.code)}, a code that it has not evaluated"
            )
        if outcome.status not in STATUSES or not isinstance(outcome.detail, str):
            raise _RuleBrokenError(f"returns the status {_named(outcome.status)}")
        if outcome.drawn is not None and not np.isfinite(outcome.drawn):
            raise _RuleBrokenError(f"returns {outcome.drawn} as the value of what it reports")
        population = np.asarray(outcome.final_population)
        if population.ndim != 1 or (len(population) and population.dtype.kind not in "iu"):
            raise _RuleBrokenError("returns a final population that is no array int[n]")
        self._check_range(population)
        steps = [np.asarray(values, dtype=np.float64) for values in outcome.steps.values()]
        if not set(outcome.steps) <= set(STEP_COLUMNS) or len({each.shape for each in steps}) > 1:
            raise _RuleBrokenError(f"returns steps other than arrays of {', '.join(STEP_COLUMNS)}")
        return outcome

    @property
    def best(self) -> int:
        """Code of the best architecture evaluated, -1 if none."""
        codes, epochs = self.entered()
        if not len(codes):
            return INVALID
        if len(epochs):
            codes = codes[epochs == epochs.max()]
        values = self.metric(codes)
        return int(codes[values.argmax() if self.higher_is_better else values.argmin()])


def run_own(
    method: Method, objective: Objective, seed: int, budget: int, settings: BaseModel
) -> Run:
    """Run one seed from an empty ledger.

    Raises:
        EdnagError: The method imports what is not installed.
    """
    checked = _checked(method, objective, seed, budget)
    try:
        return run_of(checked, seed, checked.check(method.search(checked, seed, budget, settings)))
    except _StalledError as error:
        return run_of(checked, seed, Outcome(checked.best, "stalled", str(error)))
    except ModuleNotFoundError as error:
        raise EdnagError(
            f"method {method.name} imports {error.name!r}, which is not here; install it: pip "
            f"install {str(error.name).partition('.')[0]}"
        ) from None
    except MemoryError:  # of this machine, not of the method
        raise
    except Exception as error:  # whatever a method raises
        reason = str(error) if isinstance(error, _RuleBrokenError) else told(error)
        return run_of(checked, seed, Outcome(INVALID, "failed", reason))


def _checked(method: Method, objective: Objective, seed: int, budget: int) -> Any:
    """A copy of an objective at the begin of a run, which checks what the method asks for."""
    objective.begin(seed)
    checked: Any = copy(objective)
    checked.__class__ = type("CheckedObjective", (_CheckedObjective, type(objective)), {})
    checked.limit = None if method.has_own_end else budget
    checked.ledger.__class__ = _WatchedLedger
    checked.ledger.most = LOOKUPS_PER_ARCHITECTURE * budget
    return checked
