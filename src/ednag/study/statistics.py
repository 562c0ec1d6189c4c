"""How runs are summarised: the part `statistics` of a study.

It is apart from the other keys because every job of tables and figures imports it.
"""

from typing import Annotated

from pydantic import AfterValidator, Field

from ednag.validation import StrictModel


def ascending(least: int, why: str = "") -> AfterValidator:
    """A validator of numbers that ascend from `least` up."""

    def check(numbers: tuple[int, ...]) -> tuple[int, ...]:
        if not numbers or numbers[0] < least or sorted(set(numbers)) != list(numbers):
            raise ValueError(f"must be whole numbers from {least} up{why}, ascending, none twice")
        return numbers

    return AfterValidator(check)


class Statistics(StrictModel):
    """How runs are summarised."""

    confidence: float = Field(0.95, gt=0, lt=1, description="Level of every interval.")
    equivalence: float = Field(
        0.1,
        gt=0,
        le=1e6,
        description="Two methods are equivalent in practice if their means differ by less, in the "
        "unit of the reported metric: points of accuracy, for example.",
    )
    resamples: int = Field(
        10_000, ge=100, le=1_000_000, description="Resamples where an interval is a bootstrap's."
    )
    seed: int = Field(0, ge=0, le=2**32 - 1, description="Seed of the bootstrap.")
    checkpoints: Annotated[tuple[Annotated[int, Field(ge=1, le=1_000_000)], ...], ascending(1)] = (
        Field(
            (100, 200, 300, 500),
            description="Numbers of distinct evaluations at which methods are compared.",
        )
    )
    hours: tuple[Annotated[float, Field(gt=0, le=1e6)], ...] = Field(
        (),
        max_length=20,
        description="Simulated GPU hours, the recorded time of the trainings that distinct "
        "evaluations stand for, at which methods are compared as well, on datasets with times.",
    )
