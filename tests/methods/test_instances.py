"""Instances of methods: the catalogue, and what `ednag --methods` defines."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

import ednag
from ednag.cli import group
from ednag.errors import EdnagError
from ednag.methods import METHODS, get_method
from ednag.methods.instances import catalogue, define_methods
from ednag.methods.storage import read_runs
from ednag.spaces import get_space
from ednag.tables import check_named, get_definition, is_among

TABLE = "table.parquet"


@pytest.fixture(autouse=True)
def _nothing_defined() -> Iterator[None]:
    yield
    define_methods("")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a table that has its name from TABLE."""
    path = tmp_path_factory.mktemp("runs")
    call(
        "tables",
        "build",
        "--space",
        "nasbench-graph",
        "--dataset",
        "cora",
        "--output",
        path / TABLE,
    )
    return path


def call(*arguments: object) -> None:
    CliRunner().invoke(group, list(map(str, arguments)), catch_exceptions=False)


def run(folder: Path, method: str, *options: str, methods: str = "") -> bytes:
    """A run file of two seeds."""
    output = folder / "runs.parquet"
    output.unlink(missing_ok=True)
    table = ("--table", folder / TABLE, "--output", output, "--seeds", "0-1")
    call("--methods", methods, "run", "--method", method, *options, *table)
    return output.read_bytes()


def test_every_instance_of_the_catalogue_is_a_registered_method_with_other_settings() -> None:
    for name, definition in catalogue().items():
        method = get_method(name)
        assert method.of == definition.of
        assert method.varies == (get_method(definition.of).varies or definition.of)
        assert definition.of in METHODS and name not in METHODS
        assert definition.title and definition.description
        changed = method.read_hyperparameters({})
        assert definition.hyperparameters.items() <= changed.model_dump().items()


def test_what_methods_were_tuned_on_is_registered_and_goes_on_to_instances() -> None:
    for name in (*METHODS, *catalogue()):
        method = get_method(name)
        check_named(method.tuned_on)
        assert set(get_method(method.of or name).tuned_on) <= set(method.tuned_on)
    assert get_method("ednag").tuned_on == ()
    definition = {"of": "ednag-plus", "tuned_on": ["transnas-micro/jigsaw"]}
    define_methods(json.dumps({"mine": definition}))
    tuned_on = get_method("mine").tuned_on
    assert tuned_on == ("nasbench201", "transnas-micro/jigsaw")
    assert is_among(("nasbench201", "cifar100"), tuned_on)
    assert is_among(("transnas-micro", "jigsaw"), tuned_on)
    assert not is_among(("transnas-macro", "jigsaw"), tuned_on)
    # The same images in the same space, measured again.
    assert is_among(("nasbench201", "cifar10"), ["nasbench201/cifar10-analog"])
    assert not is_among(("nasbench201", "cifar100"), ["nasbench201/cifar10-analog"])
    for wrong, message in (("nasbench200", "nasbench201"), ("transnas-micro/jigsow", "jigsaw")):
        with pytest.raises(EdnagError, match=message):
            check_named([wrong])


def test_a_hyperparameter_of_an_instance_precedes_the_space_and_what_is_given_precedes_both() -> (
    None
):
    space, protocol = (
        get_space("nasbench-graph"),
        get_definition("nasbench-graph", "cora").protocols,
    )
    own = space.profile.hyperparameters
    method = get_method("ednag-population-15")
    assert method.read_hyperparameters({}, space, protocol["paper"]).model_dump().items() >= (
        {**own, "population_num": 15}.items()
    )
    given = method.read_hyperparameters({"population_num": 20}, space, protocol["paper"])
    assert given.model_dump()["population_num"] == 20


def test_a_name_of_the_catalogue_and_its_definition_make_the_same_run(folder: Path) -> None:
    by_name = run(folder, "regularised-evolution-10-3", "--budget", "30")
    definition = {"of": "regularised-evolution", "title": "R"}
    settings = json.dumps({"population_num": 10, "sample_size": 3})
    methods = json.dumps({"regularised-evolution-10-3": definition})
    options = ("--budget", "30", "--hyperparameters", settings)
    assert run(folder, "regularised-evolution-10-3", *options, methods=methods) == by_name


def test_a_method_of_the_command_line_runs_under_its_own_id(folder: Path) -> None:
    definition = {"of": "ednag-power", "title": "Short", "hyperparameters": {"num_step": 5}}
    run(folder, "short", methods=json.dumps({"short": definition}))
    described = read_runs(folder / "runs.parquet").described
    assert described["method"] == "short"
    settings = described["hyperparameters"]
    assert (settings["num_step"], settings["mapping"]) == (5, "power")
    assert get_method("short").title == "Short"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "--methods: not valid JSON"),
        ("[]", "--methods: a mapping of ids to definitions is expected, not"),
        ('{"a": {"off": "ednag"}}', "--methods: a.off: unknown key 'off'; did you mean 'of'?"),
        ('{"a": {"of": "ednga"}}', "unknown method 'ednga'; did you mean 'ednag'?"),
        ('{"a": {}}', "unknown method 'a'"),
        ('{"a": 3}', "--methods: a: a mapping is expected, not 3"),
        (
            '{"a": {"of": "ednag", "hyperparameters": {"num_step": 1}}}',
            "method a: hyperparameters.num_step: input should be greater than or equal to 3",
        ),
    ],
)
def test_a_wrong_definition_is_refused_in_one_line(text: str, words: str) -> None:
    with pytest.raises(EdnagError) as caught:
        define_methods(text)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_catalogue_is_not_part_of_the_code_of_a_job() -> None:
    package = Path(ednag.__file__).parent
    assert (package / "methods" / "instances.yaml").is_file()
    for path in package.rglob("*.py"):
        assert "instances.yaml" not in path.read_text(encoding="utf-8"), path
