# Kangqiao: `make run` serves the portal with the demo region; `make test` proves it.
# Knobs of run: PORT (8000), INSTANCE_DIR (instance/), SCALE (fraction of the city), DATABASE_URL.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PORT INSTANCE_DIR SCALE DATABASE_URL

.DEFAULT_GOAL := help
.PHONY: help run test check bench format lock clean

help: ## Show what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.app: requirements/app.txt requirements/node.txt
	@$(BIN)/python -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| { $(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed" if sys.version_info < (3, 11) else 0)' \
		&& $(PYTHON) -m venv --clear $(VENV); }
	@echo "Installing the locked dependencies"
	@$(BIN)/pip install --quiet --no-deps --require-hashes -r requirements/app.txt
	@command -v npm >/dev/null || $(BIN)/pip install --quiet --no-deps --require-hashes -r requirements/node.txt
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.app
	@echo "Installing the locked development dependencies"
	@$(BIN)/pip install --quiet --no-deps --require-hashes -r requirements/dev.txt
	@touch $@

.PHONY: assets
assets: $(VENV)/.app
	@$(BIN)/python -m portal.assets

# For glibc: few heaps for many threads, and a password's 19 MiB go back when it is hashed.
run bench: export MALLOC_ARENA_MAX := 2
run bench: export MALLOC_MMAP_THRESHOLD_ := 1048576
run bench: export GLIBC_TUNABLES := glibc.malloc.hugetlb=1

run: assets ## Serve the portal with the demo region (PORT, INSTANCE_DIR, SCALE, DATABASE_URL)
	@$(BIN)/python -m portal.serve

.PHONY: tools
tools: $(VENV)/.dev
	@$(BIN)/python -m tests.browser
	@$(BIN)/python -m tests.peers
	@$(BIN)/python -m tests.poppler

test: tools assets ## Run every test, with a real PostgreSQL and a real browser
	@$(BIN)/python -m pytest -n 2 --durations 20

# Apart, so that `make --jobs 2 check` reads types beside the rest.
CHECKS := check-types check-style check-rules
.PHONY: $(CHECKS)
$(CHECKS): $(VENV)/.dev assets
check: $(CHECKS) ## Format, lint, types, import contract, migrations

check-types:
	@$(BIN)/mypy .

check-style:
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

check-rules:
	@PYTHONPATH=. $(BIN)/lint-imports
	@$(BIN)/python -m tests.architecture.guards
	@$(BIN)/python -m tests.architecture.migrations

bench: $(VENV)/.dev assets ## Measure hot paths against their floors (NAME=booking, or all)
	@$(BIN)/python -m bench.run $(NAME)

format: $(VENV)/.dev ## Format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lock: $(VENV)/.dev ## Write the lock files anew from pyproject.toml
	@$(BIN)/pip install --quiet uv
	@$(BIN)/uv pip compile --universal --quiet --upgrade --generate-hashes --python-version 3.11 --no-header --no-annotate pyproject.toml -o requirements/app.txt
	@$(BIN)/uv pip compile --universal --quiet --upgrade --generate-hashes --python-version 3.11 --no-header --no-annotate --extra dev pyproject.toml -o requirements/dev.txt
	@$(BIN)/uv pip compile --universal --quiet --upgrade --generate-hashes --python-version 3.11 --no-header --no-annotate --only-extra node pyproject.toml -o requirements/node.txt

clean: ## Remove what was made, but not the demo's data
	rm -rf $(VENV) node_modules static/vendor family_doctor/sealing/fonts .mypy_cache .ruff_cache .pytest_cache
