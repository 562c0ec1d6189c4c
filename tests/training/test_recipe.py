"""Recipes and schedules; augmentation is a function of its generator."""

import itertools
import math

import pytest
import torch
from pydantic import ValidationError

from ednag.training.augmentation import augmented, blanked, cutout_corners, generator, normalised
from ednag.training.recipe import MOBILENETV3_PAPER, NASBENCH201_PAPER, SMALL, Recipe

torch.set_num_threads(1)


def test_the_schedule_warms_up_and_falls_to_nothing() -> None:
    recipe = NASBENCH201_PAPER
    rates = [recipe.rate(epoch, step, 5) for epoch in range(200) for step in range(5)]
    assert math.isclose(rates[0], 0.1 / 50)
    assert math.isclose(rates[49], 0.1) and math.isclose(rates[50], 0.1)
    assert all(before > after for before, after in itertools.pairwise(rates[50:]))
    assert math.isclose(rates[525], 0.05)  # half way between warm-up and end
    assert 0 < rates[-1] < 1e-6


def test_the_schedule_begins_anew_when_everything_learns() -> None:
    recipe = MOBILENETV3_PAPER
    assert recipe.rate(0, 0, 10) == recipe.rate(20, 0, 10) == 0.01
    assert recipe.rate(19, 9, 10) < 1e-5


@pytest.mark.parametrize(
    "wrong",
    [
        {"epochs": 0},
        {"warmup_epochs": 200},
        {"head_epochs": 200},
        {"accumulation": 200},
        {"momentum": 0.0},
        {"mixed_precision": "int4"},
        {"learning_rat": 0.1},
    ],
)
def test_contradictions_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Recipe(**wrong)


def test_a_recipe_is_frozen_and_survives_json() -> None:
    with pytest.raises(ValidationError):
        SMALL.epochs = 3  # type: ignore[misc]
    assert Recipe.model_validate_json(MOBILENETV3_PAPER.model_dump_json()) == MOBILENETV3_PAPER


def test_generators_of_places_differ() -> None:
    places = [(0,), (1,), (0, 0), (0, 1), (1, 0), (0, 0, 0), (0, 1, 0), (0, 0, 1)]
    firsts = {int(torch.randint(2**62, (1,), generator=generator(5, *place))) for place in places}
    assert len(firsts) == len(places)


@pytest.mark.parametrize("channels", [1, 3])
def test_crops_are_parts_of_the_padded_image_or_of_its_mirror_image(channels: int) -> None:
    images = torch.randint(1, 256, (40, channels, 8, 8), dtype=torch.uint8)
    made = augmented(images, Recipe(padding=2), generator(1))
    padded = torch.nn.functional.pad(images, (2, 2, 2, 2))
    drawn = set()
    for image, whole in zip(made, padded, strict=True):
        crops = {
            (top, left, mirrored)
            for top in range(5)
            for left in range(5)
            for mirrored in (False, True)
            if torch.equal(
                image.flip(2) if mirrored else image, whole[:, top : top + 8, left : left + 8]
            )
        }
        assert len(crops) == 1
        drawn |= crops
    assert len(drawn) > 15
    assert torch.equal(made, augmented(images, Recipe(padding=2), generator(1)))
    assert not torch.equal(made, augmented(images, Recipe(padding=2), generator(2)))


def test_autoaugment_leaves_the_global_generator_alone() -> None:
    images = torch.randint(256, (6, 3, 16, 16), dtype=torch.uint8)
    recipe = Recipe(augmentation="none", autoaugment=True)
    before = torch.get_rng_state()
    first, again = (augmented(images, recipe, generator(3)) for _ in range(2))
    assert torch.equal(first, again) and not torch.equal(first, images)
    assert torch.equal(before, torch.get_rng_state())


def test_normalised_and_blanked() -> None:
    images = torch.full((50, 3, 8, 8), 255, dtype=torch.uint8)
    floats = normalised(images, SMALL)
    assert torch.allclose(floats[0, :, 0, 0], torch.tensor([2.2489, 2.4286, 2.6400]), atol=1e-4)
    assert normalised(images[:, :1], SMALL).shape == (50, 1, 8, 8)
    recipe = Recipe(cutout=4)
    corners = cutout_corners(floats, recipe, generator(0))
    zeros = (blanked(floats, corners, recipe) == 0).sum(dim=(1, 2, 3))
    assert zeros.max() == 3 * 16 and zeros.min() >= 3 * 4
