#include "sessions.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

/* Sums over the sessions by step: of weight times reward, and of weights, where a session that has
 * ended keeps its last one. */
struct steps {
	double *earned, *weight;
	size_t n;
	double *behind;         /* sum over the steps from this one on of earned / weight^2: see influence */
};

/* The rows of the session that begins at `from`: up to which one. */
static size_t session_end(const struct log *log, size_t from)
{
	size_t to = from + 1;
	while (to < log->n && log->rows[to].session == log->rows[from].session)
		to++;
	return to;
}

static size_t counted(size_t rows, uint64_t horizon)
{
	return horizon && rows > horizon ? (size_t)horizon : rows;
}

/* The products of weights up to each row. */
static double *cumulative_weights(const struct log *log, double clip)
{
	double *w = memory_new(log->n + 1, sizeof *w), product = 1;
	for (size_t i = 0; i < log->n; i++) {
		const struct row *row = &log->rows[i];
		if (i == 0 || row->session != log->rows[i - 1].session)
			product = 1;
		product = row->target > 0 ? product * (row->target / row->probability) : 0; /* not nan */
		w[i] = fmin(product, clip);
	}
	return w;
}

static size_t longest_session(const struct log *log, uint64_t horizon)
{
	size_t longest = 0;
	for (size_t from = 0, to; from < log->n; from = to) {
		to = session_end(log, from);
		size_t n = counted(to - from, horizon);
		longest = n > longest ? n : longest;
	}
	return longest;
}

static struct steps add_up_steps(const struct log *log, const double *w, uint64_t horizon)
{
	struct steps s = {.n = longest_session(log, horizon)};
	double *ended = memory_zero(s.n + 1, sizeof *ended), gone = 0;
	s.earned = memory_zero(s.n + 1, sizeof *s.earned);
	s.weight = memory_zero(s.n + 1, sizeof *s.weight);
	s.behind = memory_zero(s.n + 1, sizeof *s.behind);
	for (size_t from = 0, to; from < log->n; from = to) {
		to = session_end(log, from);
		size_t n = counted(to - from, horizon);
		for (size_t t = 0; t < n; t++) {
			s.earned[t] += w[from + t] * log->rows[from + t].reward;
			s.weight[t] += w[from + t];
		}
		ended[n] += w[from + n - 1];
	}
	for (size_t t = 0; t < s.n; t++) {
		gone += ended[t];
		s.weight[t] += gone;
	}
	for (size_t t = s.n; t-- > 0;)
		s.behind[t] = s.behind[t + 1] + (s.weight[t] > 0 ? s.earned[t] / (s.weight[t] * s.weight[t]) : 0);
	free(ended);
	return s;
}

/* What a session moves the value by, times the number of sessions. */
static double influence(const struct steps *s, const struct log *log, const double *w, size_t from, size_t n,
			double sessions)
{
	double sum = -w[from + n - 1] * s->behind[n];
	for (size_t t = 0; t < n; t++)
		if (s->weight[t] > 0)
			sum += w[from + t] * (log->rows[from + t].reward - s->earned[t] / s->weight[t]) / s->weight[t];
	return sum * sessions;
}

void sessions_add(struct evidence *e, const struct log *log, uint64_t horizon, double clip)
{
	double *w = cumulative_weights(log, clip);
	struct steps s = add_up_steps(log, w, horizon);
	uint32_t last_user = 0;
	e->steps_value = memory_zero(1, sizeof *e->steps_value);
	for (size_t t = 0; t < s.n; t++)
		*e->steps_value += s.weight[t] > 0 ? s.earned[t] / s.weight[t] : 0;
	e->influence = memory_zero(log->n + 1, sizeof *e->influence);
	for (size_t from = 0, to; from < log->n; from = to) {
		to = session_end(log, from);
		size_t n = counted(to - from, horizon);
		struct weighed session = {.user = log->rows[from].user, .weight = w[from + n - 1]};
		for (size_t t = 0; t < n; t++) {
			session.reward += log->rows[from + t].reward;
			session.weighted += w[from + t] * log->rows[from + t].reward;
		}
		evidence_add(e, &session, session.user != last_user);
		last_user = session.user;
		e->influence[e->n - 1] += influence(&s, log, w, from, n, log->sessions);
	}
	free(w);
	free(s.earned);
	free(s.weight);
	free(s.behind);
}
