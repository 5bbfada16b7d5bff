#include "interleaving.h"

#define MATHLIB_STANDALONE
#include <Rmath.h>
#include <math.h>
#include <stdlib.h>

#include "base/compare.h"
#include "base/error.h"
#include "base/memory.h"
#include "data/exactsum.h"
#include "data/strmap.h"
#include "domain/event.h"
#include "domain/heard.h"
#include "frame/run.h"
#include "view.h"

static const int64_t WAIT_MS = 86400000; /* what is played a day later was not played because of it */

struct step {
	int64_t time;
	double share;             /* heard of `track` */
	uint32_t user, track, recommendation, team;
	bool last;
};

struct steps {
	struct step *at;
	size_t n, capacity;
	struct strmap *users, *items, *teams;
	uint64_t unheard;
};

/* A user's recommendations by team: how many, and the shares heard of them. */
struct tally_of_user {
	double n[2], heard[2];
};

/* ---- reading ---- */

struct interleaving_reader interleaving_open(struct table *t, const struct interleaving_columns *c)
{
	return (struct interleaving_reader){
		.t = t, .message = table_column(t, c->message), .timestamp = table_column(t, c->timestamp),
		.user = table_column(t, c->user), .track = table_column(t, c->track),
		.time = table_column(t, c->time), .recommendation = table_column(t, c->recommendation),
		.team = table_column(t, c->team), .unit = c->unit,
	};
}

static uint32_t optional_id(struct strmap *ids, struct span id)
{
	return id.n ? strmap_add(ids, id) : STRMAP_NONE;
}

static bool read_step(const struct interleaving_reader *r, struct steps *s, struct step *step)
{
	struct table *t = r->t;
	struct span user = table_field(t, r->user);
	if (!event_message(t, r->message, &step->last))
		return false;
	if (user.n == 0) {
		table_reject(t, r->user, "an empty id");
		return false;
	}
	if (!table_time(t, r->timestamp, r->unit, &step->time) || !table_double(t, r->time, &step->share))
		return false;
	step->user = strmap_add(s->users, user);
	step->track = optional_id(s->items, table_field(t, r->track));
	step->recommendation = optional_id(s->items, table_field(t, r->recommendation));
	step->team = optional_id(s->teams, table_field(t, r->team));
	return true;
}

static void read_steps(const struct interleaving_reader *r, struct steps *s)
{
	struct table *t = r->t;
	while (table_next(t)) {
		struct step step;
		if (read_step(r, s, &step)) {
			s->at = memory_grow(s->at, &s->capacity, s->n + 1, sizeof *s->at);
			s->at[s->n++] = step;
		}
		progress_step(table_bytes(t), table_size(t), "bytes");
	}
	progress_clear();
}

/* ---- order: numbers and rows by their ids and times, not by where they stood ---- */

static int by_time(const void *a, const void *b)
{
	const struct step *x = a, *y = b;
	COMPARE(x->user, y->user);
	COMPARE(x->time, y->time);
	COMPARE(x->last, y->last);
	COMPARE(x->track, y->track);
	COMPARE(x->recommendation, y->recommendation);
	COMPARE(x->team, y->team);
	COMPARE(x->share, y->share);
	return 0;
}

static void put_in_order(struct steps *s)
{
	uint32_t *user, *item, *team;
	s->users = strmap_in_order(s->users, &user);
	s->items = strmap_in_order(s->items, &item);
	s->teams = strmap_in_order(s->teams, &team);
	for (size_t i = 0; i < s->n; i++) {
		struct step *step = &s->at[i];
		step->user = user[step->user];
		step->track = strmap_renumbered(step->track, item);
		step->recommendation = strmap_renumbered(step->recommendation, item);
		step->team = strmap_renumbered(step->team, team);
	}
	free(user);
	free(item);
	free(team);
	if (s->n > 1)
		qsort(s->at, s->n, sizeof *s->at, by_time);
}

/* ---- what was heard ---- */

static struct tally_of_user *tally(struct steps *s)
{
	struct tally_of_user *users = memory_zero((size_t)strmap_count(s->users) + 1, sizeof *users);
	struct heard_waiting waiting = {.n = 0};
	for (size_t i = 0; i < s->n; i++) {
		const struct step *step = &s->at[i];
		const struct heard_event event = {step->time, step->user, 0, step->track, step->recommendation};
		size_t from = heard_follow(&waiting, i, &event, WAIT_MS);
		if (from != SIZE_MAX && s->at[from].team != STRMAP_NONE) {
			users[step->user].n[s->at[from].team]++;
			users[step->user].heard[s->at[from].team] += step->share;
			s->unheard--;
		}
		s->unheard += step->recommendation != STRMAP_NONE && step->team != STRMAP_NONE;
	}
	return users;
}

/* ---- the table ---- */

struct result {
	const char *metric;
	double a, b, low, high, p;
	uint64_t users, wins, losses, ties;
};

