# Last of all: whether every number of the study leads back to checksummed bytes.


rule audit:
    input:
        files=[*evidence_files(), *figure_files(), *claims_files()],
        records=study_records(),
    output:
        json="results/audit.json",
        page=report(
            "results/audit.md",
            caption="captions/audit.rst",
            category="Audit",
            labels={"page": "every file and where it comes from", "file": "md"},
        ),
        # `sound` removes it first, so that an audit that found faults runs again.
        pending=temp("results/provenance/audit-pending"),
    log:
        "logs/audit.log",
    conda:
        "../envs/ednag.yaml"
    params:
        targets=audited_files(),
        code=code_digest("audit"),
    message:
        "auditing every number down to its sources"
    shell:
        "ednag audit {params.targets:q} --json {output.json:q} --report {output.page:q}"
        " --exit-zero > {log:q} 2>&1 && touch {output.pending:q}"


rule chains:
    input:
        tables=[
            "results/evidence/{space}.csv",
            "results/evidence/{space}-equal-budget.csv",
            "results/evidence/{space}-comparison.csv",
        ],
        records=chain_records,
    output:
        report(
            "results/provenance/chains/{space}.html",
            caption="captions/chains.rst",
            category="Tables",
            subcategory="{space}",
            labels={"table": "every number and its chain", "file": "html"},
        ),
    log:
        "logs/chains/{space}.log",
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_digest("chains"),
    message:
        "chains of the tables of {wildcards.space}"
    shell:
        "ednag chains {input.tables:q} --title 'Tables of {wildcards.space}'"
        " --output {output:q} 2> {log:q}"


rule pages:
    input:
        shown=shown_files(),
        beside=beside_shown_files(),
        verdicts=["results/verdicts.json", "results/verdicts.md"],
        findings="results/findings.md",
        audit=["results/audit.json", "results/audit.md"],
        chains=chain_files(),
        records=study_records(),
    output:
        directory("results/report"),
    log:
        "logs/report.log",
    conda:
        "../envs/ednag.yaml"
    params:
        code=code_digest("report"),
        lock=lock,
        study=json.dumps(described(study, searched, lacking)),
        chains=[f"--chains={path}" for path in chain_files()],
    message:
        "pages to read in a browser: results/report/index.html"
    shell:
        "ednag report {input.shown:q} --verdicts {input.verdicts[0]:q}"
        " --findings {input.findings:q} --audit {input.audit[0]:q} {params.chains:q}"
        " --study {params.study:q} --output {output:q} 2> {log:q}"


# Faults make the workflow fail only here, after the audit's pages and the report were made.
rule sound:
    input:
        audit="results/audit.json",
        pending="results/provenance/audit-pending",
        report="results/report",
    output:
        touch("results/provenance/sound"),
    log:
        "logs/sound.log",
    conda:
        "../envs/ednag.yaml"
    message:
        "checking that the audit found no fault"
    shell:
        "rm -f {input.pending:q} && ednag audit --found {input.audit:q} 2> {log:q}"
