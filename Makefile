# What people and machines do here; `make help` lists it.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
PYTHON := $(BIN)/python
LOCKS := requirements
export PYTHONPATH := $(CURDIR)

# A stamp carries the digest of what is installed, so that a changed lock is noticed.
digest = $(shell sha256sum $(LOCKS)/$(1).txt | cut -c1-16)
RUN_STAMP := $(VENV)/.run-$(call digest,run)
TEST_STAMP := $(VENV)/.test-$(call digest,test)

# What only looks at the locks has an environment of its own.
AUDIT := build/audit

# Most tests wait more than they compute. Servers that are given are shared, so there they take turns.
GIVEN := $(SAFELIGHT_TEST_DATABASE_URL)$(SAFELIGHT_TEST_BROKER_URL)$(SAFELIGHT_TEST_S3_ENDPOINT)
SIDE_BY_SIDE ?= $(if $(GIVEN),,--numprocesses 2 --no-loadscope-reorder)

PORT ?=
ifneq ($(PORT),)
export PORT
endif

.PHONY: help
help:  ## List the tasks
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/:/' | \
		while IFS=: read -r name what; do printf '  make %-8s %s\n' "$$name" "$$what"; done

.PHONY: run
run: $(if $(wildcard $(TEST_STAMP)),$(TEST_STAMP),$(RUN_STAMP))  ## Start the whole platform here; PORT=8000 and SAFELIGHT_DATA_DIR=var are yours to set
	@exec ./safelight up

.PHONY: check
check: static  ## Lint, types, import contracts, architecture tests
	$(PYTHON) -m pytest tests/architecture $(ARGS)

.PHONY: test
test: static  ## Everything that must be green, as CI runs it: check and every test
	$(PYTHON) -m pytest -m alone $(ARGS) || test $$? -eq 5  # none of them was chosen
	$(PYTHON) -m pytest -m "not alone" $(SIDE_BY_SIDE) $(ARGS)

