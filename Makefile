# redirect: `make serve` to see it, `make test` before you push. `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
APT := chromium nginx-light w3m wrk fonts-noto-core fonts-noto-cjk
PROGRAMS := chromium nginx w3m wrk

.PHONY: help
help: ## List what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

.venv/made: requirements.txt requirements-build.txt pyproject.toml hatch_build.py
	@$(PYTHON) -c 'import sys; sys.exit("redirect needs Python 3.11 or newer; set PYTHON=") if sys.version_info < (3, 11) else 0'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Python cannot make virtual environments here; on Debian: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt -r requirements-build.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.venv/made-dev: .venv/made requirements-dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

.PHONY: env
env: .venv/made catalogues ## Make .venv with redirect installed and catalogues compiled

.PHONY: catalogues
catalogues: .venv/made
	@$(BIN)/python -m babel.messages.frontend -q compile --directory locales --domain redirect 2>/dev/null

.PHONY: serve
serve: env ## Run the service with a sample list on 127.0.0.1:8080
	@exec $(BIN)/redirect serve --demo

# Programs that tests and benchmarks run for real. Installed where that is allowed; under CI=true a missing one
# fails the tests that need it, elsewhere they are skipped.
.PHONY: programs
programs:
	@missing=; for program in $(PROGRAMS); do command -v $$program >/dev/null || PATH=$$PATH:/usr/sbin command -v $$program >/dev/null || missing="$$missing $$program"; done; \
	if [ -n "$$missing" ]; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "Installing$$missing"; printf '#!/bin/sh\nexit 101\n' > .venv/policy-rc.d; chmod +x .venv/policy-rc.d; \
	    apt-get update -qq && POLICYRCD=$$PWD/.venv/policy-rc.d DEBIAN_FRONTEND=noninteractive \
	      apt-get install -y -qq --no-install-recommends $(APT) >.venv/programs.log 2>&1 || { tail -5 .venv/programs.log; exit 1; }; \
	  else echo "Not found:$$missing. To run every test: apt-get install $(APT)"; fi; fi

.PHONY: lint
lint: .venv/made-dev catalogues ## Style, types, import directions
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: test
test: lint programs ## Everything: lint, then tests against the real store, browser and proxies
	$(BIN)/pytest

.PHONY: bench
bench: .venv/made-dev programs ## The performance table, as ratios against an echo in the same run
	$(BIN)/python -m bench

.PHONY: messages
messages: .venv/made-dev ## Extract texts and update the catalogues, without guessing translations
	$(BIN)/python -m babel.messages.frontend -q extract --mapping-file babel.cfg --keywords _ --add-comments TRANSLATORS: --add-location file --sort-by-file --no-wrap --project redirect --version 0.1.0 --copyright-holder 'The redirect project' --output-file locales/redirect.pot .
	$(BIN)/python -m babel.messages.frontend -q update --input-file locales/redirect.pot --output-dir locales --domain redirect --no-fuzzy-matching --no-wrap

.PHONY: requirements
requirements: .venv/made-dev ## Pin dependencies anew, with hashes
	CUSTOM_COMPILE_COMMAND='make requirements' $(BIN)/pip-compile -q --generate-hashes --strip-extras --allow-unsafe --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --upgrade -o requirements.txt pyproject.toml
	CUSTOM_COMPILE_COMMAND='make requirements' $(BIN)/pip-compile -q --generate-hashes --strip-extras --allow-unsafe --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --upgrade --extra dev -c requirements.txt -o requirements-dev.txt pyproject.toml
	CUSTOM_COMPILE_COMMAND='make requirements' $(BIN)/pip-compile -q --generate-hashes --strip-extras --allow-unsafe --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --upgrade -c requirements.txt --group build -o requirements-build.txt

.PHONY: clean
clean: ## Remove the environment and what tests leave; var/ stays
	rm -rf .venv dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
