"""Write envs/ednag.yaml, the conda environment, from the lock: the same pins by pip."""

from pathlib import Path

HERE = Path(__file__).parent
HEADING = """\
# Made by `make lock` from requirements.lock: the same versions, for conda users. Do not edit.
#   conda env create -f envs/ednag.yaml && conda activate ednag
#   pip install --no-deps --no-build-isolation -e .
name: ednag
channels: [conda-forge]
dependencies:
  - python >=3.11,<3.14
  - pip
  - pip:
"""


def conda_environment(lock: str) -> str:
    """The YAML of the conda environment that installs the pins of a lock file."""
    pins = [line for line in lock.splitlines() if line and not line.startswith("#")]
    return HEADING + "".join(f'      - "{pin}"\n' for pin in pins)


if __name__ == "__main__":
    lock = (HERE / "requirements.lock").read_text(encoding="utf-8")
    (HERE / "ednag.yaml").write_text(conda_environment(lock), encoding="utf-8")
