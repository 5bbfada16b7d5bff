# public-logs.awk - made-up listens as the services and programs write them in JSON, byte for byte in
# their form, and messy: keys that nobody needs, TABs and line ends inside strings, one bad event in
# twenty. FILE (environment) names the form; the file goes to standard output, the table that
# it should become to FILE.want, the number of bad events to FILE.bad. plays.avro is a container of
# Avro 1.11 (Specification, Object Container Files) with a field that may be null. Runs with civil.awk
# in front of it.
BEGIN {
	file = ENVIRON["FILE"]
	if (file == "tracks.json" || file == "recommendations.json" || file ~ /^mpd/) {
		if (file == "tracks.json") catalog(); else if (file ~ /^mpd/) playlists(); else lists_of_ids()
		print n_bad > (file ".bad")
		exit
	}
	want = file ".want"
	array = file ~ /^Streaming/
	sync = "sixteen bytes, ."
	print (file ~ /^Streaming|^plays/ ? "user\ttrack\ttime\ttimestamp" : "user\ttrack\ttimestamp") > want
	if (file == "plays.avro")
		avro_start()
	if (array)
		printf "\357\273\277[\n"
	for (k = 1; k <= 1400; k++) {
		u = 1 + (k * k * 7 + k) % 41
		i = 1 + (k * k * k + 3 * k) % 29
		if (file == "recenttracks.json") {
			# An answer has ten tracks of one listener.
			u = 1 + int((k - 1) / 10) % 23
			if (k % 10 == 1)
				printf "{\"recenttracks\": {\"track\": ["
		}
		r = 1 + (k + u * i) % 5
		t = 1600000000 + k * 9876
		wrong = k % 20 == 0 ? 1 + n_bad++ % 5 : 0
		if (wrong && file == "recenttracks.json") # what is no JSON would cost the whole answer
			wrong = 4 + wrong % 2
		event()
		if (array)
			printf k < 1400 ? ",\n" : "\n]\n"
		else if (file == "recenttracks.json" && k % 10 != 0)
			printf ", "
		else if (file == "recenttracks.json")
			printf "], \"@attr\": {\"user\": \"rj%d\", \"page\": \"%d\", \"perPage\": \"10\", \"totalPages\": \"99\"}}}\n", u, k / 10
		else if (file == "plays.avro")
			printf k % 100 ? "" : "%s%s%s%s", long(100), long(length(block)), block, sync
		else
			printf "\n"
		if (k % 100 == 0)
			block = ""
	}
	print n_bad > (file ".bad")
}

# A catalog, an object a line; and lists of ids, a user a line, with elements that are none.
function catalog(    i)
{
	for (i = 0; i < 29; i++) {
		printf "{\"artist\": \"artist %d\", \"title\": \"say \\\"%d\\\"\\t, or\", \"track\": %d}\n", i % 7, i, i
		if (i % 20 == 7) { print "{\"artist\": \"half"; n_bad++ }
	}
}

function lists_of_ids(    u, j)
{
	for (u = 1; u <= 60; u++) {
		printf "{\"user\": %d, \"tracks\": [", u
		for (j = 0; j < 10; j++)
			printf "%s%d", j ? ", " : "", (u * 5 + j + (j % 4 == 3) * 6) % 29
		if (u % 20 == 0) { printf u % 40 ? ", {\"id\": 3}" : ", [4]"; n_bad++ }
		print "]}"
		if (u == 33) { print "{\"user\": 33, \"tracks\": [5,]}"; n_bad++ }
	}
}

# A slice of the million playlists: one object over many lines, with the tracks in lists of the elements of a list.
function playlists(    u, j, uri)
{
	print "user\ttrack" > (file ".want")
	printf "{\n    \"info\": {\n        \"slice\": \"0-59\", \n        \"version\": \"v1\"\n    }, \n    \"playlists\": ["
	for (u = 0; u < 60; u++) {
		printf "%s\n        {\n            \"name\": \"say \\\"%d\\\"\\t, or [] {\", \n            \"collaborative\": \"false\", \n", u ? ", " : "", u
		printf "            \"pid\": %d, \n            \"tracks\": [", u
		for (j = 0; j < 10; j++) {
			uri = "spotify:track:" (u * 5 + j + (j % 4 == 3) * 6) % 29
			printf "%s\n                {\n                    \"pos\": %d, \n", j ? ", " : "", j
			printf "                    \"artist_name\": \"Bj\\u00f6rk\", \n                    \"track_uri\": \"%s\", \n", uri
			printf "                    \"duration_ms\": %d\n                }", 200000 + j
			print u "\t" uri > (file ".want")
		}
		if (u % 2) { printf u % 4 == 1 ? ", {\"track_uri\": {}}" : ", \"spotify:track:1\""; n_bad++ }
		printf "\n            ], \n            \"num_edits\": 3\n        }"
	}
	printf "\n    ]\n}"
}