/* Of the users who had both teams. Means that agree in twelve digits are a tie. */
static struct result preference_of(const struct tally_of_user *u, uint32_t n, double alpha)
{
	struct result r = {.metric = "preference", .a = NAN, .b = NAN, .low = NAN, .high = NAN, .p = NAN};
	for (uint32_t i = 0; i < n; i++) {
		if (!(u[i].n[0] > 0) || !(u[i].n[1] > 0))
			continue;
		double d = u[i].heard[1] / u[i].n[1] - u[i].heard[0] / u[i].n[0];
		bool tie = fabs(d) <= 1e-12 * fmax(fabs(u[i].heard[0] / u[i].n[0]), 1);
		r.users++;
		r.ties += tie;
		r.wins += !tie && d > 0;
		r.losses += !tie && d < 0;
	}
	double wins = (double)r.wins, losses = (double)r.losses, decided = wins + losses;
	if (!(decided > 0))
		return r;
	r.b = wins / decided;
	r.a = losses / decided;
	double low = wins > 0 ? qbeta(alpha / 2, wins, losses + 1, 1, 0) : 0;
	double high = losses > 0 ? qbeta(1 - alpha / 2, wins + 1, losses, 1, 0) : 1;
	r.low = 2 * low - 1;
	r.high = 2 * high - 1;
	r.p = fmin(1, 2 * pbinom(fmin(wins, losses), decided, 0.5, 1, 0));
	return r;
}

/* The difference of two ratios of sums over users: each user's part in it is linear in his sums. */
static struct result heard_of(const struct tally_of_user *u, uint32_t n, double alpha)
{
	struct result r = {.metric = "heard", .a = NAN, .b = NAN, .low = NAN, .high = NAN, .p = NAN};
	double steps[2] = {0}, heard[2] = {0}, square = 0;
	for (uint32_t i = 0; i < n; i++) {
		r.users += u[i].n[0] + u[i].n[1] > 0;
		for (int t = 0; t < 2; t++) {
			steps[t] += u[i].n[t];
			heard[t] += u[i].heard[t];
		}
	}
	r.a = heard[0] / steps[0];
	r.b = heard[1] / steps[1];
	for (uint32_t i = 0; i < n; i++) {
		double part =
			(u[i].heard[1] - r.b * u[i].n[1]) / steps[1] - (u[i].heard[0] - r.a * u[i].n[0]) / steps[0];
		square += part * part;
	}
	double users = (double)r.users, error = sqrt(square * users / (users - 1));
	if (!(r.users > 1) || !(error > 0) || !isfinite(r.a) || !isfinite(r.b))
		return r;
	double half = qt(1 - alpha / 2, users - 1, 1, 0) * error;
	r.low = r.b - r.a - half;
	r.high = r.b - r.a + half;
	r.p = 2 * pt(-fabs((r.b - r.a) / error), users - 1, 1, 0);
	return r;
}

void interleaving_header(struct output *out)
{
	output_text(out, "metric\tteam_a\tteam_b\ta\tb\tdifference\tlow\thigh\tp\tusers\twins\tlosses\tties\n");
}

static void write_result(struct output *out, const struct result *r, const struct strmap *teams, bool counted)
{
	const double values[] = {r->a, r->b, r->b - r->a, r->low, r->high, r->p};
	const uint64_t counts[] = {r->wins, r->losses, r->ties};
	output_text(out, r->metric);
	for (uint32_t t = 0; t < 2; t++) {
		output_tab(out);
		output_span(out, strmap_key(teams, t));
	}
	for (size_t i = 0; i < sizeof values / sizeof *values; i++)
		output_number(out, values[i]);
	output_tab(out);
	output_u64(out, r->users);
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		output_tab(out);
		if (counted)
			output_u64(out, counts[i]);
	}
	output_end_row(out);
}

static void check_teams(const struct table *t, const struct strmap *teams)
{
	char shown[3][QUOTED_SIZE];
	uint32_t n = strmap_count(teams);
	if (n == 2)
		return;
	for (uint32_t i = 0; i < n && i < 3; i++)
		quoted(strmap_key(teams, i).at, strmap_key(teams, i).n, shown[i]);
	if (n == 1)
		die(STATUS_DATA, "%s: only one team: %s", shown_file(table_file(t)), shown[0]);
	die(STATUS_DATA, "%s: more than two teams: %s, %s, %s ...", shown_file(table_file(t)), shown[0], shown[1],
	    shown[2]);
}

uint64_t interleaving_analyze(struct interleaving_reader *reader, double alpha, struct output *out)
{
	struct steps s = {.users = strmap_new(), .items = strmap_new(), .teams = strmap_new()};
	uint64_t rows = 0;
	read_steps(reader, &s);
	put_in_order(&s);
	if (strmap_count(s.teams) > 0) {
		check_teams(reader->t, s.teams);
		struct tally_of_user *users = tally(&s);
		struct result preference = preference_of(users, strmap_count(s.users), alpha);
		struct result heard = heard_of(users, strmap_count(s.users), alpha);
		write_result(out, &preference, s.teams, true);
		write_result(out, &heard, s.teams, false);
		rows = 2;
		free(users);
	} else
		warn("no recommendation has a team: there is nothing to analyze");
	if (s.unheard)
		warn("%llu recommendations of teams are not counted: no event in which they were heard follows",
		     (unsigned long long)s.unheard);
	strmap_free(s.users);
	strmap_free(s.items);
	strmap_free(s.teams);
	free(s.at);
	return rows;
}
