# Summaries into figures, and the method's illustration.


# One rule per space: which figures there are depends on the methods that are run in it.
for each_space in searched_spaces():

    rule:
        name:
            f"figures_of_{each_space.replace('-', '_')}"
        input:
            summary="results/summaries/{space}/{dataset}.parquet",
            anytime="results/summaries/{space}/{dataset}.anytime.parquet",
            steps="results/summaries/{space}/{dataset}.steps.parquet",
        output:
            **dataset_figure_outputs(each_space),
            record=record_of("figures/{space}/{dataset}/{protocol}/figures"),
        log:
            "logs/figures/{space}/{dataset}/{protocol}.log",
        wildcard_constraints:
            space=each_space,
        conda:
            "../envs/ednag.yaml"
        params:
            code=code_of_benchmark("plot dataset", methods_here),
            lock=lock,
            figures=" ".join(figures_of(each_space)),
            folder=lambda wildcards, output: str(Path(output[0]).parent),
            statistics=as_json(study.statistics.model_dump()),
        message:
            "drawing {wildcards.space}/{wildcards.dataset}, protocol {wildcards.protocol}"
        shell:
            "ednag --record {output.record:q}"
            " plot dataset {params.figures} --summary {input.summary:q}"
            " --anytime {input.anytime:q} --steps {input.steps:q}"
            " --protocol {wildcards.protocol:q} --statistics {params.statistics:q}"
            " --folder {params.folder:q} 2> {log:q}"


rule ranks_figure:
    input:
        ranked_summaries,
    output:
        **figure_outputs(
            "ranks",
            "figures/ranks-{protocol}",
            "ranks",
            "Figures",
            "All datasets",
            figure="mean ranks and critical difference",
            protocol="{protocol}",
        ),
        record=record_of("figures/ranks-{protocol}"),
    log:
        "logs/figures/ranks-{protocol}.log",
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_of_all("plot ranks"),
        lock=lock,
        statistics=as_json(study.statistics.model_dump()),
    message:
        "drawing mean ranks over datasets, protocol {wildcards.protocol}"
    shell:
        "ednag --record {output.record:q}"
        " plot ranks {input:q} --protocol {wildcards.protocol:q}"
        " --statistics {params.statistics:q} --output {output.ranks_csv:q}"
        " --output {output.ranks_pdf:q} --output {output.ranks_png:q} 2> {log:q}"


rule illustration:
    output:
        **figure_outputs(
            "illustration",
            "figures/illustration",
            "illustration",
            "Figures",
            "The method",
            figure="from noise to two peaks",
        ),
        record=record_of("figures/illustration"),
    log:
        "logs/figures/illustration.log",
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_digest("plot illustration"),
        lock=lock,
    message:
        "drawing the method on a density of two peaks"
    shell:
        "ednag --record {output.record:q}"
        " plot illustration --output {output.illustration_csv:q}"
        " --output {output.illustration_pdf:q} --output {output.illustration_png:q} 2> {log:q}"
