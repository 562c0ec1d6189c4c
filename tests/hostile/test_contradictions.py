"""A study whose keys contradict each other, or that no machine can run, is refused in one line."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from ednag.cli import group
from ednag.errors import EdnagError
from ednag.study.configuration import schema

ROOT = Path(__file__).resolve().parents[2]
DIGITS = "benchmarks: {nasbench201: [digits-unseen]}\n"
EDNAG = "methods: [{{id: ednag, hyperparameters: {{{}}}}}]"
BIG = "9" * 300

#: Study -> what the message says.
CASES = [
    # numbers that YAML 1.1 reads as others
    ("seeds: 010", "study.yaml:1: not valid YAML: 010 is no plain decimal number; write it as 7"),
    ("seeds: 1:30", "study.yaml:1: not valid YAML: 1:30 is no plain decimal number"),
    ("budget: 9\nseeds: [0x10]", "study.yaml:2: not valid YAML: 0x10 is no plain decimal number"),
    ("budget: 1_000", "1_000 is no plain decimal number"),
    ("budget: 0b11", "0b11 is no plain decimal number"),
    ("training: {scale: .inf}", ".inf is no plain decimal number"),
    ("training: {scale: .nan}", ".nan is no plain decimal number"),
    ("training: {scale: 0_1.5}", "0_1.5 is no plain decimal number"),
    ("training: {cpu_hours: 1:30.5}", "1:30.5 is no plain decimal number"),
    ("seeds: 0o7", "seeds: '0o7' is not a seed"),
    ("seeds: '010'", "seeds: '010' is not a seed"),
    ("seeds: 00-09", "seeds: '00-09' is not a seed"),
    ("seeds: 1_0-2_0", "seeds: '1_0-2_0' is not a seed"),
    ("seeds: '\u0663'", "seeds: '\u0663' is not a seed"),
    # keys twice
    ("seeds: 0\nseeds: 1", "study.yaml:2: not valid YAML: key 'seeds' is given twice, first in"),
    ("seeds: 0\n'seeds': 1", "key 'seeds' is given twice"),
    ('top_k: {k: 1, "k": 2}', "key 'k' is given twice"),
    (EDNAG.format("num_step: 5, num_step: 6"), "key 'num_step' is given twice"),
    # large numbers
    (EDNAG.format("num_step: 1000000000"), "hyperparameters.num_step: input should be less than"),
    (EDNAG.format("num_step: 1.0e9"), "hyperparameters.num_step: input should be a whole number"),
    (EDNAG.format("num_step: 1e9"), "not the text '1e9' (YAML reads a power of ten only as in"),
    (EDNAG.format("population_num: 1000000000"), "population_num: input should be less than or"),
    (EDNAG.format("temperature: 1.0e+300"), "temperature: input should be less than or equal to"),
    (EDNAG.format(f"num_step: {BIG}"), "num_step: input should be less than or equal to 10000, no"),
    (EDNAG.format(f"num_step: {BIG}9"), "is no plain decimal number"),
    ("methods: [{id: nar, hyperparameters: {epochs: 1000000000}}]", "epochs: input should be less"),
    ("methods: [{id: nar, hyperparameters: {model: 1000000}}]", "model: input should be less than"),
    ("methods: [{id: nar, hyperparameters: {first_share: 1.0}}]", "first_share: input should be l"),
    ("statistics: {resamples: 1000000000000}", "statistics.resamples: input should be less than"),
    (f"budget: {BIG}", "budget: input should be less than or equal to 1000000, not 99999"),
    (f"seeds: {BIG}", "is not a seed; allowed: whole numbers from 0 to 4294967295"),
    ("block: 1000000000", "block: input should be less than or equal to 10000"),
    ("top_k: {k: 1000000}", "top_k.k: input should be less than or equal to 1000"),
    ("small_instance: {cells: 1000000}", "small_instance.cells: input should be less than or"),
    ("training: {images: 100000000000}", "training.images: input should be less than or equal"),
    ("training: {cpu_hours: 1.0e+300}", "training.cpu_hours: input should be less than or equal"),
    ("mobilenetv3_scale: [75, 0]", "mobilenetv3_scale[1]: input should be greater than 0"),
    ("ranker: {sizes: [100, 1000000]}", "ranker.sizes[1]: input should be less than or equal"),
    ("budget: -5", "budget: input should be greater than or equal to 1, not -5"),
    # large studies
    ("seeds: [0-9999999, 10000000-19999999]", "seeds[1]: the range 10000000-19999999 makes 20000"),
    ("seeds: 0-9999999\nblock: 10000", "GB of memory where they are summarised, and the limit is"),
    ("authors_seeds: 0-9999999\nblock: 10000", "GB of memory where they are summarised"),
    (DIGITS + "top_k: {runs: 0-99, k: 1000, seeds: 0-99}", "top_k.runs, k, random and seeds: make"),
    ("ranker: {seeds: 0-999999}", "ranker.seeds and ranker_seeds: make 5,000,015 jobs, and a"),
    (
        DIGITS + "small_instance: {tasks: 0-999999, block: 1}",
        "small_instance.tasks and block: make",
    ),
    ("seeds: 0-99999\nblock: 10", "block: 10 makes 60000 run files of nasbench201/cifar10-valid"),
    ("methods: [random]\nseeds: 0-9999\nblock: 1", "block: 1 makes 10000 run files of nasbench201"),
    # contradictions
    (
        EDNAG.format("elite_rate: 0.9, diver_rate: 0.5"),
        "methods[0]: method ednag: hyperparameters: elite_rate 0.9 and diver_rate 0.5 take 42 of "
        "30 individuals; lower one, so that their sum is at most 1",
    ),
    (
        "methods: [{id: e, of: ednag-power, hyperparameters: {diver_rate: 1.0}}]",
        "methods[0]: method e: hyperparameters: elite_rate 0.1 and diver_rate 1.0 take 33 of 30",
    ),
    (
        DIGITS + "seeds: 0-3\ntop_k: {runs: 4-5}",
        "top_k.runs: ednag does not run the seeds 4-5; name some of 0-3",
    ),
    (DIGITS + "seeds: 0-3\ntop_k: {runs: 3-4}", "top_k.runs: ednag does not run the seeds 4; name"),
    (
        DIGITS + "methods: [ednag]\nseeds: 50-60",
        "top_k.runs: ednag does not run the seeds 0-9; name some of 50-60",
    ),
    (
        DIGITS + "methods: [{id: ednag, seeds: 7}, random]\ntop_k: {runs: 0}",
        "top_k.runs: ednag does not run the seeds 0; name some of 7",
    ),
    (
        DIGITS + "methods: [ednag, random]\ntop_k: {methods: [ednag, ednag-plus]}",
        "top_k.methods: nasbench201/digits-unseen is not searched by ednag-plus; name some of ed",
    ),
    (
        "methods: [random]\nbudget: 50",
        "statistics.checkpoints: 500 is more than the 50 evaluations that a run of this study can "
        "make; give numbers up to 50, or raise budget",
    ),
    (
        EDNAG.format("num_step: 5, population_num: 10") + "\nbudget: 20",
        "statistics.checkpoints: 500 is more than the 150 evaluations",
    ),
    # folders and empty files
    ("mirrors: [.]\nbudget: 0", "budget: input should be greater"),
    (
        "mirrors: ['.', nowhere]",
        "nowhere cannot be searched (No such file or directory); name a folder",
    ),
    (
        "mirrors: [study.yaml]",
        "study.yaml cannot be searched (Not a directory); name a folder that is",
    ),
    ("own_images: nowhere", "nowhere: no such folder; give one with a subfolder for each class"),
    ("own_images: bare", "bare: no subfolders; put the images of each class into one"),
    ("own_images: images", "no images in this class; add some or remove the folder"),
    ("", "study.yaml: is empty; write a key, such as seeds: 0-99"),
    ("# nothing\n", "study.yaml: is empty"),
    ("{}", "study.yaml: is empty"),
    ("benchmarks: {}", "benchmarks: empty; allowed: nasbench201"),
    ("benchmarks: {nasbench201: []}", "benchmarks.nasbench201: empty; allowed: "),
    ("benchmarks: {nasbench201: [cifar10, cifar10]}", "nasbench201[1]: dataset 'cifar10' is repea"),
    ("protocols: [paper, paper]", "protocols[1]: protocol 'paper' is repeated"),
    ("top_k: {methods: [random, random]}", "top_k.methods[1]: method 'random' is repeated"),
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two folders that hold no images; the current one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bare").mkdir()
    (tmp_path / "images" / "cats").mkdir(parents=True)
    return tmp_path


@pytest.mark.parametrize(("study", "words"), CASES, ids=[study[:60] for study, _ in CASES])
def test_a_study_is_refused_in_one_line_that_names_the_place(
    folder: Path, study: str, words: str
) -> None:
    (folder / "study.yaml").write_text(study, encoding="utf-8")
    result = CliRunner().invoke(group, ["config", "check", "study.yaml"])
    assert isinstance(result.exception, EdnagError), result.output
    message = str(result.exception)
    assert words in message
    assert message.startswith("study.yaml")
    assert "\n" not in message
    assert len(message) < 1000


@pytest.mark.parametrize(
    "study",
    [
        "seeds: 0-9\nbudget: 20\nstatistics: {checkpoints: [5, 20]}",
        DIGITS + "seeds: 0-3",
        DIGITS + "seeds: 0-3\ntop_k: {runs: 3}",
        EDNAG.format("elite_rate: 0.5, diver_rate: 0.5"),
        "training: {scale: 1.0e-2}",
        "mobilenetv3_scale: [75.0, 5]",
        "mirrors: [bare]",
    ],
)
def test_an_honest_study_passes(folder: Path, study: str) -> None:
    (folder / "study.yaml").write_text(study, encoding="utf-8")
    result = CliRunner().invoke(group, ["config", "check", "study.yaml"])
    assert result.exception is None, result.exception


@pytest.mark.workflow
@pytest.mark.parametrize(
    ("study", "words"),
    [case for case in CASES if case[0] in ("seeds: 010", "budget: 1_000", "own_images: nowhere")]
    + [case for case in CASES if case[0].startswith((DIGITS + "seeds: 0-3", "mirrors: ['.'"))],
)
def test_snakemake_refuses_it_before_it_plans(folder: Path, study: str, words: str) -> None:
    (folder / "study.yaml").write_text(study, encoding="utf-8")
    called = subprocess.run(
        [
            *(sys.executable, "-m", "snakemake", "-n", "--snakefile", str(ROOT / "Snakefile")),
            *("--directory", str(folder), "--configfile", "study.yaml", "--cores", "1"),
        ],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PWD": str(folder)},
    )
    assert called.returncode != 0
    assert words in called.stderr
    assert "Traceback" not in called.stderr
    assert not (folder / "results").exists()


def _numbers(node: Any, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """(place, schema) of everything that may be a number."""
    if isinstance(node, dict):
        if {"integer", "number"} & set([node["type"]] if isinstance(node.get("type"), str) else ()):
            yield place, node
        for key, value in node.items():
            yield from _numbers(value, f"{place}.{key}")
    elif isinstance(node, list):
        for position, value in enumerate(node):
            yield from _numbers(value, f"{place}[{position}]")


def test_every_number_of_a_study_has_bounds() -> None:
    numbers = list(_numbers(json.loads(schema())))
    assert len(numbers) > 40
    for place, number in numbers:
        assert "minimum" in number or "exclusiveMinimum" in number, place
        assert "maximum" in number or "exclusiveMaximum" in number, place


def _commands(command: click.Command, context: click.Context) -> Iterator[click.Command]:
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from _commands(found, context)
    else:
        yield command


def test_every_number_of_a_command_has_bounds() -> None:
    for command in _commands(group, click.Context(group)):
        for param in command.params:
            kinds = param.type.types if isinstance(param.type, click.Tuple) else [param.type]
            for kind in kinds:
                if isinstance(kind, type(click.INT) | type(click.FLOAT)):
                    assert getattr(kind, "min", None) is not None, (command.name, param.name)
                    assert getattr(kind, "max", None) is not None, (command.name, param.name)


@pytest.mark.parametrize("budget", ["-5", "0", "1e9", "1000001"])
def test_a_run_by_hand_has_a_budget(tmp_path: Path, budget: str) -> None:
    (tmp_path / "t.parquet").touch()
    words = ["run", "--table", f"{tmp_path}/t.parquet", "--method", "random", "--seeds", "0"]
    result = CliRunner().invoke(group, [*words, "--budget", budget, "--output", "x.parquet"])
    assert result.exit_code == 2
    assert "Invalid value for '--budget'" in result.output


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"num_step": 5, "num_step": 6}', "key 'num_step' is given twice; keep one"),
        ('{"temperature": NaN}', "temperature: input should be a finite number"),
        ('{"temperature": Infinity}', "temperature: input should be a finite number"),
        (f'{{"num_step": {"9" * 5000}}}', "--hyperparameters: not valid JSON"),
        ("[" * 100_000, "--hyperparameters: not valid JSON"),
    ],
)
def test_hyperparameters_by_hand_are_read_strictly(text: str, words: str) -> None:
    from ednag.cli._options import parse_mapping
    from ednag.methods import get_method

    with pytest.raises(EdnagError) as caught:
        get_method("ednag").read_hyperparameters(parse_mapping(text, "--hyperparameters"))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
