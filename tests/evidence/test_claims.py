"""The list of claims: complete, sorted, in step with the printed tables and the sources."""

from pathlib import Path

import pandas as pd
import pytest

from ednag.errors import EdnagError
from ednag.evidence.claims import EDNAG, KINDS, ON_PRINTED, RULES, Claim, read_claims
from ednag.evidence.findings import GROUPS, group_of
from ednag.evidence.published import GLOBAL_BEST, MAPPINGS, PRINTED, PrintedNumber
from ednag.evidence.record import StudyRecord, needs_of
from ednag.sources.registry import load_registry
from ednag.study.published import PUBLISHED_TABLES, read_listed_seeds

from .claims_data import PUBLISHED


@pytest.fixture(scope="module")
def claims() -> dict[str, Claim]:
    return {claim.id: claim for claim in read_claims(PUBLISHED / "claims.yaml")}


def cells(*tables: str) -> list[PrintedNumber]:
    """The printed cells of tables."""
    return [
        cell for table in tables for cell in PRINTED[table](PUBLISHED / PUBLISHED_TABLES[table])
    ]


ACCURACIES = ("nasbench201", "nasbench101-301", "transnas-micro", "transnas-macro", "mobilenetv3")


def test_every_cell_of_ednag_and_every_best_value_is_claimed(claims: dict[str, Claim]) -> None:
    checked = 0
    for cell in cells(*ACCURACIES):
        name = f"{cell.space}-{cell.dataset}".lower().replace("_", "-")
        prefix = {"EDNAG": "cell", GLOBAL_BEST: "global-best"}.get(cell.method)
        if prefix:
            claim = claims[f"{prefix}-{name}"]
            assert (claim.space, claim.dataset) == (cell.space, cell.dataset)
            assert claim.printed == float(cell.printed)
            assert cell.printed in claim.statement
            checked += 1
        if cell.method == "EDNAG" and cell.printed_archs:
            assert claims[f"archs-{name}"].printed == float(cell.printed_archs)
    assert checked == 24 + 18


def test_every_other_table_is_claimed(claims: dict[str, Claim]) -> None:
    for cell in cells("generated-quality"):
        if cell.method == "EDNAG":
            assert claims[f"quality-{cell.dataset}-{cell.quantity}"].printed == float(cell.printed)
    for cell in cells("mapping-ablation"):
        against = MAPPINGS[cell.quantity]
        claim = claims[f"mapping-{cell.dataset}-{against.removeprefix('ednag-')}"]
        assert (claim.printed, claim.against) == (float(cell.printed), against)
    for cell in cells("predictor"):
        claim = claims[f"predictor-{cell.dataset}-{cell.method.lower()}"]
        assert claim.printed == float(cell.printed)
    for cell in cells("validity"):
        if cell.method == "EDNAG":
            assert claims[f"validity-{cell.space}"].printed == float(cell.printed)
    for cell in cells("cost"):
        if cell.method == "EDNAG":
            assert cell.printed in claims[f"cost-{cell.dataset}"].statement


def test_every_listed_set_of_seeds_is_claimed(claims: dict[str, Claim]) -> None:
    for space, dataset in read_listed_seeds(PUBLISHED / "reference-seeds.csv"):
        name = f"{space}-{dataset}".lower().replace("_", "-")
        assert claims[f"seeds-values-{name}"].rule == "comments"
        assert claims[f"seeds-unselected-{name}"].rule == "unselected"
        if f"cell-{name}" in claims:
            printed = claims[f"cell-{name}"].printed
            assert claims[f"seeds-mean-{name}"].printed == printed
            assert claims[f"seeds-sd-{name}"].rule == "comments-sd"


def test_the_words_of_the_abstract_are_claimed(claims: dict[str, Claim]) -> None:
    assert claims["speed-50-times"].rule == "not-comparable"
    assert claims["gain-pets-printed"].printed == 10.45
    assert claims["steps"].rule == "not-comparable"
    assert claims["room-layout-transnas-micro"].rule == "not-comparable"


