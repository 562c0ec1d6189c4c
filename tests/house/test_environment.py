"""The lock, the conda environment made from it, and what is installed."""

import importlib.util
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import yaml

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
