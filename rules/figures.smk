# Summaries into figures, and the method's illustration.


# The figures of a dataset and protocol: those of all methods together, of EDNAG's variants apart.
for each in DATASET_FIGURE_JOBS:

    rule:
        name:
            each
        input:
            summary=path("summary"),
            anytime=path("curves"),
            steps=path("step_curves"),
        output:
            **made(each),
        log:
            logs(each),
        priority: 2
        group:
            "figures"
        conda:
            "../envs/ednag.yaml"
        params:
            code=code_of(
                "plot dataset",
                plan.methods,
                spaces=False,
                further=[figure.module for figure in artefacts_of(each)],
            ),
            lock=lock,
            methods=lambda at: plan.definitions(plan.methods(at)),
            figures=[figure.name for figure in artefacts_of(each)],
            folder=subpath(output[0], parent=True),
            statistics=statistics,
        message:
            "figures of {wildcards.space}/{wildcards.dataset},"
            " protocol {wildcards.protocol}"
        shell:
            "ednag --record {output.record:q} {params.methods:q}"
            " plot dataset {params.figures} --summary {input.summary:q}"
            " --anytime {input.anytime:q} --steps {input.steps:q}"
            " --protocol {wildcards.protocol:q} --statistics {params.statistics:q}"
            " --folder {params.folder:q} 2> {log:q}"


rule over_datasets:
    input:
        plan.ranked_summaries,
    output:
        **made("over_datasets"),
    log:
        logs("over_datasets"),
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_of_study("plot over-datasets"),
        lock=lock,
        methods=lambda at: plan.definitions(plan.methods_run),
        statistics=statistics,
        table=lambda wildcards, output: named("--table", output[:3]),
        ranks=lambda wildcards, output: named("--ranks", output[3:6]),
        targets=lambda wildcards, output: named("--targets", output[6:9]),
        profiles=lambda wildcards, output: named("--profiles", output[9:12]),
    message:
        "comparing methods over datasets, protocol {wildcards.protocol}"
    shell:
        "ednag --record {output.record:q} {params.methods:q}"
        " plot over-datasets {input:q} --protocol {wildcards.protocol:q}"
        " --statistics {params.statistics:q} {params.table:q} {params.ranks:q}"
        " {params.targets:q} {params.profiles:q} 2> {log:q}"


rule illustration:
    output:
        **made("illustration"),
    log:
        logs("illustration"),
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
