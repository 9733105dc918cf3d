# Two commands are enough: make run, make test.
VENV = .venv/bin
ROUNDS ?= 3
# What `make bench` measures besides saving; with ARGS it is the first part alone.
BENCHES = peak sealed after_the_bell corrections contests standings psychometrics analyses
.DEFAULT_GOAL = help
.PHONY: help run test lint lock bench crash peak k6 rehearse clean

help: ## this list
	@sed -n 's/^\([a-z0-9]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{printf "%-14s %s\n", $$1, $$2}'

run: ## set up what is missing and start the server with the demo exams
	@scripts/setup run
	@exec $(VENV)/examhall demo

test: lint ## set up what is missing; lint, types and all tests
	@$(VENV)/python -m pytest -n 2 --dist worksteal $(ARGS)

lint: ## lint and types alone
	@scripts/setup test
	@$(VENV)/ruff check --quiet .
	@$(VENV)/ruff format --quiet --check .
	@$(VENV)/mypy --no-error-summary
	@if [ -f examhall/web/static/js/tsconfig.json ]; then node_modules/.bin/tsc -p examhall/web/static/js; fi

lock: ## lock the dependencies anew, after a change of requirements/*.in or package.json
	@cd requirements && for name in setup node runtime rehearse dev; do \
	    ../$(VENV)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	        --no-emit-index-url --no-header $$name.in -o $$name.txt || exit 1; done
	@npm install --package-lock-only --no-audit --no-fund
	@! grep -l '"resolved"' package-lock.json

bench: ## measure this machine: requests a second, percentiles, ratios
	@scripts/setup test
	@$(VENV)/python -m benchmarks $(ARGS)
	@test -n "$(ARGS)" || for part in $(BENCHES); do echo; $(VENV)/python -m benchmarks.$$part || exit 1; done

crash: ## kill servers under load: make crash ROUNDS=100
	@scripts/setup test
	@EXAMHALL_CRASH_ROUNDS=$(ROUNDS) $(VENV)/python -m pytest -m crash $(ARGS)

peak: ## measure the minute when all start: 1000 at once, 5000 in a minute, 2000 at work
	@scripts/setup test
	@$(VENV)/python -m benchmarks.peak $(ARGS)

k6: ## the assessment client in full: 200 users for two minutes
	@scripts/setup test
	@$(VENV)/python -m benchmarks.peak --only client $(ARGS)

rehearse: ## play an exam day: make rehearse ARGS="--exam 1 --candidates 1000"
	@scripts/setup rehearse
	@$(VENV)/examhall rehearse $(ARGS)

clean: ## remove what set-up made; the data folder stays
	@rm -rf .venv .setup node_modules examhall/web/vendor build ./*.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
