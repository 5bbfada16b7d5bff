#!/bin/sh
# analyze-ab beside pandas, SciPy, statsmodels, R and the course's own notebook.
golden=${RECPIPE_SHARED:-$RECPIPE_ROOT/../shared}/golden/ab/analyze
[ -d "$golden" ] || { echo "no golden answers: $golden"; exit 77; }
command -v python3 > /dev/null || { echo 'no python3'; exit 77; }
cd "$RECPIPE_TMP" || exit 1
for f in log log.1 log.2 pre users; do gzip -dc "$golden/$f.tsv.gz" > $f.tsv || exit 1; done
means=time,sessions,mean_request_latency,mean_tracks_per_session,mean_time_per_session
ratios=time/sessions,tracks/sessions,latency/tracks,time/tracks,skips/tracks
analyze() { analyze-ab -q --experiment AB3 --experiment PERSONALIZED --experiment AA "$@" 2> /dev/null; }
analyze --metrics $means,$ratios --adjust holm --details details.tsv --health health.tsv log.tsv > effects.tsv || exit 1
analyze --metrics time,sessions,returned --rounds 20000 --pre pre.tsv --users users.tsv --segment segment \
	--details details-pre.tsv log.tsv > /dev/null || exit 1
analyze --metrics time --users users.tsv --stratify activity --details details-strata.tsv log.tsv > /dev/null || exit 1
for how in naive log fieller; do analyze --metrics $means,$ratios --interval $how log.tsv > effects-$how.tsv || exit 1; done
for how in bonferroni hochberg bh by; do analyze --metrics $means,$ratios --adjust $how log.tsv > effects-$how.tsv || exit 1; done
analyze --metrics time,sessions --sequential log.tsv > effects-seq.tsv || exit 1
analyze --metrics time --aa 1000 --details details-aa.tsv log.tsv > /dev/null || exit 1
analyze --plan 0.01,0.02,0.05,0.1 --metrics $means log.tsv > plan-0.8.tsv || exit 1
analyze --plan 0.01,0.02,0.05,0.1 --power 0.9 --metrics $means log.tsv > plan-0.9.tsv || exit 1
analyze --partial log.tsv > partial.tsv || exit 1
# The same bytes from two shuffled replicas, and from parts.
analyze --metrics $means,$ratios log.2.tsv log.1.tsv | cmp - effects.tsv || exit 1
awk -F '\t' 'NR == 1 || $3 % 2' log.tsv > odd.tsv; awk -F '\t' 'NR == 1 || $3 % 2 == 0' log.tsv > even.tsv
analyze --partial odd.tsv > odd.part && analyze --partial even.tsv > even.part || exit 1
analyze --merge --metrics $means,$ratios even.part odd.part | cmp - effects.tsv || exit 1
# The notebook's tables and edge cases.
python3 - "$golden" <<'END'
import csv, sys, os, subprocess
golden = sys.argv[1]
bad = checked = 0
def read(p): return list(csv.DictReader(open(p), delimiter='\t'))
def near(what, got, want, tol):
    global bad, checked
    checked += 1
    if want in ('', 'nan') and got in ('', 'nan'): return
    try: g, w = float(got), float(want)
    except ValueError: g, w = float('nan'), 0.0
    if not abs(g - w) <= tol * max(abs(w), 1e-12):
        bad += 1
        if bad < 25: print('%s: got %s, want %s' % (what, got, want))
NAMES = {'time_per_session': 'time/sessions', 'tracks_per_session': 'tracks/sessions',
         'latency_per_request': 'latency/tracks', 'time_per_track': 'time/tracks', 'skip_rate': 'skips/tracks'}
def index(path): return {(r['experiment'], r['treatment'], r['metric']): r for r in read(path)}
E = {k: index('effects%s.tsv' % k) for k in ('', '-naive', '-log', '-fieller', '-bonferroni', '-hochberg', '-bh', '-by', '-seq')}
for w in read(golden + '/expected_effects.tsv'):
    key = (w['experiment'], w['treatment'], NAMES.get(w['metric'], w['metric']))
    r = E[''][key]
    for ours, theirs in (('n_control', 'n0'), ('n_treatment', 'n1'), ('control_mean', 'mean0'), ('treatment_mean', 'mean1'),
                         ('effect', 'diff'), ('effect_lower', 'lo'), ('effect_upper', 'hi'), ('t', 't'), ('df', 'df'), ('p', 'p'), ('p_adjusted', 'p_holm')):
        near('%s %s' % (key, ours), r[ours], w[theirs], 1e-9)
    near('%s percent' % (key,), float(r['percent']) / 100, w['rel'], 1e-9)
    for how, s in (('', ''), ('-naive', '_naive'), ('-log', '_log'), ('-fieller', '_fieller')):
        near('%s lower%s' % (key, s), float(E[how][key]['percent_lower']) / 100, w['rel_lo' + s], 1e-9)
        near('%s upper%s' % (key, s), float(E[how][key]['percent_upper']) / 100, w['rel_hi' + s], 1e-9)
    for how in ('bonferroni', 'hochberg', 'bh', 'by'):
        near('%s p_%s' % (key, how), E['-' + how][key]['p_adjusted'], w['p_' + how], 1e-9)
