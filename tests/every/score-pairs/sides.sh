printf 'item\tneighbor\tweight\nx\ty\t.5\nz\tx\t.25\n' > n.tsv
printf 'user\titem\nann\tz\nbob\tx\n' > h.tsv
printf 'user\tfeature\nnew, here\tann\n' > uf.tsv
printf 'item\tfeature\tweight\nnew, here\tx\t2\n' > if.tsv
