fit-item-drift --forms linear,season,age --lambdas 3,30 --save p.tsv input > /dev/null
