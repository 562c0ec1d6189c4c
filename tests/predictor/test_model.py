"""The torch module against the published structure and the reference's outputs."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from ednag.errors import EdnagError
from ednag.predictor.configuration import (
    MOBILENETV3,
    NASBENCH201,
    Configuration,
    configuration_of,
)
from ednag.predictor.model import MetaPredictor, encode_dataset, load_parameters, new_model
from ednag.predictor.parameters import parameter_shapes

SMALL = NASBENCH201.sized(8, 4)


@pytest.mark.parametrize(
    ("configuration", "floats"), [(NASBENCH201, 4_020_361), (MOBILENETV3, 4_116_617)]
)
def test_the_published_structure(configuration: Configuration, floats: int, tmp_path: Path) -> None:
    shapes = parameter_shapes(configuration)
    assert len(shapes) == 82
    assert sum(int(np.prod(shape)) for shape in shapes.values()) == floats
    generator = torch.Generator().manual_seed(0)
    state = {name: torch.randn(shape, generator=generator) for name, shape in shapes.items()}
    MetaPredictor(configuration).load_state_dict(state, strict=True)
    path = tmp_path / "unnoised_checkpoint.pth.tar"
    torch.save(state, path)
    loaded = load_parameters(path, configuration)
    assert loaded.keys() == state.keys()
    assert all(np.array_equal(loaded[name], state[name].numpy()) for name in state)


def test_the_sizes_of_the_reference_file(
    reference: dict[str, np.ndarray], reference_configuration: Configuration
) -> None:
    found = {
        name.removeprefix("state/"): values.shape
        for name, values in reference.items()
        if name.startswith("state/")
    }
    assert found == parameter_shapes(reference_configuration)


def test_the_outputs_of_the_reference(
    reference: dict[str, np.ndarray], reference_configuration: Configuration
) -> None:
    model = MetaPredictor(reference_configuration)
    model.load_state_dict(
        {
            name.removeprefix("state/"): torch.from_numpy(values)
            for name, values in reference.items()
            if name.startswith("state/")
        }
    )
    images = torch.from_numpy(reference["set_input"]).unflatten(1, (3, 4))
    with torch.no_grad():
        datasets = model.encode_datasets(images)
        graphs = model.encode_graphs(torch.from_numpy(reference["node_types"]))
        prediction = model(datasets, graphs)
    np.testing.assert_allclose(datasets, reference["set_encoding"], atol=1e-5, rtol=0)
    np.testing.assert_allclose(graphs, reference["graph_encoding"], atol=1e-5, rtol=0)
    np.testing.assert_allclose(prediction, reference["prediction"][:, 0], atol=1e-5, rtol=0)
    alone = np.stack([encode_dataset(model, each) for each in images.numpy()])
    np.testing.assert_allclose(alone, reference["set_encoding"], atol=1e-5, rtol=0)


def test_the_unused_layers_change_nothing() -> None:
    model = new_model(SMALL, 0)
    images, types = torch.randn(2, 3, 5, 512), torch.randint(7, (2, 8))
    with torch.no_grad():
        before = model(model.encode_datasets(images), model.encode_graphs(types))
        for unused in (model.set_fc, model.fc2, model.hv_unify):
            for each in unused.parameters():
                each.fill_(9)
        after = model(model.encode_datasets(images), model.encode_graphs(types))
    assert torch.equal(before, after)


def test_a_dataset_is_a_set_of_sets() -> None:
    model = new_model(SMALL, 0)
    images = np.random.default_rng(0).normal(size=(4, 5, 512)).astype(np.float32)
    encoding = encode_dataset(model, images)
    assert encoding.dtype == np.float64
    assert encoding.shape == (4,)
    shuffled = images[[2, 0, 3, 1]][:, [4, 1, 3, 0, 2]]
    np.testing.assert_allclose(encode_dataset(model, shuffled), encoding, atol=1e-8)
    assert next(model.parameters()).dtype == torch.float32


def test_new_weights_depend_on_the_seed_alone() -> None:
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    first, again, other = new_model(SMALL, 1), new_model(SMALL, 1), new_model(SMALL, 2)
    assert torch.equal(torch.rand(4), expected)
    assert torch.equal(first.fc1.weight, again.fc1.weight)
    assert not torch.equal(first.fc1.weight, other.fc1.weight)


def _without(state: dict) -> None:
    del state["fc2.bias"]


def _with_another(state: dict) -> None:
    state["extra"] = torch.zeros(1)


def _misshapen(state: dict) -> None:
    state["fc1.bias"] = torch.zeros(5)


def _not_finite(state: dict) -> None:
    state["fc1.bias"][0] = torch.nan


def _wrapped(state: dict) -> None:
    state["epoch"] = 3


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_without, "parameter fc2.bias is missing"),
        (_with_another, "parameter extra is not one of this predictor's"),
        (_misshapen, r"parameter fc1.bias has shape \(5,\), not \(4,\)"),
        (_not_finite, "parameter fc1.bias holds NaN or infinity"),
        (_wrapped, "'epoch' is a int and not a tensor"),
    ],
)
def test_a_wrong_checkpoint_is_refused_in_one_line(
    spoil: Callable[[dict], None], message: str, tmp_path: Path
) -> None:
    state = new_model(SMALL, 0).state_dict()
    spoil(state)
    path = tmp_path / "checkpoint.pt"
    torch.save(dict(state), path)
    with pytest.raises(EdnagError, match=message) as raised:
        load_parameters(path, SMALL)
    assert "\n" not in str(raised.value)
    assert "; give " in str(raised.value)


class _Harmful:
    """Leaves a mark when a pickle is run."""

    def __reduce__(self) -> tuple:
        return Path.touch, (Path("harmed"),)


def test_nothing_in_a_checkpoint_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"fc1.weight": _Harmful()}, "bad.pt")
    Path("text.pt").write_text("no checkpoint")
    for name in ("bad.pt", "text.pt"):
        with pytest.raises(EdnagError, match=r"not a checkpoint .*; fetch") as raised:
            load_parameters(Path(name), SMALL)
        assert "\n" not in str(raised.value)
    assert not Path("harmed").exists()
    with pytest.raises(EdnagError, match="there is no such file"):
        load_parameters(Path("absent.pt"), SMALL)


@pytest.mark.parametrize("shape", [(3, 5), (3, 5, 511), (0, 5, 512), (3, 0, 512)])
def test_images_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(EdnagError, match="image features: shape"):
        encode_dataset(new_model(SMALL, 0), np.zeros(shape, dtype=np.float32))


def test_images_that_are_not_finite_are_refused() -> None:
    with pytest.raises(EdnagError, match="image features: NaN"):
        encode_dataset(new_model(SMALL, 0), np.full((2, 3, 512), np.nan, dtype=np.float32))


def test_configurations_that_no_network_has() -> None:
    with pytest.raises(EdnagError, match="latent 6"):
        NASBENCH201.sized(8, 6)
    with pytest.raises(EdnagError, match="must lead from a node to a later one"):
        Configuration("backward", 3, 2, ((1, 0),))
    with pytest.raises(EdnagError, match="none for the space 'transnas'"):
        configuration_of("transnas")
