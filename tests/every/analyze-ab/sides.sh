cp input pre.tsv
printf 'name\tarm\tweight\nEXP\tC\t1\nEXP\tT1\t1\n' > x.tsv
awk -F '\t' 'NR == 1 { print "user\tage"; next } !($3 in u) { u[$3]; print $3 "\t" ($3 % 2 ? "young" : "old, or so") }' input > users.tsv
printf 'name\trole\ntime\tprimary\nskips\tguardrail\n' > metrics.tsv
