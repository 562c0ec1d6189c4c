"""What a release consists of: one version, metadata, forms, CI; no registry, no machine's path."""

import hashlib
import importlib.util
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

import ednag

ROOT = Path(__file__).resolve().parents[2]


def listed_files() -> list[Path]:
    """Files that git tracks or would."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if found.returncode:
        pytest.skip("needs a git checkout")
    paths = [ROOT / name.decode() for name in found.stdout.split(b"\0") if name]
    return [path for path in paths if path.is_file()]


def test_a_clone_that_asks_for_windows_line_ends_has_the_same_bytes(tmp_path: Path) -> None:
    def git(*arguments: str) -> str:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"needs a git checkout: {done.stderr.strip()}")
        return done.stdout

    clone = tmp_path / "clone"
    git("clone", "--quiet", "--depth=1", "--config=core.autocrlf=true", ROOT.as_uri(), str(clone))
    for entry in filter(None, git("-C", str(ROOT), "ls-tree", "-rz", "HEAD").split("\0")):
        described, name = entry.split("\t")
        content = (clone / name).read_bytes()
        blob = hashlib.sha1(b"blob %d\0%b" % (len(content), content)).hexdigest()
        assert described.split()[2] == blob, name
    listed = git("-C", str(clone), "ls-files", "--eol").splitlines()
    assert [line for line in listed if line.startswith(("i/crlf", "i/mixed"))] == []


def test_the_version_stands_in_one_place() -> None:
    with (ROOT / "pyproject.toml").open("rb") as stream:
        project = tomllib.load(stream)
    assert "version" in project["project"]["dynamic"]
    assert project["tool"]["hatch"]["version"]["path"] == "src/ednag/__init__.py"
    shown = subprocess.run(
        [sys.executable, "-m", "ednag", "--version"], capture_output=True, text=True, check=True
    )
    assert shown.stdout == f"ednag, version {ednag.__version__}\n"


def test_the_citation_is_of_this_version_and_names_both_papers() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == ednag.__version__
    # What the format (1.2.0) asks for.
    for required in ("cff-version", "title", "message", "authors"):
        assert citation[required]
    repositories = []
    for reference in citation["references"]:
        assert {"type", "title", "authors"} <= set(reference)
        repositories.append(reference["repository-code"])
    assert [url.rpartition("/")[2].lower() for url in repositories] == ["ednag", "nar"]


def test_references_are_of_the_commits_that_sources_come_from() -> None:
    registry = (ROOT / "sources.yaml").read_text(encoding="utf-8")
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    for reference in citation["references"]:
        owner = reference["repository-code"].removeprefix("https://github.com/")
        assert f"{owner}/{reference['commit']}/" in registry


def test_zenodo_gets_the_title_and_licence_of_the_citation() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    deposit = json.loads((ROOT / ".zenodo.json").read_text(encoding="utf-8"))
    assert (deposit["title"], deposit["license"]) == (citation["title"], citation["license"])
    assert "version" not in deposit  # Zenodo takes the tag's
    assert [each["name"] for each in deposit["creators"]] == [
        each["name"] for each in citation["authors"]
    ]


def test_ci_runs_what_everybody_can_run_on_the_oldest_python() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    (job,) = workflow["jobs"].values()
    assert ".ci/run" in [step.get("run") for step in job["steps"]]
    pythons = [step["with"]["python-version"] for step in job["steps"] if "with" in step]
    with (ROOT / "pyproject.toml").open("rb") as stream:
        oldest = tomllib.load(stream)["project"]["requires-python"]
    assert oldest == f">={pythons[0]}"


@pytest.mark.parametrize(
    ("form", "commands"),
    [
        ("fault", ["ednag doctor --json"]),
        ("number", ["ednag trace", "ednag audit", "ednag doctor --json"]),
    ],
)
def test_the_forms_ask_for_what_answers_most(form: str, commands: list[str]) -> None:
    path = ROOT / ".github" / "ISSUE_TEMPLATE" / f"{form}.yml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert content["name"]
    assert content["description"]
    ids = [field["id"] for field in content["body"]]
    assert len(set(ids)) == len(ids)
    asked = [field["attributes"]["label"] for field in content["body"]]
    for command in commands:
        assert any(f"`{command}`" in label for label in asked), command


def test_what_the_package_needs_is_named_in_the_requirements_alone() -> None:
    specification = importlib.util.spec_from_file_location("hook", ROOT / "hatch_build.py")
    assert specification is not None and specification.loader is not None
    hook = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(hook)
    text = (ROOT / "envs" / "requirements.in").read_text(encoding="utf-8")
    needed = hook.dependencies(text)
    names = {re.split(r"[=<>~]", requirement)[0] for requirement in needed}
    assert {"click", "numpy", "torch", "snakemake", "rocrate"} <= names
    assert not {"pytest", "ruff", "mypy", "hatchling"} & names
    assert hook.DEVELOPMENT in text


def test_paths_that_documents_for_contributors_name_are_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:src|tests|docs|config|envs|\.ci)/[\w./-]+)`", text))
    named |= set(re.findall(r"\]\(([^)#:]+)\)", text))
    inside = set(re.findall(r"`((?:methods|spaces|tables|evidence)/[\w./-]+\.py)`", text))
    assert len(named) > 8
    missing = [name for name in named if not (ROOT / name).exists()]
    missing += [name for name in inside if not (ROOT / "src" / "ednag" / name).exists()]
    assert not missing


def test_no_file_names_a_package_registry_or_a_folder_of_a_machine() -> None:
    # Written in two parts, so that this file is none of them.
    registries = (
        "pypi" + ".org",
        "python" + "hosted.org",
        "index" + "-url = http",
        "arti" + "factory",
    )
    folders = re.compile("/(?:home|Users)/[a-z]" + r"\w*/|/work" + r"/(?:main|shared)\b")
    for path in listed_files():
        text = path.read_bytes().decode("utf-8", errors="ignore")
        for registry in registries:
            assert registry not in text, (path, registry)
        found = folders.search(text)
        assert found is None, (path, found and found[0])
