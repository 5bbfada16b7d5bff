printf 'item\tavailable\ni1\t1\ni2\t0\ni3\t1\n' > items.tsv
printf 'item\ttitle\ni1\ta, b\ni3\tc\n' > p.tsv
cp "$RECPIPE_ROOT/tests/every/recommend-items/neighbors.tsv" n.tsv
