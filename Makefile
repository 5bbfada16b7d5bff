# recpipe: small C tools from listening logs to served recommendations.
#
# `make` builds into bin/, `make help` lists the rest. Every file below build/
# and bin/ can be made again; nothing is built beside its source.

VERSION = 0.1.0

# MODE picks the flags and the folder: release, clang, static, asan, tsan, cov, fuzz.
MODE ?= release
# PREFIX= on the command line is heard too; in the environment it is a pipeline's.
prefix ?= $(if $(filter command line,$(origin PREFIX)),$(PREFIX),/usr/local)
bindir ?= $(prefix)/bin
mandir ?= $(prefix)/share/man
datadir ?= $(prefix)/share
libdir ?= $(prefix)/lib
includedir ?= $(prefix)/include
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
# T names tests: make check T="filter-interactions/csv unit"
T ?=
PKG_CONFIG ?= pkg-config
ifeq ($(origin CC),default)
CLANG = $(or $(shell command -v clang),$(lastword $(wildcard /usr/bin/clang-[1-9][0-9])),clang)
CC = $(if $(filter fuzz clang,$(MODE)),$(CLANG),gcc)
endif

# The machine that the compiler builds for, which may be another one than this.
MACHINE := $(shell $(CC) -dumpmachine 2>/dev/null)

B = build/$(MODE)
BIN = $(if $(filter release,$(MODE)),bin,$(B)/bin)

# --- flags: what the code needs, then the mode's, then the user's CFLAGS ------

CFLAGS ?= $(MODE_OPTIMIZE)
MODE_OPTIMIZE = $(or $(OPTIMIZE_$(MODE)),-O2 -g)
OPTIMIZE_asan = -O1 -g
OPTIMIZE_tsan = -O1 -g
OPTIMIZE_cov = -O0 -g
OPTIMIZE_fuzz = -O1 -g

WARNINGS = -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wformat=2 -Wdate-time \
	-Wno-enum-float-conversion # a constant of an enum is an integer constant like any other
# ISA-L for gzip; Debian has no static one, and without it zlib does the work.
ISAL ?= $(if $(filter static,$(MODE)),,yes)
NEEDED_CPPFLAGS = $(if $(ISAL),,-DRECPIPE_NO_ISAL) -D_GNU_SOURCE -DRECPIPE_VERSION='"$(VERSION)"' -Icommon -MMD -MP
NEEDED_CFLAGS = -std=c11 -pthread -ffp-contract=off -ffile-prefix-map=$(CURDIR)=. $(WARNINGS)

HARDEN_CFLAGS = -fPIE -fstack-protector-strong -fstack-clash-protection -U_FORTIFY_SOURCE \
	$(if $(filter x86_64%,$(MACHINE)),-fcf-protection)
HARDEN_CPPFLAGS = -D_FORTIFY_SOURCE=2
HARDEN_LDFLAGS = -pie -Wl,-z,relro,-z,now,-z,noexecstack
SANITIZE_asan = -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
SANITIZE_tsan = -fsanitize=thread
SANITIZE_cov = --coverage
# NULL + 0 is no finding: empty buffers are a NULL and a length of 0.
SANITIZE_fuzz = -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all \
	-fno-sanitize=pointer-overflow
HARDENED = $(filter release clang static,$(MODE))
MODE_CFLAGS = $(if $(HARDENED),$(HARDEN_CFLAGS) $(HARDEN_CPPFLAGS),$(SANITIZE_$(MODE)))
LINK_static = $(HARDEN_LDFLAGS:-pie=-static-pie)
MODE_LDFLAGS = $(or $(LINK_$(MODE)),$(if $(HARDENED),$(HARDEN_LDFLAGS),$(SANITIZE_$(MODE))))

COMPILE = $(CC) $(NEEDED_CPPFLAGS) $(CPPFLAGS) $(NEEDED_CFLAGS) $(MODE_CFLAGS) $(CFLAGS)
LINK = $(CC) $(NEEDED_CFLAGS) $(MODE_CFLAGS) $(CFLAGS) $(MODE_LDFLAGS) -Wl,--as-needed $(LDFLAGS)

# --- libraries: linked where their header is included -------------------------

