#!/bin/sh
# What is given away beside the programs: units that systemd understands and that are closed off, with settings and
# commands of the page that work, logs that are rotated into what nightly reads, an image that
# has every library, completions of all options, pages as HTML whose links lead somewhere, an SBOM with what is
# linked, packages of this version.
set -u
cd "$RECPIPE_TMP" || exit 1
[ "$RECPIPE_MODE" = release ] || { echo 'only the release build is given away'; exit 77; }
root=$RECPIPE_ROOT packaging=$RECPIPE_ROOT/packaging
# shellcheck source=../complain.sh
. "$RECPIPE_ROOT/tests/complain.sh"

version=$(sed -n 's/^VERSION = //p' "$root/Makefile")
[ "$(sed -n '1s/.*(\(.*\)).*/\1/p' "$root/debian/changelog")" = "$version" ] || complain 'debian/changelog has another version'

# ---- units
if command -v systemd-analyze > /dev/null; then
	mkdir units
	for unit in "$packaging"/systemd/*.service "$packaging"/systemd/*.timer; do
		sed -e "s|/usr/bin/recpipe-nightly|$root/pipelines/nightly|; s|/usr/bin/|$RECPIPE_BIN/|g" "$unit" > "units/${unit##*/}"
	done
	# The socket of the page belongs to the service.
	sed -n '/^Description=.*the socket$/,/^\.EE/p' "$root/man/recpipe-operations.7" | sed '/^\.EE/d; s/\\-/-/g; 1i [Unit]' > units/recpipe-serve-http.socket
	grep -q '^SocketMode=0660' units/recpipe-serve-http.socket || complain 'the page has no socket for a proxy'
	systemd-analyze verify --man=no units/* > verified 2>&1
	[ $? = 0 ] && ! [ -s verified ] || complain "systemd-analyze verify: $(cat verified)"
	for unit in serve-http nightly; do
		systemd-analyze security --offline=yes --threshold=25 "units/recpipe-$unit.service" > security 2>&1 ||
			complain "recpipe-$unit.service is not closed off: $(tail -n 1 security)"
	done
else
	echo 'without systemd-analyze: units are not looked at'
fi
# An upgrade restarts what runs, and no unit of the night; only a removal stops units.
if command -v dh_installsystemd > /dev/null; then
	mkdir -p deb/debian/recpipe/lib/systemd/system
	cp "$root/debian/control" "$root/debian/changelog" deb/debian
	cp "$packaging"/systemd/*.service "$packaging"/systemd/*.timer deb/debian/recpipe/lib/systemd/system
	sed -n 's/^	dh_installsystemd/dh_installsystemd/p' "$root/debian/rules" > deb/commands
	(cd deb && sh -e commands && find debian -name 'p*.*' -path '*recpipe*' -type f -exec cat {} + > scripts) ||
		complain 'dh_installsystemd fails'
	grep -A 5 '_dh_action=restart' deb/scripts | grep -q "invoke \$_dh_action 'recpipe-nightly.timer' 'recpipe-serve-http.service'" &&
		[ "$(grep -c "invoke stop" deb/scripts)" = "$(grep -c '"$1" = remove \] && \[ -d' deb/scripts)" ] &&
		[ "$(grep -c 'invoke \$_dh_action' deb/scripts)" = 1 ] && ! grep -q '^\[Install\]' "$packaging/systemd/recpipe-nightly.service" ||
		complain "what an upgrade does: $(grep invoke deb/scripts)"
else
	echo 'without debhelper: what an upgrade does is not looked at'
fi
# The options of the settings are options, and the service would start with them.
mkdir state
printf 'user\trank\titem\tscore\nu\t1\ta\t1\n' > state/a.tsv
# The page's own commands make the lists and try the settings.
sed -n '/^To start, put lists/,/^\.EE/p' "$root/man/recpipe-operations.7" | sed -n 's/\\-/-/g; s|/var/lib/recpipe|state|; s|topk.tsv|state/a.tsv|; /^install\|^unpack/p' > commands
sh -e commands && [ "$(wc -l < commands)" = 2 ] && unpack state/topk.packed | cmp - state/a.tsv || complain "the page makes no lists: $(cat commands)"
sed -n '/^Try changed settings/,/^\.EE/p' "$root/man/recpipe-operations.7" |
	sed -n "s/\\\\-/-/g; s|/etc/default/recpipe-serve-http|$packaging/systemd/recpipe-serve-http.default|; s|/var/lib/recpipe|state|; /^set\|^serve/p" > commands
sh -e commands 2> err && [ "$(wc -l < commands)" = 2 ] || complain "the page tries no settings: $(cat commands err)"
# shellcheck source=../../packaging/systemd/recpipe-serve-http.default
. "$packaging/systemd/recpipe-serve-http.default"
log_options=$(printf '%s' "$NEXT_TRACK_LOG_OPTIONS" | sed "s|/var/log/recpipe|$PWD/state|")
# shellcheck disable=SC2086
(cd state && serve-http -q --check $SERVE_HTTP_OPTIONS -- next-track -q --replies $NEXT_TRACK_OPTIONS $log_options) ||
	complain 'serve-http does not take its default settings'
sed -n 's/^ExecStart.*\(\$SERVE_HTTP_OPTIONS.*\)/\1/p' "$packaging/systemd/recpipe-serve-http.service" | uniq | grep -c . > lines
[ "$(cat lines)" = 1 ] || complain 'what is tried is not what is run'
# Three days of logs, of which the last is not compressed; nightly's pattern has all of them, and each once.
if command -v logrotate > /dev/null; then
	mkdir -m 755 rotated
	sed "s|/var/log/recpipe|$PWD/rotated|g; s|systemctl.*|echo reloaded|" "$packaging/logrotate" > rotate
	chmod 644 rotate
	for day in 1 2 3; do
		printf '{"day": %s}\n' $day > rotated/events.jsonl
		logrotate -s status -f rotate > log 2>&1 && grep -q . log && ! grep -q '^error' log || complain "logrotate: $(cat log)"
		sleep 1.1
	done
	printf '{"day": 4}\n' > rotated/events.jsonl
	pattern=$(sed -n 's|^NIGHTLY_FILES="/var/log/recpipe/\(.*\)"$|\1|p' "$packaging/systemd/recpipe-nightly.default")
	# shellcheck disable=SC2086
	(cd rotated && zcat -f $pattern | sort) > log
	[ "$(tr -dc 0-9 < log)" = 1234 ] && [ "$(ls rotated/*.gz | wc -l)" = 2 ] || complain "what logrotate makes: $(ls rotated)"
else
	echo 'without logrotate: its file is not tried'
fi

# ---- the image has the packages of all libraries that programs need
if command -v readelf > /dev/null && command -v dpkg > /dev/null; then
	sed -n '/^FROM debian:bookworm-slim$/,$p' "$packaging/docker/Dockerfile" | tr ' \\\t' '\n\n\n' > image
	for program in "$RECPIPE_BIN"/*; do
		readelf -d "$program" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'
	done | sort -u > needed
	while read -r library; do
		# the file that the loader takes, by the name that dpkg knows
		file=$(ldconfig -p 2> /dev/null | awk -v so="$library" '$1 == so { print $NF; exit }')
		package=$(dpkg -S "${file:-/none}" "/usr${file:-/none}" 2> /dev/null | sed -n '1s/:.*//p')
		case $package in libc6 | libgcc-s1 | '') continue ;; esac
		grep -qxF "$package" image || complain "the Dockerfile lacks $package ($library)"
	done < needed
	sed -n '/^FROM .* AS build/,/^COPY/p' "$packaging/docker/Dockerfile" | tr ' \\\t' '\n\n\n' > image
	for package in $(sed -n 's/^DEPS = //p; /^DEPS = /,/[^\\]$/p' "$root/Makefile" | tr ' \\\t' '\n\n\n' | grep -E '^lib.*-dev$|zlib1g-dev'); do
		grep -qxF "$package" image || complain "the Dockerfile builds without $package"
		sed -n '/^Build-Depends/,/^[A-Z].*:/p' "$root/debian/control" | tr ' ,' '\n\n' | grep -qxF "$package" ||
			[ "$package" = libc6-dev ] || complain "debian/control builds without $package"
	done
