"""A study as a Workflow Run RO-Crate, to attach to a paper: what ran and what it made.

The crate follows the profile Provenance Run Crate 0.5 (https://w3id.org/ro/wfrun/provenance) on
RO-Crate 1.1: the workflow, a tool and a step for each subcommand, an action for each job and one
for the whole study. docs/provenance.md lists the contents and shows how to validate a crate.
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
from ednag.provenance.records import STORE, Record, digest_of, subcommand_of
from ednag.provenance.report import as_markdown
from ednag.provenance.results_lock import LOCK_NAME, write_lock
from ednag.provenance.stages import is_published, plain_name, stage_of, stage_rank
from ednag.sources.places import beside
from ednag.sources.verification import checksum_line
from ednag.stages import FIGURES, SOURCES

#: Further files of the workflow, as far as they exist.
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

- `sha256sum -c {SUMS}` checks the files of this crate; `audit.md` is the audit of the study.
- `ro-crate-metadata.json` describes all jobs and files (RO-Crate 1.1, Provenance Run Crate 0.5).
- `{RECORDS}` contains the run record of every job, `{LOCK_NAME}` the sha256 of every file.
- Sources, benchmark tables, runs and summaries are not included; they are identified by address or
  sha256. `snakemake` in a clone of the project makes them again, and
  `ednag audit --against {LOCK_NAME}` checks whether they are the same.
"""
#: Defines `sha256`, which the context of RO-Crate 1.1 does not.
_CONTEXT = "https://w3id.org/ro/terms/workflow-run/context"
#: Characters of a command in the description of its action; the record has all.
_SHORT = 1000


def write_crate(audit: Audit, folder: Path, with_figures: bool = True) -> int:
    """Write the crate of a study to a new or empty folder; returns its size in bytes.

    Without figures, the crate only identifies them by content. Raises EdnagError if the folder is
    not empty or the audit of the study has faults.
    """
    if folder.exists() and any(folder.iterdir()):
        raise EdnagError(f"{folder} is not empty; name a new folder for the crate")
    if audit.faults:
        raise EdnagError(f"no crate written: {audit.verdict}; see: ednag audit")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with beside(folder) as whole:
        whole.mkdir()
        write_lock(audit, whole / LOCK_NAME)
        write_text(whole / "audit.md", as_markdown(audit))
        write_text(whole / "README.md", _README.format(verdict=audit.verdict))
        (whole / RECORDS).write_bytes(_packed(audit.evidence.setting.root, audit.records))
        _CrateWriter(audit, whole, with_figures).write()
        size = _write_sums(whole)
        whole.replace(folder)
    return size


def _write_sums(folder: Path) -> int:
    """Write SHA256SUMS of all files in a folder; returns the size of all files in bytes."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    names = [path.relative_to(folder).as_posix() for path in files]
    lines = [checksum_line(digest_of(folder / name)[0], name) for name in names]
    write_text(folder / SUMS, "".join(lines))
    return sum(path.stat().st_size for path in [*files, folder / SUMS])


def _packed(root: Path, records: Iterable[Record]) -> bytes:
    """The records as tar.xz; equal bytes for equal records."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in sorted(record.path for record in records):
            content = (root / name).read_bytes()
            entry = tarfile.TarInfo(name.removeprefix(f"{STORE}/"))
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return lzma.compress(packed.getvalue())


def tool_of(record: Record) -> str:
    """The subcommand of a job: `ednag tables build`."""
    return " ".join(("ednag", *subcommand_of(record.command[1:])[:2]))


