"""The lock, the conda environment made from it, and what is installed."""

import importlib.util
import re
import subprocess
from importlib.metadata import PackageNotFoundError, distributions, version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from ednag.doctor.packages import OF_CUDA

ENVS = Path(__file__).resolve().parents[2] / "envs"
LOCK = (ENVS / "requirements.lock").read_text(encoding="utf-8")


def test_the_lock_pins_every_package_and_names_no_registry() -> None:
    for line in LOCK.splitlines():
        assert re.fullmatch(r"[a-z0-9._-]+==[^\s;]+( ; .+)?", line), line
    assert "://" not in LOCK


def test_every_direct_dependency_is_pinned() -> None:
    pinned = {line.split("==")[0] for line in LOCK.splitlines()}
    for line in (ENVS / "requirements.in").read_text(encoding="utf-8").splitlines():
        name = re.match(r"[a-z0-9-]+", line)
        if name:
            assert name[0] in pinned, name[0]
            assert "#" in line, f"{name[0]}: say why"


def test_the_conda_environment_is_in_step_with_the_lock() -> None:
    specification = importlib.util.spec_from_file_location("made", ENVS / "conda_environment.py")
    made = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(made)
    kept = (ENVS / "ednag.yaml").read_text(encoding="utf-8")
    assert kept == made.conda_environment(LOCK), "run: python envs/conda_environment.py"
    pip = yaml.safe_load(kept)["dependencies"][-1]["pip"]
    assert pip == LOCK.splitlines()


def test_what_is_installed_is_what_is_pinned() -> None:
    for name in ("snakemake", "numpy", "pandas", "pyarrow", "torch", "analog-nasbench", "numba"):
        pins = {
            line.split(" ;")[0].split("==")[1]
            for line in LOCK.splitlines()
            if line.startswith(f"{name}==")
        }
        try:
            assert version(name).split("+")[0] in pins, name
        except PackageNotFoundError:
            raise AssertionError(f"{name} is not installed; run: make environment") from None


@pytest.mark.parametrize("wheels", ["", "https://example.org/cpu"])
def test_the_environment_without_cuda_leaves_out_what_only_torch_needs(wheels: str) -> None:
    """`make environment CPU_WHEELS=...`: of the lock, all but packages of CUDA."""
    asked = ["make", "--dry-run", "--always-make", "environment", f"CPU_WHEELS={wheels}"]
    printed = subprocess.run(asked, cwd=ENVS.parent, capture_output=True, text=True, check=True)
    (select,) = re.findall(r"^(grep .*) > ", printed.stdout, re.MULTILINE)
    assert (f"--extra-index-url={wheels}" in printed.stdout) == bool(wheels)
    shown = subprocess.run(
        select, shell=True, cwd=ENVS.parent, capture_output=True, text=True, check=True
    )
    kept = {line.split("==")[0] for line in shown.stdout.splitlines()}
    pinned = {line.split("==")[0] for line in LOCK.splitlines()}
    cuda = {name for name in pinned if OF_CUDA.fullmatch(name)}
    assert kept == (pinned - cuda if wheels else pinned)
    for package in distributions():
        name = package.metadata["Name"]
        if name != "torch" and not OF_CUDA.fullmatch(name):
            needed = {Requirement(text) for text in package.requires or ()}
            always = {each.name for each in needed if "extra" not in str(each.marker)}
            assert not always & cuda, name


def test_the_script_of_the_containers_is_shell() -> None:
    subprocess.run(["sh", "-n", str(ENVS / "in_debian.sh")], check=True)
    for name in ("Containerfile", "apptainer.def"):
        assert "envs/in_debian.sh" in (ENVS / name).read_text(encoding="utf-8")
