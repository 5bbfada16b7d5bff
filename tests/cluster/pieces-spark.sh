#!/bin/sh
# personalize-pieces on a standalone Spark with its daemons, on logs of a service where they are at hand, with
# a fifth of the tries killed and a fifth of the tasks run twice, while a worker and its executors are killed
# (-9) and come back: byte for byte what personalize makes on this machine. Takes 10 minutes and more.
set -u
. "$RECPIPE_ROOT/tests/namespace.sh"
. "$RECPIPE_ROOT/tests/pipelines.sh"
: "${PIECES_TRIED:=3}" "${EPOCHS:=2}"
. "$RECPIPE_ROOT/tests/pieces-engine.sh"
pieces_begin
. "$RECPIPE_ROOT/tests/spark.sh"
export ENGINE=spark
# The second worker dies in the third step, and is there again for the next ones.
(
	until [ -f cut-3/steps/positives/_SUCCESS ]; do sleep 1; done
	sleep 5
	kill -s KILL -- "-$(cat worker2.pid)" && echo x > died
	for one in $(executors 2); do kill -s KILL "$one" 2> /dev/null; done
	sleep 10
	worker 2
) &
for pieces in $PIECES_TRIED; do pieces_same "$pieces"; done
case " $PIECES_TRIED " in *' 3 '*) [ -f died ] || complain 'no worker was killed' ;; esac
exit "$failed"
