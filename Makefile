# Every target does its own set-up: a virtual environment in .venv, the install, then the work.
# `make help` lists the targets. PYTHON=/path/to/python chooses the interpreter, VENV=dir the environment.

SHELL := /bin/bash
.DEFAULT_GOAL := help

VENV ?= .venv
BIN := $(VENV)/bin
OUT ?= out
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install --constraint constraints.txt

DEMO := run chsh --network examples/netherlands.yaml --role alice=Amsterdam --role bob=Eindhoven \
	--shots 20000 --seed 7 --plot $(OUT)/chsh.png

.PHONY: help demo test check lint format types arrows docs-test bench clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(VENV)/.base  ## two cities violate a Bell inequality: table on screen, picture in out/chsh.png
	@mkdir -p $(OUT)
	$(BIN)/qstack $(DEMO)

test: $(VENV)/.dev  ## run the tests with few random examples, in a few minutes
	HYPOTHESIS_PROFILE=$${HYPOTHESIS_PROFILE:-quick} $(BIN)/python -m pytest -n 2 -q -m "not slow" $(ARGS)

check: lint types arrows test  ## everything that must be green before a change is sent

lint: $(VENV)/.dev  ## style and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/.dev  ## bring the code into form
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

types: $(VENV)/.dev  ## strict typing of the package and its linked rooms
	$(BIN)/mypy

arrows: $(VENV)/.dev  ## which room may import which
	$(BIN)/python -m pytest -q tests/test_packaging.py -k arrows

docs-test: $(VENV)/.dev  ## execute the README, every page and every example
	$(BIN)/python -m pytest -q -rs -n 2 tests/docs

bench: $(VENV)/.dev  ## measure the hot paths, as ratios
	$(BIN)/python benchmarks/run.py

clean:  ## remove what the targets have made
	rm -rf $(VENV) $(OUT) dist build htmlcov .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache \
		.hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps say which install the environment holds; a change of what is installed renews it.
$(VENV)/.dev: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) --editable ".[dev]"
	@touch $(VENV)/.base $@

$(VENV)/.base: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) --editable .
	@touch $@

# The newest Python from 3.11 up that really starts: a version manager's command may be there and not work.
$(BIN)/python:
	@set -e; found=; \
	for python in $(or $(PYTHON),python3.14 python3.13 python3.12 python3.11 python3 python); do \
		if "$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; \
		then found="$$python"; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
		echo "qstack needs Python 3.11 or newer with the venv module, and found none that starts." >&2; \
		echo "Install one (on Debian: apt install python3 python3-venv) or name it: make PYTHON=/path/to/python" >&2; \
		exit 1; \
	fi; \
	echo "Making $(VENV) with $$("$$found" --version)"; \
	rm -rf $(VENV); "$$found" -m venv $(VENV) || { rm -rf $(VENV); exit 1; }
