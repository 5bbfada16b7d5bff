#!/bin/sh
# export-embeddings read back by others: numpy loads the array, TensorBoard's
# own classes read the projector's folder where Python has them, and all three
# forms hold the same numbers.
set -eu
PYTHON=${PYTHON:-python3}
"$PYTHON" -c 'import numpy' 2> /dev/null || { echo "$PYTHON has no numpy"; exit 77; }
cd "$RECPIPE_TMP"
awk 'BEGIN {
	OFS = "\t"; srand(4)
	print "kind", "id", "bias", "f0", "f1", "f2"
	for (i = 0; i < 50; i++)
		print "item", "x" i, 0, rand() - 0.5, 1e-5 * rand(), 1e6 * rand()
}' > m.tsv
awk 'BEGIN { print "item\ttitle"; for (i = 0; i < 50; i++) print "x" i "\tThe title of " i }' > i.tsv
export-embeddings --format npy --ids ids.txt -o a.npy m.tsv
export-embeddings m.tsv > a.w2v
export-embeddings --format projector --directory look --metadata i.tsv m.tsv
cat > check.py <<'END'
import numpy as np
a = np.load("a.npy")
ids = open("ids.txt").read().split("\n")[:-1]
want = np.array([[np.float32(x) for x in l.split("\t")[3:]] for l in open("m.tsv").read().split("\n")[1:-1]])
assert a.dtype == np.float32 and a.shape == (50, 3) and a.flags["C_CONTIGUOUS"]
assert (a == want).all() and ids == [f"x{i}" for i in range(50)]
lines = open("a.w2v").read().split("\n")
assert lines[0] == "50 3" and len(lines) == 52
for i, l in enumerate(lines[1:-1]):
    p = l.split(" ")
    assert p[0] == ids[i] and ([np.float32(x) for x in p[1:]] == a[i]).all()
tensors = np.loadtxt("look/tensors.tsv", delimiter="\t", dtype=np.float32)
assert (tensors == a).all()
meta = open("look/metadata.tsv").read().split("\n")
assert meta[0] == "id\ttitle" and len(meta) == 52 and meta[3] == "x2\tThe title of 2"
try:
    from google.protobuf import text_format
    from tensorboard.plugins.projector import projector_config_pb2
except ImportError:
    print("without TensorBoard")
else:
    config = projector_config_pb2.ProjectorConfig()
    text_format.Parse(open("look/projector_config.pbtxt").read(), config)
    assert config.embeddings[0].tensor_path == "tensors.tsv"
    assert config.embeddings[0].metadata_path == "metadata.tsv"
END
"$PYTHON" check.py
