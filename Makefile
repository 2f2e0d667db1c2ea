# The front door; Meson and Ninja do the work. `make help` lists the targets.
#
#   BUILD=dir      where to build (default build)
#   CC=clang-14    which compiler; give it on the first build of a folder

BUILD ?= build
PREFIX ?= /usr/local
SECONDS ?= 60
export CC

.DEFAULT_GOAL := all
.PHONY: all run test bench fuzz valgrind screenshots install format lint clean help

all: ## build the program: build/tt-explorer
	@tools/setup.sh build
	@tools/configure $(BUILD)
	@ninja -C $(BUILD) product

run: all ## open the examples in the server: make run, or your own: make run ARGS=model.mlir
	@$(BUILD)/tt-explorer $(if $(ARGS),$(ARGS),examples/mnist.mlir examples)

test: ## formatting, lint, all tests plainly and under sanitizers, a short fuzz run
	@tools/setup.sh test
	@python3 tools/test.py $(ARGS)

bench: all ## measure; prints a table
	@tools/setup.sh bench
	@python3 bench/run $(ARGS)

fuzz: ## fuzz one target: make fuzz TARGET=json SECONDS=3600
	@tools/setup.sh fuzz
	@python3 tools/fuzz.py --seconds $(SECONDS) $(TARGET)

valgrind: all ## the tests of running under valgrind: make valgrind ARGS='ops hlo'
	@tools/setup.sh test valgrind
	@BUILD=$(BUILD) python3 tools/valgrind.py $(ARGS)

screenshots: all ## make the pictures of the user guide anew
	@tools/setup.sh test
	@npm ci --prefix tests/web --ignore-scripts --no-audit --no-fund --silent
	@node tools/screenshots.mjs

install: all ## install: make install PREFIX=/usr/local DESTDIR=
	@tools/configure $(BUILD) -Dprefix='$(abspath $(PREFIX))'
	@ninja -C $(BUILD) --quiet product
	@DESTDIR='$(DESTDIR)' meson install -C $(BUILD) --quiet --no-rebuild
	@echo 'installed into $(DESTDIR)$(abspath $(PREFIX))'

format: ## format all C files
	@tools/setup.sh lint
	@python3 tools/lint.py format --fix

lint: ## check formatting, clang-tidy, cppcheck
	@tools/setup.sh lint
	@python3 tools/lint.py all

clean: ## remove what was built
	rm -rf $(BUILD) build-fuzz

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 10
