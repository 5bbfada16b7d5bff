printf 'user\tfeature\nu1\tx, y\nu2\tz\n' > uf.tsv
printf 'item\tfeature\tweight\ni1\tx, y\t2\n' > if.tsv
train-mf --factors 4 --epochs 1 --kernel portable input > m.tsv
