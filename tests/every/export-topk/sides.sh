printf 'user\tnote\nu1\ta, b\nu3\tc\n' > users.tsv
printf 'item\tavailable\ni1\t1\ni2\t0\ni3\t1\n' > items.tsv
printf 'user\tfeature\nnew, here\tu1\n' > uf.tsv
printf 'item\tfeature\tweight\nnew, here\ti1\t2\n' > if.tsv
