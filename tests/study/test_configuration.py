"""A study is validated before any DAG is built, with one line that helps."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from snakemake.utils import update_config

from ednag.errors import EdnagError
from ednag.methods import get_method
from ednag.methods.instances import method_names
from ednag.study.configuration import (
    Study,
    check_study_files,
    hyperparameters_of,
    load_study,
    method_of,
    methods_of,
    methods_on,
    read_study,
    schema,
    seeds_of,
    study_instances,
)

ROOT = Path(__file__).resolve().parents[2]


def test_a_study_that_names_little_is_near_the_default_study() -> None:
    default, least = load_study(ROOT / "config.yaml"), Study()
    for key in ("benchmarks", "seeds", "budget", "block", "statistics"):
        assert getattr(default, key) == getattr(least, key), key
    names = [entry.id for entry in least.methods]
    assert [entry.id for entry in default.methods][: len(names)] == names


@pytest.mark.parametrize("path", sorted((ROOT / "config").glob("*.yaml")), ids=lambda p: p.name)
def test_every_kept_study_is_valid(path: Path) -> None:
    load_study(path)


def test_the_overlay_leaves_out_nar_and_nothing_else() -> None:
    whole = load_study(ROOT / "config" / "tables.yaml")
    config = yaml.safe_load((ROOT / "config" / "tables.yaml").read_text(encoding="utf-8"))
    overlay = ROOT / "config" / "overlays" / "without-nar.yaml"
    update_config(config, yaml.safe_load(overlay.read_text(encoding="utf-8")))  # as Snakemake does
    study = read_study(config)
    assert not study.ranker.seeds
    left_out = set(methods_of(whole, "nasbench201")) - set(methods_of(study, "nasbench201"))
    assert left_out == {"nar", "ednag-ranked"}
    others = {"ranker", "methods"}
    assert study.model_dump(exclude=others) == whole.model_dump(exclude=others)


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
        ("sedes: 0-9", "sedes: unknown key 'sedes'; did you mean 'seeds'? allowed: title,"),
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
            "methods: [{id: ednag, hyperparameters: {mutate_rate: 1.5}}]",
            "methods[0]: method ednag: hyperparameters.mutate_rate: input should be less than or "
            "equal to 1, not 1.5",
        ),
        (
            "methods: [{id: few, of: ednag-power, hyperparameters: {elite_rate: -0.1}}]",
            "method few: hyperparameters.elite_rate: input should be greater than or equal to 0",
        ),
        (
            "methods: [{id: ednag, hyperparameters: {mutaterate: 0.5}}]",
            "unknown key 'mutaterate'; did you mean 'mutate_rate'?",
        ),
        ("methods: [random, {id: e, of: edna}]", "methods[1]: unknown method 'edna'; did you mean"),
        (
            "methods: [{id: mine, seeds: 0}]",
            "no method is called 'mine'; add `of`, the method that",
        ),
        ("methods: [{id: random, of: ednag}]", "methods[0]: 'random' is another method; give the"),
        (
            "methods: [{id: ednag-power, of: ednag}]",
            "'ednag-power' is another method; give the one",
        ),
        ("methods: [{id: Mine, of: ednag}]", "methods[0].id: string should match pattern"),
        ("methods: [{id: ../up, of: ednag}]", "methods[0].id: string should match pattern"),
        ("methods: [{id: ednag, sedes: 0}]", "methods[0].sedes: unknown key 'sedes'; did you mean"),
        ("methods: [{of: ednag}]", "methods[0].id: field required"),
        ("methods: [3]", "methods[0].id: input should be a valid string, not 3"),
        (
            "methods: [{id: ednag, spaces: [nasbench2]}]",
            "methods[0].spaces[0]: unknown search space",
        ),
        ("methods: [{id: ednag, spaces: []}]", "methods[0].spaces: empty; allowed: nasbench201"),
        ("statistics: {checkpoint: [3]}", "unknown key 'checkpoint'; did you mean 'checkpoints'?"),
        ("statistics: {checkpoints: [5, 3]}", "statistics.checkpoints: must be whole numbers"),
        ("methods: [{id: nar, seeds: x}]", "seeds of nar: 'x' is not a seed"),
        (
            "{methods: [random, nar], seeds: 100-199}",
            "methods: seeds of nar: none of 0-9 is among the study's seeds 100-199; name some that",
        ),
        (
            "methods: [{id: nar, spaces: [nasbench-graph]}]",
            "methods[0]: method nar cannot search nasbench-graph; it searches nasbench201",
        ),
        (
            "{methods: [nar], benchmarks: {nasbench-graph: [cora]}}",
            "methods: none of nar can search nasbench-graph; name one that can",
        ),
        ("ranker: {sizes: [4, 50]}", "ranker.sizes: must be whole numbers from 5 up (one cell"),
        ("ranker: {seed: 0}", "ranker.seed: unknown key 'seed'; did you mean 'seeds'?"),
        ("ranker: {ranker_seeds: []}", "ranker.ranker_seeds: no seeds"),
        ("ranker: {sizes: [50, 15000]}", "more than the 15625 of NAS-Bench-201; lower one"),
        ("budget: yes", "budget: input should be a whole number, not true (YAML reads yes"),
        ('budget: "512"', "budget: input should be a whole number, not '512'"),
        ("block: on", "block: input should be a whole number, not true"),
        ("statistics: {checkpoints: [yes]}", "statistics.checkpoints[0]: input should be a whole"),
        ("statistics: {confidence: no}", "statistics.confidence: input should be a valid number"),
        ("top_k: {k: true}", "top_k.k: input should be a whole number"),
        ("small_instance: {cells: yes}", "small_instance.cells: input should be a whole"),
        ("training: {scale: yes}", "training.scale: input should be a valid number, not true"),
        ("training: {scale: 1e-2}", "not the text '1e-2' (YAML reads a power of ten only as in"),
        ("mobilenetv3_scale: [yes, 5]", "mobilenetv3_scale[0]: input should be a valid number"),
        ('ranker: {if_present: "no"}', "ranker.if_present: input should be a valid boolean, not"),
        ("ranker: {sizes: [yes, 50]}", "ranker.sizes[0]: input should be a whole number"),
        (
            "methods: [{id: ednag, hyperparameters: {mutate_rate: yes}}]",
            "hyperparameters.mutate_rate: input should be a valid number, not true",
        ),
        (
            "methods: [{id: ednag, hyperparameters: {selection: 0}}]",
            "hyperparameters.selection: input should be a valid boolean, not 0",
        ),
        ("seeds: yes", "seeds: True is not a seed"),
        ("{on: 3}", "true: unknown key 'true'"),
        ("seeds: 2026-01-01", "seeds: '2026-01-01' is not a seed"),
        ("a: &a [*a]", "not plain YAML"),
        (
            "methods: [{id: ednag, hyperparameters: {arithmetic: avx512}}]",
            "hyperparameters of ednag: the key `arithmetic` of the study sets it for all",
        ),
        (
            "methods: [{id: random, hyperparameters: {arithmetic: avx2}}]",
            "method random: hyperparameters.arithmetic: unknown key",
        ),
        ("arithmetic: avx1", "arithmetic: input should be 'avx2' or 'avx512', not 'avx1'"),
        ("budget: 0", "budget: input should be greater than or equal to 1, not 0"),
        ("count: graphs", "count: input should be 'distinct evaluations' or 'unique graphs'"),
        (
            "{count: unique graphs, benchmarks: {nasbench-graph: [cora]}}",
            "count: unique graphs: nasbench-graph does not say which of its architectures are one",
        ),
        (
            "{count: unique graphs, benchmarks: {nasbench201: [cifar10]}, if_present: "
            "{transnas-micro: [jigsaw]}}",
            "give count: distinct evaluations, or leave transnas-micro out",
        ),
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
    with pytest.raises(EdnagError, match=r"study\.yaml:3: not valid YAML"):
        load_study(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("seeds: 0-9\n".encode("utf-16"), r"study\.yaml is not UTF-8 text \(byte 0\); save it as"),
        ("# \u00e9\nseeds: 0-9\n".encode("latin-1"), r"study\.yaml is not UTF-8 text \(byte 2\)"),
        (b"seeds: 0-9\nbudget: 5\nseeds: 0-3\n", r"study\.yaml:3: .*'seeds' is given twice, .* 1;"),
        (b"top_k:\n  k: 3\n  runs: 0\n  k: 4\n", r"study\.yaml:4: .*'k' is given twice, .* line 2"),
        (b"seeds: 0-9\x00\n", r"study\.yaml: not valid YAML"),
        (b"[]", r"study\.yaml: configuration: a mapping of keys is expected"),
    ],
)
def test_a_file_that_says_something_else_than_it_seems_is_refused(
    tmp_path: Path, content: bytes, words: str
) -> None:
    path = tmp_path / "study.yaml"
    path.write_bytes(content)
    with pytest.raises(EdnagError, match=words) as caught:
        load_study(path)
    assert "\n" not in str(caught.value)


def test_a_whole_number_and_a_list_are_what_they_were() -> None:
    study = read_study({"training": {"scale": 1}, "statistics": {"checkpoints": [5, 7]}})
    assert (study.training.scale, study.statistics.checkpoints) == (1.0, (5, 7))
    assert load_study(ROOT / "config" / "smoke.yaml").seeds


def test_an_overlay_that_would_remove_nothing_is_refused(tmp_path: Path) -> None:
    study, overlay = tmp_path / "study.yaml", tmp_path / "overlay.yaml"
    study.write_text("ranker: {seeds: 0}\nif_present: {nasbench101: [cifar10]}\ntop_k: {}\n")
    overlay.write_text("ranker: {seeds: 1}\nif_present: {}\nofficial_files: {}\ntop_k: {k: 2}\n")
    check_study_files([overlay])
    check_study_files([study])
    words = r"overlay\.yaml: if_present: \{\} removes nothing"
    with pytest.raises(EdnagError, match=words):
        check_study_files([study, overlay])


@pytest.mark.parametrize(
    "title", ["", "$x$", "a|b", "N_{pop}", "_hidden", " ", "two\nlines", "\\x"]
)
def test_a_title_that_figures_or_tables_would_misread_is_refused(title: str) -> None:
    entry = {"id": "my", "of": "ednag", "title": title}
    if title == "":
        assert method_of(read_study({"methods": [entry]}), "my").title == "my"
        return
    with pytest.raises(EdnagError, match=r"^methods.*title"):
        read_study({"methods": [entry]})


def test_equal_titles_are_refused() -> None:
    entries = ["random", {"id": "my", "of": "ednag", "title": "Random search"}]
    with pytest.raises(
        EdnagError, match="have one title, 'Random search'; give one of them another"
    ):
        read_study({"methods": entries})


def test_slow_methods_run_fewer_seeds_and_only_where_they_can() -> None:
    study = read_study({"methods": [{"id": "random", "seeds": "5-20"}, "nar"]})
    assert methods_of(study, "nasbench201") == ("random", "nar")
    assert methods_of(study, "nasbench-graph") == ("random",)
    assert methods_on(study, "nasbench201", "cifar10-analog") == ("random", "nar")
    assert methods_on(study, "nasbench201", "digits-unseen") == ("random",)
    assert seeds_of(study, "random") == tuple(range(5, 21))
    assert seeds_of(study, "nar") == tuple(range(10))
    assert seeds_of(read_study({"seeds": "8-30"}), "nar") == (8, 9)


def test_a_mapping_may_take_up_another_by_a_merge_key(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(
        "methods:\n"
        "  - {id: ednag, hyperparameters: &few {num_step: 20, population_num: 20}}\n"
        "  - {id: ednag-power, hyperparameters: {<<: *few, population_num: 10}}\n"
    )
    settings = hyperparameters_of(load_study(path), "ednag-power")
    expected = {"arithmetic": "avx2", "mapping": "power", "num_step": 20, "population_num": 10}
    assert settings == expected


def test_an_instance_has_its_own_title_settings_seeds_and_spaces() -> None:
    short = {"num_step": 20}
    entry = {"id": "short", "of": "ednag-power", "title": "Short", "hyperparameters": short}
    study = read_study(
        {"methods": ["ednag", {**entry, "seeds": "3-200", "spaces": ["nasbench201"]}]}
    )
    method = method_of(study, "short")
    assert (method.title, method.varies, method.of) == ("Short", "ednag", "ednag")
    assert hyperparameters_of(study, "short") == {"arithmetic": "avx2", "mapping": "power", **short}
    assert seeds_of(study, "short") == tuple(range(3, 100))
    assert methods_of(study, "nasbench201") == ("ednag", "short")
    assert methods_of(study, "nasbench-graph") == ("ednag",)


def test_what_a_method_was_tuned_on_is_told_to_jobs_that_compare_and_is_checked() -> None:
    tuned = {"id": "tuned", "of": "ednag", "tuned_on": ["nasbench-graph/cora", "nats-size"]}
    study = read_study({"methods": [tuned, {"id": "random", "tuned_on": ["nats-size"]}]})
    told = json.loads(study_instances(study, ["tuned", "random"]))
    assert told["tuned"]["tuned_on"] == ["nasbench-graph/cora", "nats-size"]
    assert told["random"]["tuned_on"] == ["nats-size"]
    assert json.loads(study_instances(study, ["tuned", "random"], titles=False)) == {
        "tuned": {"of": "ednag"}
    }
    with pytest.raises(EdnagError, match=r"'cara'.*did you mean 'cora'"):
        read_study({"methods": ["ednag", {**tuned, "tuned_on": ["nasbench-graph/cara"]}]})
    for named, message in (
        ("nasbench-graph/", "unknown dataset ''"),
        ("nasbench201/cifar10-hardware", "further table"),
    ):
        with pytest.raises(EdnagError, match=message):
            read_study({"methods": ["ednag", {**tuned, "tuned_on": [named]}]})


def test_a_job_is_told_of_the_instances_that_it_uses_and_of_nothing_else() -> None:
    short = {"id": "short", "of": "ednag", "title": "Short", "hyperparameters": {"num_step": 20}}
    study = read_study({"methods": ["ednag", "ednag-power", short]})
    assert study_instances(study, ["ednag", "random"]) == ""
    assert json.loads(study_instances(study, ["ednag", "short"])) == {
        "short": {"of": "ednag", "title": "Short"}
    }
    assert (
        study_instances(study, ["ednag-power"], titles=False) == '{"ednag-power": {"of": "ednag"}}'
    )
    renamed = read_study({"methods": [{"id": "ednag", "title": "E"}, "random"]})
    assert study_instances(renamed, ["ednag"]) == '{"ednag": {"of": "ednag", "title": "E"}}'
    assert study_instances(renamed, ["ednag"], titles=False) == ""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"further_methods": {}}, "[ednag, random]"),
        ({"method_seeds": {"nar": "0-9"}}, "[ednag, random, nar, ednag-ranked]"),
        (
            {"methods": ["random"], "further_methods": {"nasbench201": ["nar", "ednag-power"]}},
            "[random, nar, {id: ednag-power, spaces: [nasbench201]}]",
        ),
        (
            {
                "hyperparameters": {"ednag": {"num_step": 20}, "ednag-plus": {}},
                "method_seeds": {"nar": 0, "random": [1, "3-4"]},
            },
            "[{id: ednag, hyperparameters: {num_step: 20}}, {id: random, seeds: [1, 3-4]}, "
            "{id: nar, seeds: 0}, ednag-ranked]",
        ),
        (
            {
                "methods": [
                    "ednag",
                    {"id": "few", "of": "ednag", "hyperparameters": {"num_step": 9}},
                ],
                "hyperparameters": {"few": {"population_num": 8}},
            },
            "[ednag, {id: few, of: ednag, hyperparameters: {num_step: 9, population_num: 8}}]",
        ),
    ],
)
def test_old_keys_are_refused_with_what_replaces_them(old: dict[str, Any], new: str) -> None:
    with pytest.raises(EdnagError) as caught:
        read_study(old)
    message = str(caught.value)
    assert message.endswith(f"write instead: methods: {new}")
    assert "\n" not in message
    read_study(yaml.safe_load(message.partition("write instead: ")[2]))


def test_old_keys_with_wrong_values_are_refused() -> None:
    for old in ({"further_methods": 3}, {"hyperparameters": [1]}, {"method_seeds": {"nra": 0}}):
        with pytest.raises(EdnagError, match="replaced by entries of `methods`"):
            read_study(old)


def test_the_studys_arithmetic_reaches_every_method_that_searches_as_ednag_does() -> None:
    ednag = {"id": "ednag", "hyperparameters": {"num_step": 50}}
    study = read_study({"arithmetic": "avx512", "methods": [ednag]})
    assert hyperparameters_of(study, "ednag") == {"arithmetic": "avx512", "num_step": 50}
    concerned = {name for name in method_names() if "arithmetic" in hyperparameters_of(study, name)}
    variants = {name for name in method_names() if get_method(name).varies == "ednag"}
    assert concerned == {"ednag", *variants} - {"ednag-plus"}
    assert len(concerned) == 16
    assert read_study({}).arithmetic == "avx2"


def test_a_study_may_leave_ranking_out() -> None:
    assert read_study({"ranker": {"seeds": []}}).ranker.seeds == ()
    assert not read_study({}).ranker.if_present


def test_the_title_of_a_study_is_its_own_or_the_name_of_its_file(tmp_path: Path) -> None:
    assert load_study(ROOT / "config" / "smoke.yaml").title == "Smoke test"
    path = tmp_path / "_my $tudy.yaml"
    path.write_text("seeds: 0-9\n")
    assert load_study(path).title == "my tudy"
    with pytest.raises(EdnagError, match=r"^title: .*must begin with a letter"):
        read_study({"title": "a|b"})