D = {}
for f in ('details-pre.tsv', 'details.tsv', 'details-strata.tsv'):
    for r in read(f): D.setdefault((r['experiment'], r['treatment'], r['metric'], r['stat'].replace('poststrat_', 'poststrat_activity_')), r['value'])
H = {}
for r in read('health.tsv'): H[(r['experiment'], r['check'])] = r
exempt = ('anova', 'kruskal', 'ks_', 'fisher', 'lin_', 'newcombe')
missing = {}
for w in read(golden + '/expected_extra.tsv'):
    if w['stat'].startswith(exempt): continue
    if w['stat'].startswith('srm_'):
        if w['stat'] in ('srm_chi2', 'srm_g', 'srm_df'): near(str(w), H[(w['experiment'], w['stat'])]['value'], w['value'], 1e-9)
        elif w['stat'] == 'srm_p': near(str(w), H[(w['experiment'], 'srm_chi2')]['p'], w['value'], 1e-9)
        continue
    key = (w['experiment'], w['treatment'], w['metric'], w['stat'])
    if key not in D: missing[w['stat']] = missing.get(w['stat'], 0) + 1; continue
    near(' '.join(key), D[key], w['value'], 1e-7 if w['stat'].startswith('mde_abs_t') else 1e-9)
if missing: print('not computed:', missing)
for power in ('0.8', '0.9'):
    P = {(r['metric'], '%g' % (float(r['percent']) / 100)): r for r in read('plan-%s.tsv' % power) if r['experiment'] == 'AB3'}
    for w in read(golden + '/expected_samplesize.tsv'):
        if w['power'] != power or w['metric'].startswith('proportion'): continue
        r = P[(w['metric'], '%g' % float(w['rel_mde']))]
        near('plan %s' % w, r['n_per_arm'], w['n_per_arm_z'], 1e-9); near('plan t %s' % w, r['n_per_arm_t'], w['n_per_arm_t_or_pooled'], 1e-7)
aa = {(r['treatment']): r['value'] for r in read('details-aa.tsv') if r['stat'] == 'aa_p'}
for w in read(golden + '/expected_aa_resplit.tsv'): near('aa ' + w['salt'], aa[w['salt']], w['p'], 1e-9)
U = {r['user']: r for r in read('partial.tsv')}
for w in read(golden + '/expected_users.tsv'):
    r = U[w['user']]
    for m in ('sessions', 'tracks', 'time', 'latency', 'skips'): near('user %s %s' % (w['user'], m), r[m], w[m], 1e-9)
    if any(r[e] != w[e] for e in ('AB3', 'PERSONALIZED', 'AA')): bad += 1; print('arms of user', w['user'])
import json
boot = json.load(open(golden + '/expected_misc.json'))['bootstrap']
for a in ('T1', 'T2'):
    b = boot[a + '.time']; width = b['abs'][1] - b['abs'][0]
    for k, i in (('lo', 0), ('hi', 1)):
        got = float(D[('AB3', a, 'time', 'bootstrap_' + k)]); checked += 1
        if abs(got - b['abs'][i]) > 0.03 * width: bad += 1; print('bootstrap', a, k, got, b['abs'][i])
def notebook(path, rows, what):
    N = {(r['treatment'], r['metric']): r for r in rows}
    for w in read(path):
        r = N[(w['treatment'], w['metric'])]
        for ours, theirs in (('percent', 'effect'), ('percent_upper', 'upper'), ('percent_lower', 'lower'), ('control_mean', 'control_mean'), ('treatment_mean', 'treatment_mean')):
            near('notebook %s %s %s %s' % (what, w['treatment'], w['metric'], ours), r[ours], w[theirs], 1e-8)
for e in ('AB3', 'PERSONALIZED', 'AA'):
    notebook('%s/notebook_%s.effects.tsv' % (golden, e), [r for r in E['-naive'].values() if r['experiment'] == e], e)
edge = subprocess.run(['analyze-ab', '-q', '--multi-arm', 'keep', '--interval', 'naive', '--adjust', 'none', golden + '/edge/edge.tsv'], capture_output=True, text=True)
if edge.returncode: bad += 1; print(edge.stderr)
open('edge.out', 'w').write(edge.stdout)
notebook(golden + '/edge/notebook_edge.effects.tsv', read('edge.out'), 'edge')
print('%d figures checked, %d differ' % (checked, bad))
sys.exit(bad > 0)
END
