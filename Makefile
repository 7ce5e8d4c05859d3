# `make` alone explains what there is. Each target sets up what it needs by itself: see .ci/setup.

PORT ?= 8080
# For `make conformance`: how many rounds, and the seed of the first.
ROUNDS ?= 10000
SEED ?= 1000000
# For `make fuzz`: how long for each target.
MINUTES ?= 5

# Where .ci/setup puts trunk, wasm-bindgen and wasm-pack.
export PATH := $(CURDIR)/target/tools/bin:$(PATH)
# Trunk would read any value but `true` and `false` as a mistake.
unexport NO_COLOR

say = @printf '\n==> %s\n'

.DEFAULT_GOAL := help
.PHONY: help serve test test-native test-site build npm bench bench-js bench-web fmt lint shots clean quick-test conformance fuzz npm-test wasm-test browser-test clients-test

help: ## Show this.
	@echo 'Redwind: a Redis you can rewind. Targets:'
	@echo
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22
	@echo
	@echo 'The first run compiles its tools into target/tools, once, and says so.'

serve: ## The playground at http://127.0.0.1:8080 (PORT=… for another), rebuilt when a file changes.
	@.ci/setup rust site
	$(say) 'Building the page and its worker (the first time: about 5 minutes), then serving http://127.0.0.1:$(PORT)'
	@trunk serve --port $(PORT)

build: ## The static site in dist/, for any web server, with its sizes.
	@.ci/setup rust site
	$(say) 'Building the site into dist/ (the first time: about 6 minutes; most of it is the interpreter)'
	@trunk build --release
	@cargo xtask sizes

# Two halves side by side, each in order: linking the page's wasm keeps one processor busy and leaves the other idle.
# The tools of both come first: they are compiled in one folder.
test: ## Everything that CI checks (the first time: about 40 minutes, then 9 or less).
	@.ci/setup rust site wasm-test
	@$(MAKE) --no-print-directory --jobs=2 test-native test-site
	@$(MAKE) --no-print-directory browser-test
	$(say) 'All tests passed.'

test-native:
	@MAKEFLAGS= $(MAKE) --no-print-directory quick-test clients-test wasm-test

test-site:
	@MAKEFLAGS= $(MAKE) --no-print-directory npm-test build

quick-test: lint ## Format, lints and native tests: no browser.
	$(say) 'A real redis-server to compare with (the first time: compiles for about 4 minutes)'
	@cargo xtask reference || echo 'No matter: the tests that need one will say that they were skipped.'
	@.ci/setup clients
	$(say) 'Native tests'
	@cargo test --workspace --locked

clients-test: ## redis-cli, redis-py, rq, huey, ioredis, node-redis, BullMQ and Redlock against the server.
	@.ci/setup rust clients
	@test -x "$${REDWIND_REFERENCE:-target/reference/redis-server}" || echo 'Compared with recordings only: `cargo xtask reference` would fetch a real redis-server.'
	$(say) 'Real clients'
	@cargo test --locked --package redwind-clients-test --test clients -- --test-threads 4

conformance: ## Millions of random commands beside a real redis-server (ROUNDS=…, SEED=…; 200 commands a round).
	@.ci/setup rust
	@cargo xtask reference
	@REDWIND_ROUNDS=$(ROUNDS) REDWIND_SEED=$(SEED) cargo test --locked --package redwind-conformance --test differential

fuzz: ## Fuzz the decoder, the dispatcher and the script sandbox (MINUTES=… for each; guided where cargo-fuzz is installed).
	@.ci/setup rust
	@if cargo fuzz --version >/dev/null 2>&1; then \
	  for target in decoder dispatcher scripts; do \
	    mkdir -p target/fuzz-corpus/$$target; \
	    cargo fuzz run --sanitizer none --features libfuzzer $$target target/fuzz-corpus/$$target fuzz/corpus/$$target \
	      -- -max_total_time=$$(($(MINUTES) * 60)) -timeout=60 -rss_limit_mb=3000 || exit 1; \
	  done; \
	else \
	  echo 'Not guided by coverage: for that, `cargo install cargo-fuzz`.'; \
	  REDWIND_FUZZ_MINUTES=$(MINUTES) cargo test --locked --package redwind-fuzz --test brief; \
	fi

npm: ## The npm package, ready in target/npm: the engine with Lua for JavaScript.
	@.ci/setup rust bindgen
	$(say) 'Building the npm package into target/npm, once for Node and once for browsers (the first time: about 5 minutes)'
	@.ci/npm
	@cargo xtask sizes npm

npm-test: npm ## The npm package in Node, through its public API.
	$(say) 'The npm package in Node, with the wasm for Node and with that for browsers'
	@.ci/with-node node --test npm/test/
	@.ci/with-node env REDWIND_WASM=browser node --test npm/test/

bench-js: npm ## The npm package beside ioredis-mock and js-redis-server: commands a second, in one run.
	@mkdir -p target/bench-js
	@cp npm/bench/package.json npm/bench/package-lock.json target/bench-js/
	@.ci/with-node npm ci --prefix target/bench-js --ignore-scripts --no-audit --no-fund --loglevel=error
	@.ci/with-node node npm/bench/run.js

bench-web: ## Worlds in a browser: records a second, copies, seeks.
	@.ci/setup rust wasm-test
	@.ci/with-browser .ci/bench-web

wasm-test: ## The worker's own tests, in a browser.
	@.ci/setup rust wasm-test
	@.ci/with-browser .ci/wasm-test

browser-test: npm ## The built site (`make build`) and the npm package in a browser, driven as by a user.
	@.ci/setup rust
	@.ci/with-browser cargo test --locked --package redwind-tests --test browser

fmt: ## Format all code.
	@.ci/setup rust
	@cargo fmt --all

lint: ## Check the format and run clippy.
	@.ci/setup rust
	$(say) 'Format'
	@cargo fmt --all --check
	$(say) 'Clippy (the first time: about 2 minutes)'
	@cargo clippy --workspace --locked --all-targets --test '*' -- --deny warnings

bench: ## The engine and `redwind serve` beside a real redis-server, into target/bench/report.md; nothing fails by being slow.
	@.ci/setup rust
	@test -n "$$REDWIND_REFERENCE" || test -x target/reference/redis-server || cargo xtask reference
	$(say) 'Building (the first time: about 2 minutes), then measuring for about 10 minutes'
	@cargo run --locked --release --package redwind-bench
	@cargo run --locked --release --package redwind-sim --example speed

shots: ## Pictures of the built site in target/screenshots; `cargo shots --help` for more.
	@.ci/setup rust
	@.ci/with-browser cargo shots

clean: ## Remove what was built, but not the tools in target/tools, which take minutes.
	@rm -rf dist web/prepared
	@find target -mindepth 1 -maxdepth 1 ! -name tools -exec rm -rf {} +
