printf 'user\tnote\nu1\tx\nnobody yet\ty, z\n' > users.tsv
