# The project's commands. Needs cargo, Python 3.11 or later, a C compiler and make; everything else goes into .venv.
#
#   make demo     compare six shipped lanes, copper to co-packaged optics: two tables, and the report under out/
#   make test     everything: format, lint, Rust tests, Python tests, types, docs
#   make check    format, lint and types only
#   make bench    the benchmarks           make fuzz SECONDS=60   the fuzz targets, so long each
#   make verify   the long gates           make wheel             a wheel, installed and tried in an empty environment
#   make rivals   numpy, scipy, numba, serdespy, PyBERT, OptiCommPy and PyChOpMarg beside it: the tables of the docs
#   make config   write python/lightlane/_config.py anew from the Rust structs
#   make clean    remove what the commands above made

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
SECONDS ?= 60
CARGO := cargo
VENV := .venv
BIN := $(VENV)/bin
RIVALS := $(VENV)/rivals

# One set of build settings for cargo and for maturin, so that neither rebuilds what the other has built.
export PYO3_PYTHON := $(CURDIR)/$(BIN)/python
export PYO3_BUILD_EXTENSION_MODULE := 1
# The virtual environment of the caller must not leak into ours.
unexport PYTHONPATH PYTHONHOME CONDA_PREFIX
export VIRTUAL_ENV := $(CURDIR)/$(VENV)
export MPLBACKEND := Agg
export CARGO_TERM_COLOR ?= never

RUST := $(shell find core python/src benches fuzz -name '*.rs' -not -path '*/target/*') \
        $(shell find core/data -type f 2>/dev/null) Cargo.toml Cargo.lock core/Cargo.toml python/Cargo.toml
STAMPS := $(VENV)/.stamps

.PHONY: help demo test check fmt-check clippy rust-test python-test config-check lint types docs bench rivals fuzz verify wheel config clean

help:
	@sed -n '3,10s/^# \{0,3\}//p' Makefile

# --- environment -------------------------------------------------------------------------------------------------

$(STAMPS)/venv:
	$(PYTHON) -m venv $(VENV)
	mkdir -p $(STAMPS)
	touch $@

$(STAMPS)/run: requirements/run.txt requirements/constraints.txt $(STAMPS)/venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/run.txt -c requirements/constraints.txt
	touch $@

$(STAMPS)/dev: requirements/dev.txt requirements/constraints.txt $(STAMPS)/run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/dev.txt -c requirements/constraints.txt
	touch $@

# Published tools pin versions of their own; a tool that the registry no longer installs is named in the table.
$(STAMPS)/rivals: requirements/rivals.txt $(STAMPS)/venv
	$(PYTHON) -m venv $(RIVALS)
	grep -v '^#' requirements/rivals.txt | while read -r rival; do \
	  $(RIVALS)/bin/python -m pip install --quiet --disable-pip-version-check "$$rival" || echo "$$rival: not installed"; done
	touch $@

$(STAMPS)/rival-com: requirements/rival-com.txt $(STAMPS)/venv
	$(PYTHON) -m venv $(VENV)/rival-com
	$(VENV)/rival-com/bin/python -m pip install --quiet --disable-pip-version-check -r requirements/rival-com.txt
	touch $@

# The package is installed editable; the two profiles put their module in the same place, so each stamp voids the other.
$(STAMPS)/release: $(RUST) pyproject.toml $(STAMPS)/run
	PIP_QUIET=1 $(BIN)/maturin develop --release --locked --quiet
	rm -f $(STAMPS)/debug
	touch $@

$(STAMPS)/debug: $(RUST) pyproject.toml $(STAMPS)/run
	PIP_QUIET=1 $(BIN)/maturin develop --locked --quiet
	rm -f $(STAMPS)/release
	touch $@

# --- commands ----------------------------------------------------------------------------------------------------

demo: $(STAMPS)/release
	$(BIN)/lightlane compare --out out

test: fmt-check clippy rust-test config-check lint types python-test docs
	@echo "make test: all passed"

check: fmt-check clippy lint types

fmt-check:
	$(CARGO) fmt --all --check

clippy: $(STAMPS)/venv
	$(CARGO) clippy --locked --workspace --all-targets --quiet -- -D warnings

rust-test: $(STAMPS)/venv
	$(CARGO) test --locked --workspace

config: $(STAMPS)/dev
	$(CARGO) run --locked --quiet -p lightlane --example schema | $(BIN)/python tools/generate_config.py > $(STAMPS)/config.py
	cp $(STAMPS)/config.py python/lightlane/_config.py

config-check: $(STAMPS)/dev
	$(CARGO) run --locked --quiet -p lightlane --example schema | $(BIN)/python tools/generate_config.py > $(STAMPS)/config.py
	diff -u python/lightlane/_config.py $(STAMPS)/config.py || { echo "python/lightlane/_config.py is stale: run 'make config'"; exit 1; }

lint: $(STAMPS)/dev
	$(BIN)/ruff format --check --quiet
	$(BIN)/ruff check --quiet

types: $(STAMPS)/dev
	$(BIN)/mypy

python-test: $(STAMPS)/dev $(STAMPS)/debug
	$(BIN)/python -m pytest

docs: $(STAMPS)/dev $(STAMPS)/debug
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --quiet --no-deps -p lightlane

bench: rivals
	$(CARGO) bench --locked -p lightlane-benches --benches

rivals: $(STAMPS)/rivals $(STAMPS)/rival-com $(STAMPS)/release
	$(CARGO) build --locked --release --quiet -p lightlane-benches --bin rival
	mkdir -p docs/figures
	{ $(RIVALS)/bin/python benches/rivals/chain.py target/release/rival && \
	  PYTHONPATH=python $(RIVALS)/bin/python benches/rivals/waveform.py && \
	  $(RIVALS)/bin/python benches/rivals/peers.py target/release/rival $(BIN)/python && \
	  PYTHONPATH=python $(RIVALS)/bin/python benches/rivals/optics.py; } | tee $(STAMPS)/rivals.txt
	cp $(STAMPS)/rivals.txt docs/figures/rivals.txt
	$(VENV)/rival-com/bin/python benches/rivals/com.py $(BIN)/python | tee $(STAMPS)/com.txt
	cp $(STAMPS)/com.txt docs/figures/com.txt

fuzz: $(STAMPS)/venv
	SECONDS_EACH=$(SECONDS) tools/fuzz

verify: test
	PROPTEST_CASES=4096 $(CARGO) test --locked --workspace --release
	$(BIN)/python -m pytest -m "slow or not slow" --hypothesis-profile=thorough

wheel: $(STAMPS)/run
	rm -rf dist
	$(BIN)/maturin build --release --locked --quiet --out dist
	tools/try-wheel dist

clean:
	rm -rf $(VENV) target dist out docs/_build docs/generated .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find python -name '*.so' -delete -o -name __pycache__ -type d -prune -exec rm -rf {} +
