"""What a training costs, by a model measured on the machine at hand.

The time of one step is taken for a cheap and a costly network; between and beyond them it is a
straight line in multiply-adds. Evaluation counts as a third of a training pass over its images.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from ednag.spaces.mobilenetv3 import LAYERS, STAGES
from ednag.spaces.nasbench201 import EDGES
from ednag.training.image_tasks import ImageTask

#: Cheap and costly architectures of each space: between them lie nearly all.
_ENDS = {
    "nasbench201": tuple(
        f"|{name}~0|+|{name}~0|{name}~1|+|{name}~0|{name}~1|{name}~2|"
        for name in ("skip_connect", "nor_conv_3x3")
    ),
    "mobilenetv3": (
        "_".join((["3-3"] * 2 + ["none"] * 2) * STAGES),
        "_".join(["7-6"] * (LAYERS * STAGES)),
    ),
}
#: Images of the timed steps: enough that a step is not all overhead.
_IMAGES = {"nasbench201": 64, "mobilenetv3": 4}
_STEPS = 3
#: A pass without gradients beside one with them.
_EVALUATION = 1 / 3

assert len(EDGES) == 6  # what the cheap and costly cells are written for


@dataclass(frozen=True)
class CostModel:
    """Seconds of one training image: `base + slope * multiply-adds`.

    Attributes:
        device: What it was measured on.
    """

    base: float
    slope: float
    device: str

    def hours(self, task: ImageTask, flops: np.ndarray, epochs: int, share: float = 1.0) -> float:
        """Hours of training networks one after the other, each once.

        Args:
            task: The images.
            flops: int64[n] multiply-adds of the networks.
            epochs: Of each training.
            share: Share of the images that is used.
        """
        seconds = self.base + self.slope * flops.astype(np.float64)
        images = task.training_images * share * epochs * (1 + _EVALUATION)
        return float(seconds.sum() * images / 3600)


#: Measured on one core of a server of 2024 (AVX2) that others used as well, by `measure`. A GPU is
#: quicker; nobody has measured one here, so that what jobs ask for is an upper bound.
ONE_CORE = {
    "nasbench201": CostModel(base=5.2e-4, slope=1.4e-10, device="cpu"),
    "mobilenetv3": CostModel(base=0.0, slope=7.2e-10, device="cpu"),
}
#: Megabytes of a process that has imported everything, and of the activations of a batch.
_PROCESS_MEMORY = 1200
_BATCH_MEMORY = {"nasbench201": 2500, "mobilenetv3": 14000}


def minutes_of_a_job(task: ImageTask, epochs: int, images: int | None) -> int:
    """Minutes that a job may ask for to train one costly network on one core.

    Args:
        task: What it trains on.
        epochs: Of the training.
        images: First images of each class alone; all if None.
    """
    share = task.images_used(images) / task.training_images
    hours = ONE_CORE[task.space].hours(task, task.flops(_ENDS[task.space][1:]), epochs, share)
    return 10 + int(60 * hours)


def megabytes_of_a_job(task: ImageTask, images: int | None) -> int:
    """Megabytes that a job may ask for: the process, two copies of the images, one batch."""
    pixels = 3 * task.size**2 * task.images_used(images) / 1e6
    return _PROCESS_MEMORY + int(2 * pixels) + _BATCH_MEMORY[task.space]


def measure(task: ImageTask, device: str) -> CostModel:
    """Time steps of a task's networks on a device; seconds, on a slow machine half a minute.

    On cpu one thread is used, as a job of the workflow does.
    """
    keys = _ENDS[task.space]
    flops = task.flops(keys).astype(np.float64)
    with _one_thread():
        times = np.array([_seconds_of_an_image(task, key, device) for key in keys])
    slope = max(0.0, float((times[1] - times[0]) / (flops[1] - flops[0])))
    base = max(0.0, float(times[0] - slope * flops[0]))
    return CostModel(base, slope, device)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Within: torch computes on one thread of the CPU; afterwards on as many as before."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _seconds_of_an_image(task: ImageTask, key: str, device: str) -> float:
    """The quickest of a few steps, by image."""
    torch.manual_seed(0)
    network = task.build(key, task.recipe).to(device).train()
    count = task.recipe.batch if device == "cuda" else _IMAGES[task.space]
    images = torch.randn(count, 3, task.size, task.size, device=device)
    labels = torch.zeros(count, dtype=torch.long, device=device)
    optimiser = torch.optim.SGD(network.parameters(), lr=1e-3, momentum=0.9)
    # Time of the processor is the same whatever else runs here; a GPU's work is waited for.
    clock = time.process_time if device == "cpu" else time.perf_counter
    taken = []
    for _ in range(1 + _STEPS):
        begun = clock()
        optimiser.zero_grad(set_to_none=True)
        functional.cross_entropy(network(images), labels).backward()
        optimiser.step()
        if device == "cuda":
            torch.cuda.synchronize()
        taken.append(clock() - begun)
    return min(taken[1:]) / count


def typical_flops(task: ImageTask, count: int) -> np.ndarray:
    """Multiply-adds int64[count] that stand for architectures not chosen yet: the space's mean.

    Searches prefer costly networks, so the mean of the costly half is taken.
    """
    keys: Sequence[str]
    if task.space == "nasbench201":
        from ednag.spaces.nasbench201 import NASBench201

        space = NASBench201()
        some = np.random.default_rng(0).choice(space.size, 2000, replace=False)
        keys = space.keys(some)
    else:
        from ednag.spaces.mobilenetv3 import MobileNetV3

        large = MobileNetV3()
        keys = large.keys(large.sample(np.random.default_rng(0), 2000))
    flops = task.flops(keys)
    costly = flops[flops >= np.median(flops)]
    return np.full(count, int(costly.mean()), dtype=np.int64)