class _CrateWriter:
    """Adds the entities of a study to a crate."""

    def __init__(self, audit: Audit, folder: Path, with_figures: bool) -> None:
        self.audit = audit
        self.folder = folder
        self.setting = audit.evidence.setting
        self.with_figures = with_figures
        self.crate = ROCrate(version="1.1")
        self.crate.metadata.extra_contexts.append(_CONTEXT)
        self.sources = {source.file: source for source in audit.sources}
        self.entities: dict[str, Any] = {}

    def write(self) -> None:
        """Describe the study and write the crate."""
        root = self.crate.root_dataset
        root["name"] = "Results of ednag: EDNAG and NAR, regenerated and checked"
        root["description"] = self.audit.verdict
        root["datePublished"] = max(record.ended for record in self.audit.records)
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
        root["mentions"] = [self._study(workflow), *actions]
        self.crate.write(self.folder)

    # --- files ----------------------------------------------------------------------------------

    def _file(self, name: str) -> Any:
        """A file of the study: in the crate, or identified by address or content."""
        measured = self.audit.evidence.measured[name]
        assert measured is not None  # there are no faults
        plain = plain_name(name)
        properties = {
            "name": plain,
            "contentSize": str(measured.size),
            "sha256": measured.sha256,
            "encodingFormat": mimetypes.guess_type(plain)[0] or "application/octet-stream",
        }
        embedded = is_published(name) or name in self.audit.targets
        if embedded and (self.with_figures or stage_of(name) != FIGURES.name):
            return self.crate.add_file(self.setting.path(name), plain, properties=properties)
        if name in self.sources:
            properties |= self._of_source(name)
        address = properties.pop("id", named_by_content(measured.sha256))
        entity = self._context(address, "File", **properties)
        self.crate.root_dataset.append_to("hasPart", entity)
        return entity

    def _of_source(self, name: str) -> dict[str, Any]:
        """The registry's entry of a source; `id` is its address unless other sources share it."""
        used = self.sources[name]
        source = self.setting.registry[used.id]
        web = [each for each in source.addresses if each.startswith(("https://", "http://"))]
        shared = web and any(
            web[0] in other.addresses for other in self.audit.sources if other is not used
        )
        notes = (f"vouched for by {used.vouched_by}", source.note, source.licence)
        return {
            **({"id": web[0]} if web and not shared else {}),
            "identifier": used.id,
            "alternateName": source.file,
            **({"url": _one_or_all(source.addresses)} if source.addresses else {}),
            "description": "; ".join(filter(None, notes)),
        }

    def _parts(self) -> None:
        """Files of the crate besides the study's results."""
        described = {
            RECORDS: "Run records of all jobs: inputs, outputs, code and environment",
            LOCK_NAME: "sha256 and size of every source and output, for ednag audit --against",
            "audit.md": "The result of ednag audit",
            "README.md": "The contents of this crate",
        }
        for name, text in described.items():
            self._embed(self.folder / name, name, description=text)
        self.crate.get("README.md")["about"] = self.crate.root_dataset
        project = self.setting.project
        rules = sorted(path.relative_to(project) for path in project.glob("rules/*.smk"))
        for part in [*map(Path, _WORKFLOW), *rules]:
            if (project / part).is_file():
                self._embed(project / part, part.as_posix())

    def _embed(self, path: Path, name: str, **properties: str) -> None:
        self.crate.add_file(path, name, properties={**_described(path, name), **properties})

    # --- the workflow and its jobs --------------------------------------------------------------

    def _workflow(self) -> Any:
        path = self.setting.project / _MAIN
        if not path.is_file():
            raise EdnagError(f"{path} does not exist; set EDNAG_PROJECT to the folder with {_MAIN}")
        commits = sorted({record.commit for record in self.audit.records if record.code.commit})
        properties = {
            **_described(path, "ednag"),
            "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"],
            "description": "Sources, benchmark tables, runs, summaries, evidence, figures",
            "license": {"@id": _LICENCE},
            "version": ", ".join(commits) or ednag.__version__,
        }
        return self.crate.add_workflow(
            path, _MAIN, main=True, lang="snakemake", properties=properties
        )

    def _tools(self, workflow: Any) -> dict[str, Any]:
        """A tool and a step for each subcommand, in the order of the data flow."""
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
        """The action of a job."""
        command = shlex.join(record.command)
        first = record.outputs[0].path if record.outputs else record.path
        return self._create_action(
            f"#{quote(first)}",
            tool,
            [file.path for file in record.inputs],
            [file.path for file in record.outputs],
            name=f"{tool_of(record)}: {plain_name(first)}",
            description=command if len(command) <= _SHORT else f"{command[:_SHORT]}...",
            startTime=record.started,
            endTime=record.ended,
        )

    def _study(self, workflow: Any) -> Any:
        """The action of all jobs together, from sources to evidence and figures."""
        records, files = self.audit.records, self.audit.files
        return self._create_action(
            "#study",
            workflow,
            [name for name in files if stage_of(name) == SOURCES.name],
            self.audit.targets,
            name="The study",
            description="All jobs of the study, from its sources to evidence and figures",
            startTime=min(record.started for record in records),
            endTime=max(record.ended for record in records),
        )

    def _create_action(
        self, id: str, instrument: Any, inputs: Sequence[str], outputs: Sequence[str], **words: str
    ) -> Any:
        done = "http://schema.org/CompletedActionStatus"
        action = self._context(id, "CreateAction", actionStatus=done, **words)
        action["instrument"] = instrument
        for key, files in (("object", inputs), ("result", outputs)):
            if files:
                action[key] = _one_or_all([self.entities[file] for file in files])
        return action

    def _context(self, id: str, type: str, **properties: Any) -> Any:
        """An entity that is not a file of the crate; one for each id."""
        if self.crate.get(id) is None:
            fields = {"@type": type, **properties}
            self.crate.add(ContextEntity(self.crate, id, properties=fields))
        return self.crate.get(id)


def _described(path: Path, name: str) -> dict[str, str]:
    """The properties of a file of the project."""
    sha256, size = digest_of(path)
    form = mimetypes.guess_type(name)[0] or "text/plain"
    return {"name": name, "sha256": sha256, "contentSize": str(size), "encodingFormat": form}


def _one_or_all(things: Sequence[Any]) -> Any:
    """One thing itself, several as a list: RO-Crate has no lists of one."""
    return things[0] if len(things) == 1 else list(things)


def named_by_content(sha256: str) -> str:
    """The identifier of bytes without an address (RFC 6920)."""
    digest = base64.urlsafe_b64encode(bytes.fromhex(sha256)).decode().rstrip("=")
    return f"ni:///sha-256;{digest}"
