# Everything below sets up its own environment in .venv from requirements.lock.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null)
PIP_INSTALL = $(if $(UV),$(UV) pip install --quiet --python $(BIN)/python,$(BIN)/python -m pip install --quiet --disable-pip-version-check)
# Neither uv nor a pip that is told not to write bytecode compiles: every notebook's kernel would do it anew.
COMPILE = $(BIN)/python -m compileall -q -j 0 $(VENV)/lib ddms_ops >/dev/null 2>&1 || true
SOURCES := pyproject.toml requirements.lock
PYTEST_ARGS ?= -n auto --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help demo test check format lab bench docs lock browser postgres clean

help:  ## List the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | sort | awk -F'\t' '{printf "%-8s %s\n", $$1, $$2}'

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". Use make PYTHON=python3.12")'
	$(if $(UV),$(UV) venv --quiet --allow-existing --python $(PYTHON) $(VENV),$(PYTHON) -m venv $(VENV))

$(VENV)/.core: $(SOURCES) | $(VENV)/bin/python
	$(PIP_INSTALL) -c requirements.lock -e .
	@$(COMPILE)
	@touch $@

$(VENV)/.test: $(SOURCES) | $(VENV)/bin/python
	$(PIP_INSTALL) -c requirements.lock -e '.[test]'
	@$(COMPILE)
	@touch $@ $(VENV)/.core

$(VENV)/.check: $(VENV)/.test
	$(PIP_INSTALL) -c requirements.lock -e '.[test,check]'
	@$(COMPILE)
	@touch $@

$(VENV)/.bench: $(VENV)/.test
	$(PIP_INSTALL) -c requirements.lock -e '.[test,bench]'
	@$(COMPILE)
	@touch $@

$(VENV)/.lab: $(SOURCES) | $(VENV)/bin/python
	$(PIP_INSTALL) -c requirements.lock -e '.[lab]'
	@$(COMPILE)
	@touch $@ $(VENV)/.core

demo: $(VENV)/.core  ## Simulate an incident and write its report (no account, no network)
	$(BIN)/ddms-ops demo

test: $(VENV)/.test browser postgres  ## Run the tests
	$(BIN)/python -m pytest $(PYTEST_ARGS)

browser:  # the report is tested in Chromium; root on Debian gets it installed, others skip those tests
	@for name in chromium chromium-browser google-chrome google-chrome-stable; do \
	  command -v $$name >/dev/null 2>&1 && exit 0; done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
	  echo "installing Debian's chromium for the browser tests"; \
	  apt-get -qq update >/dev/null && apt-get -qq install -y --no-install-recommends chromium >/dev/null && exit 0; fi; \
	echo "no Chromium found: the browser tests will be skipped (install the package chromium to run them)"

postgres:  # the database's tests run on a real server; root on Debian gets it installed, others skip those tests
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 && exit 0; command -v initdb >/dev/null 2>&1 && exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
	  echo "installing Debian's postgresql for the database tests"; \
	  apt-get -qq update >/dev/null && apt-get -qq install -y --no-install-recommends postgresql >/dev/null && exit 0; fi; \
	echo "no Postgres found: the database tests will be skipped (install the package postgresql to run them)"

check: $(VENV)/.check  ## Format, lint, types, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(MAKE) --no-print-directory test

format: $(VENV)/.check  ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lab: $(VENV)/.lab  ## Open the notebooks in JupyterLab
	$(BIN)/ddms-ops lab

# Drain3 pins old versions of packages that we use too: it gets an environment of its own.
$(VENV)-drain3/bin/drain3-is-there: | $(VENV)/bin/python
	$(BIN)/python -m venv $(VENV)-drain3
	$(VENV)-drain3/bin/python -m pip install --quiet --disable-pip-version-check drain3==0.9.11
	touch $@

bench: $(VENV)/.bench $(VENV)-drain3/bin/drain3-is-there  ## Measure reports, pulls, templates, contrast, onsets, Postgres logs, audits, bills, beside their peers (EVENTS=n for another size than 1,000,000)
	$(BIN)/python benchmarks/report.py $(or $(EVENTS),1000000)
	$(BIN)/python benchmarks/templates.py --drain3 $(VENV)-drain3/bin/python
	$(BIN)/python benchmarks/contrast.py
	$(BIN)/python benchmarks/onset.py
	$(BIN)/python benchmarks/scenarios.py
	$(BIN)/python benchmarks/all_reports.py
	$(BIN)/python benchmarks/peers_logs.py --events $(or $(EVENTS),1000000)
	$(BIN)/python benchmarks/postgres_rows.py --rows $(or $(EVENTS),1000000)
	$(BIN)/python benchmarks/postgres_log.py
	$(BIN)/python benchmarks/audit_rows.py
	$(BIN)/python benchmarks/cost_rows.py
	$(BIN)/python benchmarks/lab_views.py

docs: $(VENV)/.core  ## Renew docs/coverage-of-runbooks.md, docs/profile.md and docs/case.md
	$(BIN)/python docs/coverage_of_runbooks.py
	$(BIN)/python docs/profile_reference.py
	$(BIN)/python docs/case_reference.py

lock: | $(VENV)/bin/python  ## Renew requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/python -m uv pip compile --quiet --upgrade --all-extras --universal --python-version 3.11 --no-header --no-annotate \
	  pyproject.toml -o requirements.lock

clean:  ## Remove the environment and caches
	rm -rf $(VENV) $(VENV)-drain3 .pytest_cache .mypy_cache .ruff_cache dist build
