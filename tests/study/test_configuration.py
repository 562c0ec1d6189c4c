"""A study is validated before any DAG is built, with one line that helps."""

from pathlib import Path

import pytest
import yaml

from ednag.errors import EdnagError
from ednag.study.configuration import Study, load_study, read_study, schema

ROOT = Path(__file__).resolve().parents[2]


def test_the_default_study_is_what_the_defaults_say() -> None:
    assert load_study(ROOT / "config.yaml") == Study()


@pytest.mark.parametrize("path", sorted((ROOT / "config").glob("*.yaml")), ids=lambda p: p.name)
def test_every_kept_study_is_valid(path: Path) -> None:
    load_study(path)


def test_the_schema_file_is_up_to_date() -> None:
    kept = (ROOT / "config" / "schema.json").read_text(encoding="utf-8")
    assert kept == schema(), "run: ednag config schema > config/schema.json"


def test_every_key_has_a_description_and_a_default() -> None:
    models = [Study, Study.model_fields["statistics"].annotation]
    for model in models:
        for name, field in model.model_fields.items():
            assert field.description, name
            assert not field.is_required(), name


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("sedes: 0-9", "sedes: unknown key 'sedes'; did you mean 'seeds'? allowed: benchmarks,"),
        ("methods: [ednga]", "methods[0]: unknown method 'ednga'; did you mean 'ednag'?"),
        ("methods: [random, random]", "methods[1]: method 'random' is repeated"),
        ("methods: []", "methods: empty; allowed: ednag, "),
        ("methods: ednag", "methods: input should be a list, not 'ednag'"),
        (
            "benchmarks: {nasbench2: [cifar10]}",
            "unknown search space 'nasbench2'; did you mean 'nasbench201'?",
        ),
        (
            "benchmarks: {nasbench201: [cifar-10]}",
            "benchmarks.nasbench201[0]: unknown dataset 'cifar-10'; did you mean 'cifar10'?",
        ),
        ("protocols: [papr]", "protocols[0]: unknown protocol 'papr'; did you mean 'paper'?"),
        ("if_present: {nasbench101: [cifar-10]}", "if_present.nasbench101[0]: unknown dataset"),
        ("seeds: [3, 3]", "seeds: seed 3 is repeated"),
        ("seeds: -1", "seeds: -1 is not a seed; allowed: whole numbers from 0"),
        (
            "hyperparameters: {ednag: {mutate_rate: 1.5}}",
            "hyperparameters.ednag.mutate_rate: input should be less than or equal to 1, not 1.5",
        ),
        (
            "hyperparameters: {ednag: {elite_rate: -0.1}}",
            "hyperparameters.ednag.elite_rate: input should be greater than or equal to 0",
        ),
        (
            "hyperparameters: {ednag: {mutaterate: 0.5}}",
            "unknown key 'mutaterate'; did you mean 'mutate_rate'?",
        ),
        ("hyperparameters: {edna: {}}", "unknown method 'edna'; did you mean 'ednag'?"),
        ("statistics: {checkpoint: [3]}", "unknown key 'checkpoint'; did you mean 'checkpoints'?"),
        ("statistics: {checkpoints: [5, 3]}", "statistics.checkpoints: must be whole numbers"),
        ("budget: 0", "budget: input should be greater than or equal to 1, not 0"),
    ],
)
def test_bad_configuration_is_refused_in_one_line(raw: str, words: str) -> None:
    with pytest.raises(EdnagError) as caught:
        read_study(yaml.safe_load(raw))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_yaml_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text("seeds: 0-9\nmethods: [ednag\n")
    with pytest.raises(EdnagError, match=r"study\.yaml: line 3 not valid YAML"):
        load_study(path)
