printf 'user\titem\nu1\ti7\n' > b.tsv
cp "$RECPIPE_ROOT/tests/every/export-topk/input" m.tsv