fi
for folder in $(sed -n 's/.*--log", "\(.*\)\/[^/]*".*/\1/p' "$packaging/docker/compose.yaml"); do
	grep -q "install -d -o 10001 -g 10001 $folder\$" "$packaging/docker/Dockerfile" ||
		complain "the image's user cannot write to $folder"
done
grep -qx 'USER 10001:10001' "$packaging/docker/Dockerfile" || complain 'the image runs as root'

# ---- completions
for tool in next-track tune-hparams serve-http; do
	for shell in zsh fish; do
		sh "$root/completions/generate.sh" "$RECPIPE_BIN/$tool" $shell > "$tool.$shell" || complain "$tool: $shell"
		RECPIPE_DUMP_OPTIONS=table "$tool" | sed 1d | cut -f 1 | while read -r option; do
			case $shell in zsh) wanted="--$option" ;; fish) wanted="-l $option" ;; esac
			grep -qE -- "$wanted([=[ ']|\$)" "$tool.$shell" || echo "$option"
		done > lacking
		[ -s lacking ] && complain "$tool: $shell does not complete $(tr '\n' ' ' < lacking)"
		if command -v $shell > /dev/null; then
			$shell -n "$tool.$shell" 2> log || complain "$tool: $shell cannot read its completion: $(cat log)"
		fi
	done
