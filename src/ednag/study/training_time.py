"""How long the networks of a study take to train, measured on the machine at hand."""

import sys
from collections.abc import Callable, Sequence

from ednag.errors import EdnagError
from ednag.study.configuration import Study
from ednag.study.trained import networks_trained, training_hours
from ednag.training.places import IMAGE_SOURCES

#: Device -> unit of its hours.
_DEVICES = {"cpu": "one core", "cuda": "one GPU"}


def _print(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def refuse_too_long(
    study: Study,
    searched: Sequence[tuple[str, str]],
    device: str = "auto",
    log: Callable[[str], object] = _print,
) -> None:
    """Log how long the networks of a study take to train, by a few steps of two networks.

    Networks that another study has trained count as well, because the cache is not searched.

    Args:
        study: The study.
        searched: (space, dataset) that the workflow searches on this machine.
        device: cpu, cuda, or auto for cuda if there is a GPU.
        log: Called with each line.

    Raises:
        EdnagError: There is no GPU, and they take longer than `training.cpu_hours`.
    """
    places = [place for place in searched if place in IMAGE_SOURCES]
    if not places:
        log("nothing of this study is trained on registered images")
        return
    # torch takes seconds to import, and most studies train no network.
    import torch

    from ednag.training.cost import measure
    from ednag.training.image_tasks import image_task

    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    # Networks of one space differ between datasets only in the classifier: one dataset is timed.
    models = {
        space: measure(image_task(space, name), device) for space, name in dict(places).items()
    }
    total = 0.0
    for space, dataset in places:
        hours, epoch = training_hours(study, space, dataset, models[space])
        total += hours
        log(
            f"{space}/{dataset}: at most {networks_trained(study)} trainings, {hours:,.1f} hours "
            f"on {_DEVICES[device]} ({3600 * epoch:.1f} s an epoch of a costly network)"
        )
    log(f"in all at most {total:,.1f} hours on {_DEVICES[device]}; with n of them at once, a n-th")
    limit = study.training.cpu_hours
    if device == "cpu" and total > limit:
        raise EdnagError(
            f"no GPU is here, and training takes up to {total:,.1f} hours on one core; the limit "
            f"is {limit:g} (training.cpu_hours). Train a part: training.scale below 1, "
            "training.images, fewer top_k.runs, top_k.random or top_k.seeds; or run on a GPU"
        )
