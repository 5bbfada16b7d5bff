printf 'word\tlemma\nчервя\tчервь\n' > l.tsv
