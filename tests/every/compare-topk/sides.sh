printf 'item\tfeature\tweight\ni1\tx, y\t1\ni2\tz\t2\n' > f.tsv
