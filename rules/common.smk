# The study, its plan, and how rules name files: everything else stands in the package.

import gc
import json
import os
import sys
from functools import cache
from pathlib import Path

from snakemake.persistence import PersistenceBase

from ednag import fork_server
from ednag.code import code_digest, lock_digest
from ednag.errors import EdnagError
from ednag.methods.instances import method_names
from ednag.own_code import fault_in, search_in
from ednag.provenance.recording import COMMIT_VARIABLE, PROJECT_VARIABLE, commit_state
from ednag.provenance.report import verdict_of
from ednag.sources.lock import known_sha256
from ednag.sources.registry import find_source, load_registry
from ednag.spaces import SPACES, space_names
from ednag.study.artefacts import (
    DATASET_FIGURE_JOBS,
    SPACE_TABLES,
    WILDCARDS,
    Kind,
    artefact_named,
    artefacts_of,
    captions_digest,
    log_path,
    record_path,
)
from ednag.study.configuration import read_study
from ednag.study.declared import declared
from ednag.study.description import described
from ednag.study.downloads import data_command, what_is_left_out
from ednag.study.environment import as_input, export_environment
from ednag.study.options import changed_sources, unfit_files
from ednag.study.plan import checked_plan
from ednag.study.published import PUBLISHED_TABLES
from ednag.study.ranking import LISTED_SOURCE
from ednag.study.running import hold_folder, write_jobs
from ednag.study.seeds import format_seeds
from ednag.study.trained import (
    SMALL_RECIPE,
    SMALL_WILDCARDS,
    small_database_note,
    small_parts,
    trained_networks_note,
    training_megabytes,
    training_minutes,
    training_settings,
)
from ednag.study.training_time import refuse_too_long
from ednag.training.places import IMAGE_SOURCES, SMALL_SOURCES

# Nearly all that a DAG is made of stays to the end: looking for garbage in it takes a tenth of the
# time before the first job. A module's `onstart`, which turns it on again, is not called.
if not is_module:
    gc.disable()
    # Of each parameter Snakemake asks whether it is one of pandas', which takes 0.4 s to import.
    # Ours are Python's own.
    PersistenceBase._serialize_param_pandas = PersistenceBase._serialize_param_builtin

if storage := workflow.storage_settings.default_storage_provider:
    sys.exit(
        f"configuration: default storage provider {storage}: run records name files of the study's "
        "folder, which the audit reads; leave it out, and use a folder that all machines see "
        "(docs/clusters.md)"
    )

for file in study_files:
    search_in(file.parent, export=True)

try:
    study = read_study(config, study_files[0])
    registry = load_registry(project / "sources.yaml")
    export_environment(project, study.mirrors, called)
    own_images = str(as_input(study.own_images, called)) if study.own_images else ""
    plan = checked_plan(study, registry, project, called)
    unfit = dict(changed_sources(plan, registry)) | unfit_files(plan)
except EdnagError as error:
    sys.exit(f"configuration: {error}")
except Exception as error:
    if not (fault := fault_in(error)):
        raise
    sys.exit(f"configuration: {fault}")

config["title"] = study.title
config["audit_verdict"] = verdict_of(Path(artefact_named("audit").path("md")))
os.environ[PROJECT_VARIABLE] = str(project)
os.environ[COMMIT_VARIABLE] = commit_state(project)
ids = [entry.id for entry in study.methods]
lock = lock_digest(project / "envs" / "requirements.lock")


# A file of a method or space that the study does not have is no target.
wildcard_constraints:
    **WILDCARDS
    | {
        "method": "|".join({**dict.fromkeys(method_names()), **dict.fromkeys(ids)}),
        "space": "|".join(space_names()),
    },


onstart:
    gc.freeze()
    gc.enable()
    try:
        # Snakemake's own lock outlives a killed process; this one goes with it.
        hold_folder(Path())
        if plan.gathered_benchmarks:
            refuse_too_long(study, plan.searched)
    except EdnagError as error:
        sys.exit(f"not started: {error}")
    if workflow.local_exec:
        # Its limit of 100 jobs a second would wake the scheduler once a second for each job that has
        # ended: of a thousand jobs, a thousand times (threads of snakemake.scheduling.JobScheduler).
        workflow.scheduler.job_rate_limiter = None
        fork_server.start(sum(1 for each in workflow.dag.needrun_jobs()))
    for method, reason in plan.idle.items():
        print_error(f"{method} runs on nothing here ({reason})")
    for file, reason in unfit.items():
        print_error(f"made again: {file}: {reason}")


