#!/bin/sh
# maven-jars.sh POM FOLDER - gets the jars of a pom into the folder, unless it is there: whole or not at all,
# in the versions that the pom names, with the checksums that the repository has of them (mvn -C). Without
# Maven it says so, and does nothing: the tests skip.
set -u
pom=$1 folder=$2
[ ! -d "$folder" ] || exit 0
command -v mvn > /dev/null || {
	echo "no Maven to get $(basename "$folder"): apt-get install maven default-jre-headless" >&2
	exit 0
}
echo "getting the jars of $pom with Maven" >&2
mkdir -p "$folder.new" &&
	mvn -C -q -B -f "$pom" org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
		-DincludeScope=runtime -DoutputDirectory="$folder.new" < /dev/null >&2 && mv "$folder.new" "$folder"
