# redirect: `make serve` to see it, `make test` before you push. `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
# Node trusts the authorities that this machine trusts, also behind a proxy that has one of its own.
export NODE_EXTRA_CA_CERTS ?= $(wildcard /etc/ssl/certs/ca-certificates.crt)
PIN := CUSTOM_COMPILE_COMMAND='make requirements' $(BIN)/pip-compile -q --upgrade --generate-hashes --strip-extras --allow-unsafe --no-emit-options

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

.venv/made-bench: .venv/made-dev requirements-bench.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.txt
	@touch $@

.venv/made-dev: .venv/made requirements-dev.txt requirements-fuzz.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements-fuzz.txt \
	  || echo "The fuzzer has no wheel for this Python: its targets run on inputs that hypothesis makes."
	@touch $@

.venv/made-release: .venv/made-dev requirements-release.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-release.txt
	@touch $@

.PHONY: env
env: .venv/made catalogues ## Make .venv with redirect installed and catalogues compiled

.PHONY: catalogues
catalogues: .venv/catalogues

.venv/catalogues: .venv/made $(wildcard locales/*/LC_MESSAGES/redirect.po)
	@$(BIN)/python -m babel.messages.frontend -q compile --directory locales --domain redirect
	@touch $@

.PHONY: serve
serve: env ## Run the service with a sample list on 127.0.0.1:8080
	@exec $(BIN)/redirect serve --demo

.PHONY: demo
demo: env ## A search page behind nginx with everything wired, on 127.0.0.1:8081
	@exec $(BIN)/python -m integrations.demo

.PHONY: programs
programs: ## Install the browser, proxy and load programs that tests run for real
	@scripts/install-programs.sh

.PHONY: lint
lint: .venv/made-dev catalogues ## Style, types, import directions
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

# Three for two cores: a third of their time tests wait for what they started. For CI one for each core: what is timed
# is timed more steadily there.
TESTERS ?= $(if $(CI),auto,$(shell echo $$(( ($$(nproc) * 3 + 1) / 2 ))))

.PHONY: test
test: lint programs tests/validator/node_modules ## Everything: lint, then tests against the real store, browser and proxies
	$(BIN)/python scripts/fold_table.py --check
	$(BIN)/pytest --numprocesses $(TESTERS) --dist loadfile --no-loadscope-reorder

.PHONY: test-pages
test-pages: .venv/made-dev catalogues programs tests/validator/node_modules ## Every page in every language in a real browser, which takes long
	EVERY_LANGUAGE=1 $(BIN)/pytest tests/browser/test_every_page.py tests/browser/test_valid_pages.py

integrations/node/node_modules: integrations/node/package.json
	@npm install --prefix integrations/node --no-package-lock --ignore-scripts --no-audit --no-fund --silent && touch $@

tests/validator/node_modules: tests/validator/package-lock.json
	@npm ci --prefix tests/validator --ignore-scripts --no-audit --no-fund --silent && touch $@

.PHONY: bench
bench: .venv/made-bench programs integrations/node/node_modules ## The performance table, as ratios against an echo in the same run
	$(BIN)/python -m bench

.PHONY: wheel
wheel: .venv/made ## Build the wheel into dist/
	@$(BIN)/hatchling build --target wheel --directory dist

.PHONY: wheel-check
wheel-check: .venv/made ## The wheel in a clean Debian with only Python: does it serve, what does it weigh (root, mmdebstrap)
	$(BIN)/python -m scripts.clean_root wheel

.PHONY: image-check
image-check: .venv/made ## The Dockerfile, step by step in a clean Debian, without an engine (root, mmdebstrap)
	$(BIN)/python -m scripts.clean_root image

.PHONY: unit-check
unit-check: .venv/made ## The unit in a clean Debian that systemd has booted: install, reload, kill, stop (root, mmdebstrap)
	$(BIN)/python -m scripts.clean_root unit

.PHONY: dist
dist: .venv/made-release ## Build wheel and source archive into dist/, twice the same, weighed, with their bill of materials
	$(BIN)/python -m scripts.release dist

.PHONY: release
release: .venv/made-release ## The same of a clean checkout with a dated changelog, signed: make release KEY=~/.ssh/release
	@[ -n "$(KEY)" ] || { echo "make release KEY=path of the private key (docs/releasing.md)"; exit 1; }
	$(BIN)/python -m scripts.release sign "$(KEY)"

.PHONY: soak
soak: .venv/made-dev ## Ten million counts while workers and store are killed: none lost, none doubled
	$(BIN)/python -m bench.soak

.PHONY: overload
overload: .venv/made-dev catalogues ## Once, twice and five times what one worker can do: who is answered, how fast
	$(BIN)/python -m bench.overload

STARTS ?= 100

.PHONY: chaos
chaos: .venv/made-dev catalogues programs ## Every fault on a service of its own, and STARTS=100 starts and stops under load
	CHAOS=1 STARTS=$(STARTS) $(BIN)/pytest -s tests/chaos

MINUTES ?= 60

.PHONY: endure
endure: .venv/made-dev catalogues ## MINUTES=60 of mixed load on two workers: memory and open files must not grow
	$(BIN)/python -m bench.endure --minutes $(MINUTES)

.PHONY: cluster
cluster: .venv/made-dev catalogues programs ## Nodes behind a balancer over a Valkey Cluster, through every blow; the model of docs/scaling.md
	$(BIN)/python -m bench.cluster

SCHEMA_EXAMPLES ?= 5000

.PHONY: schema
schema: .venv/made-dev catalogues ## The API against its description, SCHEMA_EXAMPLES=5000 for each call, which takes hours
	SCHEMA_EXAMPLES=$(SCHEMA_EXAMPLES) $(BIN)/pytest -s tests/hostile/test_schema.py

.PHONY: year
year: .venv/made-dev ## A simulated year: how long the dashboard takes to load and a report to be made, and what the store holds
	$(BIN)/python -m bench.year

.PHONY: before-after
before-after: .venv/made-dev ## How often the comparison before and after shows a change that is not there
	$(BIN)/python -m bench.before_after

FUZZ_SECONDS ?= 600

.PHONY: fuzz
fuzz: .venv/made-dev ## Mutated texts, URLs, bundles and lists, FUZZ_SECONDS=600 for each kind
	for target in fold urls bundles lists; do $(BIN)/python -m tests.fuzz.$$target $(FUZZ_SECONDS); done

.PHONY: messages
messages: .venv/made-dev ## Extract texts, update the catalogues, say which languages lack one
	@$(BIN)/python -m babel.messages.frontend -q extract --mapping-file babel.cfg --keywords _ --add-comments TRANSLATORS: --add-location file --sort-by-file --no-wrap --project redirect --version $$($(BIN)/redirect --version) --copyright-holder 'The redirect project' --output-file locales/redirect.pot .
	@$(BIN)/python -m babel.messages.frontend -q update --input-file locales/redirect.pot --output-dir locales --domain redirect --no-fuzzy-matching --no-wrap --ignore-pot-creation-date
	@$(MAKE) --no-print-directory catalogues
	@$(BIN)/redirect messages check

.PHONY: docs
docs: .venv/made-dev ## The documents as a site, in site/; a link that leads nowhere fails
	@$(BIN)/sphinx-build -q -W --keep-going -n -b html -c docs . site
	@echo "Open site/index.html"

.PHONY: screenshots
screenshots: .venv/made-dev catalogues programs ## Take the pictures in docs/screenshots anew
	@$(BIN)/python -m scripts.screenshots

.PHONY: requirements
requirements: .venv/made-dev ## Pin dependencies anew, with hashes
	$(PIN) -o requirements.txt pyproject.toml
	$(PIN) --extra dev -c requirements.txt -o requirements-dev.txt pyproject.toml
	$(PIN) --extra bench -c requirements.txt -o requirements-bench.txt pyproject.toml
	$(PIN) --extra release -c requirements.txt -c requirements-dev.txt -o requirements-release.txt pyproject.toml
	$(PIN) --extra fuzz -c requirements.txt -o requirements-fuzz.txt pyproject.toml
	$(PIN) --group build -c requirements.txt -o requirements-build.txt

.PHONY: clean
clean: ## Remove the environment and what tests leave; var/ stays
	rm -rf .venv dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis site
