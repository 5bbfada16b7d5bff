#!/bin/sh
# Every patch of tests/mutants still applies to the tree, names its tests and says why:
# `make check-mutants` takes minutes, so one that went stale would be seen late.
set -u
cd "$RECPIPE_ROOT" || exit 1
command -v patch > /dev/null || { echo 'skipped: patch is missing (apt-get install patch)'; exit 77; }
bad=0
for file in tests/mutants/*.patch; do
	sed -n 1,3p "$file" | grep -q '^tests: .' || { echo "$file: line 1 names no tests"; bad=1; }
	sed -n 1,3p "$file" | grep -q '^why: .' || { echo "$file: no line says why"; bad=1; }
	patch -p1 -s -N -r - --dry-run < "$file" > /dev/null 2>&1 ||
		{ echo "$file: does not apply any more: make the same fault in the code as it is now"; bad=1; }
done

# Can it fail? A patch for a line that is nowhere.
printf '%s\n' '--- a/Makefile' '+++ b/Makefile' '@@ -1,1 +1,1 @@' '-no such line' '+another' |
	patch -p1 -s -N -r - --dry-run > /dev/null 2>&1 && { echo 'negative control: it applied'; bad=1; }
exit $bad
