printf 'name\tkind\tlow\thigh\tchoices\nz\tfloat\t0\t1\t\ny\tchoice\t\t\tp,q\n' > s.tsv
