# make results   regenerate everything of the default study     make test   pass the tests
# make report    the same as one HTML file                      make lint   style, types, formats
# make data      fetch what the study can use and is not here   make lock   pin the newest versions
# make smoke     the whole DAG on a tiny study                  make reference   its generated pages
# make docs      the documentation as a site in site/
#
# Each creates the virtual environment .venv from the lock first, if it is not there. `make results`
# tries to fetch what `make data` fetches, and runs without what does not come.

PYTHON ?= python3
CORES ?= all
# Where wheels of torch without CUDA are, an index as pytorch.org names it: the environment then
# has the lock's versions without NVIDIA's packages.
CPU_WHEELS ?=
STUDY ?= config.yaml

VENV := .venv
INSTALLED := $(VENV)/.installed
# In single quotes: the name may hold spaces and quotes.
QUOTED_STUDY = '$(subst ','\'',$(STUDY))'
RUN := PATH="$(CURDIR)/$(VENV)/bin:$$PATH"

.DELETE_ON_ERROR:
.PHONY: results report data test test-kernels coverage lint smoke docs reference lock environment clean

# The check comes first: where a study is not UTF-8, Snakemake alone prints a traceback.
results: $(INSTALLED)
	@$(RUN) ednag config check $(QUOTED_STUDY) > /dev/null
	@$(RUN) ednag sources fetch --optional --study $(QUOTED_STUDY) > /dev/null
	$(RUN) snakemake --cores $(CORES) --configfile $(QUOTED_STUDY)

report: results
	$(RUN) snakemake --cores $(CORES) --configfile $(QUOTED_STUDY) --report report.html
	@echo "report.html, in the folder of the study, is one file to send. It needs no network."

data: $(INSTALLED)
	$(RUN) ednag sources fetch --study $(QUOTED_STUDY)

test: $(INSTALLED)
	$(RUN) pytest --numprocesses auto --dist worksteal -m "not slow"

# The search's tests with torch's kernels of other CPUs: without vector instructions, and AVX-512.
test-kernels: $(INSTALLED)
	$(RUN) ATEN_CPU_CAPABILITY=default pytest --numprocesses auto tests/search
	if grep -q avx512vl /proc/cpuinfo; then \
	  $(RUN) ATEN_CPU_CAPABILITY=avx512 pytest --numprocesses auto tests/search; fi

# The same tests, and which lines and branches they reach, commands that they start included.
coverage: $(INSTALLED)
	$(RUN) pytest --numprocesses auto --dist worksteal -m "not slow" --cov --cov-report=term:skip-covered

lint: $(INSTALLED)
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy
	$(RUN) lint-imports --no-cache
	$(RUN) snakefmt --check Snakefile rules
	$(RUN) snakemake --lint

smoke: $(INSTALLED)
	$(RUN) snakemake --cores $(CORES) --directory .smoke --configfile config/smoke.yaml

docs: $(INSTALLED)
	$(RUN) mkdocs build --strict --quiet
	@echo "Open site/index.html in a browser; it needs no network."

# docs/reference from the schema and the command line, docs/images/workflow.svg from the workflow.
reference: $(INSTALLED)
	$(RUN) python docs/generate_reference.py
	$(RUN) python docs/draw_workflow.py

environment: $(INSTALLED)

$(INSTALLED): envs/requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; say which with: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	grep -vE '$(if $(CPU_WHEELS),^(nvidia|cuda|triton)[-=],^#)' envs/requirements.lock > $(VENV)/requirements.txt
	$(VENV)/bin/pip install --quiet $(addprefix --extra-index-url=,$(CPU_WHEELS)) \
	  --requirement $(VENV)/requirements.txt
	$(VENV)/bin/pip install --quiet --no-deps --no-build-isolation --editable .
	$(VENV)/bin/python -m ednag.search.compiled  # a quarter of a minute that no study then takes
	touch $(INSTALLED)

# Needs uv (pip install uv). The lock holds versions only: no address of any package registry.
lock:
	uv pip compile --universal --python-version 3.11 --no-header --no-annotate \
	  --no-emit-index-url --quiet envs/requirements.in --output-file envs/requirements.lock
	$(PYTHON) envs/conda_environment.py

clean:
	find results figures -mindepth 1 -maxdepth 1 ! -name README.md -exec rm -rf {} +
	rm -rf $(VENV) .smoke .snakemake logs resources studies report.html site
