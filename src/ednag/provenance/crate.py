"""A study as a Workflow Run RO-Crate: what ran on what and made what, to attach to a paper.

The crate follows the profile Provenance Run Crate 0.5 (https://w3id.org/ro/wfrun/provenance) on
RO-Crate 1.1: the workflow, one tool and step per subcommand, one action per job with its inputs and
outputs, and one action for the whole study. It holds the evidence, figures, published numbers and
records (packed) with the workflow's own files; sources, benchmark tables, runs and summaries are
entities with size and sha256 that lie elsewhere. A source is named by the address it is fetched
from, any other absent file by its content: `ni:///sha-256;...` (RFC 6920).

`docs/provenance.md` tells how to validate a crate without a network.
"""

import base64
import io
import lzma
import mimetypes
import shlex
import tarfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from rocrate.model import ContextEntity
from rocrate.rocrate import ROCrate

import ednag
from ednag.errors import EdnagError
from ednag.files import write_text
from ednag.provenance.audit import Audit
from ednag.provenance.records import STORE, File, Record, digest_of
from ednag.provenance.report import as_markdown
from ednag.provenance.results_lock import LOCK_NAME, write_lock
from ednag.provenance.stages import is_published, plain_name, stage_of, stage_rank
from ednag.sources.places import beside
from ednag.sources.verification import checksum_line

#: Files of the project that say how the workflow runs; those that are not there are left out.
_WORKFLOW = ("sources.yaml", "sources.lock", "envs/requirements.lock", "LICENSE", "CITATION.cff")
_MAIN = "Snakefile"
RECORDS = "records.tar.xz"
SUMS = "SHA256SUMS"
_PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/ro/wfrun/provenance/0.5": "Provenance Run Crate",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": "Workflow RO-Crate",
}
_LICENCE = "https://spdx.org/licenses/Apache-2.0"
_README = f"""\
# Results of ednag

{{verdict}}

- `sha256sum -c {SUMS}` checks the files of this crate; `audit.md` says how they were checked.
- `ro-crate-metadata.json` tells what made what (RO-Crate 1.1, Provenance Run Crate 0.5).
- `{RECORDS}` holds the run record of every job, `{LOCK_NAME}` the sha256 of every file.
- Sources, benchmark tables, runs and summaries are not here: they are named by address or sha256.
  `snakemake` in a clone of the project makes them again, and
  `ednag audit --against {LOCK_NAME}` says whether they are the same.
"""
#: Has `sha256`, which the context of RO-Crate 1.1 lacks.
_CONTEXT = "https://w3id.org/ro/terms/workflow-run/context"
#: Letters of a command in the description of its action; the record has all of it.
_SHORT = 1000


def write_crate(audit: Audit, folder: Path, with_figures: bool = True) -> int:
    """Write the crate of a study.

    Args:
        audit: Of the whole study.
        folder: Where to; new or empty.
        with_figures: Whether the crate holds the figures; otherwise it names them by content.

    Returns:
        Size of the crate in bytes.

    Raises:
        EdnagError: The folder holds something, or the audit has faults.
    """
    if folder.exists() and any(folder.iterdir()):
        raise EdnagError(f"{folder} is not empty; name a new folder for the crate")
    if audit.faults:
        raise EdnagError(f"no crate written: {audit.verdict}; see: ednag audit")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with beside(folder) as whole:
        whole.mkdir()
        _write_parts(audit, whole)
        writer = _Writer(audit, whole, with_figures)
        writer.describe()
        writer.crate.write(whole)
        size = _write_sums(whole)
        whole.replace(folder)
    return size


def _write_sums(folder: Path) -> int:
    """SHA256SUMS of all files in a folder; the size of all, itself among them, in bytes."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    names = [path.relative_to(folder).as_posix() for path in files]
    lines = [checksum_line(digest_of(folder / name)[0], name) for name in names]
    write_text(folder / SUMS, "".join(lines))
    return sum(path.stat().st_size for path in [*files, folder / SUMS])


def _write_parts(audit: Audit, folder: Path) -> None:
    """What is made for the crate: records in one file, the lock, the audit's page."""
    write_lock(audit, folder / LOCK_NAME)
    write_text(folder / "audit.md", as_markdown(audit))
    write_text(folder / "README.md", _README.format(verdict=audit.verdict))
    (folder / RECORDS).write_bytes(_packed(audit.evidence.setting.root, audit.records))


