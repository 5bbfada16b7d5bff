#!/bin/sh
# The projector's folder of export-embeddings opens in TensorBoard: its projector
# plugin, with the folder as --logdir, is asked over its own routes, as its page asks it, for the runs, the
# configuration, the tensor and the metadata. Skipped where Python has no TensorBoard.
set -eu
PYTHON=${PYTHON:-python3}
"$PYTHON" -c 'from tensorboard.plugins.projector import projector_plugin' 2> /dev/null ||
	{ echo "$PYTHON has no tensorboard"; exit 77; }
cd "$RECPIPE_TMP"
awk 'BEGIN {
	OFS = "\t"; srand(4)
	print "kind", "id", "bias", "f0", "f1", "f2"
	for (i = 0; i < 3000; i++)
		print "item", "x" i, rand(), rand() - 0.5, 1e-5 * rand(), 1e6 * rand()
}' > m.tsv
# titles with quotes, other alphabets, none at all, and for some ids no row
awk 'BEGIN { print "item\ttitle\tyear"; for (i = 0; i < 2990; i++)
	print "x" i "\t" (i % 3 ? "The \"title\" of " i : i % 2 ? "" : "Песня № " i) "\t" 1950 + i % 70 }' > i.tsv
mkdir logs
export-embeddings --format projector --directory logs/titles --metadata i.tsv --bias m.tsv
export-embeddings --format projector --directory logs/ids m.tsv
cat > look.py <<'END_PY'
import json
import numpy as np
from tensorboard.plugins import base_plugin
from tensorboard.plugins.projector import projector_plugin
from werkzeug import test, wrappers
apps = {}
def ask(route, **parameters):
    client = test.Client(apps[route], wrappers.Response)
    answer = client.get(route, query_string=parameters)
    assert answer.status_code == 200, (route, answer.status, answer.get_data()[:200])
    return answer.get_data()
want = np.array([[np.float32(x) for x in l.split("\t")[2:]] for l in open("m.tsv").read().split("\n")[1:-1]])
ids = [f"x{i}" for i in range(3000)]
for folder, columns in (("titles", [1, 2, 3, 0]), ("ids", [1, 2, 3])):
    plugin = projector_plugin.ProjectorPlugin(base_plugin.TBContext(logdir="logs/" + folder))
    apps, run = plugin.get_plugin_apps(), "."
    assert json.loads(ask("/runs")) == [run]
    config = json.loads(ask("/info", run=run))
    embedding, = config["embeddings"]
    name = embedding["tensorName"]
    tensor = np.frombuffer(ask("/tensor", run=run, name=name), dtype=np.float32)
    assert (tensor.reshape(3000, -1) == want[:, columns]).all(), folder
    # the page's own reading of metadata: lines that are not empty; a header when the first has a TAB
    lines = ask("/metadata", run=run, name=name).decode().split("\n")
    assert lines.pop() == "" and all(lines), "a blank line"
    header = lines.pop(0).split("\t") if "\t" in lines[0] else None
    rows = [l.split("\t") for l in lines]
    assert [r[0] for r in rows] == ids, folder
    assert header == (["id", "title", "year"] if folder == "titles" else None), header
    assert all(len(r) == len(rows[0]) for r in rows)
    # asked for a number of rows it gives as many, the header apart
    some = ask("/metadata", run=run, name=name, num_rows=10).decode().split("\n")
    assert len(some) - 1 == 10 + (header is not None)
    some = np.frombuffer(ask("/tensor", run=run, name=name, num_rows=10), dtype=np.float32)
    assert len(some) == 10 * len(columns)
import tensorboard
print("opens in TensorBoard", tensorboard.__version__)
END_PY
"$PYTHON" look.py 2> err || { cat err; exit 1; }
