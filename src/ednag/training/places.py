"""Where networks are trained on real images, and the registered files each needs.

Apart from the tasks themselves, so that planning a workflow imports no torch.
"""

from collections.abc import Mapping

#: The images of the small instance.
SMALL_SOURCES = ("digits", "mnist-5000")
SUPERNET = "ofa-mbv3-w1.2"
#: Dataset -> ids of the files that hold its images.
_IMAGES = {
    "cifar10": ("cifar10",),
    "cifar100": ("cifar100",),
    "aircraft": ("fgvc-aircraft",),
    "pets": ("pets-train", "pets-test"),
}
#: (space, dataset) -> ids of all files that a training needs. In NAS-Bench-201 the bare names
#: cifar10 and cifar100 are those of the benchmark's own tables.
IMAGE_SOURCES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("nasbench201", "cifar10-predicted"): _IMAGES["cifar10"],
    ("nasbench201", "cifar100-predicted"): _IMAGES["cifar100"],
    ("nasbench201", "aircraft"): _IMAGES["aircraft"],
    ("nasbench201", "pets"): _IMAGES["pets"],
    **{("mobilenetv3", name): (*images, SUPERNET) for name, images in _IMAGES.items()},
}