def _packed(root: Path, records: Iterable[Record]) -> bytes:
    """The records as tar.xz; the same bytes for the same records."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in sorted(record.path for record in records):
            content = (root / name).read_bytes()
            entry = tarfile.TarInfo(name.removeprefix(f"{STORE}/"))
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return lzma.compress(packed.getvalue())


def tool_of(record: Record) -> str:
    """The subcommand a job ran, as words: `ednag tables build`."""
    words = list(record.command[:2])
    if len(record.command) > 2 and record.command[2].replace("-", "").isalpha():
        words += [record.command[2]] if not record.command[2].startswith("-") else []
    return " ".join(words)


class _Writer:
    """Puts the entities of a study into a crate."""

    def __init__(self, audit: Audit, folder: Path, with_figures: bool) -> None:
        self.audit = audit
        self.folder = folder
        self.setting = audit.evidence.setting
        self.with_figures = with_figures
        self.crate = ROCrate(version="1.1")
        self.crate.metadata.extra_contexts.append(_CONTEXT)
        self.sources = {source.file: source for source in audit.sources}
        self.entities: dict[str, Any] = {}
        self.started = min(record.started for record in audit.records)
        self.ended = max(record.ended for record in audit.records)

    def describe(self) -> None:
        """All entities, from the whole to the parts."""
        root = self.crate.root_dataset
        root["name"] = "Results of ednag: EDNAG and NAR, regenerated and checked"
        root["description"] = self.audit.verdict
        root["datePublished"] = self.ended
        root["license"] = self._context(
            _LICENCE, "CreativeWork", name="Apache License 2.0", identifier="Apache-2.0"
        )
        root["conformsTo"] = [
            self._context(id, "CreativeWork", name=name, version=id.rpartition("/")[2])
            for id, name in _PROFILES.items()
        ]
        for name in self.audit.files:
            self.entities[name] = self._file(name)
        self._parts()
        workflow = self._workflow()
        tools = self._tools(workflow)
        actions = [self._action(record, tools[tool_of(record)]) for record in self.audit.records]
        study = self._study(workflow)
        root["mentions"] = [study, *actions]

    # --- files ----------------------------------------------------------------------------------

    def _file(self, name: str) -> Any:
        """A file of the study: in the crate, or named by its address or content."""
        measured = self.audit.evidence.measured[name]
        if measured is None:  # not in a tree without faults
            raise EdnagError(f"{name} is not there any more; run: ednag audit")
        plain = plain_name(name)
        properties = {
            "name": plain,
            "contentSize": str(measured.size),
            "sha256": measured.sha256,
            "encodingFormat": mimetypes.guess_type(plain)[0] or "application/octet-stream",
        }
        embedded = is_published(name) or name in self.audit.targets
        if embedded and (self.with_figures or stage_of(name) != "figures"):
            return self.crate.add_file(self.setting.path(name), plain, properties=properties)
        if name in self.sources:
            properties |= self._of_source(name)
        address = properties.pop("id", named_by_content(measured.sha256))
        entity = self._context(address, "File", **properties)
        self.crate.root_dataset.append_to("hasPart", entity)
        return entity

    def _of_source(self, name: str) -> dict[str, Any]:
        """What the registry knows of a source; its `id` is an address, if it has one of its own."""
        used = self.sources[name]
        source = self.setting.registry[used.id]
        web = [each for each in source.addresses if each.startswith(("https://", "http://"))]
        alone = web and not any(
            web[0] in other.addresses for other in self.audit.sources if other is not used
        )
        return {
            **({"id": web[0]} if alone else {}),
            "identifier": used.id,
            "alternateName": source.file,
            "url": _one_or_all(source.addresses),
            "description": "; ".join(
                filter(None, (f"vouched for by {used.vouched_by}", source.note, source.licence))
            ),
        }

    def _parts(self) -> None:
        """What the crate holds besides the study's results."""
        described = {
            RECORDS: "Run records of all jobs: what each read, wrote and was made of",
            LOCK_NAME: "sha256 and size of every source and output: for ednag audit --against",
            "audit.md": "What ednag audit found",
            "README.md": "What this crate holds",
        }
        for name, text in described.items():
            self._embed(self.folder / name, name, description=text)
        self.crate.get("README.md")["about"] = self.crate.root_dataset
        project = self.setting.project
        rules = sorted(path.relative_to(project) for path in project.glob("rules/*.smk"))
        for part in [*map(Path, _WORKFLOW), *rules]:
            if (project / part).is_file():
                self._embed(project / part, part.as_posix())

    def _embed(self, path: Path, name: str, **properties: str) -> Any:
        sha256, size = digest_of(path)
        format = mimetypes.guess_type(name)[0] or "text/plain"
        known = {"name": name, "sha256": sha256, "contentSize": str(size), "encodingFormat": format}
        return self.crate.add_file(path, name, properties={**known, **properties})

    # --- the workflow and its jobs --------------------------------------------------------------

    def _workflow(self) -> Any:
        path = self.setting.project / _MAIN
        if not path.is_file():
            raise EdnagError(f"{path} is not there; set EDNAG_PROJECT to the folder that holds it")
        commits = sorted({record.commit for record in self.audit.records if record.code["commit"]})
        sha256, size = digest_of(path)
        properties = {
            "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"],
            "name": "ednag",
            "description": "Sources, benchmark tables, runs, summaries, evidence, figures",
            "sha256": sha256,
            "contentSize": str(size),
            "encodingFormat": "text/plain",
            "license": {"@id": _LICENCE},
            "version": ", ".join(commits) or ednag.__version__,
        }
        return self.crate.add_workflow(
            path, _MAIN, main=True, lang="snakemake", properties=properties
        )

    def _tools(self, workflow: Any) -> dict[str, Any]:
        """A tool and a step for each subcommand, in the order of the flow."""
        first: dict[str, float] = {}
        for record in self.audit.records:
            rank = stage_rank(stage_of(record.outputs[0].path)) if record.outputs else 0.0
            first[tool_of(record)] = min(rank, first.get(tool_of(record), rank))
        tools = {}
        for place, name in enumerate(sorted(first, key=lambda name: (first[name], name))):
            slug = name.replace(" ", "-")
            tools[name] = self._context(
                f"#{slug}", "SoftwareApplication", name=name, softwareVersion=ednag.__version__
            )
            step = self._context(f"#step-{slug}", "HowToStep", name=name, position=str(place))
            step["workExample"] = tools[name]
            workflow.append_to("hasPart", tools[name])
            workflow.append_to("step", step)
        return tools

    def _action(self, record: Record, tool: Any) -> Any:
        """What one job did."""
        command = shlex.join(record.command)
        short = command if len(command) <= _SHORT else f"{command[:_SHORT]}..."
        made = record.outputs[0].path if record.outputs else record.path
        action = self._context(
            f"#{quote(made)}",
            "CreateAction",
            name=f"{tool_of(record)}: {plain_name(made)}",
            description=short,
            startTime=record.started,
            endTime=record.ended,
            actionStatus="http://schema.org/CompletedActionStatus",
        )
        action["instrument"] = tool
        self._link(action, record.inputs, record.outputs)
        return action

    def _study(self, workflow: Any) -> Any:
        """What all jobs did together: from sources to evidence and figures."""
        action = self._context(
            "#study",
            "CreateAction",
            name="The study",
            description="All jobs of the study, from its sources to evidence and figures",
            startTime=self.started,
            endTime=self.ended,
            actionStatus="http://schema.org/CompletedActionStatus",
        )
        action["instrument"] = workflow
        begins = [name for name in self.audit.files if stage_of(name) == "sources"]
        action["object"] = _one_or_all([self.entities[name] for name in begins])
        action["result"] = _one_or_all([self.entities[name] for name in self.audit.targets])
        return action

    def _link(self, action: Any, read: Sequence[File], written: Sequence[File]) -> None:
        for key, files in (("object", read), ("result", written)):
            if files:
                action[key] = _one_or_all([self.entities[file.path] for file in files])

    def _context(self, id: str, type: str, **properties: Any) -> Any:
        """An entity that is no file of the crate; the one there is, if two have one name."""
        known = self.crate.get(id)
        if known is not None:
            return known
        return self.crate.add(
            ContextEntity(self.crate, id, properties={"@type": type, **properties})
        )


def _one_or_all(things: Sequence[Any]) -> Any:
    """A single thing as it is, several as a list: RO-Crate wants no lists of one."""
    return things[0] if len(things) == 1 else list(things)


def named_by_content(sha256: str) -> str:
    """The name of bytes that lie nowhere in particular (RFC 6920)."""
    digest = base64.urlsafe_b64encode(bytes.fromhex(sha256)).decode().rstrip("=")
    return f"ni:///sha-256;{digest}"
