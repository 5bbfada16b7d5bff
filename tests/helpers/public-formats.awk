# public-formats.awk - made-up interactions as the files of public data sets have them, byte for
# byte in their form, and messy: byte order marks, separators and line ends inside values, one bad
# row in twenty. FILE (environment) names the form; the file goes to standard output, the table
# that it should become to FILE.want, the number of bad rows to FILE.bad. Lines of scrobbles.csv have
# a person and a TAB in front: each person has a file. Runs with civil.awk in front of it.
BEGIN {
	file = ENVIRON["FILE"]
	want = file ".want"
	split("", rows)
	sep = ","
	header = ""
	columns = "user\titem\ttime\ttimestamp"
	start()
	if (header != "")
		put(header)
	print columns > want
	if (file == "u.item")
		titles()
	else if (file == "matrix.csv")
		matrix()
	else
		for (k = 1; k <= 1400; k++) {
			u = 1 + (k * k * 7 + k) % 41
			i = 1 + (k * k * k + 3 * k) % 29
			r = 1 + (k + u * i) % 5
			t = 1400000000 + k * 98765
			line(u, i, r, t)
			if (k % 20 == 0)
				bad(++n_bad)
		}
	print n_bad + 0 > (file ".bad")
}

function start()
{
	if (file == "u.data" || file ~ /^user|^dataset|^loc|^behaviors|^r\.tsv|^book1/) sep = "\t"
	if (file == "ratings.dat") sep = "::"
	if (file == "BX-Book-Ratings.csv") { sep = ";"; header = "\"User-ID\";\"ISBN\";\"Book-Rating\"" }
	if (file == "ratings.csv") header = "\357\273\277userId,movieId,rating,timestamp"
	if (file == "events.csv") header = "timestamp,visitorid,event,itemid,transactionid"
	if (file == "user_artists.dat") header = "userID\tartistID\tweight"
	if (file == "yelp_review.csv") header = "\357\273\277review_id,user_id,business_id,stars,date,text,useful"
	if (file == "pandas.csv") header = ",user,item,time,title"
	if (file == "r.tsv") header = "\"user\"\t\"item\"\t\"time\"\t\"title\""
	if (file == "matrix.csv") columns = "user\titem\ttime"
	if (file == "book1.txt") header = "user\titem\ttime\ttimestamp"
	if (file ~ /^BX|^pandas|^r\.tsv|^scrobbles/) columns = "user\titem\ttime"
	if (file == "events.csv") columns = "user\titem\tvalue\ttimestamp"
	if (file ~ /^usersha1/) columns = "user\titem\tplays"
	if (file == "user_artists.dat") columns = "user\titem\tweight"
	if (file ~ /^userid-|^behaviors|^dataset|^loc|^yoochoose|^scrobbles/) columns = "user\titem\ttimestamp"
	if (file == "steam-200k.csv") columns = "user\titem\thours"
	end = file ~ /^(ratings\.csv|r\.tsv|book1\.txt|user_artists\.dat)$/ ? "\r\n" : "\n"
	quoted = file ~ /^(ratings\.csv|BX|yelp|pandas|events)/
	rated = columns ~ /time\t|time$/ && file !~ /^(pandas|r\.tsv|book1)/
}

function put(text)
{
	printf "%s%s", text, end
}

function wanted(u, i, value, t)
{
	printf "%s\t%s%s%s\n", u, i, value == "" ? "" : "\t" value, t == "" ? "" : sprintf("\t%.0f", t) > want
}