onsuccess:
    first_page = Path(path("pages")) / "index.html"
    if first_page.is_file():
        print_error(f"open in a browser: {os.path.relpath(first_page, called)}")
    command = data_command(study_files, project, called)
    if line := what_is_left_out(plan, registry, command):
        print_error(line)


def print_error(line):
    print(line, file=sys.stderr)


def prepare_dag(*arguments, prepare=workflow._prepare_dag, **options):
    """Snakemake's preparation; then files of another study are made again where a target needs them.

    Snakemake has notes on files that it made here, not on copied ones, nor on what a job of a killed
    workflow writes. `--forcerun` would make them targets.
    """
    prepare(*arguments, **options)
    workflow.dag.forcefiles.update(unfit)


def build_dag(build=workflow._build_dag):
    """Snakemake's DAG, and a list of its jobs where `ednag evaluate` asks for it."""
    build()
    write_jobs(workflow.dag)


if workflow.is_main_process:
    workflow._prepare_dag = prepare_dag
    workflow._build_dag = build_dag


# --- files ------------------------------------------------------------------------------------------


def path(name, suffix=None, **wildcards):
    """Path of an artefact; wildcards without a value stay in braces."""
    return artefact_named(name).path(suffix, **wildcards)


def made(job, without=()):
    """Outputs of a job by name: what a report shows is marked, and the run record comes last."""
    files = {
        name: shown(artefact, file)
        for artefact in artefacts_of(job)
        if artefact.name not in without
        for name, file in artefact.outputs().items()
    }
    return files | {"record": record_path(job)}


def shown(artefact, file):
    """A file, in Snakemake's report with caption and labels if it is one that people look at."""
    suffix = Path(file).suffix.removeprefix(".")
    if not artefact.is_shown or suffix not in ("csv", "png", "html", "md"):
        return file
    if artefact.kind is Kind.TABLE and suffix == "md":
        return file
    kind = artefact.kind.value
    labels = {name: f"{{{name}}}" for name in artefact.wildcards}
    return report(
        file,
        caption=str(artefact.caption_file()),
        category=f"{kind.capitalize()}s",
        subcategory=artefact.group or artefact.title,
        labels={kind: artefact.title, **labels, "file": suffix},
    )


def logs(job):
    return log_path(job)


def published(file):
    """A file of printed numbers."""
    return str(plan.published / file)


# --- parameters -------------------------------------------------------------------------------------


def named(option, files, names=None):
    """`OPTION=FILE`, or `OPTION=NAME=FILE`, for each file."""
    if names is None:
        return [f"{option}={file}" for file in files]
    return [f"{option}={name}={file}" for name, file in zip(names, files, strict=True)]


def each_of(option, key, names=None):
    """The same for the input files of a rule under one name; `names` may depend on wildcards."""

    def options(wildcards, input):
        known = names(wildcards) if callable(names) else names
        return named(option, input[key], known)

    return options


def as_json(value):
    """Text that is the same for equal values, whatever their order."""
    return json.dumps(value, sort_keys=True)


statistics = as_json(study.statistics.model_dump())


def settings(methods=None):
    """What the study runs at {space}/{dataset}, or {space}: other run files are refused."""
    return lambda at: as_json(plan.settings(at, methods))


def code_of(subcommand, methods=None, spaces=True, further=()):
    """Digest of the code that a job depends on, with the benchmark at {space}/{dataset}."""
    return lambda at: plan.code(
        subcommand,
        [(at.space, at.dataset)],
        methods(at) if methods else (),
        spaces,
        further,
    )


def code_of_space(subcommand):
    """The same with the benchmarks and methods of {space}."""
    return lambda at: plan.code(
        subcommand, plan.datasets_of(at.space), plan.methods(at)
    )


@cache
def code_of_study(subcommand):
    """The same with all that a study searches or the papers print."""
    return plan.code(subcommand, plan.printed, plan.all_methods)


# --- what printed numbers and claims are held against -------------------------------------------------

#: What printed numbers and claims are held against: option of `ednag claims` -> artefact.
MEASURED = {
    "--summary": "summary",
    "--listed": "authors_seeds",
    "--sets": "authors_sets",
    "--ranker-search": "ranker_search",
    "--cells": "cells_counted",
    "--nar-records": "nar_records",
}
MEASURED_FILES = {name: plan.files(name) for name in MEASURED.values()}


def measured_options(wildcards, input):
    """The same files as options, and the methods with other hyper-parameters than their own."""
    return [
        f"{option}={file}" for option, name in MEASURED.items() for file in input[name]
    ] + [f"--changed={name}" for name in plan.changed_methods]