.PHONY: static
static: $(TEST_STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: bench
bench: $(TEST_STAMP)  ## What the platform costs around the pixels, as ratios; ARGS=engine: the pixels themselves, beside others; ARGS=login: what a storm of sign-ins costs others
	$(PYTHON) -m benchmarks $(ARGS)

.PHONY: faults
faults: $(TEST_STAMP)  ## Kill everything under load, several times as often as `make test` does
	SAFELIGHT_TEST_FAULTS=whole SAFELIGHT_TEST_KILLS=200 $(PYTHON) -m pytest tests/faults -s --timeout=3000 $(ARGS)

.PHONY: timing
timing: $(TEST_STAMP)  ## Whether the time of an answer tells who has an account, 200 samples each
	SAFELIGHT_TEST_SAMPLES=200 $(PYTHON) -m pytest tests/authorisation/test_enumeration.py -s --show-capture=no $(ARGS)

.PHONY: fuzz
fuzz: $(TEST_STAMP)  ## Thousands of damaged pictures through a renderer; ARGS='--seed 1 --files 20000 --seconds 3000'
	$(PYTHON) -m tests.fuzz $(ARGS)

.PHONY: strings
strings: $(TEST_STAMP)  ## Every string that programs stumble over, through every text of every route, on both databases
	SAFELIGHT_TEST_STRINGS=whole $(PYTHON) -m pytest tests/catalogue/test_texts.py --timeout=3000 $(ARGS)

.PHONY: schema
schema: $(TEST_STAMP)  ## Ask a running API all that its own document allows, and more; ARGS='--examples 200 --seeds 1 2'
	$(PYTHON) -m tests.schema $(ARGS)

.PHONY: costs
costs: $(TEST_STAMP)  ## What the worst pictures cost a renderer, memory and processor time
	$(PYTHON) -m tests.costs

.PHONY: sbom
sbom: $(AUDIT)/.stamp-$(call digest,audit)  ## Write build/sbom.json: what the image is made of, from the lock, as CycloneDX
	@mkdir -p build
	@$(AUDIT)/bin/python -W ignore -m cyclonedx_py requirements --pyproject pyproject.toml --validate \
		--output-reproducible --of JSON -o build/sbom.json $(LOCKS)/run.txt
	@echo "build/sbom.json is written."

.PHONY: audit
audit: $(AUDIT)/.stamp-$(call digest,audit)  ## Ask for known weaknesses of what is locked (needs the database behind pypi.org)
	@$(AUDIT)/bin/pip-audit --strict --disable-pip --require-hashes --progress-spinner off \
		-r $(LOCKS)/run.txt > $(AUDIT)/report.txt 2>&1 && status=0 || status=$$?; \
	if [ $$status = 0 ]; then echo "No known weakness in $(LOCKS)/run.txt."; \
	elif grep -q "^Found " $(AUDIT)/report.txt; then cat $(AUDIT)/report.txt; \
		echo "Take the versions that mend it: make lock, make test." >&2; exit 1; \
	else tail -n 3 $(AUDIT)/report.txt >&2; \
		echo "Nothing was checked: the database cannot be reached, or does not know these packages." >&2; \
		echo "Run this where pypi.org itself is reachable, not a mirror of it, or give build/sbom.json" >&2; \
		echo "(make sbom) to a scanner that has a database of its own." >&2; exit 2; fi

.PHONY: format
format: $(TEST_STAMP)  ## Put the code into its form
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

.PHONY: docs
docs: $(TEST_STAMP)  ## Write the pages that come from code
	./safelight settings --markdown > docs/settings.md

LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header

.PHONY: lock
lock:  ## Choose newest versions for requirements/*.in anew (needs uv)
	@command -v uv >/dev/null || { echo "make lock needs uv; install it: pipx install uv" >&2; exit 1; }
	cd $(LOCKS) && $(LOCK) --upgrade run.in -o run.txt
	cd $(LOCKS) && $(LOCK) --upgrade --constraint run.txt test.in -o test.txt
	cd $(LOCKS) && $(LOCK) --upgrade audit.in -o audit.txt
	cd benchmarks/peers && for name in opencv pillow-simd; do $(LOCK) --upgrade $$name.in -o $$name.txt; done
	@! grep -n '://' $(LOCKS)/*.txt benchmarks/peers/*.txt || { echo "a lock names a host" >&2; exit 1; }

.PHONY: clean
clean:  ## Remove what is made; the data directory stays
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache \
		.hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUN_STAMP): | $(PYTHON)
	$(call install,run)

$(TEST_STAMP): | $(PYTHON)
	$(call install,test)

# Plain pip: what is not in the lock, or differs from it by a byte, is refused.
define install
@echo "Installing $(LOCKS)/$(1).txt (once) …"
@$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes -r $(LOCKS)/$(1).txt
@rm -f $(VENV)/.$(1)-* && touch $@
endef

$(AUDIT)/.stamp-%: | $(PYTHON)
	@echo "Installing $(LOCKS)/audit.txt (once) …"
	@$(PYTHON) -m venv --clear $(AUDIT)
	@$(AUDIT)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $(LOCKS)/audit.txt
	@touch $@

$(PYTHON):
	@set -eu; \
	for name in "$${SAFELIGHT_PYTHON:-python3}" python3.11 python3.12 python3.13 python3.14; do \
		if "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			found=$$name; break; \
		fi; \
	done; \
	if [ -z "$${found:-}" ]; then \
		echo "Python 3.11 or newer is needed; install it, or set SAFELIGHT_PYTHON." >&2; exit 1; \
	fi; \
	if ! "$$found" -c 'import ensurepip, venv' 2>/dev/null; then \
		package=$$("$$found" -c 'import sys; print("python3.%d-venv" % sys.version_info[1])'); \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get update -qq && apt-get install -y -qq "$$package" >/dev/null; \
		else \
			echo "Python's venv module is missing; install it: sudo apt-get install $$package" >&2; \
			exit 1; \
		fi; \
	fi; \
	"$$found" -m venv --clear $(VENV)
