# A block of seeds of one method on one benchmark table.


rule run:
    input:
        table="results/tables/{space}/{dataset}.parquet",
    output:
        file="results/runs/{space}/{dataset}/{protocol}/{method}/seeds-{first}-{last}.parquet",
        record=record_of(
            "results/runs/{space}/{dataset}/{protocol}/{method}/seeds-{first}-{last}.parquet"
        ),
    log:
        "logs/runs/{space}/{dataset}/{protocol}/{method}/seeds-{first}-{last}.log",
    benchmark:
        "logs/benchmarks/runs/{space}/{dataset}/{protocol}/{method}/seeds-{first}-{last}.tsv"
    conda:
        "../envs/ednag.yaml"
    resources:
        runtime=run_minutes,
    params:
        code=code_of_benchmark("run", lambda wildcards: [wildcards.method], spaces=True),
        lock=lock,
        budget=budget_option,
        hyperparameters=lambda wildcards: as_json(
            hyperparameters_of(study, wildcards.method)
        ),
    message:
        "{wildcards.method} on {wildcards.space}/{wildcards.dataset},"
        " seeds {wildcards.first} to {wildcards.last}"
    shell:
        "ednag --record {output.record:q}"
        " run --table {input.table:q} --protocol {wildcards.protocol:q}"
        " --method {wildcards.method:q} --seeds {wildcards.first}-{wildcards.last}"
        " {params.budget} --hyperparameters {params.hyperparameters:q}"
        " --output {output.file:q} 2> {log:q}"
