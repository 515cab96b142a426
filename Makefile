.DEFAULT_GOAL := help

# golangci-lint is pinned in a module of its own, so that what it depends on never reaches the product.
golangci := go tool -modfile=$(CURDIR)/tools/go.mod golangci-lint

# How long `make fuzz` gives each target.
FUZZTIME ?= 1m

# More flags for the load program, for example -goals.
BENCHFLAGS ?=

# Whether the binary tells its commit. The tests do not ask, and git may refuse a tree that another user owns.
BUILDVCS ?= auto

.PHONY: help
help: ## Lists the targets (the default)
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## Builds bin/rollcall, one static binary
	CGO_ENABLED=0 go build -trimpath -buildvcs=$(BUILDVCS) -o bin/rollcall ./cmd/rollcall

.PHONY: test
test: ## Runs every test, with the race detector, and the foreign clients against the built binary
	./scripts/needs
	go vet ./...
	CGO_ENABLED=1 go test -race -timeout 20m ./...
	$(MAKE) --no-print-directory build BUILDVCS=false
	cd conformance/npm && npm ci --no-audit --no-fund --loglevel=error
	cd conformance && go vet ./... && go test -timeout 10m ./...

.PHONY: reference
reference: ## Writes docs/reference.md, the page about operations and codes
	go test ./internal/app -run '^TestReference$$' -count=1 -args -write-reference

.PHONY: lint
lint: ## Checks form: gofmt, tidy modules, golangci-lint (its first run compiles for minutes)
	@unformatted=$$(gofmt -l .) && { [ -z "$$unformatted" ] || { echo "not gofmt-ed:"; echo "$$unformatted"; exit 1; }; }
	go mod tidy -diff
	cd conformance && go mod tidy -diff
	cd tools && go mod tidy -diff
	$(golangci) run
	cd conformance && $(golangci) run

.PHONY: bench
bench: build ## Measures removals end to end beside a bare handler, then the parts (half an hour; BENCHFLAGS=… for bin/bench -h)
	go build -o bin/bench ./bench
	bin/bench -json bench/latest.json -growth-json bench/growth.json $(BENCHFLAGS)
	go test -run '^$$' -bench . -benchmem ./internal/...

.PHONY: bench-short
bench-short: build ## The same removals with fewer groups and requests, in five minutes at the most
	go build -o bin/bench ./bench
	bin/bench -groups 60000 -n 2000 -limit 4m30s -json bench/latest.json -growth-json bench/growth.json $(BENCHFLAGS)

.PHONY: fuzz
fuzz: ## Runs every fuzz target for a minute (FUZZTIME=…)
	./scripts/fuzz $(FUZZTIME)
