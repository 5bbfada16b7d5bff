awk -F '\t' 'NR == 1 { print "item\ttitle"; next } $1 == "item" { print $2 "\ta, \"" $2 "\"" }' input > meta.tsv
