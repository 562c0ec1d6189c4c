"""Files of predictors trained here: parameters and the scale of the output."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from ednag.errors import EdnagError
from ednag.predictor.configuration import Configuration, configuration_of
from ednag.predictor.coreset import IMAGES, coreset, gathered
from ednag.predictor.fitting import FittedPredictor
from ednag.predictor.inference import AccuracyScale, QuickPredictor, to_accuracy, training_scale
from ednag.predictor.model import MetaPredictor, encode_dataset, model_of
from ednag.predictor.parameters import check_parameters
from ednag.training.checkpoints import load_checkpoint, save_checkpoint

FORMAT = "ednag predictor 2"


@dataclass(frozen=True, eq=False)
class TrainedPredictor:
    """A predictor with its parameters float32 by name, and the scale of its output."""

    configuration: Configuration
    parameters: dict[str, np.ndarray]
    scale: AccuracyScale

    def model(self) -> MetaPredictor:
        """The torch module, in evaluation mode."""
        return model_of(self.parameters, self.configuration)

    def accuracies(self, images: np.ndarray, node_types: np.ndarray) -> np.ndarray:
        """Predicted accuracy in %, float64[n].

        Args:
            images: float32[classes, images, 512], features of images of the dataset.
            node_types: int[n, V] of the architectures.
        """
        encoding = encode_dataset(self.model(), images)
        predict = QuickPredictor(self.parameters, self.configuration)
        return to_accuracy(predict(encoding, node_types), self.scale)


def coreset_images(features: list[np.ndarray], count: int = IMAGES) -> np.ndarray:
    """The coreset float32[classes, count, 512] of features float32[n, 512] of each class."""
    return gathered(features, coreset(features, count))


def write_predictor(fitted: FittedPredictor, path: Path) -> None:
    """Write a trained predictor, completely or not at all; equal predictors give equal bytes."""
    save_checkpoint(
        path,
        {
            "format": FORMAT,
            "space": fitted.configuration.space,
            "hidden": fitted.configuration.hidden,
            "latent": fitted.configuration.latent,
            "epoch": fitted.epoch,
            "mean": fitted.mean,
            "std": fitted.std,
            "target": fitted.target,
            "parameters": {k: torch.from_numpy(v) for k, v in fitted.parameters.items()},
        },
    )


def read_predictor(path: Path) -> TrainedPredictor:
    """The predictor that `write_predictor` wrote; raises EdnagError for other files."""
    state = load_checkpoint(path)
    if state.get("format") != FORMAT:
        raise EdnagError(f"{path}: not a predictor trained here; delete it and run again")
    configuration = configuration_of(state["space"]).sized(state["hidden"], state["latent"])
    parameters = {name: value.numpy() for name, value in state["parameters"].items()}
    check_parameters(parameters, configuration, str(path))
    scale = training_scale(state["mean"], state["std"], state["target"])
    return TrainedPredictor(configuration, parameters, scale)
