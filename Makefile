# make demo   fit real data, show the results and write a report, hlmrs-report.html
# make test   formats, lints, types, and every Rust and Python test
# make docs   the documentation as a site, site/index.html: every example runs, every warning fails
# make browser  reports and notebooks in headless Chromium: errors, requests, accessibility, width
# make wheel  a wheel of this platform in dist/, the same bytes from the same sources, and a smoke test of it
# make sbom   what the core is made of, dist/hlmrs.cdx.json (CycloneDX)
# make licences  licences and origins of all crates, against deny.toml and the notices
# make advisories  known faults of the crates, from the RustSec database
# make workflows  checks the workflows by actionlint and zizmor
# make mutants  whether the tests notice small faults: SAMPLE of them, begun within SECONDS
#
# They need Python >= 3.11 and a Rust toolchain, and set up the rest in .venv.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
SAMPLE ?= 300
SECONDS ?= 7200
STAMP  := $(VENV)/.installed
CARGO  := $(abspath $(VENV))/cargo

export PYO3_PYTHON := $(abspath $(BIN)/python)
export VIRTUAL_ENV := $(abspath $(VENV))

.PHONY: demo test docs browser mutants wheel sbom licences advisories workflows build lint-rust test-rust lint-python test-python clean

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

# from the paths of this machine, none is left in the wheel
wheel: export SOURCE_DATE_EPOCH := $(or $(SOURCE_DATE_EPOCH),1767225600)
wheel: export RUSTFLAGS := --remap-path-prefix=$(or $(CARGO_HOME),$(HOME)/.cargo)=/cargo --remap-path-prefix=$(CURDIR)=/hlmrs
wheel: sbom
	rm -rf dist/*.whl $(VENV)/bare
	$(BIN)/maturin build --release --locked --out dist --sbom-include dist/hlmrs.cdx.json $(MATURIN)
	$(PYTHON) -m venv $(VENV)/bare
	$(VENV)/bare/bin/python -m pip install --quiet dist/*.whl
	PATH=/nowhere $(abspath $(VENV))/bare/bin/python tests/smoke/smoke.py
	$(BIN)/python tests/smoke/paths.py dist/*.whl

$(CARGO)/bin/cargo-%: | $(STAMP)
	cargo install --quiet --locked --root $(CARGO) cargo-$*

sbom: export SOURCE_DATE_EPOCH := $(or $(SOURCE_DATE_EPOCH),1767225600)
sbom: $(CARGO)/bin/cargo-cyclonedx $(STAMP)
	mkdir -p dist
	$< cyclonedx --quiet --features python --format json --spec-version 1.5 --target all --no-build-deps \
		--override-filename hlmrs.cdx
	sed 's|path+file://$(CURDIR)|path+file:///hlmrs|g' hlmrs.cdx.json > dist/hlmrs.cdx.json
	rm hlmrs.cdx.json

licences: $(CARGO)/bin/cargo-deny build
	$< --locked check licenses bans sources
	$(BIN)/python -m pytest tests/python/test_notices.py tests/python/datasets

advisories: $(CARGO)/bin/cargo-deny
	$< --locked check advisories

workflows: $(STAMP)
	$(BIN)/python -m pip install --quiet --group workflows
	$(BIN)/actionlint
	$(BIN)/zizmor --persona pedantic .github

clean:
	rm -rf $(VENV) target site dist
