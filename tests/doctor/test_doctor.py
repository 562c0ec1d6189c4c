"""`ednag doctor` as people and machines call it, on studies and in environments of many kinds."""

import dataclasses
import importlib.util
import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from ednag.doctor.machine import look_at_machine
from ednag.doctor.needs import BYTES_OF_A_JOB, Needs
from ednag.doctor.report import download_in_words
from ednag.doctor.verdict import judge
from ednag.sources.registry import dump_registry, find_source, load_registry
from ednag.study.configuration import Study
from ednag.study.sources_read import GENERATED_FROM
from ednag.training.places import SMALL_SOURCES

ROOT = Path(__file__).resolve().parents[2]
#: Needs the small files of NAS-Bench-201.
CIFAR10 = "benchmarks: {nasbench201: [cifar10]}\nmethods: [ednag, random]\nseeds: 0-9\n"


class Call:
    """`ednag doctor` in a folder with a lock that agrees, an empty cache and no mirror."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock(f"click=={version('click')}\n")
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("EDNAG_")},
            "EDNAG_CACHE": str(folder / "cache"),
            "HOME": str(folder),
        }

    def lock(self, text: str) -> None:
        (self.folder / "envs").mkdir(exist_ok=True)
        (self.folder / "envs" / "requirements.lock").write_text(text)

    def study(self, name: str, text: str) -> str:
        (self.folder / name).write_text(text)
        return name

    def __call__(self, *arguments: str, status: int = 0) -> str:
        result = subprocess.run(
            [sys.executable, "-m", "ednag", "doctor", *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == status, result.stdout + result.stderr
        return result.stdout

    def record(self, *arguments: str, status: int = 0) -> dict[str, Any]:
        record: dict[str, Any] = json.loads(self("--json", *arguments, status=status))
        return record


@pytest.fixture
def doctor(tmp_path: Path) -> Call:
    return Call(tmp_path)


def test_the_default_study_needs_no_download_and_no_gpu(doctor: Call) -> None:
    record = doctor.record(str(ROOT / "config.yaml"))
    (study,) = record["studies"]
    assert study["verdict"]["outcome"] == "possible"
    assert study["needs"]["download"] == {}
    assert study["needs"]["training"] is None
    # Six methods on 14 datasets, three of them by two protocols; guided EDNAG on the four measured
    # ones of NAS-Bench-201; one slow method, with two seeds, on one.
    assert study["needs"]["runs"] == 6 * (14 + 3) * 100 + (4 + 3) * 100 + 2 * 2
    assert record["fine"]
    assert record["servers"] is None


def test_without_a_name_the_studies_of_the_clone_are_taken(doctor: Call) -> None:
    studies = [study["file"] for study in doctor.record()["studies"]]
    names = [Path(file).name for file in studies]
    assert names[0] == "config.yaml"
    assert names[1:] == sorted(path.name for path in (ROOT / "config").glob("*.yaml"))


def test_text_ends_with_what_is_broken(doctor: Call) -> None:
    text = doctor(doctor.study("study.yaml", CIFAR10))
    assert "study.yaml: possible after a download of" in text
    assert text.endswith("Broken\n  nothing\n")


def test_a_download_is_announced_with_its_size_and_a_mirror_spares_it(doctor: Call) -> None:
    name = doctor.study("study.yaml", CIFAR10)
    (study,) = doctor.record(name)["studies"]
    assert study["verdict"]["outcome"] == "possible after a download"
    needed = study["needs"]["download"]
    registry = load_registry(ROOT / "sources.yaml")
    assert needed
    assert study["needs"]["download_size"] == sum(registry[id].size or 0 for id in needed)

    mirror = doctor.folder / "mirror"
    mirror.mkdir()
    for id in needed:
        with (mirror / registry[id].file).open("wb") as stream:
            stream.truncate(registry[id].size or 0)  # sizes alone are looked at
    doctor.environment["EDNAG_MIRROR"] = f"{mirror}:{doctor.folder / 'nowhere'}"
    record = doctor.record(name)
    assert record["studies"][0]["verdict"]["outcome"] == "possible"
    first, second = record["mirrors"]
    assert (first["exists"], sorted(first["right"])) == (True, sorted(needed))
    assert not second["exists"]
    assert any("nowhere does not exist" in remark for remark in record["remarks"])
    assert record["fine"]  # a mirror that is not there breaks nothing


def test_a_file_of_another_size_in_a_mirror_is_passed_over(doctor: Call) -> None:
    name = doctor.study("study.yaml", CIFAR10)
    needed = doctor.record(name)["studies"][0]["needs"]["download"]
    id, registry = next(iter(needed)), load_registry(ROOT / "sources.yaml")
    (doctor.folder / registry[id].file).write_bytes(b"cut off")
    doctor.environment["EDNAG_MIRROR"] = str(doctor.folder)
    record = doctor.record(name)
    assert record["mirrors"][0]["wrong"] == {id: 7}
    assert any(f"which is not {id}" in remark for remark in record["remarks"])
    assert id in record["studies"][0]["needs"]["download"]


def test_an_invalid_study_is_a_fault_and_hides_no_other(doctor: Call) -> None:
    wrong = doctor.study("wrong.yaml", "benchmarks: {nasbench201: [cifar-10]}\n")
    record = doctor.record(wrong, doctor.study("right.yaml", CIFAR10), status=1)
    assert [study["fault"] is None for study in record["studies"]] == [False, True]
    (fault,) = record["faults"]
    assert fault.startswith("wrong.yaml: benchmarks.nasbench201[0]: unknown dataset 'cifar-10'")


def test_a_lock_with_another_version_is_a_fault(doctor: Call) -> None:
    doctor.lock("click==1.0\n")
    record = doctor.record(doctor.study("study.yaml", CIFAR10), status=1)
    assert [each["name"] for each in record["packages"]["differences"]] == ["click"]
    (fault,) = record["faults"]
    assert fault == ("1 package is not as pinned in envs/requirements.lock; run: make environment")


def test_where_packages_are_missing_it_still_says_what_to_do(doctor: Call) -> None:
    """An environment with click alone: what an interrupted installation may leave."""
    (doctor.folder / "packages").mkdir()
    for name, place in (("click", None), ("ednag", ROOT / "src" / "ednag")):
        spec = importlib.util.find_spec(name)
        assert spec is not None and spec.origin is not None
        (doctor.folder / "packages" / name).symlink_to(place or Path(spec.origin).parent)
    code = "import sys; sys.path.append('packages'); from ednag.cli import main; main()"
    result = subprocess.run(
        [sys.executable, "-S", "-c", code, "doctor"],
        cwd=doctor.folder,
        env=doctor.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1, result.stderr
    assert "GPU: " in result.stdout
    assert "packages: the package packaging is not installed; run: make environment" in (
        result.stdout
    )
    assert "sources and studies cannot be checked: No module named" in result.stdout


def test_a_file_that_nobody_publishes_makes_a_study_impossible(doctor: Call) -> None:
    registry = load_registry(ROOT / "sources.yaml")
    gone = registry["nats-bench-csv"].model_copy(update={"status": "unpublished", "addresses": ()})
    text = dump_registry({**registry, gone.id: gone})
    (doctor.folder / "sources.yaml").write_text(text)
    (study,) = doctor.record(doctor.study("study.yaml", CIFAR10))["studies"]
    assert study["verdict"]["outcome"] == "not possible"
    assert study["verdict"]["reasons"] == [
        "nats-bench-csv is published nowhere; place it by hand (ednag sources fetch nats-bench-csv "
        "says where)"
    ]


def test_a_folder_of_images_must_be_there(doctor: Call) -> None:
    own = "benchmarks: {nasbench201: [own-images]}\nown_images: photos\nmethods: [ednag, random]\n"
    name = doctor.study("own.yaml", own)
    (study,) = doctor.record(name)["studies"]
    assert study["verdict"]["outcome"] == "not possible"
    assert study["verdict"]["reasons"] == [
        "own_images: the folder ~/photos does not exist; name another"
    ]
    (doctor.folder / "photos").mkdir()
    (study,) = doctor.record(name)["studies"]
    assert study["verdict"]["outcome"] == "possible after a download"
    assert "resnet18-imagenet" in study["needs"]["download"]
    assert study["needs"]["unknown_sizes"] >= 1


def test_an_official_file_needs_its_memory(doctor: Call) -> None:
    official = "official_files: {nasbench201: {cifar10: nasbench201-v1_1}}\n"
    name = doctor.study("official.yaml", CIFAR10 + official)
    (study,) = doctor.record(name)["studies"]
    # One cell with three runs takes 2.5 MB, and version 1.1 has 2.4 runs of each of 15,625.
    assert study["needs"]["memory"] == pytest.approx(15_625 * 2.5e6 * 2.4 / 3, rel=0.02)
    (small,) = doctor.record(doctor.study("small.yaml", CIFAR10))["studies"]
    assert small["needs"]["memory"] == BYTES_OF_A_JOB


def needs_with(
    download: dict[str, int | None], download_size: int, memory: int = BYTES_OF_A_JOB
) -> Needs:
    """Of a study with one run that reads what it downloads."""
    return Needs(
        sources=tuple(download),
        download=download,
        download_size=download_size,
        unobtainable=(),
        left_out="",
        runs=1,
        training=None,
        disk=0,
        memory=memory,
        own_images=None,
    )


def test_large_jobs_are_limited_by_memory_and_not_by_cores() -> None:
    machine = look_at_machine(Path(), Path())
    machine = dataclasses.replace(machine, cores=8, memory=64_000_000_000)
    study = Study(official_files={"nasbench201": {"cifar10": "nasbench201-v1_1"}})
    needs = needs_with({}, 0, memory=31_000_000_000)
    assert judge(study, "s.yaml", needs, machine).remarks == (
        "memory is enough for 2 of the largest jobs at once: snakemake --resources mem_mb=64000",
    )
    few = dataclasses.replace(machine, memory=4_000_000_000)
    usual = dataclasses.replace(needs, memory=BYTES_OF_A_JOB)
    assert "snakemake --cores 3" in judge(study, "s.yaml", usual, few).remarks[0]
    assert "too little memory: 31.0 GB needed" in judge(study, "s.yaml", needs, few).reasons[0]


@pytest.mark.parametrize(
    ("download", "size", "words"),
    [
        ({"a": None}, 0, "1 file, of unknown size"),
        ({"a": None, "b": None}, 0, "2 files, of unknown size"),
        ({"a": None}, 2_000_000_000, "at least 2,000 MB (1 file, of unknown size)"),
        (
            {"a": None, "b": 3_000_000},
            3_000_000,
            "at least 3 MB (2 files, 1 of them of unknown size)",
        ),
        ({"a": 2_096}, 2_096, "under 1 MB (1 file)"),
        ({"a": 2_400_000, "b": 3_000_000}, 5_400_000, "5 MB (2 files)"),
    ],
)
def test_unknown_sizes_are_said_to_be_unknown(
    download: dict[str, int | None], size: int, words: str
) -> None:
    assert download_in_words(needs_with(download, size)) == words


@pytest.mark.parametrize("scale", ["1.0", "0.001"])
def test_training_without_a_gpu_is_held_against_the_limit_of_the_study(
    doctor: Call, scale: str
) -> None:
    doctor.environment["CUDA_VISIBLE_DEVICES"] = ""
    name = doctor.study(
        "my pets.yaml",
        "benchmarks: {nasbench201: [pets]}\nmethods: [ednag, random]\nseeds: 0\n"
        "top_k: {runs: 0, k: 1, random: 2, seeds: 0}\n"
        f"training: {{scale: {scale}, images: {'null' if scale == '1.0' else '2'}}}\n",
    )
    (study,) = doctor.record(name)["studies"]
    assert study["needs"]["training"]["networks"] == 7
    slow = [reason for reason in study["verdict"]["reasons"] if "no GPU is here" in reason]
    assert bool(slow) == (scale == "1.0")
    for reason in slow:
        assert "`ednag estimate 'my pets.yaml'` measures this machine" in reason


def test_what_stages_make_is_made_of_registered_files_that_the_rules_name() -> None:
    registry = load_registry(ROOT / "sources.yaml")
    rules = "".join(path.read_text() for path in sorted((ROOT / "rules").glob("predictor*.smk")))
    for id in {id for ids in GENERATED_FROM.values() for id in ids}:
        assert find_source(registry, id)
        assert f'source_path("{id}")' in rules or id in SMALL_SOURCES
    assert "source_path(source) for source in SMALL_SOURCES" in rules
