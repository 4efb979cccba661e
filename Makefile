# Every target makes itself ready first; `make help` names them.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
BIN := .venv/bin
ARGS ?=
WORKERS ?= auto

# The stamp's name carries a checksum of all that decides what .venv holds: no change, no work.
STAMP := .venv/.ready-$(shell cat requirements/dev.txt pyproject.toml | cksum | tr ' ' '-')
UV_VERSION := $(shell sed -n 's/^uv==\([^ ]*\).*/\1/p' requirements/dev.txt)
COMPILE := $(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --universal \
	--python-version 3.11 --custom-compile-command "make lock"

# uv trusts the authorities that this machine trusts, as a company's own, and not only those it brings along.
export UV_SYSTEM_CERTS ?= 1

.PHONY: help setup ready test-tools demo serve test check deep virtual-workshop bench openapi migration lock clean

help: ## Name the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | awk -F'|' '{printf "make %-16s %s\n", $$1, $$2}'

setup: ready test-tools ## Make .venv from the lock, and as root on Debian install the system packages
	@echo "Ready: $(BIN)/filiere and the tools in $(BIN)."

ready: $(STAMP)
	@deploy/setup.sh runtime

test-tools: ready
	@deploy/setup.sh test

# A mirror that pip is told of is handed on to uv, which does not read pip's settings.
$(STAMP): | $(BIN)/uv
	@set -e; \
	$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { rm -rf .venv; $(MAKE) $(BIN)/uv; }; \
	mirror=$${PIP_INDEX_URL:-$$($(BIN)/python -m pip config get global.index-url 2>/dev/null || true)}; \
	[ -z "$$mirror" ] || export UV_DEFAULT_INDEX="$${UV_DEFAULT_INDEX:-$$mirror}"; \
	export VIRTUAL_ENV="$(CURDIR)/.venv"; \
	$(BIN)/uv pip sync --quiet --compile-bytecode --require-hashes requirements/dev.txt; \
	$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .; \
	rm -f .venv/.ready-*; \
	touch $(STAMP)

$(BIN)/uv:
	@set -e; \
	python=$$(deploy/setup.sh python); \
	echo "Making .venv with $$python"; \
	"$$python" -m venv --clear .venv; \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)"

demo: ready ## Walk the whole journey of devices over the HTTP API; documents are left in var/demo
	@$(BIN)/filiere demo $(ARGS)

serve: ready ## The whole product in one process, on data in var
	@$(BIN)/filiere serve $(ARGS)

test: ready test-tools ## All tests but the deep campaigns; ARGS="tests/wiping -x" chooses
	@$(BIN)/pytest --numprocesses=$(WORKERS) --dist=worksteal $(if $(ARGS),,--cov --cov-report=) $(ARGS)

deep: ready test-tools ## The long campaigns, the virtual workshop among them
	@deploy/setup.sh machines
	@$(BIN)/pytest -m deep --hypothesis-profile=deep $(ARGS)

virtual-workshop: ready test-tools ## Real wiping tools in emulated PCs with real faults, through the API to a certificate
	@deploy/setup.sh machines
	@$(BIN)/pytest -m deep tests/virtualworkshop $(ARGS)

check: $(STAMP) ## Lint, format, types, imports, spelling: all of them, whatever the first says
	@failed=0; \
	$(BIN)/ruff check . || failed=1; \
	$(BIN)/ruff format --check . || failed=1; \
	$(BIN)/basedpyright || failed=1; \
	$(BIN)/lint-imports || failed=1; \
	$(BIN)/codespell || failed=1; \
	exit $$failed

bench: ready ## Measure, each figure beside the obvious alternative; ARGS="certificate startup" chooses
	@$(BIN)/python bench/run.py $(ARGS)

openapi: $(STAMP) ## Write openapi.json anew from the doors
	@$(BIN)/python -m reuse.app >openapi.json.new && mv openapi.json.new openapi.json

# The first migration is written anew until 0.1.0 is released: FIRST=1. From then on each change is a migration of its own.
migration: $(STAMP) ## Write the migration that the models need; MESSAGE="what it does", FIRST=1 begins anew
	@$(if $(FIRST),rm -f reuse/migrations/versions/0*.py)
	@$(BIN)/python -m reuse.migrations.write "$(or $(MESSAGE),The first tables)"
	@$(BIN)/ruff check --quiet --fix reuse/migrations/versions && $(BIN)/ruff format --quiet reuse/migrations/versions

lock: | $(BIN)/uv ## Write the locks anew from pyproject.toml and requirements/dev.in; ARGS=--upgrade takes newer versions
	@$(COMPILE) --extra pkcs11 pyproject.toml requirements/dev.in --output-file requirements/dev.txt $(ARGS)
	@$(COMPILE) pyproject.toml --constraint requirements/dev.txt --output-file requirements/runtime.txt $(ARGS)
	@echo python-pkcs11 | $(COMPILE) - --constraint requirements/dev.txt --output-file requirements/pkcs11.txt

clean: ## Remove what the tools made: .venv, caches, builds, the demo; never the data in var
	@rm -rf .venv .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage* htmlcov build dist *.egg-info var/demo
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