function line(u, i, r, t,    name, day)
{
	civil(t)
	day = t - t % 86400
	if (file == "u.data" || file == "ratings.dat") {
		put(last = u sep i sep r sep t)
		wanted(u, i, r, t * 1000)
	} else if (file == "ratings.csv") {
		put(last = u "," i "," r - 0.5 "," t)
		wanted(u, i, r - 0.5, t * 1000)
	} else if (file == "BX-Book-Ratings.csv") {
		name = sprintf("%09dX", i * 104) (i % 13 ? "" : "\264")
		put(last = "\"" u "\";\"" name "\";\"" 2 * r "\"")
		sub(/\264/, "\302\264", name)
		wanted(u, name, 2 * r)
	} else if (file == "combined_data_1.txt") {
		# Rows of one film after the other.
		i = 1 + int(k / 25)
		if (k == 1 || k % 25 == 0)
			put(i ":")
		put(last = sprintf("%d,%d,%04d-%02d-%02d", u, r, Y, M, D))
		wanted(u, i, r, day * 1000)
	} else if (file == "events.csv") {
		name = r > 4 ? "transaction" : r > 3 ? "addtocart" : "view"
		put(last = sprintf("%.0f,%d,%s,%d,%s", t * 1000 + 7, u, name, i, r > 4 ? k : ""))
		wanted(u, i, r > 4 ? 5 : r > 3 ? 3 : 1, t * 1000 + 7)
	} else if (file ~ /^usersha1/) {
		u = sprintf("%08x%032x", u * 99991, u)
		name = i % 5 ? "artist, no. " i : "\"Weird\" band " i
		put(last = u sep (i % 7 ? sprintf("%08x-mbid", i * 7919) : "") sep name sep r * 31)
		wanted(u, name, r * 31)
	} else if (file ~ /^userid-/) {
		u = sprintf("user_%06d", u)
		name = i % 6 ? "Song; " i : "\"Song\" " i
		put(last = sprintf("%s\t%04d-%02d-%02dT%02d:%02d:%02dZ\t%s\tBj\303\266rk\t\t%s", u, Y, M, D, h, m, s, i % 4 ? "a" i : "", name))
		wanted(u, name, "", t * 1000)
	} else if (file == "behaviors.tsv") {
		name = "N" i " N" i + 1
		last = sprintf("%d\tU%d\t%d/%d/%d %d:%02d:%02d %s\t%s\tN%d-1 N%d-0", k, u, M, D, Y, h % 12 ? h % 12 : 12, m, s, h < 12 ? "AM" : "PM", name, i, i + 3)
		put(last)
		wanted("U" u, "N" i, "", t * 1000)
		wanted("U" u, "N" (i + 1), "", t * 1000)
	} else if (file == "ratings_Books.csv") {
		put(last = sprintf("A%dCU2IRZ,%010d,%d.0,%d", u, i * 589549, r, t))
		wanted("A" u "CU2IRZ", sprintf("%010d", i * 589549), r ".0", t * 1000)
	} else if (file == "user_artists.dat") {
		put(last = u sep i sep r * 17)
		wanted(u, i, r * 17)
	} else if (file ~ /^dataset/) {
		name = sprintf("%024d", i * 31)
		put(last = sprintf("%d\t%s\t4bf5\tCaf\351\t%.4f\t-74.0\t-240\t%s %s %02d %02d:%02d:%02d +0000 %d", u, name, 40 + i / 99, W, B, D, h, m, s, Y))
		wanted(u, name, "", t * 1000)
	} else if (file ~ /^loc/) {
		put(last = sprintf("%d\t%04d-%02d-%02dT%02d:%02d:%02dZ\t30.23\t-97.79\t%d", u, Y, M, D, h, m, s, i))
		wanted(u, i, "", t * 1000)
	} else if (file ~ /^yoochoose/) {
		put(last = sprintf("%d,%04d-%02d-%02dT%02d:%02d:%02d.277Z,%d,%s", u, Y, M, D, h, m, s, i, i % 9 ? 0 : "S"))
		wanted(u, i, "", t * 1000 + 277)
	} else if (file == "steam-200k.csv") {
		name = "Game, the " i
		put(u ",\"" name "\",purchase,1.0,0")
		put(last = u ",\"" name "\",play," r + 0.5 ",0")
		wanted(u, name, r + 0.5)
	} else if (file == "yelp_review.csv") {
		put(last = sprintf("r%d,u%d,b%d,%d,%04d-%02d-%02d %02d:%02d:%02d,\"Good, \"\"very\"\"%s\tgood; %d\",0", k, u, i, r, Y, M, D, h, m, s, k % 3 && k % 20 ? "\n" : "", k))
		wanted("u" u, "b" i, r, t * 1000)
	} else if (file == "pandas.csv") {
		put(last = k - 1 ",u" u "," i "," r / 5 ",\"A, \"\"B\"\" " i "\"")
		wanted("u" u, i, r / 5)
	} else if (file == "r.tsv") {
		put(last = "\"" k "\"\t\"u" u "\"\t" i "\t" r "\t\"say \\\"" i "\\\"\\now\"")
		wanted("u" u, i, r)
	} else if (file == "book1.txt") {
		put(last = sprintf("d\303\266rte %d\t%d\t%d\t%02d.%02d.%04d %02d:%02d", u, i, r, D, M, Y, h, m))
		wanted("d\303\266rte " u, i, r, (t - t % 60) * 1000)
	} else if (file == "scrobbles.csv") {
		printf prefix = "u" u "\t"
		put(last = sprintf("\"An, artist\",Album %d,\"Song \"\"%d\"\"\",\"%02d %s %d, %02d:%02d\"", r, i, D, B, Y, h, m))
		wanted("u" u ".csv", "Song \"" i "\"", "", (t - t % 60) * 1000)
	}
}

# One bad row: of each kind in turn.
function bad(n,    kind)
{
	printf prefix
	kind = n % 5
	if (kind == 1)
		put("garbage")
	else if (kind == 2)
		put(last sep "x" sep "y")
	else if (kind == 3) {
		printf "%s%c%s", last, 0, end
	} else if (kind == 4 && rated) {
		gsub(/[1-9]/, "n/a", last)
		put(last)
	} else if (kind == 0 && quoted) {
		put("\"stray\"quote" sep last)
	} else {
		put("")
	}
}

# The items of MovieLens 100k, in Latin-1.
function titles(    i, g)
{
	for (i = 1; i <= 57; i++) {
		printf "%d|Caf\351 %d, the film (1995)|01-Jan-1995||http://us.imdb.com/M/title-exact?Caf%%E9%%20%d%%20(1995)|0", i, i, i
		for (g = 1; g < 19; g++)
			printf "|%d", g % 7 == i % 7
		printf "\n"
	}
}

# Users and items as rows and columns.
function matrix(    u, i, row)
{
	row = "user"
	for (i = 1; i <= 25; i++)
		row = row ",i" i
	put(row)
	for (u = 1; u <= 60; u++) {
		row = "u" u
		for (i = 1; i <= 25; i++) {
			r = (u * i + u) % 7
			row = row "," (r > 4 ? "" : r + 1)
			if (r <= 4)
				wanted("u" u, "i" i, r + 1)
		}
		put(last = row)
		if (u % 20 == 0)
			bad(++n_bad)
	}
}
