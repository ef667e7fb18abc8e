# make demo   fit real data, show the results and write a report, hlmrs-report.html
# make test   formats, lints, types, and every Rust and Python test
# make docs   the documentation as a site, site/index.html: every example runs, every warning fails
# make browser  reports and notebooks in headless Chromium: errors, requests, accessibility, width
# make mutants  whether the tests notice small faults: SAMPLE of them, begun within SECONDS
#
# They need Python >= 3.11 and a Rust toolchain, and set up the rest in .venv.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
SAMPLE ?= 300
SECONDS ?= 7200
STAMP  := $(VENV)/.installed

export PYO3_PYTHON := $(abspath $(BIN)/python)
export VIRTUAL_ENV := $(abspath $(VENV))

.PHONY: demo test docs browser mutants build lint-rust test-rust lint-python test-python clean

demo: build
	$(BIN)/python -m hlmrs demo --out hlmrs-report.html

test: lint-rust test-rust build lint-python test-python

$(STAMP): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.13")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --group dev
	touch $@

build: $(STAMP)
	PIP_QUIET=1 $(BIN)/maturin develop --release --quiet

lint-rust: $(STAMP)
	cargo fmt --check
	cargo clippy --quiet --release --all-targets -- -D warnings
	cargo clippy --quiet --release --all-targets --features python -- -D warnings

test-rust:
	cargo test --quiet --release

lint-python: $(STAMP)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

test-python: build
	$(BIN)/python -m pytest

docs: build
	$(BIN)/python -m pip install --quiet --group docs
	$(BIN)/python -m sphinx --builder html --fresh-env --fail-on-warning --jobs auto --quiet --doctree-dir site/.doctrees docs site

browser: build
	$(BIN)/python -m pip install --quiet --group browser
	$(BIN)/python -m benches.browser

mutants: build
	$(BIN)/python -m pip install --quiet --group mutants
	$(BIN)/python -m benches.mutants $(SAMPLE) $(SECONDS) --out docs/mutants.md

clean:
	rm -rf $(VENV) target site
