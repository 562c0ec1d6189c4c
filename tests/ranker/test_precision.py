"""Training in bfloat16: the same passes, rounded."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from ednag.cli.ranker.study import command
from ednag.ranker.fitting import RankerRecipe, Sample, fit
from ednag.ranker.model import TIERS, LowPrecision, Ranker, Sizes, _TwoLayers, new_ranker
from ednag.search import instruction_set

SIZES = Sizes(5, 3, 32, 2, 16, 64, 24, 20, layers=2)
RECIPE = RankerRecipe(4, 32, 1.0, 0.05, 5, (0.9, 0.99), 1e-2, precision="bfloat16")


def sample(count: int, seed: int) -> Sample:
    generator = np.random.default_rng(seed)
    patches = generator.random((count, 5, 3, 3), dtype=np.float32)
    return Sample(patches, patches[:, 0].mean(axis=(1, 2)).astype(np.float64))


TRAINING, VALIDATION = sample(101, 1), sample(40, 2)


def passes(ranker: Ranker, dtype: torch.dtype) -> torch.Tensor:
    """Forwards and backwards with the same dropout each time; tier logits and scores."""
    generator = torch.Generator().manual_seed(3)
    patches = torch.rand(16, 5, 3, 3, generator=generator).to(dtype)
    embeddings = torch.randn(TIERS, 5, 32, generator=generator).to(dtype)
    torch.manual_seed(4)
    ranked = ranker(patches, embeddings)
    outputs = torch.cat([ranked.tier_logits, ranked.score[:, None]], dim=1)
    assert outputs.dtype == torch.float32
    torch.nn.functional.cross_entropy(outputs, torch.arange(16) % TIERS).backward()
    return outputs.detach()


@pytest.mark.parametrize("dropout", [0.0, 0.1])
def test_outputs_and_gradients_are_those_of_float32_rounded(
    dropout: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The last rows are fewer.
    monkeypatch.setattr(_TwoLayers, "ROWS", 128)
    ranker = new_ranker(replace(SIZES, dropout=dropout), 0).train()
    low = LowPrecision(ranker)
    expected = passes(ranker, torch.float32)
    gradients = {name: each.grad for name, each in ranker.named_parameters()}
    low.take_weights()
    torch.testing.assert_close(
        passes(low.ranker.train(), torch.bfloat16), expected, atol=0.05, rtol=0.05
    )
    low.give_gradients()
    for name, each in ranker.named_parameters():
        exact = gradients[name]
        assert each.grad is not None and exact is not None and each.grad.dtype == torch.float32
        assert (each.grad - exact).norm() < 0.15 * exact.norm() + 1e-5, name


def test_weights_are_taken_anew_and_gradients_do_not_add_up() -> None:
    ranker = new_ranker(SIZES, 0)
    low = LowPrecision(ranker)
    found = []
    for _ in range(2):
        low.take_weights()
        passes(low.ranker.train(), torch.bfloat16)
        low.give_gradients()
        found.append(ranker.src_prj.weight.grad)
    assert torch.equal(*found)
    torch.nn.init.ones_(ranker.src_prj.weight)
    low.take_weights()
    assert (low.ranker.src_prj.weight == 1).all()


def test_training_is_repeatable_and_leaves_a_ranker_of_float32() -> None:
    first, second = (fit(SIZES, RECIPE, TRAINING, VALIDATION, seed=1) for _ in range(2))
    assert first.records == second.records
    state = first.ranker.state_dict()
    assert all(torch.equal(each, second.ranker.state_dict()[name]) for name, each in state.items())
    assert {each.dtype for each in state.values()} == {torch.float32}
    assert first.tier_embeddings.dtype == torch.float32
    exact = fit(SIZES, replace(RECIPE, precision="float32"), TRAINING, VALIDATION, seed=1)
    assert not torch.equal(exact.ranker.state_dict()["src_prj.weight"], state["src_prj.weight"])
    assert first.records[0].tier_loss == pytest.approx(exact.records[0].tier_loss, rel=0.02)
    assert first.records[0].rank_loss == pytest.approx(exact.records[0].rank_loss, rel=0.02)


def test_it_learns_what_can_be_seen() -> None:
    recipe = replace(RECIPE, epochs=40, batch=64, rate_factor=0.2, warm=20)
    fitted = fit(SIZES, recipe, sample(400, 3), sample(100, 4), seed=1)
    assert fitted.records[-1].tau_b is not None and fitted.records[-1].tau_b > 0.6


def test_a_cpu_that_does_not_multiply_bfloat16_is_named_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(instruction_set, "_features", lambda: {"avx2": True})
    table = tmp_path / "no table.parquet"
    table.touch()
    call = ["--table", str(table)]
    call += ["--output", str(tmp_path / "o.parquet"), "--tiers", str(tmp_path / "t.parquet")]
    warned = CliRunner().invoke(command, [*call, "--precision", "bfloat16"])
    lines = [line for line in warned.stderr.splitlines() if "bfloat16" in line]
    assert len(lines) == 1 and "--precision float32" in lines[0]
    assert "bfloat16" not in CliRunner().invoke(command, call).stderr
