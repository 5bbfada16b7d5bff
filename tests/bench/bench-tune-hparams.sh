#!/bin/sh
# What a proposal costs at 1,000 trials of the space that personalize searches: CPU
# milliseconds in the rate's place. A study of 1,000 random trials goes on for 100 more,
# once with the sampler, once with random points: the command costs both the same. Beside
# optuna's TPE with multivariate set, when Python (PYTHON, or python3) has it.
. "${RECPIPE_ROOT:?}/tests/bench/lib.sh"
cd "$RECPIPE_TMP" || exit 1
python=${PYTHON:-python3}
MORE=100

# more SAMPLER PARAMETERS: CPU seconds of MORE trials after the first 1,000
more()
{
	bench_cpu "cp first study && tune-hparams -q --seed 1 --sampler $1 --trials $((1000 + MORE)) \
		--study study $2 -- 'echo {rate}' > best"
}

cat > optuna-tpe.py <<'END'
import sys, time, warnings
import optuna
warnings.simplefilter('ignore')
optuna.logging.set_verbosity(optuna.logging.ERROR)
def suggest(t):
    if sys.argv[1] == 'all':
        t.suggest_categorical('loss', ['warp', 'bpr', 'logistic'])
        t.suggest_int('factors', 8, 128, log=True)
        t.suggest_int('sampled', 1, 50)
    t.suggest_float('user', 1e-8, 1e-2, log=True)
    t.suggest_float('item', 1e-8, 1e-2, log=True)
    return t.suggest_float('rate', 1e-3, .3, log=True)
study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
study.optimize(suggest, n_trials=1000)
spent = []
for sampler in optuna.samplers.RandomSampler(seed=1), optuna.samplers.TPESampler(seed=1, multivariate=True):
    study.sampler = sampler
    begin = time.process_time()
    study.optimize(suggest, n_trials=10)
    spent.append((time.process_time() - begin) / 10)
print('%.3f' % ((spent[1] - spent[0]) * int(sys.argv[2])))
END

# proposals WHAT SAMPLER few|all PARAMETERS
proposals()
{
	tune-hparams -q --seed 1 --sampler random --trials 1000 --study first $4 -- 'echo {rate}' > best ||
		return 1
	more random "$4" || return 1
	random=$cpu
	more "$2" "$4" || return 1
	ours=$(awk -v a="$cpu" -v b="$random" 'BEGIN { printf "%.3f", a - b }')
	each=$(awk -v s="$ours" -v n="$MORE" 'BEGIN { printf "%.2f ms each", 1e3 * s / n }')
	theirs=-
	if [ "$2" = tpe ] && "$python" -c 'import optuna' 2> /dev/null; then
		theirs=$("$python" optuna-tpe.py "$3" $MORE 2> /dev/null) || theirs=-
	fi
	bench_row "$1" "$ours" "$each" "$peak" 'optuna' "$theirs"
	rm -f first
}

few='--param user=log:1e-8:1e-2 --param item=log:1e-8:1e-2 --param rate=log:1e-3:0.3'
all="--param loss=choice:warp,bpr,logistic --param factors=log-int:8:128 --param sampled=int:1:50 $few"
proposals 'tpe, 6 parameters, 100 proposals' tpe all "$all"
proposals 'tpe, 3 parameters, 100 proposals' tpe few "$few"
proposals 'cma-es, 3 parameters, 100 proposals' cma-es few "$few"
