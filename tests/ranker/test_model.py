"""The ranker: the reference's parameters, names and outputs."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from ednag.errors import EdnagError
from ednag.ranker.model import SIZES, TIERS, Ranker, Sizes, _Dropout, new_ranker, rank, score

SMALL = Sizes(5, 3, 8, 2, 4, 16, 12, 10, layers=2)


@pytest.fixture(scope="module")
def reference_model(reference_ranker: dict[str, np.ndarray]) -> Ranker:
    described = json.loads(str(reference_ranker["config"]))
    assert described["n_tier"] == TIERS and described["d_v"] == described["d_k"]
    assert described["d_patch_vec"] == described["d_patch"] ** 2 and described["scale_prj"]
    sizes = Sizes(
        patches=described["n_arch_patch"],
        side=described["d_patch"],
        model=described["d_model"],
        heads=described["n_head"],
        key=described["d_k"],
        feed_forward=described["d_ffn_inner"],
        tier_hidden=described["d_tier_prj_inner"],
        score_hidden=described["d_val_acc_prj_inner"],
        layers=described["n_layers"],
        dropout=described["dropout"],
        positions=described["n_position"],
    )
    return Ranker(sizes).eval()


def published_state(reference: dict[str, np.ndarray]) -> dict[str, torch.Tensor]:
    return {
        name.removeprefix("state/"): torch.from_numpy(value)
        for name, value in reference.items()
        if name.startswith("state/")
    }


def test_names_shapes_and_order_are_the_reference_s(
    reference_model: Ranker, reference_ranker: dict[str, np.ndarray]
) -> None:
    ours = {name: tuple(each.shape) for name, each in reference_model.state_dict().items()}
    theirs = {name: tuple(each.shape) for name, each in published_state(reference_ranker).items()}
    assert ours == theirs


def test_positions_are_the_reference_s(
    reference_model: Ranker, reference_ranker: dict[str, np.ndarray]
) -> None:
    table = Ranker(reference_model.sizes).encoder.position_enc.pos_table.numpy()
    expected = reference_ranker["state/encoder.position_enc.pos_table"]
    np.testing.assert_allclose(table, expected, atol=1e-6)


def test_outputs_are_the_reference_s(
    reference_model: Ranker, reference_ranker: dict[str, np.ndarray]
) -> None:
    reference_model.load_state_dict(published_state(reference_ranker))
    with torch.no_grad():
        found = reference_model(
            torch.from_numpy(reference_ranker["arch_features"]),
            torch.from_numpy(reference_ranker["tier_embeddings"]),
        )
    for ours, theirs in (
        (found.encoding, "encoding"),
        (found.tier_logits, "tier_logits"),
        (found.score.unsqueeze(1), "accuracy_score"),
    ):
        np.testing.assert_allclose(ours.numpy(), reference_ranker[theirs], rtol=0, atol=1e-5)


@pytest.mark.parametrize("space", SIZES)
def test_published_sizes_make_a_ranker(space: str) -> None:
    sizes = SIZES[space]
    ranker = Ranker(sizes).to("meta")
    found = ranker(
        torch.empty(3, sizes.patches, sizes.side, sizes.side, device="meta"),
        torch.empty(TIERS, sizes.patches, sizes.model, device="meta"),
    )
    assert found.tier_logits.shape == (3, TIERS) and found.score.shape == (3,)
    assert len(ranker.encoder.layer_stack) == len(ranker.decoder.layer_stack) == 6
    assert ranker.tier_prj[0].bias is None and ranker.val_acc_prj[0].bias is not None


def test_a_seed_gives_its_weights_and_leaves_the_generator() -> None:
    before = torch.random.get_rng_state()
    first, second, other = (new_ranker(SMALL, seed).state_dict() for seed in (1, 1, 2))
    assert torch.equal(before, torch.random.get_rng_state())
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not torch.equal(first["src_prj.weight"], other["src_prj.weight"])


def test_scores_alone_are_the_scores_of_ranking() -> None:
    ranker = new_ranker(SMALL, 1).eval()
    patches = np.random.default_rng(0).normal(size=(7, 5, 3, 3)).astype(np.float32)
    _, scores = rank(ranker, patches, torch.zeros(TIERS, 5, 8))
    np.testing.assert_allclose(score(ranker, patches, batch=3), scores, rtol=1e-5, atol=1e-6)


def test_ranking_does_not_depend_on_the_batch() -> None:
    ranker = new_ranker(SMALL, 0).train()
    patches = np.random.default_rng(0).random((7, 5, 3, 3), dtype=np.float32)
    embeddings = torch.randn(TIERS, 5, 8, generator=torch.Generator().manual_seed(0))
    whole, pieces = rank(ranker, patches, embeddings), rank(ranker, patches, embeddings, batch=3)
    for one, other in zip(whole, pieces, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    assert ranker.training


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"heads": 0}, "heads is 0"),
        ({"dropout": 1.0}, "dropout is 1.0"),
        ({"positions": 4}, "4 positions for 5 patches"),
        ({"model": 7}, "even number"),
    ],
)
def test_sizes_that_make_no_ranker_are_refused(change: dict, reason: str) -> None:
    with pytest.raises(EdnagError, match=reason):
        replace(SMALL, **change)


def test_dropout_drops_its_share_and_keeps_the_mean() -> None:
    drop = _Dropout(0.1)
    units = torch.ones(300, 1001, requires_grad=True)
    torch.manual_seed(1)
    dropped = drop(units)
    torch.manual_seed(1)
    assert torch.equal(dropped, drop(units))
    assert not torch.equal(dropped, drop(units))
    assert (dropped == 0).float().mean().item() == pytest.approx(0.1, abs=0.005)
    assert dropped.mean().item() == pytest.approx(1, abs=0.005)
    # Neighbours, which share a draw, are dropped independently.
    both = ((dropped[:, :-1] == 0) & (dropped[:, 1:] == 0)).float().mean().item()
    assert both == pytest.approx(0.01, abs=0.002)
    (gradient,) = torch.autograd.grad(dropped.sum(), units)
    assert torch.equal(gradient, dropped.detach())
    assert drop.eval()(units) is units


def test_attention_with_dropout_is_the_same_attention() -> None:
    sizes = replace(SIZES["nasbench201"], dropout=0.5)
    attention = new_ranker(sizes, 0).encoder.layer_stack[0].slf_attn
    vectors = torch.randn(2, 31, 128)
    expected = attention.eval()(vectors, vectors)
    # Dropout of nothing, by the way of training.
    attention.train()
    for each in attention.modules():
        if isinstance(each, _Dropout):
            each.forward = lambda units: units
    torch.testing.assert_close(attention(vectors, vectors), expected, atol=1e-5, rtol=1e-5)
