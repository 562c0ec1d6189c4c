"""Entries of a database as inputs of the predictor: images of their classes, and graphs."""

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

#: Rows that are predicted at once without gradients; bounds memory.
_ROWS = 256


class Entries:
    """A database with the features of its classes."""

    def __init__(
        self, database: Database, features: Mapping[int, np.ndarray], images: int, device: str
    ) -> None:
        """Check that every class has features.

        Args:
            features: float32[n, 512] by class number.
            images: Images of a class in a prediction.
            device: Torch device of the tensors.

        Raises:
            EdnagError: A class is missing or has too few images.
        """
        self.database, self.images, self.device = database, images, device
        self._features: dict[int, np.ndarray] = {}
        for name, classes in zip(database.tasks, database.classes, strict=True):
            of_task = of_classes(features, classes, images, f"task {name}")
            self._features |= dict(zip(classes, of_task, strict=True))
        self._types = torch.from_numpy(node_types_of(database.space, database.keys)).to(device)

    def predict(
        self,
        model: MetaPredictor,
        rows: np.ndarray,
        generator_of: Callable[[int], np.random.Generator],
    ) -> Tensor:
        """Network outputs Tensor[n] for rows int64[n].

        Each class and each task is encoded once, from images drawn in this call. Tasks that share a
        class share its images.

        Args:
            generator_of: From a class number to the generator that draws its images.
        """
        tasks, of_row = np.unique(self.database.task[rows], return_inverse=True)
        classes = [self.database.classes[task] for task in tasks]
        encodings = self._encoded(model, classes, generator_of)
        encodings = encodings[torch.from_numpy(of_row).to(self.device)]
        graphs = model.encode_graphs(self._types[torch.from_numpy(rows).to(self.device)])
        return model(encodings, graphs)

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
        # Tasks with the same number of classes at once.
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

        The images of a class depend on the seed and the class alone. So do the values, up to the
        order of float32 sums.
        """
        outputs = np.empty(len(rows))
        by_task = np.argsort(self.database.task[rows], kind="stable")
        with torch.no_grad():
            for start in range(0, len(rows), _ROWS):
                some = by_task[start : start + _ROWS]
                predicted = self.predict(
                    model, rows[some], lambda number: np.random.default_rng([seed, number])
                )
                outputs[some] = predicted.cpu().numpy()
        return outputs

    def digest_parts(self) -> list[bytes]:
        """Bytes for a digest of the data: entries, and shapes and ends of the features."""
        database = self.database
        parts = [repr((database.space, database.keys, database.classes)).encode()]
        parts += [each.tobytes() for each in (database.task, database.accuracy)]
        for number, each in sorted(self._features.items()):
            parts += [f"{number} {each.shape}".encode(), each[0].tobytes(), each[-1].tobytes()]
        return parts


def check_device(device: str) -> str:
    """Return `device`; raise EdnagError if this machine does not have it."""
    if device not in ("cpu", "cuda"):
        raise EdnagError(f"device {device!r} is unknown; choose cpu or cuda")
    if device == "cuda" and not torch.cuda.is_available():
        raise EdnagError("device cuda: this machine has no CUDA device; choose cpu")
    return device
