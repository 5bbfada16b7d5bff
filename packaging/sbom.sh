#!/bin/sh
# sbom.sh VERSION EPOCH LIBRARIES [static] - what the programs are made of, as SPDX 2.3 (tag: value): static ones
# hold their libraries, others load them. The same text for the same tree, libraries and EPOCH.
set -u
LC_ALL=C
export LC_ALL
version=$1 epoch=$2 how=${4:+-static}
link=DYNAMIC_LINK
[ -z "$how" ] || link=STATIC_LINK
printf 'SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\nSPDXID: SPDXRef-DOCUMENT\nDocumentName: recpipe-%s%s\n' \
	"$version" "$how"
printf 'DocumentNamespace: https://spdx.org/spdxdocs/recpipe-%s%s-%s\nCreator: Tool: recpipe make sbom\n' \
	"$version" "$how" "$epoch"
printf 'Created: %s\n\n' "$(date -u -d "@$epoch" +%Y-%m-%dT%H:%M:%SZ)"
# The code of the programs: the sum of the sums of its files.
files=$(find common tools library -name '*.[ch]' | sort | xargs sha256sum | sha256sum | cut -d ' ' -f 1)
printf 'PackageName: recpipe\nSPDXID: SPDXRef-recpipe\nPackageVersion: %s\nPackageDownloadLocation: NOASSERTION\n' "$version"
printf 'FilesAnalyzed: false\nPackageChecksum: SHA256: %s\nPackageLicenseConcluded: GPL-3.0-or-later\n' "$files"
printf 'PackageLicenseDeclared: GPL-3.0-or-later\nPackageCopyrightText: NOASSERTION\n'
printf 'PackageComment: <text>The checksum is that of the list of sums of all .c and .h files.</text>\n\n'
printf 'Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-recpipe\n'
# library, its name for pkg-config (- without one), Debian's package, license
while read -r library pkg debian license; do
	case " $3 " in *" -l$library "*) ;; *) continue ;; esac
	found=$(pkg-config --modversion "$pkg" 2> /dev/null) ||
		found=$(dpkg-query -W -f '${Version}' "$debian" 2> /dev/null) || found=NOASSERTION
	printf '\nPackageName: %s\nSPDXID: SPDXRef-%s\nPackageVersion: %s\n' "$library" "$library" "${found:-NOASSERTION}"
	printf 'PackageDownloadLocation: NOASSERTION\nFilesAnalyzed: false\nPackageLicenseConcluded: %s\n' "$license"
	printf 'PackageLicenseDeclared: %s\nPackageCopyrightText: NOASSERTION\n' "$license"
	printf 'Relationship: SPDXRef-recpipe %s SPDXRef-%s\n' "$link" "$library"
done << 'END'
c - libc6-dev LGPL-2.1-or-later
z zlib zlib1g-dev Zlib
isal libisal libisal-dev BSD-3-Clause
zstd libzstd libzstd-dev BSD-3-Clause
lzma liblzma liblzma-dev LicenseRef-public-domain
csv - libcsv-dev LGPL-2.1-or-later
hiredis hiredis libhiredis-dev BSD-3-Clause
microhttpd libmicrohttpd libmicrohttpd-dev LGPL-2.1-or-later
stemmer - libstemmer-dev BSD-3-Clause
utf8proc libutf8proc libutf8proc-dev MIT
Rmath libRmath r-mathlib GPL-2.0-or-later
unistring - libunistring-dev LGPL-3.0-or-later
yyjson yyjson libyyjson-dev MIT
END
printf '\nLicenseID: LicenseRef-public-domain\nExtractedText: <text>public domain</text>\nLicenseName: public domain\n'
