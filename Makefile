# Everything a contributor runs. `make test` is what CI runs.
PYTHON ?= python3
VENV := .venv
export WASMDOCTOR_TOOLS ?= $(HOME)/.cache/wasmdoctor-tools
# WIT from published crates, and how many files there must be at least.
export WASMDOCTOR_WIT_CORPUS ?= $(WASMDOCTOR_TOOLS)/corpus/vendor
export WASMDOCTOR_WIT_FLOOR ?= 500
BIN := $(VENV)/bin

.PHONY: setup tools check test docs site clean

$(VENV)/.done: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet --editable '.[dask,lsp,watch]' --group dev
	touch $@

# The package and what its development needs, in .venv.
setup: $(VENV)/.done

# What the tests need to build real components: Rust for wasm, the adapter, wasm-component-ld.
tools:
	bash tests/tools/setup.sh

# Style, types, layers: seconds.
check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# All checks and all tests, on real components. The first run builds Rust's std.
test: check tools
	$(BIN)/pytest

# Generated parts of the docs: pictures, the references of rules and commands, the man page, docs/origins.md, docs/plans.md.
docs: setup
	$(BIN)/python scripts/make_config.py
	$(BIN)/python scripts/make_cli.py
	$(BIN)/python scripts/make_docs.py
	$(BIN)/python scripts/make_origins.py
	$(BIN)/python scripts/make_plans.py
	$(BIN)/python scripts/make_tutorial.py
	$(BIN)/python scripts/make_comparison.py
	$(BIN)/python scripts/make_field.py
	$(BIN)/python scripts/make_findings.py

# The documentation as a site, in build/site.
site: setup
	$(BIN)/mkdocs build --strict --quiet

clean:
	rm -rf $(VENV) .cache build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
