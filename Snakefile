# EDNAG and NAR: regenerate, check and extend the results.
#
# In the current folder or, with --configfile path/to/NAME.yaml, in studies/NAME:
#
#   results/study.json
#   resources/{source}/{file}
#   results/features/small.pt
#   results/features/own-images.pt
#   results/features/own-images-small.pt
#   results/databases/small/{part}/seeds-{first}-{last}.parquet
#   results/predictors/small.pt
#   results/predictors/small.curve.csv
#   results/predictors/nasbench201.pt
#   results/predictors/nasbench201.curve.csv
#   results/predictors/small.judged.parquet
#   results/predictors/small.coreset.parquet
#   results/predictors/small.images.parquet
#   results/tables/{space}/{dataset}.parquet
#   results/runs/{space}/{dataset}/{protocol}/{method}/seeds-{first}-{last}.parquet
#   results/summaries/{space}/{dataset}.parquet
#   results/summaries/{space}/{dataset}.anytime.parquet
#   results/summaries/{space}/{dataset}.steps.parquet
#   results/ranker/nasbench101/cells.parquet
#   results/evidence/cells-nasbench101.{csv,md,tex}
#   results/ranker/{space}/{dataset}/baselines-{first}.parquet
#   results/ranker/{space}/{dataset}/ranker-{first}.parquet
#   results/ranker/{space}/{dataset}/ranker-{first}.tiers.parquet
#   results/ranker/{space}/{dataset}/ranker-{first}.search.parquet
#   results/top-k/{space}/{dataset}.parquet
#   results/trained/nasbench201/digits-unseen/seed-{first}.parquet
#   results/trained/{space}/{dataset}/{slot}/seed-{first}.json
#   results/trained/{space}/{dataset}/networks.parquet
#   results/evidence/{space}.{csv,md,tex}
#   results/evidence/{space}-equal-budget.{csv,md,tex}
#   results/evidence/{space}-comparison.{csv,md,tex}
#   results/evidence/over-datasets-{protocol}.{csv,md,tex}
#   results/evidence/sources-{space}.{csv,md}
#   results/evidence/{space}/{dataset}/{protocol}/fronts.{csv,md,tex}
#   results/evidence/{space}/{dataset}/{protocol}/limits.{csv,md,tex}
#   figures/{space}/{dataset}/{protocol}/fronts.{csv,pdf,png}
#   results/evidence/sources-{space}-differences.csv
#   results/evidence/published-{table}.{csv,md,tex}
#   results/evidence/authors-seeds-{space}.{csv,md,tex}
#   results/evidence/authors-sets-{space}.{csv,md,tex}
#   figures/{space}/authors-seeds.{csv,pdf,png}
#   results/evidence/predictor-small.{csv,md,tex}
#   results/evidence/coreset-small.{csv,md,tex}
#   results/evidence/top-k-{space}-{dataset}.{csv,md,tex}
#   results/evidence/ranker-{space}-{dataset}.{csv,md,tex}
#   results/evidence/ranker-tiers-{space}-{dataset}.{csv,md,tex}
#   results/evidence/ranker-search-{space}-{dataset}.{csv,md,tex}
#   results/evidence/nar-records-{space}.{csv,md,tex}
#   figures/{space}/{dataset}/{protocol}/convergence.{csv,pdf,png}
#   figures/{space}/{dataset}/{protocol}/denoising.{csv,pdf,png}
#   figures/{space}/{dataset}/{protocol}/anytime.{csv,pdf,png}
#   figures/{space}/{dataset}/{protocol}/outcomes.{csv,pdf,png}
#   figures/{space}/{dataset}/{protocol}/mapping.{csv,pdf,png}
#   figures/{space}/{dataset}/{protocol}/steps.{csv,pdf,png}
#   figures/{space}/{dataset}/{protocol}/population.{csv,pdf,png}
#   figures/{space}/{dataset}/{protocol}/ablation.{csv,pdf,png}
#   figures/ranks-{protocol}.{csv,pdf,png}
#   figures/targets-{protocol}.{csv,pdf,png}
#   figures/profiles-{protocol}.{csv,pdf,png}
#   figures/illustration.{csv,pdf,png}
#   figures/predictors/small/quality.{csv,pdf,png}
#   figures/predictors/small/learning.{csv,pdf,png}
#   figures/predictors/small/coreset.{csv,pdf,png}
#   figures/{space}/{dataset}/trained/top-k.{csv,pdf,png}
#   figures/{space}/{dataset}/ranker/learning.{csv,pdf,png}
#   figures/{space}/{dataset}/ranker/tiers.{csv,pdf,png}
#   results/findings.md
#   results/numbers.{json,tex}
#   results/verdicts.{md,json}
#   results/audit.{json,md}
#   results/provenance/chains/{space}.html
#   results/report
#
# Data flows one way: sources -> benchmark tables -> runs -> summaries -> tables and figures.
# Every rule calls one `ednag` subcommand; `ednag --help` runs the same by hand.

import os
import sys
from pathlib import Path

from snakemake.settings.types import DeploymentMethod
from snakemake.utils import min_version

from ednag.errors import EdnagError
from ednag.provenance.setting import files_written
from ednag.study.configuration import check_study_files
from ednag.study.environment import (
    folder_of_the_call,
    refuse_another,
    study_folder,
)
from ednag.study.modules import check_module

# The version that is pinned and tested.
min_version("9.27")

# Snakemake reads files of the command line before this line, any other after it.
project = Path(str(workflow.current_basedir))
called = folder_of_the_call(workflow.overwrite_workdir)
# Another workflow may use this one as a module: then its `config` is the study.
is_module = not workflow.modifier.is_main_snakefile()
try:
    if is_module:
        check_module(workflow.modifier, project)
        # It is titled as the module, and names code of its own beside the other workflow.
        study_files = [Path(workflow.basedir, workflow.modifier.namespace)]
    else:
        named = workflow.config_settings.configfiles
        study_files = [Path(file) for file in named or [project / "config.yaml"]]
        check_study_files(study_files)
        folder = study_folder(study_files[0], project)
        if workflow.overwrite_workdir is None and folder != Path():
            refuse_another(study_files[0], files_written(called / folder), called)
except EdnagError as error:
    sys.exit(f"configuration: {error}")


if not is_module:

    # A study is one file: what it leaves out has the defaults of config/schema.json.
    if not named:

        configfile: project / "config.yaml"

    # A study that is not config.yaml has a folder of its own; `--directory` names another.
    workdir: folder


# Named only with `--sdm apptainer`: else Snakemake's report would say that jobs ran in the image.
if DeploymentMethod.APPTAINER in workflow.deployment_settings.deployment_method:

    container: os.path.relpath(project / "ednag.sif")


report: "rules/workflow.rst"


include: "rules/common.smk"
include: "rules/sources.smk"
include: "rules/benchmarks.smk"
include: "rules/search.smk"
include: "rules/evidence.smk"
include: "rules/figures.smk"
include: "rules/predictor.smk"
include: "rules/training.smk"
include: "rules/ranker.smk"
include: "rules/claims.smk"
include: "rules/audit.smk"


rule tables:
    input:
        plan.files("table"),


rule runs:
    input:
        plan.files("run"),


rule all:
    default_target: True
    input:
        rules.tables.input,
        rules.runs.input,
        plan.targets(),
        "results/report",
        "results/provenance/sound",