def test_needs_are_registered_and_those_of_the_benchmark(claims: dict[str, Claim]) -> None:
    registered = set(load_registry())
    for claim in claims.values():
        assert set(claim.needs) <= registered, claim.id
        if claim.rule in ON_PRINTED:
            assert claim.needs == (), claim.id
        elif claim.dataset and claim.rule != "not-comparable":
            assert claim.needs == needs_of(claim.space, claim.dataset), claim.id
    # The small file of 725 networks is not the paper's table.
    assert claims["cell-nasbench301-cifar10"].needs == ("nasbench301-zc",)
    assert not any(claim.dataset == "cifar10-analog" for claim in claims.values())


def test_every_rule_is_used_and_told(claims: dict[str, Claim]) -> None:
    assert {claim.rule for claim in claims.values()} == set(RULES)


def test_every_claim_has_a_kind_and_those_of_the_paper_a_subject(
    claims: dict[str, Claim],
) -> None:
    assert {claim.kind for claim in claims.values()} == set(KINDS)
    for claim in claims.values():
        if claim.kind == EDNAG:
            assert group_of(claim.id) in GROUPS, claim.id
    # What no run can pass is no claim that a run is held against.
    for name in ("steps", "archs-nasbench201-cifar10", "top-1-nasbench201-pets"):
        assert claims[name].rule == "not-comparable"
    # The same share, constant or quotient is counted once, apart from the paper's claims.
    for part, count in (("first-invalid", 1), ("lookups", 3), ("audit-steps", 1), ("global", 18)):
        found = [claim for claim in claims.values() if part in claim.id]
        assert [claim.kind for claim in found] == ["identity"] * count


GOOD = (
    "- {{id: {id}, kind: ednag, statement: Something is claimed., source: a table, "
    "version: first, rule: {rule}{more}}}\n"
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1", "a list of claims"),
        ("- 1", "entry 0: a mapping"),
        ("- {id: [", "not valid YAML"),
        (GOOD.format(id="a", rule="mena", more=""), "did you mean 'mean'"),
        (GOOD.format(id="a", rule="mean", more="").replace("ednag", "ednga"), "unknown kind"),
        (GOOD.format(id="a", rule="mean", more="").replace("version: first, ", ""), "a: version"),
        (
            GOOD.format(id="a", rule="mean", more=", printed: 1, space: s, needs: [n]"),
            "a: rule 'mean' needs 'dataset'",
        ),
        (GOOD.format(id="a", rule="mean", more=""), "a: rule 'mean' needs 'printed'"),
        (GOOD.format(id="A B", rule="mean", more=""), "A B: id"),
        (GOOD.format(id="a", rule="unavailable", more=""), "needs 'needs'"),
        (GOOD.format(id="a", rule="not-comparable", more=", reason: r, why: x"), "a: why"),
        (
            GOOD.format(id="b", rule="not-comparable", more=", reason: r")
            + GOOD.format(id="a", rule="not-comparable", more=", reason: r"),
            "a: must come before b",
        ),
        (GOOD.format(id="a", rule="not-comparable", more=", reason: r") * 2, "a: is repeated"),
    ],
)
def test_a_bad_list_is_refused_by_name(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "claims.yaml"
    path.write_text(text)
    with pytest.raises(EdnagError, match=message):
        read_claims(path)


def test_a_prediction_is_never_held_against_a_printed_number() -> None:
    runs = pd.DataFrame(
        {
            "space": "nasbench201",
            "dataset": ["aircraft", "cifar10"],
            "protocol": "paper",
            "method": "ednag",
            "seed": 0,
            "outcome": [99.0, 94.0],
        }
    )
    record = StudyRecord(summary=runs)
    assert record.runs("nasbench201", "aircraft", "ednag").empty
    assert "fgvc-aircraft" in record.lacks("nasbench201", "aircraft", "ednag")
    assert len(record.runs("nasbench201", "cifar10", "ednag")) == 1
