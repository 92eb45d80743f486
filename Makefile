.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
UV := $(BIN)/uv
.PHONY: help serve test test-slow test-web test-clients screenshot bench bench-stages bench-filters bench-page bench-imports check fix openapi lint-openapi lock examples countries clean

help: ## Print this
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /|/' | awk -F'|' '{printf "%-14s %s\n", $$1, $$2}'

serve: .venv/.runtime ## Set up, seed and serve on 127.0.0.1:8000
	$(BIN)/dateline serve --migrate --seed seed/niger-2024.yaml

test: .venv/.dev ## Set up and run every test, on SQLite and PostgreSQL
	$(BIN)/pytest

test-slow: .venv/.dev ## Run the tests that take minutes
	$(BIN)/pytest -m slow

test-web: .venv/.dev ## Test the dashboard in Chromium (Debian: apt-get install chromium fonts-noto-core)
	$(BIN)/pytest -n 0 -m web -rs tests/test_web.py

screenshot: .venv/.dev ## Make docs/dashboard.png anew
	PYTHONPATH=. $(BIN)/python scripts/make_screenshot.py

test-clients: .venv/.dev ## Run generated clients and docs/recipes.md (needs Node.js)
	cd scripts/clients && npm ci --silent --no-audit --no-fund
	$(BIN)/pytest -n 0 -rs -m outside

bench: .venv/.dev ## Measure requests beside peers: 45 minutes (see docs/performance.md); BENCH='--events 10000 ...' narrows it
	$(UV) pip install --quiet --python $(BIN)/python --group bench
	$(BIN)/python -m bench.serving --write $(BENCH)

bench-stages: .venv/.dev ## Measure where the time of an answer goes (see docs/performance.md)
	$(BIN)/python -m bench.stages --write

bench-filters: .venv/.dev ## Measure lists and counts by any filters, in any order (see docs/performance.md)
	$(BIN)/python -m bench.filters --write

bench-page: .venv/.dev ## Measure the dashboard over a million events in Chromium (see docs/performance.md)
	$(BIN)/python -m bench.page --write

bench-imports: .venv/.dev ## Measure imports beside bare insertion (see docs/performance.md)
	$(BIN)/python -m bench.imports --write

check: .venv/.dev ## Format, lint, types, import rules, dependencies, migrations, OpenAPI
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/deptry .
	$(PIP) check
	$(BIN)/pytest -n 0 tests/test_migrations.py
	$(BIN)/dateline openapi | diff - docs/openapi.json
	$(BIN)/dateline schema | diff - docs/dossier.schema.json
	$(BIN)/openapi-spec-validator docs/openapi.json

fix: .venv/.dev ## Repair what a program can repair
	$(BIN)/ruff check --fix --quiet .
	$(BIN)/ruff format --quiet .
	$(MAKE) openapi

openapi: .venv/.dev ## Write docs/openapi.json and docs/dossier.schema.json
	$(BIN)/dateline openapi > docs/openapi.json
	$(BIN)/dateline schema > docs/dossier.schema.json

lint-openapi: ## Lint docs/openapi.json with Spectral and Redocly (needs Node.js)
	cd scripts/openapi-lint && npm ci --silent --no-audit --no-fund && npm run --silent lint

lock: .venv/.dev ## Raise every dependency to its newest release
	$(UV) pip compile --quiet --upgrade $(LOCK) --group build -o requirements.lock
	$(UV) pip compile --quiet --upgrade $(LOCK) --group build --group dev -o requirements-dev.lock

LOCK := --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --extra sqlite pyproject.toml

examples: .venv/.dev ## Make app/data/examples.json anew from the seed
	$(BIN)/python scripts/make_examples.py

countries: .venv/.dev ## Make app/data/countries.csv anew from its sources
	$(UV) run scripts/make_countries.py

clean: ## Remove what the other commands made, but not the database
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis scripts/openapi-lint/node_modules scripts/clients/node_modules scripts/clients/build

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Dateline needs Python 3.11 or newer")'
	$(PYTHON) -m venv .venv

.venv/.runtime: requirements.lock pyproject.toml | .venv/bin/python
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.dev: requirements-dev.lock pyproject.toml | .venv/bin/python
	$(PIP) install --require-hashes -r requirements-dev.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@ .venv/.runtime
