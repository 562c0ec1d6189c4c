"""What a study trains where a dataset has no benchmark table: which networks, how, how long."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ednag.study.configuration import Study, trained_methods
from ednag.training.places import IMAGE_SOURCES

# torch takes seconds to import, and most studies that are planned train nothing: what needs it is
# imported where it is used.
if TYPE_CHECKING:
    from ednag.training.cost import CostModel

#: (space, dataset) of the small instance: networks on handwritten digits.
SMALL_PLACE = ("nasbench201", "digits-unseen")
#: The same as wildcards.
SMALL_WILDCARDS = dict(zip(("space", "dataset"), SMALL_PLACE, strict=True))
#: Settings of the small instance's predictor: chosen on its training tasks alone.
SMALL_RECIPE: dict[str, int | float | str] = {
    "epochs": 50,
    "batch": 32,
    "learning_rate": 0.002,
    "hidden": 64,
    "latent": 16,
    "target": "logit",
}
#: What a study's `training.scale` shortens.
_SCALED = ("epochs", "warmup_epochs", "head_epochs")


def trained_places(searched: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Those of the searched (space, dataset) whose best by prediction are trained."""
    return [place for place in searched if place in (SMALL_PLACE, *IMAGE_SOURCES)]


def trained_slots(study: Study) -> int:
    """How many distinct architectures `ednag top-k choose` can choose at most of a benchmark."""
    methods = study.top_k.methods or trained_methods(study, [each.id for each in study.methods])
    searches = len(study.top_k.runs) * len(methods)
    # Two rules for each search, the best of the whole space, and random ones.
    return study.top_k.k * (2 * searches + 1) + study.top_k.random


def training_settings(study: Study, space: str, dataset: str) -> dict[str, int]:
    """What differs from the paper's recipe where a study trains a reduced number of epochs."""
    if study.training.scale == 1:
        return {}
    from ednag.training.image_tasks import image_task
    from ednag.training.recipe import scaled_recipe

    whole = image_task(space, dataset).recipe
    scaled = scaled_recipe(whole, study.training.scale)
    pairs = {name: (getattr(whole, name), getattr(scaled, name)) for name in _SCALED}
    return {name: ours for name, (theirs, ours) in pairs.items() if ours != theirs}


def training_hours(
    study: Study, space: str, dataset: str, model: "CostModel"
) -> tuple[float, float]:
    """Hours of all trainings of a place one after the other, and of one epoch of a costly network.

    The place is one of `IMAGE_SOURCES`.
    """
    from ednag.training.cost import typical_flops
    from ednag.training.image_tasks import image_task
    from ednag.training.recipe import scaled_recipe

    task = image_task(space, dataset)
    epochs = scaled_recipe(task.recipe, study.training.scale).epochs
    share = task.images_used(study.training.images) / task.training_images
    flops = typical_flops(task, networks_trained(study))
    return model.hours(task, flops, epochs, share), model.hours(task, flops[:1], 1, share)


def training_minutes(study: Study, space: str, dataset: str) -> int:
    """Time of one training, from measured times on one core."""
    from ednag.training.cost import minutes_of_a_job
    from ednag.training.image_tasks import image_task
    from ednag.training.recipe import scaled_recipe

    task = image_task(space, dataset)
    epochs = scaled_recipe(task.recipe, study.training.scale).epochs
    return minutes_of_a_job(task, epochs, study.training.images)


def training_megabytes(study: Study, space: str, dataset: str) -> int:
    """Memory of one training, in MB."""
    from ednag.training.cost import megabytes_of_a_job
    from ednag.training.image_tasks import image_task

    return megabytes_of_a_job(image_task(space, dataset), study.training.images)


def networks_trained(study: Study) -> int:
    """Trainings of one place, at most."""
    return trained_slots(study) * len(study.top_k.seeds)


def small_parts(study: Study) -> dict[str, tuple[Sequence[int], int]]:
    """Part of the small database -> seeds of its tasks, and cells that are trained on each."""
    own = study.small_instance
    return {
        "training": (own.tasks, own.cells),
        "held-out": (own.held_out_tasks, own.held_out_cells),
        "reference": (own.reference_tasks, own.held_out_cells),
    }


def small_database_note(study: Study) -> str:
    """What the small predictor was trained on, for the note under its table."""
    (tasks, cells), (held_out, _), (reference, _) = small_parts(study).values()
    return (
        f"Trained on {cells} random cells on each of {len(tasks)} tasks of handwritten digits,"
        " every network really trained: narrow and shallow ones of the family of NAS-Bench-201, on"
        f" few images of 8 x 8 pixels. Cells of unseen tasks were trained {len(held_out)} times"
        f" over all these tasks, and once on each of {len(reference)} training tasks. This small"
        " instance shows that the chain works and what it gives here; it says nothing about"
        " datasets of the paper."
    )


def trained_networks_note(study: Study, space: str, dataset: str) -> str:
    """What the trained networks of a place are, for the note under its table."""
    seeds = len(study.top_k.seeds)
    if (space, dataset) == SMALL_PLACE:
        return (
            f"Narrow, shallow networks on four classes of digits, mean of {seeds} trainings each;"
            " differences of a few tenths are within what another seed gives."
        )
    reduced = study.training.scale < 1 or study.training.images
    return (
        f"Networks trained by the paper's recipe{' at reduced size' if reduced else ''}, mean of"
        f" {seeds} trainings each, a tenth of the training images kept for validation."
    )
