cut -f 2 policy.tsv | sort -u | awk 'NR == 1 { print "item\ttitle" } $0 != "item" { print $0 "\ta, b" }' > items.tsv
awk -F '\t' -v OFS='\t' 'NR == 1 { print "item", "reward", "note"; next } !seen[$2]++ { print $2, "0." NR, "a, b" }' policy.tsv > r.tsv
awk -F '\t' -v OFS='\t' 'NR == 1 { print "user", "rank", "item", "score"; next }
	!seen[$1]++ { print $1, 1, "i1", 2; print $1, 2, "i2", 1 }' input > lists.tsv
