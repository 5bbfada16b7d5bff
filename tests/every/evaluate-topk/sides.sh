cut -f 1-3 input > b.tsv
cp "$RECPIPE_ROOT/tests/every/export-topk/input" m.tsv
printf 'item\tfeature\tweight\ni1\tx, y\t1\ni2\tz\t2\n' > f.tsv
