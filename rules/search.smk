# A block of seeds of one method on one benchmark table.


rule run:
    input:
        table=path("table"),
        further=plan.further_files,
    output:
        **made("run"),
    log:
        logs("run"),
    priority: 1  # first tables and figures before what is trained
    group:
        "runs"
    conda:
        "../envs/ednag.yaml"
    threads: 1  # several serve only studies of fewer jobs than cores: --set-threads run=2
    resources:
        runtime=plan.run_minutes,
    params:
        code=code_of("run", methods=lambda at: [at.method]),
        lock=lock,
        methods=lambda at: plan.definitions([at.method], titles=False),
        budget=plan.budget_option,
        further=each_of("--further", "further"),
        hyperparameters=lambda at: as_json(plan.hyperparameters(at)),
    message:
        "{wildcards.method} on {wildcards.space}/{wildcards.dataset},"
        " seeds {wildcards.first} to {wildcards.last}"
    shell:
        "ednag --record {output.record:q} {params.methods:q}"
        " run --table {input.table:q} --protocol {wildcards.protocol:q}"
        " --method {wildcards.method:q} --seeds {wildcards.first}-{wildcards.last}"
        " {params.budget} {params.further:q} --hyperparameters {params.hyperparameters:q}"
        " --threads {threads} --output {output.run:q} 2> {log:q}"
