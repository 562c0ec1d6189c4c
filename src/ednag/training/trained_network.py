"""One architecture of an image task, trained or taken from the cache, and its record."""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ednag.errors import EdnagError
from ednag.files import read_rows
from ednag.training.image_tasks import ImageTask
from ednag.training.loop import TrainingProgress, train
from ednag.training.places import SUPERNET
from ednag.training.recipe import Recipe
from ednag.training.trained_cache import TrainedCache


def key_of_slot(chosen: Path, slot: int) -> str | None:
    """The architecture of a slot, counting distinct ones in order; None beyond the last.

    Args:
        chosen: A file of `ednag top-k choose`.
        slot: From 0.

    Raises:
        EdnagError: The file has no column `key`.
    """
    frame = read_rows(chosen)
    if "key" not in frame:
        raise EdnagError(f"{chosen}: no column `key`; give what `ednag top-k choose` writes")
    keys = list(dict.fromkeys(frame["key"]))
    return str(keys[slot]) if slot < len(keys) else None


def train_network(
    task: ImageTask,
    key: str,
    recipe: Recipe,
    paths: Mapping[str, Path],
    images: int | None,
    seed: int,
    device: str,
    code: str,
    cache: Path,
    progress: Callable[[TrainingProgress], object],
) -> tuple[dict[str, Any], bool]:
    """The record of a trained network, and whether it comes from the cache.

    Args:
        paths: Source id -> verified file.
        images: Number of first images of each class; None for all.
        device: cpu or cuda.
        code: Digest of the code that trains.
        cache: Folder of trained networks.
        progress: Called after each epoch.

    Returns:
        status, made_of (what the cache identifies a training by), flops (multiply-adds) and
        history.
    """
    data, supernet = task.split(paths, images), paths.get(SUPERNET)
    made_of = {
        "space": task.space,
        "architecture": key,
        "recipe": recipe.model_dump(mode="json"),
        "data": data.digest,
        "supernet": hashlib.sha256(supernet.read_bytes()).hexdigest() if supernet else None,
        "seed": seed,
        "code": code,
        "device": device,
    }
    history, cached = TrainedCache(cache).obtain(
        made_of,
        lambda checkpoint: train(
            lambda: task.build(key, recipe, supernet),
            data,
            recipe,
            seed,
            device=device,
            checkpoint=checkpoint,
            progress=progress,
        ),
    )
    record = {
        "status": history.status,
        "made_of": made_of,
        "flops": int(task.flops([key])[0]),
        "history": history.to_record(),
    }
    return record, cached
