build-dataset --partial --weight max input > c.tsv
