# heard.awk - lists less what a dataset's train and validation rows say that the user has heard
# meanwhile; DATASET is its file. Both are sorted by user as bytes (LC_ALL=C); ranks
# are counted again. The dataset is read along with the lists: of one user at a time.

function read_row()
{
	ended = (getline row < ENVIRON["DATASET"]) <= 0
	if (!ended)
		split(row, field, "\t")
}

BEGIN {
	OFS = "\t"
	read_row() # the header
	read_row()
}

NR == 1 { print "user", "rank", "item"; next }

NR == 2 || $1 "" != user {
	user = $1 ""
	rank = 0
	split("", heard)
	while (!ended && field[1] "" < user)
		read_row()
	while (!ended && field[1] "" == user) {
		if (field[4] != "test")
			heard[field[2]]
		read_row()
	}
}

!($3 in heard) { print user, ++rank, $3 }
