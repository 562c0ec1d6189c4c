# How well NAR's ranker and plainer predictors rank unseen cells, and what its sampler is worth.


rule ranker_cells:
    input:
        plan.source_path(LISTED_SOURCE),
    output:
        **made("ranker_cells"),
    log:
        logs("ranker_cells"),
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_digest("cells enumerate", SPACES["nasbench101"]),
        lock=lock,
    message:
        "enumerating the cells of NAS-Bench-101 to find those with a validation accuracy"
    shell:
        "ednag --record {output.record:q}"
        " cells enumerate --hashes {input:q} --output {output.cells:q}"
        " --summary {output.cells_counted_csv:q} --summary {output.cells_counted_md:q}"
        " --summary {output.cells_counted_tex:q} 2> {log:q}"


rule nar_records:
    input:
        plan.nar_records,
    output:
        **made("nar_records"),
    log:
        logs("nar_records"),
    conda:
        "../envs/ednag.yaml"
    params:
        code=lambda at: code_digest("cells compare", SPACES[at.space]),
        lock=lock,
    message:
        "comparing NAR's records of {wildcards.space} with what its cell gives"
    shell:
        "ednag --record {output.record:q}"
        " cells compare {input:q} --output {output.nar_records_csv:q}"
        " --output {output.nar_records_md:q} --output {output.nar_records_tex:q} > {log:q} 2>&1"


rule ranker_baselines:
    input:
        cells=plan.ranked_cells,
    output:
        **made("ranker_baselines"),
    log:
        logs("ranker_baselines"),
    conda:
        "../envs/ednag.yaml"
    params:
        code=lambda at: plan.code(
            "ranker baselines", plan.ranked_tables(at), spaces=True
        ),
        lock=lock,
        cells=plan.ranked_cells_option,
        training=named("--training", study.ranker.sizes),
        held_out=study.ranker.held_out,
    message:
        "ranking cells of {wildcards.space}/{wildcards.dataset} by plain predictors,"
        " seed {wildcards.first}"
    shell:
        "ednag --record {output.record:q}"
        " ranker baselines {params.cells:q} {params.training:q} --held-out {params.held_out}"
        " --seed {wildcards.first} --output {output.baselines:q} 2> {log:q}"


rule ranker_study:
    input:
        cells=plan.ranked_cells,
    output:
        **made("ranker_study"),
    log:
        logs("ranker_study"),
    wildcard_constraints:
        space="nasbench201",
    conda:
        "../envs/ednag.yaml"
    params:
        code=lambda at: plan.code("ranker study", plan.ranked_tables(at), spaces=True),
        lock=lock,
        cells=plan.ranked_cells_option,
        search=lambda wildcards, output: named(
            "--search", [file for file in output if ".search." in file]
        ),
        training=named("--training", study.ranker.ranker_sizes),
        held_out=study.ranker.held_out,
        size=study.ranker.model,
        precision=study.ranker.precision,
    message:
        "training NAR's ranker on {wildcards.space}/{wildcards.dataset},"
        " seed {wildcards.first}"
    shell:
        "ednag --record {output.record:q}"
        " ranker study {params.cells:q} {params.training:q} --held-out {params.held_out}"
        " --size {params.size} --precision {params.precision}"
        " --seed {wildcards.first} --output {output.ranker:q} --tiers {output.tiers:q}"
        " {params.search:q} 2> {log:q}"


# NAS-Bench-101's cells have no test accuracy: the ranker is judged, and searches nothing.
use rule ranker_study as ranker_study_without_search with:
    output:
        **made("ranker_study", without=["ranker_search"]),
    wildcard_constraints:
        space="nasbench101",


rule ranker_tables:
    input:
        baselines=lambda at: plan.files("baselines", at),
        judged=lambda at: plan.files("ranker", at),
        tiers=lambda at: plan.files("tiers", at),
        search=lambda at: plan.files("ranker_search", at),
    output:
        **made("ranker_tables"),
    log:
        logs("ranker_tables"),
    wildcard_constraints:
        space="nasbench201",
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_digest("ranker table"),
        lock=lock,
        tiers=each_of("--tiers", "tiers"),
        search=each_of("--search", "search"),
        search_outputs=lambda wildcards, output: named(
            "--search-output", [file for file in output if "ranker-search-" in file]
        ),
        title=plan.ranking_title,
        size=study.ranker.model,
        precision=study.ranker.precision,
        statistics=statistics,
    message:
        "tables of how cells of {wildcards.space}/{wildcards.dataset} are ranked"
    shell:
        "ednag --record {output.record:q}"
        " ranker table {input.judged:q} {input.baselines:q} {params.tiers:q} {params.search:q}"
        " --title {params.title:q} --space {wildcards.space} --statistics {params.statistics:q}"
        " --size {params.size} --precision {params.precision}"
        " --output {output.ranking_csv:q} --output {output.ranking_md:q}"
        " --output {output.ranking_tex:q} --tiers-output {output.ranking_tiers_csv:q}"
        " --tiers-output {output.ranking_tiers_md:q}"
        " --tiers-output {output.ranking_tiers_tex:q} {params.search_outputs:q} 2> {log:q}"


use rule ranker_tables as ranker_tables_without_search with:
    output:
        **made("ranker_tables", without=["ranking_search"]),
    wildcard_constraints:
        space="nasbench101",


rule ranker_figures:
    input:
        baselines=lambda at: plan.files("baselines", at),
        judged=lambda at: plan.files("ranker", at),
        tiers=lambda at: plan.files("tiers", at),
    output:
        **made("ranker_figures"),
    log:
        logs("ranker_figures"),
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_digest("ranker figures"),
        lock=lock,
        tiers=each_of("--tiers", "tiers"),
        title=plan.ranking_title,
        statistics=statistics,
        folder=subpath(output[0], parent=True),
    message:
        "drawing how cells of {wildcards.space}/{wildcards.dataset} are ranked"
    shell:
        "ednag --record {output.record:q}"
        " ranker figures {input.judged:q} {input.baselines:q} {params.tiers:q}"
        " --title {params.title:q} --statistics {params.statistics:q}"
        " --folder {params.folder:q} 2> {log:q}"
