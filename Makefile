# Everything a newcomer needs is `make demo` and `make test`; both install what they need into this folder and nowhere else.
PYTHON ?= python3
BIN := .venv/bin
PIP := -m pip install --quiet --disable-pip-version-check --require-hashes

.DEFAULT_GOAL := help
.PHONY: help env lab-env demo test check bench docs eval pins clean

help: ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

env: .venv/.done ## the program and its tools, in .venv
.venv/.done: requirements/dev.txt pyproject.toml hatch_build.py
	@echo "installing Undercroft and its tools into .venv (about a minute)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python $(PIP) -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

lab-env: .lab/venv/.done ## the real servers of demo and tests, in .lab
.lab/venv/.done: requirements/lab.txt
	@echo "installing the lab's real servers (Jupyter Server, MLflow, LitServe) into .lab (one to two minutes)"
	@test -x .lab/venv/bin/python || $(PYTHON) -m venv .lab/venv
	@.lab/venv/bin/python $(PIP) -r requirements/lab.txt
	@touch $@

demo: env lab-env ## the whole story on real servers, on loopback
	@$(BIN)/python demo/story.py

test: env lab-env debian ## every test, real servers and browser included
	@$(BIN)/pytest -n 2 --dist loadgroup -q

.PHONY: debian
debian:
	@tools/install-debian-packages.sh

check: env ## style, types, architecture, catalogue, generated pages
	@$(BIN)/ruff format --check --quiet src tests lab bench demo hatch_build.py
	@$(BIN)/ruff check --quiet src tests lab bench demo hatch_build.py
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports
	@$(BIN)/python -m undercroft.catalogue.compiler
	@$(BIN)/python docs/generate.py --check

docs: env ## pages made from the catalogue and the checks
	@$(BIN)/python docs/generate.py

bench: env ## the figures the README states
	@for script in bench/*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

TREE ?=
eval: env ## score a labelled tree of deployment files: make eval TREE=path
	@test -n "$(TREE)" || { echo "name a labelled tree: make eval TREE=path (its layout is in bench/corpus/score.py)"; exit 2; }
	@$(BIN)/python bench/corpus/score.py $(TREE) --false

pins: ## compile the pins anew (needs uv)
	@for set in dev lab; do uv pip compile --quiet --generate-hashes --no-header --no-annotate --no-emit-index-url --universal \
	  --python-version 3.11 --no-emit-package undercroft --output-file requirements/$$set.txt requirements/$$set.in; done

clean: ## everything made here
	@rm -rf .venv .lab .demo .mypy_cache .ruff_cache .pytest_cache .hypothesis
