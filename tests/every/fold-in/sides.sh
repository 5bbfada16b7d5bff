sum-gram --side items model.tsv > g.tsv