done

# The shells complete with them: an option's name, in a shell that has loaded them as an installed one does.
mkdir zsh
for tool in next-track serve-http; do
	cp $tool.zsh zsh/_$tool
	[ "$(head -n 1 $tool.zsh)" = "#compdef $tool" ] || complain "zsh does not take $tool.zsh for a completion of $tool"
	case $tool in next-track) part=--replie whole=--replies ;; *) part=--worke whole=--workers ;; esac
	if command -v zsh > /dev/null; then
		TERM=dumb timeout 60 zsh -f "$root/tests/helpers/zsh-complete.zsh" "$PWD/zsh" "$tool $part" > log 2>&1
		grep -qE "^$tool $whole=? ?\$" log || complain "zsh makes of $tool $part: $(cat log)"
	fi
	if command -v fish > /dev/null; then
		fish --no-config -c "source $tool.fish; complete -C '$tool $part'" 2>&1 | cut -f 1 > log
		[ "$(cat log)" = "$whole" ] || complain "fish makes of $tool $part: $(cat log)"
	fi
done
command -v zsh > /dev/null && command -v fish > /dev/null || echo 'without zsh or fish: their completions are not tried'

# ---- HTML
if command -v mandoc > /dev/null; then
	(cd "$root" && sh packaging/html.sh "$RECPIPE_TMP/html") > log 2>&1 || complain "html: $(cat log)"
	ls "$root"/man/*.[1357] | sed 's|.*/||; s|$|.html|' | sort > want
	(cd html && ls ./*.html) | sed 's|^\./||' | grep -v '^index' | sort | cmp -s - want || complain 'pages are missing in HTML'
	for page in html/*.html; do
		grep -o 'href="[^"#]*"' "$page" | sed 's/href="//; s/"//'
	done | sort -u | while read -r link; do
		[ -e "html/$link" ] || case $link in http*) ;; *) echo "$link" ;; esac
	done > broken
	[ -s broken ] && complain "links that lead nowhere: $(tr '\n' ' ' < broken)"
	grep -q '<a href="serve-http.1.html"><b>serve-http</b>' html/recpipe-operations.7.html || complain 'pages are not linked'
fi

# ---- SBOM
libraries=$(for program in "$RECPIPE_BIN"/*; do readelf -d "$program"; done 2> /dev/null |
	sed -n 's/.*(NEEDED).*\[lib\(.*\)\.so.*/\1/p' | sort -u)
(cd "$root" && sh packaging/sbom.sh "$version" 1700000000 "$(printf -- '-l%s ' $libraries)") > spdx || complain 'no SBOM'
(cd "$root" && sh packaging/sbom.sh "$version" 1700000000 "$(printf -- '-l%s ' $libraries)") | cmp -s - spdx || complain 'two SBOMs differ'
for library in $libraries; do
	case $library in c | m | gcc_s | *san | *san[0-9]) continue ;; esac
	grep -qx "PackageName: $library" spdx || complain "the SBOM lacks $library"
done
grep -qx 'Created: 2023-11-14T22:13:20Z' spdx || complain 'the SBOM has another date'
(cd "$root" && sh packaging/sbom.sh "$version" 1700000000 '-lz -lc' static) > static.spdx
grep -qx 'Relationship: SPDXRef-recpipe STATIC_LINK SPDXRef-c' static.spdx && ! grep -q DYNAMIC static.spdx &&
	! grep -q STATIC spdx || complain 'static programs do not hold their libraries, by their SBOM'
# One license everywhere.
for file in "$root/debian/copyright" "$RECPIPE_TMP/spdx" "$root/README.md"; do
	grep -q 'GPL-3.0-or-later' "$file" && ! grep -q 'GPL-3.0-only' "$file" || complain "$file has another license"
done
exit $bad