# The library of a package by pkg-config, or by its plain name.
pkg = $(or $(shell $(PKG_CONFIG) $(if $(filter static,$(MODE)),--static) --libs $(1) 2>/dev/null),$(2))
# Those of the given source files that include a header.
including = $(if $(strip $(2)),$(shell grep -l '^\#include [<"]$(1)' $(2) /dev/null))
# The libraries that the given source files need.
libraries = $(strip \
	$(if $(call including,zlib.h,$(1)),$(call pkg,zlib,-lz)) \
	$(if $(call including,zstd.h,$(1)),$(call pkg,libzstd,-lzstd)) \
	$(if $(call including,lzma.h,$(1)),$(call pkg,liblzma,-llzma)) \
	$(if $(ISAL),$(if $(call including,isa-l/,$(1)),-lisal)) \
	$(if $(call including,csv\.h,$(1)),-lcsv) \
	$(if $(call including,hiredis/,$(1)),$(call pkg,hiredis,-lhiredis)) \
	$(if $(call including,microhttpd.h,$(1)),$(if $(filter static,$(MODE)),-lmicrohttpd,$(call pkg,libmicrohttpd,-lmicrohttpd))) \
	$(if $(call including,yyjson.h,$(1)),$(call pkg,yyjson,-lyyjson)) \
	$(if $(call including,Rmath.h,$(1)),$(call pkg,libRmath,-lRmath)) \
	$(if $(call including,libstemmer.h,$(1)),-lstemmer) \
	$(if $(call including,utf8proc.h,$(1)),$(call pkg,libutf8proc,-lutf8proc)) \
	$(if $(call including,uni\(case\|norm\|str\|ctype\|wbrk\)\.h,$(1)),-lunistring))

# --- what there is ------------------------------------------------------------

