# Everything needs Python 3.11+, git and make. uv is used when it is there and installed into .uv when it is not;
# the rest comes from the lock file into .venv.

SHELL := /bin/sh
.DEFAULT_GOAL := help
UV_VERSION := 0.13.9
UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
PYTHON ?= python3
FINOPS_HOME ?= $(CURDIR)/var
STAMP := .venv/.set-up
# What a run needs, without what only the tests need.
RUN_STAMP := .venv/.set-up-to-run

# Without compiled bytecode every start of dbt costs ten seconds more, and some machines forbid Python to write it.
export UV_COMPILE_BYTECODE := 1
export DO_NOT_TRACK := 1

# What benchmarks measure is read from here: a list of names, or nothing for all but the two of five million.
ONLY ?=

.PHONY: help demo test test-scale bench lint sources ui clean setup

help:
	@echo "make demo   a sample company through the whole warehouse, and its eight metrics"
	@echo "make test   all checks and tests"
	@echo "make lint   style only, without the tests"
	@echo "make test-scale  a million attempts in 512 MB, about ten minutes"
	@echo "make bench  the benchmarks, about forty minutes; ONLY=B1,B3 for some of them"
	@echo "make sources  what dbt knows of the sources, written from their declarations"
	@echo "make ui     Dagster on http://127.0.0.1:3000"
	@echo "make clean  remove the environment and caches; var/ (landing, warehouse, published) stays"

demo: $(RUN_STAMP)
	@.venv/bin/finops demo

# A test must not see the settings of whoever runs it.
test: $(STAMP)
	@.venv/bin/ruff check orchestration tests benchmarks
	@env -u FINOPS_HOME -u FINOPS_LANDING -u FINOPS_SEEDS .venv/bin/python -m pytest -n 2 --dist loadscope --no-loadscope-reorder

test-scale: $(STAMP)
	@env -u FINOPS_HOME -u FINOPS_LANDING -u FINOPS_SEEDS .venv/bin/python -m pytest tests/scale

bench: $(STAMP)
	@.venv/bin/python -m benchmarks --only "$(ONLY)"

lint: $(STAMP)
	.venv/bin/ruff check orchestration tests benchmarks
	.venv/bin/ruff format --check orchestration tests benchmarks
	.venv/bin/lint-imports --no-logo --no-cache
	@mkdir -p "$(FINOPS_HOME)/warehouse"
	.venv/bin/sqlfluff lint models tests/reconciliation

sources: $(STAMP)
	@.venv/bin/python -m orchestration.sources.dbt_files

ui: $(RUN_STAMP)
	@mkdir -p "$(FINOPS_HOME)/dagster" && cp dagster.yaml "$(FINOPS_HOME)/dagster/dagster.yaml"
	DAGSTER_HOME="$(abspath $(FINOPS_HOME))/dagster" .venv/bin/dagster dev --host 127.0.0.1

setup: $(STAMP)

$(STAMP): uv.lock pyproject.toml $(filter .uv/bin/uv,$(UV))
	@$(UV) sync --frozen --quiet
	@touch $@ $(RUN_STAMP)

$(RUN_STAMP): uv.lock pyproject.toml $(filter .uv/bin/uv,$(UV))
	@$(UV) sync --frozen --quiet --no-dev --inexact
	@touch $@

.uv/bin/uv:
	@echo "uv is not installed; putting uv $(UV_VERSION) into .uv"
	@$(PYTHON) -m venv .uv
	@.uv/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

clean:
	rm -rf .venv .uv .pytest_cache .ruff_cache .hypothesis .tmp_dagster_home_*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
