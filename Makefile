# Linesman. `make help` lists the targets. Everything that is needed is installed by the targets themselves.
SHELL := /bin/sh
export CGO_ENABLED := 0
WEB   := dashboards/console/web
DIST  := dashboards/console/dist
PLUGIN := dashboards/plugin
VERSION := $(shell sed -n 's/^const Version = "\(.*\)"/\1/p' internal/node/node.go)
DATA  ?= data
LISTEN ?= 127.0.0.1:8080
SIZE  ?= full
# Go runs this many packages' tests at a time; each starts a broker and an engine of its own.
TESTJOBS ?= 2

.PHONY: help build run test test-go test-web test-browser test-plugin plugin lint bench docs clean engine web chromium

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: web engine bin/linesman ## build the program, the console and install the engine

bin/linesman: $(shell find cmd dashboards ingest internal processors schema -name '*.go' -o -name '*.yaml' -o -name '*.sql' -o -name '*.json' -path '*boards*' 2>/dev/null) go.mod $(DIST)/index.html
	@echo "build: the program (the first time takes some minutes)"
	go build -o bin/linesman ./cmd/linesman

run: build ## run the demo region: ready with a URL after a few minutes (SIZE=small is quicker)
	./bin/linesman up --demo=$(SIZE) --data $(DATA) --listen $(LISTEN)

test: web engine test-go test-web test-plugin test-browser ## run every test

test-go: engine $(DIST)/index.html
	@echo "test: Go packages, against the embedded log and the embedded engine"
	@sh scripts/left-out.sh
	go test -p $(TESTJOBS) -timeout 20m ./...

test-web: web
	@echo "test: the console's own tests"
	cd $(WEB) && npm run --silent typecheck && npm run --silent test

test-plugin: $(PLUGIN)/web/node_modules/.installed
	@echo "test: the page of the data source for Grafana"
	cd $(PLUGIN)/web && npm run --silent typecheck && npm run --silent test

test-browser: build ## the console in headless Chromium, values on the page against SQL
	@echo "test: the console in headless Chromium"
	sh scripts/test-browser.sh

lint: $(DIST)/.gitkeep ## gofmt, go vet, staticcheck, house rules
	@echo "lint: gofmt";       test -z "$$(gofmt -l cmd dashboards ingest internal processors schema)" || { gofmt -l cmd dashboards ingest internal processors schema; exit 1; }
	@echo "lint: go vet";      go vet ./...
	@echo "lint: staticcheck"; go tool staticcheck ./...
	@sh scripts/lint-house.sh

bench: build ## measure: files to rows, log to rows, parsing, evaluation, memory, idle (see docs/performance.md)
	sh scripts/bench.sh

docs: ## write the reference pages that derive from declarations
	go run ./cmd/linesman docs docs

engine: ## install the engine library into the cache (560 MB, once)
	@sh scripts/install-engine.sh

web: $(DIST)/index.html ## build the console

$(WEB)/node_modules/.installed: $(WEB)/package.json $(WEB)/package-lock.json
	@echo "web: installing the console's packages with npm (about a minute, once)"
	cd $(WEB) && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(DIST)/index.html: $(WEB)/node_modules/.installed $(shell find $(WEB)/src $(WEB)/public $(WEB)/index.html $(WEB)/vite.config.mts -type f 2>/dev/null)
	@echo "web: building the console"
	cd $(WEB) && npm run --silent build
	@touch $@

# The day of the version is that of the commit, so that the same commit gives the same zip.
plugin: $(PLUGIN)/web/dist/module.js ## the data source for Grafana as a zip: bin/linesman-datasource-<version>.zip
	@echo "plugin: the backend and the zip"
	mkdir -p bin
	GOOS=linux GOARCH=amd64 go build -trimpath -buildvcs=false -ldflags="-s -w -buildid=" -o bin/gpx_linesman_linux_amd64 ./$(PLUGIN)/cmd
	go run ./$(PLUGIN)/pack -version $(VERSION) -date $$(git log -1 --format=%cs 2>/dev/null || echo 2026-01-01) -binary bin/gpx_linesman_linux_amd64 -out bin/linesman-datasource-$(VERSION).zip
	@sha256sum bin/linesman-datasource-$(VERSION).zip

$(PLUGIN)/web/node_modules/.installed: $(PLUGIN)/web/package.json $(PLUGIN)/web/package-lock.json
	@echo "plugin: installing the packages of the data source's page with npm (about a minute, once)"
	cd $(PLUGIN)/web && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(PLUGIN)/web/dist/module.js: $(PLUGIN)/web/node_modules/.installed $(shell find $(PLUGIN)/web/src $(PLUGIN)/web/vite.config.mts -type f 2>/dev/null) $(WEB)/src/interpolate.ts
	@echo "plugin: building the page of the data source"
	cd $(PLUGIN)/web && npm run --silent build

clean: ## remove what was built (not the cache, not your data)
	rm -rf bin $(WEB)/node_modules $(PLUGIN)/web/node_modules $(PLUGIN)/web/dist
	find $(DIST) -mindepth 1 ! -name .gitkeep -delete

.PHONY: test-kafka
test-kafka: engine $(DIST)/.gitkeep ## tests against a real Apache Kafka (fetched with Maven; needs Java 17)
	@sh scripts/install-kafka.sh
	@echo "test: against a real Apache Kafka on loopback"
	LINESMAN_KAFKA=1 go test -p 1 -count 1 -timeout 30m -run 'Kafka|SharedByInstances' ./internal/kafkatest $$(grep -rl --include='*_test.go' '"linesman/internal/kafkatest"' cmd ingest internal processors | xargs -n 1 dirname | sort -u | sed 's|^|./|')

.PHONY: crash crash-ci
CRASH_SEED ?= 1
crash: engine $(DIST)/index.html ## kill everything 300 times, at random and at every fail point, and compare (about 35 minutes)
	@echo "crash: 300 kills, compared row by row with runs that nobody killed"
	mkdir -p bin && go run ./internal/crash -kills 300 -all-points -seed $(CRASH_SEED) -out bin/crash.md

crash-ci: engine $(DIST)/index.html ## the same with 30 kills and little data (2 minutes, more on a busy machine)
	@echo "crash: 30 kills, compared row by row with a run that nobody killed"
	mkdir -p bin && go run ./internal/crash -kills 30 -light -seed $(CRASH_SEED) -out bin/crash-ci.md
