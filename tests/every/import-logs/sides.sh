printf 'track\tduration\n2\t4\n' > d.tsv
