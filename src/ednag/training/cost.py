"""A model of training time, measured on this machine.

The time of a step is linear in multiply-adds, through a cheap and a costly network. Evaluation of
an image takes a third of the time of training on it.
"""

import time
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from ednag.spaces.mobilenetv3 import LAYERS, STAGES, MobileNetV3
from ednag.spaces.nasbench201 import NASBench201
from ednag.training.image_tasks import ImageTask

#: A cheap and a costly architecture of each space.
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
#: Images of the timed steps, so many that overhead is small.
_IMAGES = {"nasbench201": 64, "mobilenetv3": 4}
_STEPS = 3
#: Time of evaluation relative to training.
_EVALUATION = 1 / 3


@dataclass(frozen=True)
class CostModel:
    """Seconds of one training image: `base + slope * multiply-adds`."""

    base: float
    slope: float

    def hours(self, task: ImageTask, flops: np.ndarray, epochs: int, share: float = 1.0) -> float:
        """Hours to train networks of multiply-adds `flops` int64[n] one after the other.

        Args:
            share: Share of the images that is used.
        """
        seconds = self.base + self.slope * flops.astype(np.float64)
        images = task.training_images * share * epochs * (1 + _EVALUATION)
        return float(seconds.sum() * images / 3600)


#: Measured by `measure` on one core of a shared server of 2024 (AVX2). No GPU has been measured:
#: this is an upper bound for GPUs.
ONE_CORE = {
    "nasbench201": CostModel(base=5.2e-4, slope=1.4e-10),
    "mobilenetv3": CostModel(base=0.0, slope=7.2e-10),
}
#: Megabytes of a process after all imports, and of the activations of a batch.
_PROCESS_MEMORY = 1200
_BATCH_MEMORY = {"nasbench201": 2500, "mobilenetv3": 14000}


def minutes_of_a_job(task: ImageTask, epochs: int, images: int | None) -> int:
    """Minutes that a job requests to train one costly network on one core.

    Args:
        images: Number of first images of each class that are used; all if None.
    """
    share = task.images_used(images) / task.training_images
    hours = ONE_CORE[task.space].hours(task, task.flops(_ENDS[task.space][1:]), epochs, share)
    return 10 + int(60 * hours)


def megabytes_of_a_job(task: ImageTask, images: int | None) -> int:
    """Megabytes that a job requests: the process, two copies of the images, one batch."""
    pixels = 3 * task.size**2 * task.images_used(images) / 1e6
    return _PROCESS_MEMORY + int(2 * pixels) + _BATCH_MEMORY[task.space]


def measure(task: ImageTask, device: str) -> CostModel:
    """Measure the model on a device, in seconds to half a minute; on cpu with one thread."""
    keys = _ENDS[task.space]
    flops = task.flops(keys).astype(np.float64)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        times = np.array([_seconds_of_an_image(task, key, device) for key in keys])
    finally:
        torch.set_num_threads(threads)
    slope = max(0.0, float((times[1] - times[0]) / (flops[1] - flops[0])))
    base = max(0.0, float(times[0] - slope * flops[0]))
    return CostModel(base, slope)


def _seconds_of_an_image(task: ImageTask, key: str, device: str) -> float:
    """Seconds of the fastest of a few steps, divided by its images."""
    torch.manual_seed(0)
    network = task.build(key, task.recipe).to(device).train()
    count = task.recipe.batch if device == "cuda" else _IMAGES[task.space]
    images = torch.randn(count, 3, task.size, task.size, device=device)
    labels = torch.zeros(count, dtype=torch.long, device=device)
    optimiser = torch.optim.SGD(network.parameters(), lr=1e-3, momentum=0.9)
    # Processor time does not depend on other processes.
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
    """Multiply-adds int64[count] for architectures that are not chosen yet.

    Searches prefer costly networks, so this is the mean of the costly half of a sample.
    """
    generator = np.random.default_rng(0)
    if task.space == "nasbench201":
        keys = NASBench201().keys(generator.choice(NASBench201.size, 2000, replace=False))
    else:
        space = MobileNetV3()
        keys = space.keys(space.sample(generator, 2000))
    flops = task.flops(keys)
    costly = flops[flops >= np.median(flops)]
    return np.full(count, int(costly.mean()), dtype=np.int64)
