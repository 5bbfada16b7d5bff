printf 'item\ttitle\ni1\ta, b\ni3\tc\n' > p.tsv
cp "$RECPIPE_ROOT/tests/every/recommend-items/neighbors.tsv" n.tsv
printf 'name\tarm\tweight\trecommender\nX\tC\t1\trandom\nX\tT1\t1\tindexed\n' > x.tsv