COMMON_SOURCES := $(wildcard $(addprefix common/,$(addsuffix /*.c,base data streams frame domain learning)))
SERVICE_SOURCES := $(wildcard common/services/*.c)
LIBRARY_SOURCES := $(wildcard library/*.c)
TOOL_SOURCES := $(wildcard tools/*.c tools/*/*.c)
TOOLS := $(sort $(patsubst tools/%.c,%,$(wildcard tools/*.c)) \
	$(patsubst tools/%/,%,$(dir $(wildcard tools/*/*.c))))
UNIT_SOURCES := $(wildcard tests/unit/test-*.c)
FUZZ_SOURCES := $(wildcard tests/fuzz/fuzz-*.c)
HELPER_SOURCES := $(wildcard tests/bench/*.c tests/helpers/*.c)
SHIM_SOURCES := $(wildcard tests/shims/*.c)

COMMON = $(B)/libcommon.a
SERVICES = $(B)/libservices.a
LIBRARY = $(B)/librecpipe.a
COMMON_LIBS := $(call libraries,$(COMMON_SOURCES))
SERVICE_LIBS := $(call libraries,$(SERVICE_SOURCES) $(wildcard common/services/*.h))
WITH_SERVICES := $(call including,services/,$(TOOL_SOURCES) $(UNIT_SOURCES) $(FUZZ_SOURCES))

objects = $(patsubst %.c,$(B)/obj/%.o,$(1))
# The static libmicrohttpd is linked without GnuTLS, which has no static form.
sources_of = $(wildcard tools/$(1).c tools/$(1)/*.c $(if $(filter static/serve-http,$(MODE)/$(1)),packaging/static/no-tls.c))

FUZZ_NAMES = $(patsubst tests/fuzz/fuzz-%.c,%,$(FUZZ_SOURCES))
UNIT_TESTS = $(patsubst tests/unit/%.c,$(B)/tests/%,$(UNIT_SOURCES))
FUZZ_TESTS = $(patsubst tests/fuzz/%.c,$(B)/tests/%,$(FUZZ_SOURCES))
HELPERS = $(patsubst %.c,$(B)/tests/%,$(notdir $(HELPER_SOURCES)))
SHIMS = $(patsubst tests/shims/%.c,$(B)/tests/%.so,$(SHIM_SOURCES))

.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL = all
.PHONY: FORCE
FORCE:

.PHONY: all
all: $(addprefix $(BIN)/,$(TOOLS)) $(LIBRARY) ## build every tool into bin/ (MODE=asan, tsan, cov: build/MODE/bin)

.PHONY: tests-built tests-helpers
tests-built: $(UNIT_TESTS) $(FUZZ_TESTS) tests-helpers
tests-helpers: $(HELPERS) $(SHIMS)

# The instructions that a file of kernels is compiled for are in its name; it runs only
# where the processor has them (common/data/kernel.h).
VECTOR_FLAGS = $(if $(filter x86_64%,$(MACHINE)),$(if $(findstring -avx512.,$<),$(AVX2) -mavx512f,$(if \
	$(findstring -avx2.,$<),$(AVX2))))
AVX2 = -mavx2 -mfma -mprfchw

# Short lines; V=1 shows the commands.
Q = $(if $(V),,@)
say = @$(if $(V),:,printf '  %s  %s\n' '$(1)' '$(2)')

# Changed flags rebuild everything.
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$(COMPILE) / $(LINK))' > $@.new; \
	if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

$(B)/obj/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(COMPILE) $(VECTOR_FLAGS) $(PAGE_FLAGS) -c -o $@ $<

# A page, NAME.html with its .css and .js files, is embedded in the program of the folder:
# NAME.c includes it as NAME.html.h.
PAGES := $(wildcard tools/*/*.html)
PAGE_FLAGS = $(if $(filter $(<D)/%,$(PAGES)),-I$(B)/obj/$(<D)) $(if $(filter $<,$(COLORED)),-I$(B)/obj)
$(foreach p,$(PAGES),$(eval $(B)/obj/$(p:.html=.o): $(B)/obj/$(p).h))

# The colors of the pages are those of pictures, too.
PALETTE = pipelines/lib/palette.css
COLORED := $(shell grep -l '^\#include "palette\.h"' $(TOOL_SOURCES))
$(call objects,$(COLORED)): $(B)/obj/palette.h

$(B)/obj/palette.h: $(PALETTE) pipelines/lib/palette.awk
	@mkdir -p $(@D)
	@FORM=c awk -f pipelines/lib/palette.awk $(PALETTE) > $@

$(B)/obj/%.html.h: %.html common/embed.awk FORCE
	@mkdir -p $(@D)
	@awk -f common/embed.awk $< > $@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

$(COMMON): $(call objects,$(COMMON_SOURCES))
	@rm -f $@
	$(call say,AR,$@)
	$(Q)ar rcsD $@ $^

$(SERVICES): $(call objects,$(SERVICE_SOURCES))
	@rm -f $@
	$(call say,AR,$@)
	$(Q)ar rcsD $@ $^

# One object of library/ and what it needs of common/, its names hidden but for rcp_*; made
# anew when these lines change.
OBJCOPY = $(shell $(CC) -print-prog-name=objcopy)
$(call objects,$(LIBRARY_SOURCES)): NEEDED_CPPFLAGS += -Ilibrary
$(LIBRARY): $(call objects,$(LIBRARY_SOURCES)) $(COMMON) Makefile
	@rm -f $@
	$(call say,AR,$@)
	$(Q)$(CC) -nostdlib -r -o $(@:.a=.o) $(filter-out Makefile,$^)
	$(Q)$(OBJCOPY) --wildcard --keep-global-symbol='rcp_*' $(@:.a=.o)
	$(Q)ar rcsD $@ $(@:.a=.o)

# $(1): a tool
define tool_rule
$$(BIN)/$(1): $$(call objects,$$(call sources_of,$(1))) \
		$$(if $$(filter $$(call sources_of,$(1)),$$(WITH_SERVICES)),$$(SERVICES)) $$(COMMON)
	@mkdir -p $$(@D)
	$$(call say,LD,$$@)
	$$(Q)$$(LINK) -o $$@ $$^ $$(call libraries,$$(call sources_of,$(1))) \
		$$(if $$(filter $$(SERVICES),$$^),$$(SERVICE_LIBS)) $$(COMMON_LIBS) -lm
endef
$(foreach t,$(TOOLS),$(eval $(call tool_rule,$(t))))

# $(1): a unit test's source
define unit_rule
$$(B)/tests/$(notdir $(basename $(1))): $$(B)/obj/$(basename $(1)).o \
		$$(if $$(filter $(1),$$(WITH_SERVICES)),$$(SERVICES)) $$(COMMON)
	@mkdir -p $$(@D)
	$$(call say,LD,$$@)
	$$(Q)$$(LINK) -o $$@ $$^ $$(call libraries,$(1)) \
		$$(if $$(filter $$(SERVICES),$$^),$$(SERVICE_LIBS)) $$(COMMON_LIBS) -lm
endef
$(foreach u,$(UNIT_SOURCES),$(eval $(call unit_rule,$(u))))

# A fuzz entry: under MODE=fuzz libFuzzer drives it, elsewhere it replays files.
# exit() is wrapped, so that code that dies can be called again and again. One with
# a line #define FUZZ_TOOL "NAME" is about that tool's own parsers: the tool is linked
# to it, its main called tool_main.
FUZZ_WRAP = -Wl,--wrap=exit,--wrap=_exit
fuzz_tool_sources = $(foreach t,$(shell sed -n 's/^\#define FUZZ_TOOL "\(.*\)"/\1/p' $(1)),$(call sources_of,$(t)))
define fuzz_rule
$$(B)/tests/$(notdir $(basename $(1))): $$(B)/obj/$(basename $(1)).o \
		$$(patsubst %.o,%.part.o,$$(call objects,$(2))) \
		$$(if $$(filter fuzz,$$(MODE)),,$$(B)/obj/tests/fuzz/replay.o) \
		$$(if $$(filter $(1) $(2),$$(WITH_SERVICES)),$$(SERVICES)) $$(COMMON)
	@mkdir -p $$(@D)
	$$(call say,LD,$$@)
	$$(Q)$$(LINK) $$(if $$(filter fuzz,$$(MODE)),-fsanitize=fuzzer) $$(FUZZ_WRAP) -o $$@ $$^ \
		$$(call libraries,$(1) $(2)) $$(if $$(filter $$(SERVICES),$$^),$$(SERVICE_LIBS)) \
		$$(COMMON_LIBS) -lm
endef
$(foreach f,$(FUZZ_SOURCES),$(eval $(call fuzz_rule,$(f),$(call fuzz_tool_sources,$(f)))))

$(B)/obj/%.part.o: $(B)/obj/%.o
	$(Q)objcopy --redefine-sym main=tool_main $< $@

# Small programs that tests and benchmarks run: generators and the like.
define helper_rule
$$(B)/tests/$(notdir $(basename $(1))): $$(B)/obj/$(basename $(1)).o $$(COMMON)
	@mkdir -p $$(@D)
	$$(call say,LD,$$@)
	$$(Q)$$(LINK) -o $$@ $$^ $$(call libraries,$(1)) $$(COMMON_LIBS) -lm
endef
$(foreach h,$(HELPER_SOURCES),$(eval $(call helper_rule,$(h))))

# Libraries that tests preload to make calls fail.
$(B)/tests/%.so: tests/shims/%.c
	@mkdir -p $(@D)
	$(CC) -D_GNU_SOURCE -std=c11 $(WARNINGS) -O1 -g -fPIC -shared -o $@ $< -ldl

-include $(patsubst %.c,$(B)/obj/%.d,$(COMMON_SOURCES) $(SERVICE_SOURCES) $(TOOL_SOURCES) \
	$(LIBRARY_SOURCES) $(UNIT_SOURCES) $(FUZZ_SOURCES) $(HELPER_SOURCES) tests/fuzz/replay.c)

# --- on a bare machine --------------------------------------------------------

# Needed whatever the sources say: compiler, libraries of common/, the demo's
# and the tests' programs.
DEPS = gcc libc6-dev pkg-config zlib1g-dev libisal-dev libzstd-dev liblzma-dev libcsv-dev libhiredis-dev libmicrohttpd-dev \
	redis-server redis-tools gnuplot-nox mandoc mawk strace curl

.PHONY: deps
deps: ## install the Debian packages that are missing (says which; root only then)
	@sh tests/deps.sh $(DEPS)

# The other targets start from a bare clone: the packages first, then a make of
# its own, so that nothing here is read before the compiler is there.
again = $(MAKE) --no-print-directory $(if $(findstring -j,$(MAKEFLAGS)),,-j$(JOBS))

FOR_ARM64 = CC=aarch64-linux-gnu-gcc PKG_CONFIG=aarch64-linux-gnu-pkg-config \
	CPPFLAGS=-Ibuild/arm64/sysroot/usr/include LDFLAGS='-Lbuild/arm64/sysroot/usr/lib \
	-Lbuild/arm64/sysroot/usr/lib/aarch64-linux-gnu'

.PHONY: arm64
arm64: ## build for aarch64 into build/arm64/bin with Debian's cross compiler
	@sh tests/deps-arm64.sh build/arm64/sysroot
	@+$(again) all B=build/arm64 BIN=build/arm64/bin $(FOR_ARM64)

.PHONY: demo
demo: deps ## run the whole pipeline on the sample data
	@+$(again) all
	pipelines/demo

.PHONY: seminar
seminar: deps ## run every command of recpipe-seminar(7) and show what it prints
	@+$(again) all
	pipelines/seminar

# --- tests --------------------------------------------------------------------

# What Maven has got; a test has a HOME of its own, and would not find it.
STREAMING_JARS = $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/recpipe/hadoop-streaming
.PHONY: check-cluster check-streaming check check-slow check-asan check-tsan check-valgrind check-cov check-mutants check-clang
check: deps ## run every test, or those that T names: make check T=filter-interactions/csv
	@+$(again) MODE=release all tests-built
	@[ -n '$(T)' ] || ! command -v java > /dev/null || ! command -v mvn > /dev/null || \
		timeout 120 sh tests/maven-jars.sh tests/streaming.pom '$(STREAMING_JARS)' || echo 'check: Maven got no jars' >&2
	@HADOOP_STREAMING_JARS='$(STREAMING_JARS)' tests/run $(T)

check-slow: deps ## the tests that take long: fault sweeps, kill loops, calibrations
	@+$(again) MODE=release all tests-built
	@tests/run $(or $(T),slow)

check-cluster: deps ## with real engines on the loopback, where Java and Maven are: HDFS, kills of daemons and uploads
	@+$(again) MODE=release all tests-built
	@tests/run $(or $(T),cluster)

check-streaming: deps ## stage by Hadoop Streaming without daemons; gets its jars by Maven
	@sh tests/maven-jars.sh tests/streaming.pom '$(STREAMING_JARS)'
	@+$(again) MODE=release all tests-built
	@HADOOP_STREAMING_JARS='$(STREAMING_JARS)' tests/run $(or $(T),checks/streaming)

check-mutants: deps ## put each kept fault into a copy of the tree: its tests must fail
	@sh tests/deps.sh patch
	@JOBS=$(JOBS) tests/mutants.sh $(T)

check-asan: deps ## the same tests under AddressSanitizer and UBSan
	@+$(again) MODE=asan all tests-built
	@MODE=asan tests/run $(T)

# The quick ones: what a compiler can break is in the tools and in common/.
check-clang: deps ## build with clang, and run the unit tests, fuzz corpora and cases of that build
	@sh tests/deps.sh clang
	@+$(again) MODE=clang all tests-built
	@MODE=clang tests/run $(or $(T),unit fuzz $(notdir $(wildcard tests/cases/*)))

check-tsan: deps ## the same tests under ThreadSanitizer
	@+$(again) MODE=tsan all tests-built
	@MODE=tsan tests/run $(T)

check-valgrind: ## the same tests under valgrind (slow: give names in T)
	@command -v valgrind > /dev/null || { echo 'valgrind is missing: apt-get install valgrind' >&2; exit 1; }
	@+$(again) MODE=release all tests-built
	@sh tests/valgrind-bin.sh bin build/valgrind/bin
	@MODE=release BIN=build/valgrind/bin TEST_TIMEOUT=900 tests/run $(T)

check-cov: deps ## the same tests with coverage, the covered share of each file
	@+$(again) MODE=cov all tests-built
	@MODE=cov tests/run $(T) || true
	@sh tests/coverage.sh build/cov

.PHONY: bench bench-train
bench-train: ## train-mf beside LightFM and implicit, where PYTHON (python3) has them
	@+$(again) MODE=release all tests-built
	@PYTHON='$(or $(PYTHON),python3)' sh tests/bench/run.sh train

bench: ## benchmarks beside their peers, as TSV: make bench T=filter-interactions
	@+$(again) MODE=release all tests-built
	@sh tests/bench/run.sh $(T)

.PHONY: fuzz
fuzz: $(addprefix fuzz-,$(FUZZ_NAMES)) ## fuzz every entry for FUZZ_SECONDS (60); fuzz-NAME does one

# clang's libFuzzer is a package of its own.
.PHONY: fuzz-deps
fuzz-deps:
	@mkdir -p build/fuzz
	@echo 'int LLVMFuzzerTestOneInput(const char *d, unsigned long n) { return !d && n; }' | \
		$(CLANG) -x c -fsanitize=fuzzer -o build/fuzz/linked - 2> /dev/null || \
		sh tests/deps.sh clang libclang-rt-dev

FUZZ_SECONDS ?= 60
FUZZ_TARGETS = $(addprefix fuzz-,$(FUZZ_NAMES))
.PHONY: $(FUZZ_TARGETS)
$(FUZZ_TARGETS): fuzz-%: fuzz-deps FORCE ## fuzz the entry NAME with clang's libFuzzer
	@+$(MAKE) --no-print-directory MODE=fuzz build/fuzz/tests/fuzz-$*
	@mkdir -p build/fuzz/corpus/$* tests/fuzz/corpus/$*
	@# What a run that dies held is lost, so memory runs out now and then: -ignore_ooms.
	ASAN_OPTIONS=detect_leaks=0 build/fuzz/tests/fuzz-$* -max_total_time=$(FUZZ_SECONDS) -max_len=65536 \
		-rss_limit_mb=3000 -fork=1 -ignore_ooms=1 -artifact_prefix=build/fuzz/ \
		build/fuzz/corpus/$* tests/fuzz/corpus/$*

# --- what is generated and kept in the tree -----------------------------------

.PHONY: man format
man: all ## write the OPTIONS section of every man page from the tools' tables
	@sh tests/man-options.sh --write

format: ## print where clang-format would change something
	@clang-format --dry-run $(wildcard common/*/*.[ch] tools/*.[ch] tools/*/*.[ch] tests/*/*.[ch])

# --- install ------------------------------------------------------------------

PIPELINES = $(notdir $(foreach f,$(wildcard pipelines/*),$(if $(wildcard $(f)/.),,$(f))))
INSTALL = install
INSTALL_PROGRAM = $(INSTALL) -m 755
STRIP = strip
D = $(DESTDIR)
COMPLETED_BY = $(BIN)

.PHONY: completions install install-lib install-strip uninstall
completions: all ## write completions for bash, zsh and fish below build/completions
	@mkdir -p build/completions/zsh build/completions/fish
	@for t in $(TOOLS); do \
		sh completions/generate.sh $(COMPLETED_BY)/$$t > build/completions/$$t && \
		sh completions/generate.sh $(COMPLETED_BY)/$$t zsh > build/completions/zsh/_$$t && \
		sh completions/generate.sh $(COMPLETED_BY)/$$t fish > build/completions/fish/$$t.fish || exit 1; \
	done

# The pipelines lie in share/recpipe as they lie in the tree, with a link to the tools
# beside them, and are in bin as recpipe-NAME: a script finds its tools by its own path.
install: completions $(if $(filter static,$(MODE)),,install-lib) ## install below DESTDIR and PREFIX (/usr/local)
	$(INSTALL) -d $(D)$(bindir) $(D)$(mandir)/man1 $(D)$(mandir)/man5 $(D)$(mandir)/man7 \
		$(D)$(datadir)/bash-completion/completions $(D)$(datadir)/zsh/site-functions \
		$(D)$(datadir)/fish/vendor_completions.d $(D)$(datadir)/recpipe/pipelines
	$(INSTALL_PROGRAM) $(addprefix $(BIN)/,$(TOOLS)) $(D)$(bindir)
	for n in 1 5 7; do \
		for page in man/*.$$n; do \
			[ ! -f $$page ] || $(INSTALL) -m 644 $$page $(D)$(mandir)/man$$n || exit 1; \
		done; \
	done
	$(INSTALL) -m 644 $(addprefix build/completions/,$(TOOLS)) \
		$(D)$(datadir)/bash-completion/completions
	$(INSTALL) -m 644 $(TOOLS:%=build/completions/zsh/_%) $(D)$(datadir)/zsh/site-functions
	$(INSTALL) -m 644 $(TOOLS:%=build/completions/fish/%.fish) $(D)$(datadir)/fish/vendor_completions.d
	cp -R pipelines/lib pipelines/data $(D)$(datadir)/recpipe/pipelines
	chmod -R u=rwX,go=rX $(D)$(datadir)/recpipe/pipelines
	$(INSTALL) -m 755 $(addprefix pipelines/,$(PIPELINES)) $(D)$(datadir)/recpipe/pipelines
	ln -snfr $(D)$(bindir) $(D)$(datadir)/recpipe/bin
	for p in $(PIPELINES); do \
		ln -sfr $(D)$(datadir)/recpipe/pipelines/$$p $(D)$(bindir)/recpipe-$$p || exit 1; \
	done

# What librecpipe.a takes from other libraries is linked with it: there is no shared one.
LIBRARY_LIBS = $(call libraries,$(wildcard common/streams/*.c))
PC = $(D)$(libdir)/pkgconfig/recpipe.pc
install-lib: all ## install librecpipe.a, its headers, its page recpipe(3) and recpipe.pc
	$(INSTALL) -d $(D)$(libdir)/pkgconfig $(D)$(includedir)/recpipe $(D)$(mandir)/man3
	$(INSTALL) -m 644 $(LIBRARY) $(D)$(libdir)
	$(INSTALL) -m 644 $(wildcard library/recpipe/*.h) $(D)$(includedir)/recpipe
	$(INSTALL) -m 644 $(wildcard man/*.3) $(D)$(mandir)/man3
	printf '%s\n' 'includedir=$(includedir)' 'libdir=$(libdir)' '' 'Name: recpipe' \
		'Description: reads and writes the TSV streams of recpipe, reads its models' \
		'Version: $(VERSION)' 'Cflags: -I$${includedir}' \
		'Libs: -L$${libdir} -lrecpipe $(LIBRARY_LIBS)' > $(PC)
	chmod 644 $(PC)

# Programs in the units are those of /usr/bin, as a package has them. Passwords may stand in the settings.
.PHONY: install-units
install-units: ## install the systemd units, their settings and the logrotate file, for packages
	$(INSTALL) -d $(D)/lib/systemd/system $(D)/etc/default $(D)/etc/logrotate.d
	$(INSTALL) -m 644 $(wildcard packaging/systemd/*.service packaging/systemd/*.timer) $(D)/lib/systemd/system
	for f in serve-http nightly; do \
		$(INSTALL) -m 640 packaging/systemd/recpipe-$$f.default $(D)/etc/default/recpipe-$$f || exit 1; \
	done
	$(INSTALL) -m 644 packaging/logrotate $(D)/etc/logrotate.d/recpipe

install-strip: ## the same, the programs without their debugging symbols
	@+$(MAKE) --no-print-directory install \
		INSTALL_PROGRAM='$(INSTALL_PROGRAM) -s --strip-program=$(STRIP)'

uninstall: ## remove what install put there
	rm -f $(addprefix $(D)$(bindir)/,$(TOOLS) $(addprefix recpipe-,$(PIPELINES)))
	rm -f $(addprefix $(D)$(datadir)/bash-completion/completions/,$(TOOLS))
	rm -f $(TOOLS:%=$(D)$(datadir)/zsh/site-functions/_%) $(TOOLS:%=$(D)$(datadir)/fish/vendor_completions.d/%.fish)
	rm -f $(D)$(libdir)/librecpipe.a $(PC)
	rm -rf $(D)$(includedir)/recpipe
	for n in 1 3 5 7; do \
		for page in man/*.$$n; do rm -f $(D)$(mandir)/man$$n/$${page#man/}; done; \
	done
	rm -rf $(D)$(datadir)/recpipe

# --- to give away ---------------------------------------------------------------

# The same bytes wherever and whenever: names in order, no owner, one time, gzip without one.
DIST = recpipe-$(VERSION)
EPOCH = $(or $(SOURCE_DATE_EPOCH),$(shell [ ! -e .git ] || git log -1 --format=%ct 2>/dev/null),0)
comma = ,
# $(1): further options, $(2): the archive; the names come on standard input
pack = tar --format=ustar --owner=0 --group=0 --numeric-owner --mtime=@$(EPOCH) --mode=u=rwX,go=rX \
	--no-recursion --null -T - $(1) -cf $(2).tmp && gzip -9n < $(2).tmp > $(2).new && rm $(2).tmp && mv $(2).new $(2)
# What git knows; in an unpacked archive, all that was not made there.
listed = { if [ -e .git ]; then git ls-files -z; else find . \( -path ./build -o -path ./bin \) -prune \
	-o ! -type d -printf '%P\0'; fi; } | LC_ALL=C sort -z

.PHONY: dist distcheck static static-arm64
dist: build/$(DIST).tar.gz ## make the source archive, build/recpipe-VERSION.tar.gz, the same bytes everywhere

build/$(DIST).tar.gz: FORCE
	@mkdir -p $(@D)
	$(call say,TAR,$@)
	$(Q)$(listed) | $(call pack,--transform='flags=rh;s$(comma)^$(comma)$(DIST)/$(comma)',$@)

distcheck: deps ## unpack the archive, build it, test it quickly, install and uninstall it
	@+$(MAKE) --no-print-directory dist
	@JOBS=$(JOBS) sh tests/distcheck.sh build/$(DIST).tar.gz $(DIST) $(EPOCH)

STATIC = recpipe-$(VERSION)-linux-$(firstword $(subst -, ,$(MACHINE)))
STATIC_LIBRARIES = $(filter-out isal,$(patsubst -l%,%,$(sort $(filter -l%,$(COMMON_LIBS) \
	$(SERVICE_LIBS) $(call libraries,$(TOOL_SOURCES)))))) c m
static: deps ## static programs, their pages and pipelines: build/recpipe-VERSION-linux-MACHINE.tar.gz
	@missing=; for l in $(STATIC_LIBRARIES); do \
		[ -e "$$($(CC) -print-file-name=lib$$l.a)" ] || missing="$$missing lib$$l.a"; \
	done; \
	[ -z "$$missing" ] || { echo "make static: missing, to be linked:$$missing" >&2; exit 1; }
	@+$(again) MODE=static static-archive

# What of the archive asks the programs (the completions) asks those of this machine.
static-arm64: deps ## the same for aarch64, with Debian's cross compiler
	@sh tests/deps-arm64.sh build/arm64/sysroot
	@+$(again) MODE=release all
	@+$(again) MODE=static B=build/static-arm64 BIN=build/static-arm64/bin $(FOR_ARM64) \
		COMPLETED_BY=bin STRIP=aarch64-linux-gnu-strip static-archive

.PHONY: static-archive
static-archive: all
	@rm -rf $(B)/stage
	@+$(MAKE) --no-print-directory -s install-strip prefix=/$(STATIC) DESTDIR=$(CURDIR)/$(B)/stage
	@cp README.md CHANGELOG.md LICENSE $(B)/stage/$(STATIC)/
	$(call say,TAR,build/$(STATIC).tar.gz)
	$(Q)cd $(B)/stage && find $(STATIC) ! -type d -print0 | LC_ALL=C sort -z | \
		$(call pack,,$(CURDIR)/build/$(STATIC).tar.gz)

.PHONY: html sbom checksums deb
html: all ## write the manual pages as HTML to build/html
	@JOBS=$(JOBS) sh packaging/html.sh build/html

sbom: ## write what the programs are made of as SPDX: build/recpipe-VERSION.spdx, of static ones -static.spdx
	@mkdir -p build
	@sh packaging/sbom.sh $(VERSION) $(EPOCH) '$(sort $(COMMON_LIBS) $(SERVICE_LIBS) $(call libraries,$(TOOL_SOURCES)))' \
		> build/$(DIST).spdx.new && mv build/$(DIST).spdx.new build/$(DIST).spdx
	@sh packaging/sbom.sh $(VERSION) $(EPOCH) '$(addprefix -l,$(STATIC_LIBRARIES))' static \
		> build/$(DIST)-static.spdx.new && mv build/$(DIST)-static.spdx.new build/$(DIST)-static.spdx
	$(call say,SPDX,build/$(DIST).spdx build/$(DIST)-static.spdx)

checksums: ## write build/SHA256SUMS of the archives, packages and the SBOM that were made
	@cd build && sha256sum $$(ls recpipe-*.tar.gz *.spdx deb/*.deb 2> /dev/null | LC_ALL=C sort) > SHA256SUMS.new && \
		mv SHA256SUMS.new SHA256SUMS && cat SHA256SUMS

deb: ## make the Debian packages from the source archive, below build/deb
	@sh tests/deps.sh dpkg-dev debhelper fakeroot
	@+$(MAKE) --no-print-directory dist
	@rm -rf build/deb && mkdir -p build/deb && tar -xzf build/$(DIST).tar.gz -C build/deb
	@cd build/deb/$(DIST) && dpkg-buildpackage -us -uc $(DEB_FLAGS) # the time is the changelog's: others get these bytes

.PHONY: clean help
clean: ## remove what was built
	rm -rf build bin

help: ## show this
	@awk -F ':.*## ' '/^[$$a-z(][^ ]*:.*## / { sub(/^[$$].*/, "fuzz-NAME", $$1); \
		printf "  make %-15s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo; echo '  T=NAME.. picks tests, MODE=asan the build, CFLAGS go last, JOBS=N runs N at once.'
