"""The images of the small instance, which several subcommands read.

In a module of its own: a subcommand that imports another's module reruns with all of it.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ednag.predictor.small_tasks import SmallImages


def small_images(sources: tuple[str, ...]) -> "SmallImages":
    """The images of the small instance, from verified files."""
    from ednag.cli.tables import locate
    from ednag.predictor.small_tasks import SmallImages
    from ednag.training.image_files import read_digits, read_mnist_5000
    from ednag.training.places import SMALL_SOURCES

    paths = locate(SMALL_SOURCES, sources)
    readers = {"digits": read_digits, "mnist-5000": read_mnist_5000}
    return SmallImages.of([readers[name](paths[name]) for name in SMALL_SOURCES])
