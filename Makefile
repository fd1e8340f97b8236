# Every target sets up .venv by itself; a Python from 3.11 on and make are all that must be there.
# Which Python is found, and when .venv is made anew: tools/venv.sh. `make PYTHON=python3.13 …` names one.
PYTHON ?=
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
# pabutools counts votes for menus too; it is GPL, so it has an environment and a process of its own.
ORACLE := .venv-pabutools
# PM4Py reads our event logs; it is AGPL, so it has an environment and a process of its own too.
MINER  := .venv-pm4py

.DEFAULT_GOAL := help
.PHONY: stale help demo up programs test test-pages test-document test-slow check bench bench-cli bench-journey bench-voting bench-voting-before bench-history bench-election bench-pages bench-audit bench-money bench-finding pictures record format lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

# A .venv that does not run, is too old or is of another version than the one named is no longer ready.
STALE := $(if $(wildcard $(READY)),$(shell sh tools/venv.sh stale "$(PYTHON)"))

$(READY): requirements.txt requirements-dev.txt pyproject.toml $(STALE)
	@sh tools/venv.sh make "$(PYTHON)"
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

$(ORACLE)/.ready: requirements-pabutools.txt $(READY)
	rm -rf $(ORACLE)
	$(BIN)/python -m venv $(ORACLE)
	$(ORACLE)/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-pabutools.txt
	@touch $@

$(MINER)/.ready: requirements-pm4py.txt $(READY)
	rm -rf $(MINER)
	$(BIN)/python -m venv $(MINER)
	$(MINER)/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-pm4py.txt
	@touch $@

demo: $(READY) ## one renovation from the first vote to the evaluation, on embedded servers
	$(BIN)/gongjian demo

up: $(READY) ## start the local stack and keep it running (Ctrl-C stops it)
	$(BIN)/gongjian up

programs: ## a Chromium and an nginx for the tests, where the machine has none and apt can bring them
	@sh tools/programs.sh

test: $(READY) programs ## the test suite (under 10 minutes on 2 cores)
	$(BIN)/python -m pytest -m "not slow" -n 3 --dist loadfile

test-pages: $(READY) programs ## every page in Chromium: axe in five looks, and an estate by browser alone (pictures in build/pages)
	$(BIN)/python -m pytest tests/service/pages/test_every_look.py tests/e2e/test_by_browser.py

test-document: $(READY) ## /openapi.json against the service, as each role in turn, four requests for each operation
	$(BIN)/python -m pytest -n 2 --dist load tests/service/test_document_holds.py tests/service/reading/test_every_field.py

test-slow: $(READY) $(ORACLE)/.ready $(MINER)/.ready programs ## every test, crash and load proofs, pabutools and PM4Py too, with the coverage
	GONGJIAN_TESTS=thorough $(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder --cov --cov-report=term

check: $(READY) ## format, lint, types, import contracts, catalogues, docs, manifests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tools.check
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec deploy/compose.yaml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/ci.yml

bench: bench-cli bench-journey bench-voting ## every benchmark; raw output goes to benchmarks/results/

bench-cli: $(READY) ## how commands start, beside importing their libraries; lists of 100,000 cases
	$(BIN)/python -m benchmarks.cli_start

bench-journey: $(READY) ## CPU of a journey before and now; 20 at once beside null activities
	$(BIN)/python -m benchmarks.journey
	$(BIN)/python -m benchmarks.journey.rates

bench-voting: $(READY) ## ballots per second beside floors of the same run; closing a million ballots
	$(BIN)/python -m benchmarks.voting

bench-voting-before: $(READY) ## the same on commit 8287647 and here, by turns in one run
	$(BIN)/python -m benchmarks.voting.compare

bench-history: $(READY) ## Temporal's history of a vote of 100 beside one of 1,000,000
	$(BIN)/python -m benchmarks.voting.history

bench-election: $(READY) ## a real election of 89,419 ballots through the HTTP intake (needs ../shared/data)
	$(BIN)/python -m benchmarks.voting.election

bench-pages: $(READY) programs ## 200 residents and three browsers for 60 s; ballots by form beside the API; what each page costs
	$(BIN)/python -m benchmarks.pages

bench-finding: $(READY) ## 100,000 cases with 20 million events: lists, filters, text, counts, history, dashboard; needs 18 GB
	$(BIN)/python -m benchmarks.finding

bench-money: $(READY) ## shares of 100,000 units, transfers a second beside floors, 2,000 statements on paper
	$(BIN)/python -m benchmarks.money

bench-audit: $(READY) ## an audit of 10,000 cases: the chain beside orjson + SHA-256, the tables beside reading them; Temporal's leg over three demos
	$(BIN)/python -m benchmarks.audit

pictures: $(READY) programs ## the small pictures of README and docs, by the long test of the pages
	$(BIN)/python -m pytest -q tests/e2e/test_by_browser.py
	$(BIN)/python -m tools.pictures

record: $(READY) ## record the histories and fingerprints that `make test` replays (after a patched change)
	$(BIN)/python -m tests.replay.record $(WAYS)

format: $(READY) ## let ruff format and fix what it can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(READY) ## write the hash-pinned requirements anew (no index addresses)
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --extra dev pyproject.toml -o requirements-dev.txt
	echo pabutools | $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header - -o requirements-pabutools.txt
	echo pm4py | $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header - -o requirements-pm4py.txt

clean: ## remove the virtual environment and caches
	rm -rf $(VENV) $(ORACLE) $(MINER) .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
