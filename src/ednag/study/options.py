"""Options that a study gives to jobs, held against the run records of jobs of earlier calls.

Snakemake compares options by its own notes, which copied results lack. Run records go with them.
Of searches the run files themselves are compared: see `Plan.unfit`.
"""

import json
from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

from ednag.errors import EdnagError
from ednag.methods.descriptions import differences
from ednag.sources.registry import Source
from ednag.sources.verification import digest
from ednag.study.artefacts import ARTEFACTS, artefacts_of, record_path
from ednag.study.configuration import Study
from ednag.study.declared import declared
from ednag.study.plan import Plan, Wildcards
from ednag.study.seeds import format_seeds
from ednag.study.trained import small_parts, training_settings
from ednag.text_files import parse_json, read_json


def outdated(plan: Plan) -> Iterator[tuple[str, str]]:
    """(path, why) of planned files that are there and were made with other options.

    A file without a readable record is not listed; the audit names it.
    """
    for job in dict.fromkeys(each.job for each in ARTEFACTS if each.job != "run"):
        first = artefacts_of(job)[0]
        for place in plan.places(first):
            path = first.path(**place)
            if (plan.folder / path).is_file() and (fault := _fault(plan, job, place)):
                yield path, fault


def _fault(plan: Plan, job: str, place: Wildcards) -> str:
    """Why the record of a job is not of this study; "" if it is, or is not readable."""
    try:
        record = read_json(plan.folder / record_path(job, **place))
        given = {name: _parsed(value) for name, value in record["parameters"].items()}
    except (EdnagError, OSError, ValueError, KeyError, TypeError, AttributeError):
        return ""
    expected = _expected(plan, job, SimpleNamespace(**place))
    if isinstance(given.get("statistics"), dict):
        own = plan.study.statistics.model_dump(mode="json")
        expected["statistics"] = {name: own.get(name) for name in given["statistics"]}
    return next(differences(given, expected), "")


def _parsed(value: Any) -> Any:
    """A parameter; the value of one that was given as a JSON object."""
    if isinstance(value, str) and value.startswith("{"):
        return parse_json(value)
    return value


def _expected(plan: Plan, job: str, at: Any) -> dict[str, Any]:
    """Parameters of a job that the study decides, as a record holds them; see the rules."""
    study = plan.study
    match job:
        case "study":
            return {"study": json.loads(declared(plan))}
        case "benchmark_table":
            return plan.table_parameters(at)
        case "summary":
            return {**_reported(plan, at), "count": study.count}
        case "fronts":
            asked = {"names": plan.costs(at), "quantiles": list(study.costs.quantiles)}
            return {**_reported(plan, at), **asked}
        case "authors_seeds":
            return {"seeds": format_seeds(study.authors_seeds)}
        case "small_database":
            return {"cells": small_parts(study)[at.part][1]}
        case "ranker_baselines":
            return {"training": list(study.ranker.sizes), "held_out": study.ranker.held_out}
        case "ranker_study":
            cells = {"training": list(study.ranker.ranker_sizes), "held_out": study.ranker.held_out}
            return {**cells, **_trained(study)}
        case "ranker_tables":
            return _trained(study)
        case "top_k":
            top = study.top_k
            return {"seeds": format_seeds(top.runs), "count": top.k, "drawn": top.random}
        case "top_k_table":
            return {"count": study.top_k.k}
        case "trained_network":
            recipe = training_settings(study, at.space, at.dataset)
            return {"recipe": recipe, "images": study.training.images}
    return {}


def _reported(plan: Plan, at: Any) -> dict[str, Any]:
    """Which runs at {space}/{dataset} the study reports."""
    return {
        "seeds": format_seeds(plan.study.seeds),
        "method_seeds": plan.fewer_seeds(at),
        "settings": plan.settings(at),
    }


def changed_sources(plan: Plan, registry: Mapping[str, Source]) -> Iterator[tuple[str, str]]:
    """(path, why) of the user's own files that are there as they were before an edit."""
    for source in (registry[id] for id in plan.sources):
        path = plan.source_path(source.id)
        if source.folder is not None and (plan.folder / path).is_file():
            sha256 = digest(plan.folder / path).sha256
            if sha256 != source.sha256:
                yield path, f"own-sources.yaml has another sha256 of {source.file}"


def _trained(study: Study) -> dict[str, Any]:
    """How the study trains NAR's ranker."""
    return {"size": study.ranker.model, "precision": study.ranker.precision}


def unfit_files(plan: Plan) -> dict[str, str]:
    """Planned files that are there but of another study -> why.

    What a file, or its record, says of itself decides: results may have been copied, or written by
    a job of a workflow that was killed.
    """
    return {**plan.unfit(), **dict(outdated(plan))}
