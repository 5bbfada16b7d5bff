"""cost-spark.py TSV FACTORS ITERATIONS - MLlib's implicit ALS, and 100 items for each user: seconds and
CPU seconds of the JVM on MASTER (local[2]), as rows for cost-spark.sh. TSV has no header: user and
item, whole numbers."""
import os
import sys
import time

from pyspark.ml.recommendation import ALS
from pyspark.sql import SparkSession

path, factors, iterations = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
spark = (SparkSession.builder.master(os.environ.get('MASTER', 'local[2]'))
         .config('spark.ui.enabled', 'false').config('spark.driver.memory', '3g')
         .config('spark.sql.shuffle.partitions', '4').config('spark.driver.bindAddress', '127.0.0.1')
         .config('spark.driver.host', '127.0.0.1').getOrCreate())
spark.sparkContext.setLogLevel('ERROR')
pid = spark._jvm.java.lang.ProcessHandle.current().pid()


def cpu():
    with open(f'/proc/{pid}/stat') as file:
        fields = file.read().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def measured(what, work):
    wall, used = time.time(), cpu()
    result = work()
    print(f'{what}\t{time.time() - wall:.2f}\t{cpu() - used:.2f}', flush=True)
    return result


def fit(count):
    model = ALS(rank=factors, maxIter=count, regParam=0.01, implicitPrefs=True, alpha=5.0, userCol='user',
                itemCol='item', ratingCol='r', numUserBlocks=4, numItemBlocks=4, seed=1).fit(rows)
    model.userFactors.count()
    model.itemFactors.count()
    return model


rows = spark.read.csv(path, sep='\t', schema='user int, item int').selectExpr('user', 'item', 'float(1) r').cache()
measured('read', rows.count)
fit(1)
measured('iterations 1', lambda: fit(1))
model = measured(f'iterations {1 + iterations}', lambda: fit(1 + iterations))
lists = model.recommendForAllUsers(100)
measured('lists', lambda: lists.write.format('noop').mode('overwrite').save())
measured('counts', lambda: rows.groupBy('item').count().orderBy('count', ascending=False).limit(1000).collect())
