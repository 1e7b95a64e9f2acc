# Every target works from a fresh clone; `make build` and `make test` are the two a newcomer needs.
# Paths are relative, so that a clone in a folder with spaces works.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
PAGES := $(VENV)/.pages
DEVELOP := $(VENV)/.develop
CLIENTS := $(VENV)/compat/.installed
TOOLS := $(VENV)/tools/.installed
ASSISTANT := $(VENV)/.assistant
SPARK := $(VENV)/.spark
SITE := $(VENV)/site/.installed
export HEADWAY_PYTHON := $(PYTHON)

.DEFAULT_GOAL := help
.PHONY: help setup lock build test unit lint refresh serve dashboard mcp spark bench parts docs docs-site rows pictures screenshots clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/^([a-z-]+):[^#]*## /\1	/' | expand -t 12

setup: $(DEVELOP) ## make .venv from the pinned locks, with all that pages, tests and checks need

# Wheels only: a package that had to be built would need a compiler and minutes. pip would compile bytecode one file at a time.
LOCKED = install -qq --disable-pip-version-check --no-input --no-compile --no-deps --require-hashes --only-binary :all:
PIP = -m pip $(LOCKED)
# Many packages at once, each file written once: uv takes 3 to 8 s for what pip takes 14 to 26 (110 packages, 1 GB). Where there is no uv
# for this machine, or it fails (it does not read pip's settings of an index or a proxy), pip installs, and says what is wrong if it fails too.
# The packages of a lock are the same whoever fetches them: both compare the hashes.
UV = $(BIN)/uv pip install --quiet --no-deps --require-hashes --only-binary :all:
# $(call install,lock,python of the environment,folder if not that environment)
by_uv = $(UV) --cache-dir $(VENV)/.fetched/$(notdir $(1)) --python $(or $(2),$(BIN)/python) $(addprefix --target ,$(3)) -r $(1) 2>/dev/null
define install
@$(by_uv) || $(or $(2),$(BIN)/python) $(PIP) $(addprefix --target ,$(3)) -r $(1)
@rm -rf $(VENV)/.fetched/$(notdir $(1))
endef
# What a process imports is compiled when it does so, one file after the other, and not at all where PYTHONDONTWRITEBYTECODE is set. Left out is
# a third of the files, which nothing here imports.
UNUSED = /tests?/|/site-packages/(pip|setuptools|wheel|pygments/lexers|holidays/countries)/
BYTECODE = -W ignore -m compileall -qq -j 0 -x "$(UNUSED)"

$(INSTALLED): requirements-installer.lock requirements.lock
	@command -v "$(PYTHON)" >/dev/null || { echo "headway: Python 3.11 or later is needed and '$(PYTHON)' was not found. Install it, or say which: make build PYTHON=/path/to/python3"; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "headway: Python 3.11 or later is needed, '$(PYTHON)' is $$("$(PYTHON)" -V 2>&1). Say which to use: make build PYTHON=python3.12"; exit 1; }
	@"$(PYTHON)" -c 'import venv, ensurepip' 2>/dev/null || { echo "headway: '$(PYTHON)' has no venv module (on Debian and Ubuntu: apt install python3-venv)"; exit 1; }
	@echo "headway: installing into $(VENV) (less than a minute, once)"
# The environment's own pip takes 2 s to appear; meanwhile that of $(PYTHON), where it has one, fetches uv, and uv all else. The second try
# finds that done, and does what could not be done so: one that looks through the environment while the other writes into it may complain.
	@"$(PYTHON)" -m venv --without-pip $(VENV)
	@$(BIN)/python -m ensurepip --default-pip >/dev/null 2>&1 & own=$$!; \
	  "$(PYTHON)" -m pip --python $(BIN)/python $(LOCKED) -r requirements-installer.lock 2>/dev/null && \
	  $(call by_uv,requirements.lock); wait $$own || $(BIN)/python -m ensurepip --default-pip >/dev/null
	@test -x $(BIN)/uv || $(BIN)/python $(PIP) -r requirements-installer.lock 2>/dev/null || true
	$(call install,requirements.lock)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --no-index -e . & \
	  $(BIN)/python $(BYTECODE) $(VENV)/lib orchestration transforms; wait $$!
	@touch $(INSTALLED)

# the dashboard's server and that of Dagster's page, for who opens them first
$(PAGES): requirements-pages.lock $(INSTALLED)
	@echo "headway: installing what shows pages (once)"
	$(call install,requirements-pages.lock)
	@$(BIN)/python $(BYTECODE) $(VENV)/lib
	@touch $(PAGES)

# what `headway mcp` imports, for who lets an assistant ask
$(ASSISTANT): requirements-mcp.lock $(INSTALLED)
	@echo "headway: installing what assistants need (once)"
	$(call install,requirements-mcp.lock)
	@$(BIN)/python $(BYTECODE) $(VENV)/lib
	@touch $(ASSISTANT)

# Spark and dbt's adapter for it, for who has a cluster. The package is published as source alone, of which nothing is compiled: the one
# exception to wheels only.
$(SPARK): requirements-spark.lock $(INSTALLED)
	@echo "headway: installing Spark (once, 460 MB)"
	@$(BIN)/python $(PIP) --no-binary pyspark --no-build-isolation -r requirements-spark.lock
	@command -v java >/dev/null || echo "headway: Spark needs Java 17 or 21 (on Debian and Ubuntu: apt install openjdk-17-jre-headless)"
	@touch $(SPARK)

# all of that, and what tests and checks need
$(DEVELOP): requirements-dev.lock $(INSTALLED)
	@echo "headway: installing what tests and checks need (once)"
	$(call install,requirements-dev.lock)
	@$(BIN)/python $(BYTECODE) $(VENV)/lib
	@touch $(DEVELOP) $(PAGES) $(ASSISTANT)

# older DuckDB clients, beside the one in use: the tests open the released file with them
$(CLIENTS): tests/clients/duckdb-1.4.lock tests/clients/duckdb-1.5.lock $(DEVELOP)
	@rm -rf $(VENV)/compat && mkdir -p $(VENV)/compat
	$(call install,tests/clients/duckdb-1.4.lock,,$(VENV)/compat/duckdb-1.4)
	$(call install,tests/clients/duckdb-1.5.lock,,$(VENV)/compat/duckdb-1.5)
	@touch $(CLIENTS)

# mypy, beside the environment of the warehouse: it needs what dbt-core forbids
$(TOOLS): requirements-tools.lock $(INSTALLED)
	@rm -rf $(VENV)/tools && "$(PYTHON)" -m venv $(VENV)/tools
	$(call install,requirements-tools.lock,$(VENV)/tools/bin/python)
	@touch $(TOOLS)

# what makes a site of docs/, beside the environment of the warehouse, which needs none of it
$(SITE): requirements-site.lock $(INSTALLED)
	@rm -rf $(VENV)/site && "$(PYTHON)" -m venv $(VENV)/site
	$(call install,requirements-site.lock,$(VENV)/site/bin/python)
	@touch $(SITE)

# Pins that stand are kept. Newer releases: make lock UPGRADE=--upgrade, or UPGRADE="--upgrade-package polars".
# Resolved for every platform and for Python 3.11 on, and nothing of this machine's settings gets into the files.
LOCK = $(BIN)/uv pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes \
  --no-annotate --no-strip-extras --custom-compile-command "make lock" $(UPGRADE)
lock: $(INSTALLED) ## make the locks again from pyproject.toml, keeping the pins
	@$(LOCK) pyproject.toml --group build --output-file requirements.lock
	@$(LOCK) pyproject.toml --group build --extra pages -c requirements.lock --output-file requirements-pages.lock
	@$(LOCK) pyproject.toml --group build --extra mcp -c requirements.lock --output-file requirements-mcp.lock
	@$(LOCK) pyproject.toml --extra pages --extra mcp --group dev -c requirements-pages.lock -c requirements-mcp.lock --output-file requirements-dev.lock
	@$(LOCK) pyproject.toml --group build --extra spark -c requirements.lock --output-file requirements-spark.lock
	@$(LOCK) --group installer --output-file requirements-installer.lock
	@$(LOCK) --group tools --output-file requirements-tools.lock
	@$(LOCK) --group site --output-file requirements-site.lock
	@for version in 1.4 1.5; do \
	  echo "duckdb==$$version.*" | $(LOCK) - --output-file tests/clients/duckdb-$$version.lock || exit 1; done

build: $(INSTALLED) ## build the warehouse offline from the bundled figures, and show an answer
	@$(BIN)/headway build
	@echo
	@$(BIN)/headway compare s301-list3-2018-09 usa_imports_goods_chn

# All in one run, in which the quick tests fill what the slow ones leave of two processors (`make unit` shows a broken rule in a minute).
# With COVERAGE=1, as CI runs it, the quick ones come first, and it is measured which lines they reach; under the floor of
# pyproject.toml they fail. Measuring makes pure Python about half as slow again before Python 3.14, so that only CI, and who asks, waits for it.
# What pytest compiles of the tests is kept, whatever the environment says of other programs: it takes 5 s of each worker.
test unit: export PYTHONDONTWRITEBYTECODE =
# Each thread would get a heap of its own, in which what is freed stays: 290 MB of a process at the end, 64 to 95 with two heaps (glibc).
test unit: export MALLOC_ARENA_MAX = 2

test: $(DEVELOP) $(CLIENTS) ## run every test
ifdef COVERAGE
	@$(BIN)/python -m pytest tests/unit -n 2 --dist worksteal -m quick --cov --cov-report=term
endif
	@$(BIN)/python -m pytest tests -n 2 --dist worksteal -m "$(if $(COVERAGE),not quick and )not live and not bench"

unit: $(DEVELOP) ## run the quick tests, which need no warehouse, with a quarter of the made-up examples
	@HEADWAY_EXAMPLES=0.25 $(BIN)/python -m pytest tests/unit -n 2 --dist worksteal -m quick

lint: $(DEVELOP) $(TOOLS) ## check style, format, imports between rooms, declared dependencies and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/deptry orchestration transforms dbt_project
	@$(BIN)/deptry tests --ignore DEP002,DEP004
	@$(VENV)/tools/bin/mypy --python-executable $(BIN)/python

refresh: $(INSTALLED) ## ask the agencies and release what changed
	@$(BIN)/headway refresh

serve: $(PAGES) ## Dagster's page and daemon on 127.0.0.1
	@$(BIN)/headway serve

dashboard: $(PAGES) ## the dashboard on 127.0.0.1:8501
	@$(BIN)/headway dashboard

mcp: $(ASSISTANT) ## what `headway mcp` needs, and the entry for an assistant's settings
	@$(BIN)/headway mcp --config

spark: $(SPARK) ## what `headway detail build --engine spark` needs

bench: $(DEVELOP) ## measure what a person waits for against its budget, and write docs/performance.md (15 minutes)
	@$(BIN)/python -m pytest -m bench tests/bench/bench_budget.py -s -q -p no:xdist

parts: $(DEVELOP) ## measure the parts of a build, and pages, against named baselines
	@$(BIN)/python -m pytest -m bench $(filter-out tests/bench/bench_budget.py,$(wildcard tests/bench/bench_*.py)) -s -q -p no:xdist

clean: ## remove everything that a build makes again (releases and the archive of fetched payloads stay)
	@rm -rf warehouse/build warehouse/dbt dbt_project/target dbt_project/logs

docs: $(DEVELOP) pictures ## write the generated pages of docs/ from the current release
	@$(BIN)/python -c "from pathlib import Path; from orchestration.documentation.pages import write_docs; from orchestration.base.settings import Settings; write_docs(Settings.load(), Path('docs'))"
	@$(BIN)/python -c "from orchestration.base.settings import Settings; from orchestration.documentation.questions import write_questions; write_questions(Settings.load())"

# -E: the menu is made of all pages, also where only one is new; -W: a link that leads nowhere fails, and then whatever a page would load from another host
docs-site: $(SITE) ## make a site of docs/ that needs no server and no network: site/index.html
	@rm -rf site
	@$(VENV)/site/bin/python -m sphinx -q -E -b html -n -W --keep-going -d $(VENV)/site/doctrees docs site
	@$(VENV)/site/bin/python -m orchestration.documentation.site site

rows: $(DEVELOP) ## write the types of public rows from the contracts of the dbt models
	@$(BIN)/python -m orchestration.documentation.row_types

pictures: $(DEVELOP) ## draw the pictures of docs/examples.md and renew its answers from the current release
	@$(BIN)/python -c "from pathlib import Path; from orchestration.documentation.examples import write_examples; from orchestration.base.settings import Settings; write_examples(Settings.load(), Path('docs'))"

screenshots: $(DEVELOP) ## write docs/screenshots from the current release (needs Chromium)
	@$(BIN)/python -m tests.browser.screenshots docs/screenshots
