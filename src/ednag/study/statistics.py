"""How runs are summarised: the part `statistics` of a study.

It is apart from the other keys because every job of tables and figures imports it.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from ednag.validation import read_model


def check_ascending(numbers: tuple[int, ...], least: int, why: str = "") -> tuple[int, ...]:
    """`numbers`; raises ValueError unless they ascend from `least` up."""
    if not numbers or numbers[0] < least or sorted(set(numbers)) != list(numbers):
        raise ValueError(f"must be whole numbers from {least} up{why}, ascending, none twice")
    return numbers


class Statistics(BaseModel):
    """How runs are summarised."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    confidence: float = Field(0.95, gt=0, lt=1, description="Level of every interval.")
    resamples: int = Field(10_000, ge=100, description="Bootstrap resamples of every interval.")
    seed: int = Field(0, ge=0, description="Seed of the bootstrap.")
    checkpoints: tuple[int, ...] = Field(
        (100, 200, 300, 500),
        description="Numbers of distinct evaluations at which methods are compared.",
    )

    @field_validator("checkpoints")
    @classmethod
    def _ascending(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        return check_ascending(value, 1)


def read_statistics(raw: Mapping[str, Any], place: str) -> Statistics:
    """Validated settings from a mapping; raises EdnagError with one line that begins at `place`."""
    return read_model(Statistics, raw, place)
