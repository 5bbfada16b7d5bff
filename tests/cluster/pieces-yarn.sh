#!/bin/sh
# personalize-pieces on YARN with its daemons, on logs of a service where they are at hand, with a fifth of the
# tries killed and a fifth of the commands run twice, while a NodeManager is killed (-9) and comes back: byte
# for byte what personalize makes on this machine. Takes 20 minutes and more: each of 30 steps is a job.
set -u
hadoop_needs=yarn yarn_disk=yes
. "$RECPIPE_ROOT/tests/hadoop.sh"
. "$RECPIPE_ROOT/tests/pipelines.sh"
. "$RECPIPE_ROOT/tests/yarn.sh"
: "${PIECES_TRIED:=3}" "${EPOCHS:=2}"
. "$RECPIPE_ROOT/tests/pieces-engine.sh"
trap yarn_down EXIT
pieces_begin
yarn_up
export ENGINE=hadoop
# The NodeManager that runs tasks dies in the third step, and is there again for the next ones.
(
	until [ -f cut-3/steps/positives/_SUCCESS ]; do sleep 1; done
	sleep 8
	yarn_kill nm2 && echo x > died
	sleep 20
	yarn_begin nm2
) &
for pieces in $PIECES_TRIED; do pieces_same "$pieces"; done
case " $PIECES_TRIED " in *' 3 '*) [ -f died ] || complain 'no NodeManager was killed' ;; esac
exit "$failed"
