"""stage-spark.py WORK KEY PARTS - starts the tasks of stage by Spark; with KEY above 0 sorts the
rows of WORK/uncut by that field into PARTS parts first.

A task is sh WORK/task WORK PART (stage-task.sh): it reads and writes files of the folder that all
machines share, bytes as they are. Rows never pass through Java's strings, which would change what
is no UTF-8.
"""
import gzip
import os
import subprocess
import sys
import tempfile
import zlib

from pyspark import SparkConf, SparkContext


def lines(path):
    real = os.path.realpath(path)
    try:
        with (gzip.open if real.endswith('.gz') else open)(real, 'rb') as file:
            for line in file:
                yield line.rstrip(b'\n')
    except (EOFError, gzip.BadGzipFile, zlib.error):
        folder, part = os.path.split(path)
        with open(os.path.dirname(folder) + '/torn', 'a') as torn:
            torn.write(part + '\n')
        raise


def main():
    work, key, parts = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    with open(work + '/wanted') as file:
        wanted = file.read().split()
    context = SparkContext(conf=SparkConf().setAppName('recpipe stage'))

    def run(part):
        subprocess.run(['sh', work + '/task', work, part], stdin=subprocess.DEVNULL, check=True)
        return part

    def write(index, rows):
        part = 'part-%05d' % index
        handle, path = tempfile.mkstemp(dir=work + '/tries', prefix='.' + part)
        with os.fdopen(handle, 'wb') as file:
            for _, row in rows:
                file.write(row + b'\n')
        os.chmod(path, 0o644)
        os.rename(path, work + '/in/' + part)
        yield run(part)

    cut = work + '/uncut'
    if key and not os.listdir(work + '/in'):
        files = sorted(os.path.join(cut, name) for name in os.listdir(cut))
        rows = context.parallelize(files, len(files)).flatMap(lines)
        rows = rows.map(lambda row: (row.split(b'\t')[key - 1] if row.count(b'\t') >= key - 1 else b'', row))
        rows = rows.repartitionAndSortWithinPartitions(parts, zlib.crc32)
        rows.mapPartitionsWithIndex(write).count()
    else:
        context.parallelize(wanted, len(wanted)).map(run).count()
    context.stop()


main()
