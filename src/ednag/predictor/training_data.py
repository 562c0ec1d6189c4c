"""Entries of a database as the predictor takes them: images of their classes and graphs."""

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor

from ednag.errors import EdnagError
from ednag.predictor.coreset import gathered, random_images
from ednag.predictor.database import Database
from ednag.predictor.features import of_classes
from ednag.predictor.model import MetaPredictor
from ednag.predictor.node_types import node_types_of

#: Rows that are predicted at once where no gradient is wanted; bounds memory.
_ROWS = 256


class Entries:
    """A database beside the features of its classes."""

    def __init__(
        self, database: Database, features: Mapping[int, np.ndarray], images: int, device: str
    ) -> None:
        """Check that every class of every task has its features.

        Args:
            features: float32[n, 512] by class number.
            images: Images of a class that stand for it.
            device: Of torch, for tensors.

        Raises:
            EdnagError: A class is missing or has too few images.
        """
        self.database, self.images, self.device = database, images, device
        self._features: dict[int, np.ndarray] = {}
        for name, classes in zip(database.tasks, database.classes, strict=True):
            found = of_classes(features, classes, images, f"task {name}")
            self._features |= dict(zip(classes, found, strict=True))
        self._types = torch.from_numpy(node_types_of(database.space, database.keys)).to(device)

    def predict(
        self,
        model: MetaPredictor,
        rows: np.ndarray,
        generator_of: Callable[[int], np.random.Generator],
    ) -> Tensor:
        """Network outputs Tensor[n] for rows int64[n].

        Each class among their tasks is encoded once, from images drawn now, and each task once:
        tasks that share a class share its images.

        Args:
            generator_of: What draws the images of a class.
        """
        tasks, of_row = np.unique(self.database.task[rows], return_inverse=True)
        classes = [self.database.classes[task] for task in tasks]
        encodings = self._encoded(model, classes, generator_of)
        encodings = encodings[torch.from_numpy(of_row).to(self.device)]
        graphs = model.encode_graphs(self._types[torch.from_numpy(rows).to(self.device)])
        prediction: Tensor = model(encodings, graphs)
        return prediction

    def _encoded(
        self,
        model: MetaPredictor,
        classes: list[tuple[int, ...]],
        generator_of: Callable[[int], np.random.Generator],
    ) -> Tensor:
        """Encodings Tensor[t, latent] of tasks of these classes."""
        occurring = sorted({number for each in classes for number in each})
        drawn = []
        for number in occurring:
            features = [self._features[number]]
            indices = random_images(features, self.images, generator_of(number))
            drawn.append(gathered(features, indices)[0])
        prototypes = model.encode_classes(torch.from_numpy(np.stack(drawn)).to(self.device))
        counts = np.array([len(each) for each in classes])
        parts, places = [], []
        # Those with as many classes at once.
        for count in np.unique(counts):
            members = np.flatnonzero(counts == count)
            columns = np.searchsorted(occurring, [classes[member] for member in members])
            chosen = prototypes[torch.from_numpy(columns).to(self.device)]
            parts.append(model.encode_prototypes(chosen))
            places.append(members)
        order = torch.from_numpy(np.argsort(np.concatenate(places)))
        return torch.cat(parts)[order.to(self.device)]

    def predict_all(self, model: MetaPredictor, rows: np.ndarray, seed: int) -> np.ndarray:
        """Network outputs float64[n] for rows int64[n], in the rows' order.

        A class's images depend on the seed and the class, not on the rows; so do the values, up to
        the order of float32 sums.
        """
        found = np.empty(len(rows))
        by_task = np.argsort(self.database.task[rows], kind="stable")
        with torch.no_grad():
            for start in range(0, len(rows), _ROWS):
                some = by_task[start : start + _ROWS]
                predicted = self.predict(
                    model, rows[some], lambda number: np.random.default_rng([seed, number])
                )
                found[some] = predicted.cpu().numpy()
        return found

    def digest_parts(self) -> list[bytes]:
        """What tells other data apart: entries, and shapes and ends of the features."""
        database = self.database
        parts = [repr((database.space, database.keys, database.classes)).encode()]
        parts += [each.tobytes() for each in (database.task, database.accuracy)]
        for number, each in sorted(self._features.items()):
            parts += [f"{number} {each.shape}".encode(), each[0].tobytes(), each[-1].tobytes()]
        return parts


def check_device(device: str) -> str:
    """`device` itself; raises EdnagError if this machine has none."""
    if device not in ("cpu", "cuda"):
        raise EdnagError(f"device {device!r} is unknown; choose cpu or cuda")
    if device == "cuda" and not torch.cuda.is_available():
        raise EdnagError("device cuda: this machine has no CUDA device; choose cpu")
    return device
