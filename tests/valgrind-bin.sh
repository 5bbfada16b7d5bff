#!/bin/sh
# valgrind-bin.sh FROM TO - a folder of scripts that run the tools of FROM under valgrind
set -u
from=$(CDPATH='' cd -- "$1" && pwd -P) || exit 1
mkdir -p "$2" && rm -f -- "$2"/*
for tool in "$from"/*; do
	to=$2/$(basename -- "$tool")
	printf '#!/bin/sh\nexec valgrind -q --error-exitcode=99 --exit-on-first-error=no "%s" "$@"\n' \
		"$tool" > "$to"
	chmod +x "$to"
done
