printf 'name\tarm\tweight\nTHREE\tC\t1\nTHREE\tT1\t2\n' > x.tsv
printf 'user\texperiment\tarm\nu1\tONE\tT1\nu2\tTWO\tC\n' > o.tsv