# A title: with what JSON escapes, and in a bad event with what it must not have.
function title()
{
	if (wrong == 2)
		printf "a raw %c NUL", 0
	else
		printf "%s", wrong == 1 ? "half \377 a character" : wrong == 3 ? "no \\x escape" : "say \\\"" i "\\\"\\t, or\\nnot \\u266b"
}

function event(    ms, when, id)
{
	ms = r * 50000 - 25000
	civil(t)
	when = sprintf("%04d-%02d-%02dT%02d:%02d:%02dZ", Y, M, D, h, m, s)
	if (file ~ /^Streaming/) {
		id = k % 23 == 0 ? "" : (i % 9 ? "spotify:track:" : "spotify:episode:") i # some are neither
		printf "  {\"ts\": \"%s\", \"username\": \"ann%d\", \"platform\": \"Linux\", \"ms_played\": %s, ", wrong == 4 ? "noon" : when, u, wrong == 5 ? "\"much\"" : ms
		printf "\"conn_country\": \"DE\", \"master_metadata_track_name\": \""
		title()
		printf "\", \"master_metadata_album_artist_name\": \"Bj\303\266rk\", \"spotify_track_uri\": %s, ", i % 9 && id != "" ? "\"" id "\"" : "null"
		printf "\"episode_name\": null, \"spotify_episode_uri\": %s, \"shuffle\": false, \"skipped\": null}", i % 9 || id == "" ? "null" : "\"" id "\""
		row("ann" u, id, "\t" ms)
	} else if (file == "1.listens") {
		printf "{\"user_id\": %d, \"user_name\": \"ann %d\", \"timestamp\": %s, \"track_metadata\": {\"track_name\": \"", u, u, wrong == 4 ? "{}" : wrong == 5 ? "\"\\u0000\"" : t
		title()
		printf "\", \"artist_name\": \"Bj\303\266rk\", \"additional_info\": {\"tracknumber\": %d, \"tags\": []}", i
		printf "%s}, \"recording_msid\": \"msid-%d\"}", i % 3 ? "" : ", \"mbid_mapping\": {\"recording_mbid\": \"mbid-" i "\", \"artist_mbids\": []}", i
		row("ann " u, (i % 3 ? "msid-" : "mbid-") i, "")
	} else if (file == "recenttracks.json") {
		printf "{\"artist\": {\"mbid\": \"\", \"#text\": \"Bj\303\266rk\"}, \"streamable\": \"0\", \"name\": \""
		title()
		printf "\", \"url\": %s, \"date\": {\"uts\": \"%s\", \"#text\": \"%s\"}}", wrong == 5 ? "[]" : "\"https://www.last.fm/music/A/_/" i "\"", wrong == 4 ? "now" : t, when
		row("rj" u, "https://www.last.fm/music/A/_/" i, "")
	} else {
		if (wrong)
			when = "noon"
		if (file == "plays.avro")
			block = block text("u" u) long(1) text("t" i) text(when) long(ms) long(250000)
		else
			printf "{\"user_id\": \"u%d\", \"track_id\": \"t%d\", \"played_at\": \"%s\", \"ms_played\": %d, \"duration_ms\": 250000}", u, i, when, ms
		row("u" u, "t" i, "\t" ms / 250000)
	}
}

function row(user, track, time)
{
	if (!wrong)
		printf "%s\t%s%s\t%.0f\n", user, track, time, t * 1000 > want
}

# A number above 0 as Avro has it: zigzag, seven bits a byte, the lowest first.
function long(n,    bytes)
{
	for (n *= 2; n > 127; n = int(n / 128))
		bytes = bytes sprintf("%c", 128 + n % 128)
	return bytes sprintf("%c", n)
}

function text(s)
{
	return long(length(s)) s
}

function field(name, type)
{
	return "{\"name\": \"" name "\", \"type\": " type "}"
}

function avro_start(    schema)
{
	schema = "{\"type\": \"record\", \"name\": \"play\", \"fields\": [" field("user_id", "\"string\"") ", " \
		field("track_id", "[\"null\", \"string\"]") ", " field("played_at", "\"string\"") ", " \
		field("ms_played", "\"long\"") ", " field("duration_ms", "\"long\"") "]}"
	printf "Obj%c%s%s%s%s%s%c%s", 1, long(2), text("avro.codec"), text("null"), text("avro.schema"), text(schema), 0, sync
}
