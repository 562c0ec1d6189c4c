"""What a study trains, how, and for how long."""

import pytest

from ednag.study.configuration import read_study
from ednag.study.trained import (
    SMALL_PLACE,
    networks_trained,
    small_database_note,
    trained_networks_note,
    trained_places,
    trained_slots,
    training_hours,
    training_settings,
)
from ednag.training.cost import ONE_CORE
from ednag.training.image_tasks import image_task

PETS = ("nasbench201", "pets")


def test_only_places_without_a_table_are_trained() -> None:
    searched = [("nasbench201", "cifar10"), SMALL_PLACE, PETS, ("mobilenetv3", "cifar10")]
    assert trained_places(searched) == searched[1:]


def test_each_architecture_is_trained_with_each_seed() -> None:
    study = read_study({"top_k": {"runs": "0-2", "k": 3, "random": 5, "seeds": "0-1"}})
    assert trained_slots(study) == 3 * (2 * 3 * 2 + 1) + 5
    assert networks_trained(study) == 2 * trained_slots(study)


def test_a_whole_study_trains_by_the_papers_recipe() -> None:
    assert training_settings(read_study({}), *PETS) == {}


@pytest.mark.parametrize("place", [PETS, ("mobilenetv3", "aircraft")])
def test_a_reduced_study_says_what_differs_from_the_recipe(place: tuple[str, str]) -> None:
    recipe = image_task(*place).recipe
    settings = training_settings(read_study({"training": {"scale": 0.1}}), *place)
    assert 1 <= settings["epochs"] < recipe.epochs
    assert all(value != getattr(recipe, name) for name, value in settings.items())


def test_hours_grow_with_epochs_and_images() -> None:
    whole, epoch = training_hours(read_study({}), *PETS, ONE_CORE[PETS[0]])
    tenth, same = training_hours(read_study({"training": {"scale": 0.1}}), *PETS, ONE_CORE[PETS[0]])
    few, _ = training_hours(read_study({"training": {"images": 2}}), *PETS, ONE_CORE[PETS[0]])
    assert whole == pytest.approx(
        networks_trained(read_study({})) * image_task(*PETS).recipe.epochs * epoch, rel=1e-6
    )
    assert epoch == same
    assert 0 < tenth < 0.11 * whole
    assert 0 < few < whole


def test_the_notes_say_what_was_trained() -> None:
    study = read_study({"small_instance": {"tasks": "0-6", "cells": 5}, "top_k": {"seeds": "0-3"}})
    assert "5 random cells on each of 7 tasks" in small_database_note(study)
    assert "mean of 4 trainings" in trained_networks_note(study, *SMALL_PLACE)
    assert "at reduced size" not in trained_networks_note(study, *PETS)
    reduced = read_study({"training": {"images": 10}})
    assert "at reduced size" in trained_networks_note(reduced, *PETS)
