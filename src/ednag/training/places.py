"""Registered files of the tasks with real images.

This module does not import torch, so that planning a workflow is fast.
"""

from collections.abc import Mapping

#: The images of the small instance.
SMALL_SOURCES = ("digits", "mnist-5000")
SUPERNET = "ofa-mbv3-w1.2"
#: Dataset -> ids of the files with its images.
_IMAGES = {
    "cifar10": ("cifar10",),
    "cifar100": ("cifar100",),
    "aircraft": ("fgvc-aircraft",),
    "pets": ("pets-train", "pets-test"),
}
#: (space, dataset) -> ids of all files of a training. In NAS-Bench-201, cifar10 and cifar100 are
#: the tables of the benchmark.
IMAGE_SOURCES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("nasbench201", "cifar10-predicted"): _IMAGES["cifar10"],
    ("nasbench201", "cifar100-predicted"): _IMAGES["cifar100"],
    ("nasbench201", "aircraft"): _IMAGES["aircraft"],
    ("nasbench201", "pets"): _IMAGES["pets"],
    **{("mobilenetv3", name): (*images, SUPERNET) for name, images in _IMAGES.items()},
}
