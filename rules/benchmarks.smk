# Verified source files into canonical benchmark tables.


rule benchmark_table:
    input:
        sources=lambda at: map(plan.source_path, plan.definition(at).sources),
        generated=lambda at: [
            f"results/{name}" for name in plan.definition(at).generated
        ],
    output:
        **made("benchmark_table"),
    log:
        logs("benchmark_table"),
    priority: 1
    group:
        "tables"
    conda:
        "../envs/ednag.yaml"
    resources:
        mem_mb=plan.table_megabytes,
    params:
        code=code_of("tables build"),
        lock=lock,
        sources=each_of("--source", "sources", lambda at: plan.definition(at).sources),
        generated=each_of(
            "--generated", "generated", lambda at: plan.definition(at).generated
        ),
        reader=plan.table_options,
    message:
        "building the benchmark table {wildcards.space}/{wildcards.dataset}"
    shell:
        "ednag --record {output.record:q}"
        " tables build --space {wildcards.space:q} --dataset {wildcards.dataset:q}"
        " {params.sources:q} {params.generated:q} {params.reader} --output {output.table:q} 2> {log:q}"


rule sources_compared:
    input:
        lambda at: map(plan.source_path, plan.compared[at.space]),
    output:
        **made("sources_compared"),
    log:
        logs("sources_compared"),
    conda:
        "../envs/ednag.yaml"
    resources:
        mem_mb=plan.comparison_megabytes,
    params:
        code=lambda at: plan.code_of_comparison("tables compare", at),
        lock=lock,
        sources=lambda at, input: named("--source", input, plan.compared[at.space]),
    message:
        "comparing the source files of {wildcards.space}"
    shell:
        "ednag --record {output.record:q}"
        " tables compare --space {wildcards.space:q} --only-given {params.sources:q}"
        " --output {output.source_differences:q} --summary {output.sources_compared_csv:q}"
        " --summary {output.sources_compared_md:q} 2> {log:q}"
