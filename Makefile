# Everything that a fresh machine needs is set up on the way, into .venv; a second run finds it done.
#   PYTHON      the interpreter to start from, 3.11 or newer
#   TORCH       what to ask pip for where torch cannot be imported yet
#   TORCH_ARGS  options for that pip alone, say to choose a build for the CPU
PYTHON ?= python3
TORCH ?= torch==2.13.0
TORCH_ARGS ?=
BIN := .venv/bin
DONE := .venv/.done

.PHONY: demo test test-slow test-web check setup clean

demo: $(DONE)
	@$(BIN)/elman demo --out build/demo --overwrite

test: $(DONE)
	@scripts/test

# The fuzzer has no wheel for every Python; where there is none its test is skipped, and says so.
test-slow: $(DONE)
	-@$(BIN)/python -m pip install --quiet --only-binary :all: 'atheris>=3,<4' 2>/dev/null
	@scripts/test-slow

# Node.js with npm has to be there; the rest, a browser too where there is none, comes into build/web.
test-web: $(DONE)
	@$(BIN)/python -m pip install --quiet --editable '.[web]'
	@scripts/test-web

check: $(DONE)
	@scripts/check

setup: $(DONE)

# torch comes first: a plain requirement may bring a far larger build than the one that is wanted.
$(DONE): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "elman needs Python 3.11 or newer: make PYTHON=...")'
	$(PYTHON) -m venv .venv
	@$(BIN)/python -c 'import torch' 2>/dev/null || { echo 'installing $(TORCH)'; $(BIN)/python -m pip install --quiet $(TORCH_ARGS) '$(TORCH)'; }
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
