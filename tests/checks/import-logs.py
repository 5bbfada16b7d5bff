import gzip
import json
import sys

COLUMNS = "message timestamp user track time latency recommendation".split()
arms = None
for name in sys.argv[1:]:
    for line in gzip.open(name, "rt", encoding="utf-8"):
        event = json.loads(line, parse_float=str, parse_int=str)
        if arms is None:
            arms = list(event["experiments"])
            print("\t".join(COLUMNS + arms))
        row = [event[c] for c in COLUMNS] + [event["experiments"].get(a) for a in arms]
        print("\t".join("" if field is None else field for field in row))
