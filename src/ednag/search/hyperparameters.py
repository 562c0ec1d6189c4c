"""What a scientist would vary of the search; names and defaults are the reference's."""

from typing import Literal, Self

from pydantic import Field, model_validator

from ednag.search.instruction_set import Arithmetic
from ednag.validation import StrictModel


class WithArithmetic(StrictModel):
    """Hyper-parameters of a method that runs the search."""

    arithmetic: Arithmetic = Field(
        "avx2",
        description="Instruction set of the reference machine whose last bits a run reproduces, "
        "whatever the CPU it runs on. A study sets it for all methods by its key `arithmetic`.",
    )


class SearchHyperparameters(WithArithmetic):
    """Hyper-parameters of the evolutionary denoising search (ednag-search specification)."""

    num_step: int = Field(
        100,
        ge=3,
        le=10_000,
        description="Length of the noise schedule; one denoising step less is made.",
    )
    population_num: int = Field(30, ge=4, le=1000, description="Individuals in the population.")
    temperature: float = Field(1.0, gt=0, le=1e6, description="Temperature of the fitness mapping.")
    noise_scale: float = Field(0.8, ge=0, le=1, description="Share of fresh noise in a DDIM step.")
    mutate_rate: float = Field(0.6, ge=0, le=1, description="Chance of an individual to mutate.")
    elite_rate: float = Field(
        0.1, ge=0, le=1, description="Share of the population taken by fitness."
    )
    diver_rate: float = Field(
        0.2, ge=0, le=1, description="Share of the population taken by diversity."
    )
    mutate_distri_index: int = Field(
        5, ge=1, le=1000, description="Distribution index of the polynomial mutation."
    )
    proposal: Literal["denoising", "noise", "parents"] = Field(
        "denoising",
        description="What offspring are before mutation: denoised parents, fresh Gaussian noise, "
        "or the parents themselves.",
    )
    selection: bool = Field(
        True, description="Whether the next population is selected; else it is the offspring."
    )
    mapping: Literal["identity", "power", "energy", "exponential", "rescale"] = Field(
        "energy", description="Mapping from fitness to the density of the origin estimate."
    )

    @model_validator(mode="after")
    def _shares(self) -> Self:
        elites, diverse = (
            int(rate * self.population_num) for rate in (self.elite_rate, self.diver_rate)
        )
        if elites + diverse > self.population_num:
            raise ValueError(
                f"elite_rate {self.elite_rate} and diver_rate {self.diver_rate} take "
                f"{elites + diverse} of {self.population_num} individuals; lower one, so that "
                "their sum is at most 1"
            )
        return self
