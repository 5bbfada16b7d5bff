/* parts.c - see parts.h. */
#include "parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"
#include "domain/parts.h"
#include "frame/run.h"

static const char SEVERAL[] = "(several)";

/* Columns of the row of totals. */
enum { PART_ROWS, PART_TIED, PART_DUPLICATES, PART_FIRST, PART_LAST, PART_BEYOND,
	PART_DAILY, PART_COUNT, PART_DAYS, PART_OVERLAPPING, PART_COLUMNS };
static const char *const TOTALS[PART_COLUMNS] = {"part_rows", "part_tied", "part_duplicates",
	"part_first", "part_last", "part_beyond", "part_daily", "part_count", "part_days", "part_overlapping"};

/* ---- writing ---- */

static void check_name(const struct state *s, const char *own)
{
	for (size_t x = 0; x < s->n_experiments; x++)
		if (strcmp(s->experiment[x], own) == 0)
			usage_error("--partial writes a column '%s' itself: rename the experiment", own);
}

void part_begin(const struct state *s, bool header, struct output *out)
{
	static const char *const OWN[] = {"user", "part_day", "part_scope", "part_arm"};
	enum { N = sizeof OWN / sizeof *OWN };
	for (size_t c = 0; c < N; c++)
		check_name(s, OWN[c]);
	for (size_t v = 0; v < s->n_values; v++)
		check_name(s, s->name[v]);
	for (size_t c = 0; c < PART_COLUMNS; c++)
		check_name(s, TOTALS[c]);
	if (!header)
		return;
	for (size_t c = 0; c < N; c++) {
		output_text(out, c ? "\t" : "");
		output_text(out, OWN[c]);
	}
	for (size_t x = 0; x < s->n_experiments; x++) {
		output_tab(out);
		output_text(out, s->experiment[x]);
	}
	for (size_t v = 0; v < s->n_values; v++) {
		output_tab(out);
		output_text(out, s->name[v]);
	}
	for (size_t c = 0; c < PART_COLUMNS; c++) {
		output_tab(out);
		output_text(out, TOTALS[c]);
	}
	output_end_row(out);
}

static void write_row(const struct state *s, size_t i, struct span user, struct output *out)
{
	uint32_t scope = s->scope[i];
	output_span(out, user);
	output_tab(out);
	output_i64(out, s->day[i]);
	output_tab(out);
	if (scope)
		output_text(out, s->experiment[scope - 1]);
	output_tab(out);
	if (scope)
		output_span(out, strmap_key(s->arms[scope - 1], s->arm[i * s->n_experiments + scope - 1]));
	for (size_t x = 0; x < s->n_experiments; x++) {
		uint16_t arm = s->arm[i * s->n_experiments + x];
		output_tab(out);
		if (arm == ARM_SEVERAL || scope == x + 1)
			output_text(out, SEVERAL);
		else if (arm != ARM_NONE)
			output_span(out, strmap_key(s->arms[x], arm));
	}
	for (size_t v = 0; v < s->n_values; v++) {
		output_tab(out);
		output_double(out, s->value[v][i]);
	}
	for (size_t c = 0; c < PART_COLUMNS; c++)
		output_tab(out);
	output_end_row(out);
}

void part_rows(const struct state *s, size_t from, size_t to, struct span user, struct output *out)
{
	for (size_t i = from; i < to; i++)
		write_row(s, i, user, out);
}

void state_write(struct state *s, bool header, struct output *out)
{
	part_begin(s, header, out);
	for (size_t i = 0; i < s->n; i++)
		write_row(s, i, strmap_key(s->users, s->user[i]), out);
	part_end(s, s->n, out);
	s->rows_out = s->n + 1;
}

/* "19800-19830,19832" */
static void write_days(const uint64_t *days, struct output *out)
{
	bool any = false;
	for (int64_t d = 0, to; d < DAYS_MAX; d = to) {
		to = d + 1;
		if (!(days[d / 64] >> d % 64 & 1))
			continue;
		while (to < DAYS_MAX && days[to / 64] >> to % 64 & 1)
			to++;
		if (any)
			output_byte(out, ',');
		any = true;
		output_i64(out, d);
		if (to - d > 1) {
			output_byte(out, '-');
			output_i64(out, to - 1);
		}
	}
}

void part_end(const struct state *s, uint64_t rows, struct output *out)
{
	const struct totals *all = &s->totals;
	for (size_t c = 0; c < 3 + s->n_experiments + s->n_values; c++)
		output_tab(out);
	const uint64_t counts[] = {rows, all->tied, all->duplicates};
	for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
		output_tab(out);
		output_u64(out, counts[c]);
	}
	bool any = all->first_ms <= all->last_ms;
	output_tab(out);
	if (any)
		output_i64(out, all->first_ms);
	output_tab(out);
	if (any)
		output_i64(out, all->last_ms);
	output_text(out, all->beyond ? "\t1" : "\t0");
	output_text(out, s->daily ? "\t1\t" : "\t0\t");
	output_u64(out, all->parts);
	output_tab(out);
	write_days(all->days, out);
	output_tab(out);
	output_u64(out, all->overlapping);
	output_end_row(out);
}

/* ---- reading ---- */

struct part_reader {
	struct table *t;
	size_t user, day, scope, scope_arm, *arm, *value, totals[PART_COLUMNS];
	uint64_t rows;                      /* according to the totals */
	bool has_count, has_overlapping;    /* versions before 0.2 had no count: one part */
	bool all_daily, any_daily;          /* parts have rows for each day */
	uint32_t last;                      /* the user of the previous row */
	struct strmap *names;               /* of experiments */
};

static bool read_days(struct totals *all, struct span text)
{
	if (text.n == 0)
		return true;
	for (struct span days, first; span_next(&text, ',', &days);) {
		int64_t from, to;
		span_next(&days, '-', &first);
		if (number_i64(first.at, first.n, &from) != NUMBER_OK)
			return false;
		to = from;
		if (days.at && number_i64(days.at, days.n, &to) != NUMBER_OK)
			return false;
		if (from < 0 || to < from || to >= DAYS_MAX)
			return false;
		for (int64_t d = from; d <= to; d++)
			totals_day(all, d);
	}
	return true;
}

static bool read_totals(struct part_reader *r, struct state *s)
{
	struct table *t = r->t;
	struct totals *all = &s->totals;
	uint64_t rows, tied, duplicates, beyond, daily, parts = 1, overlapping = 0;
	int64_t first, last;
	if (!table_u64(t, r->totals[PART_ROWS], &rows) || !table_u64(t, r->totals[PART_TIED], &tied) ||
	    !table_u64(t, r->totals[PART_DUPLICATES], &duplicates) ||
	    !table_u64(t, r->totals[PART_BEYOND], &beyond) ||
	    !table_u64(t, r->totals[PART_DAILY], &daily) ||
	    (r->has_count && !table_u64(t, r->totals[PART_COUNT], &parts)) ||
	    (r->has_overlapping && !table_u64(t, r->totals[PART_OVERLAPPING], &overlapping)))
		return false;
	if (parts == 0) {
		table_reject(t, r->totals[PART_COUNT], "not a number above 0");
		return false;
	}
	if (s->daily && !daily)
		table_fail(t, "this part was made without --daily");
	if (table_field(t, r->totals[PART_FIRST]).n) {
		if (!table_i64(t, r->totals[PART_FIRST], &first) ||
		    !table_i64(t, r->totals[PART_LAST], &last))
			return false;
		all->first_ms = first < all->first_ms ? first : all->first_ms;
		all->last_ms = last > all->last_ms ? last : all->last_ms;
	}
	if (!read_days(all, table_field(t, r->totals[PART_DAYS]))) {
		table_reject(t, r->totals[PART_DAYS], "not days as in 19800-19830,19832");
		return false;
	}
	r->rows += rows;
	all->tied += tied;
	all->duplicates += duplicates;
	all->overlapping += overlapping;
	all->beyond |= beyond != 0;
	all->parts += parts;
	r->all_daily &= daily != 0;
	r->any_daily |= daily != 0;
	r->last = STRMAP_NONE;
	return true;
}

static void name_arm(struct part_reader *r, struct state *s, size_t x, struct span arm, uint16_t *a)
{
	*a = ARM_NONE;
	if (arm.n == 0)
		return;
	if (span_equal(arm, span_of(SEVERAL))) {
		*a = ARM_SEVERAL;
		return;
	}
	uint32_t number = strmap_add(s->arms[x], arm);
	if (number >= ARMS_MAX)
		table_fail(r->t, "experiment %s has more than %d arms", s->experiment[x], ARMS_MAX);
	*a = (uint16_t)number;
}

/* A row of a user into place s->n - 1; false when it was rejected. */
static bool read_row(struct part_reader *r, struct state *s)
{
	struct table *t = r->t;
	struct span scope = table_field(t, r->scope), user = table_field(t, r->user);
	size_t row = s->n - 1;
	if (!table_i64(t, r->day, &s->day[row]))
		return false;
	s->scope[row] = 0;
	for (size_t x = 0; x < s->n_experiments; x++)
		name_arm(r, s, x, table_field(t, r->arm[x]), &s->arm[row * s->n_experiments + x]);
	if (scope.n) {
		uint32_t x = strmap_find(r->names, scope);
		if (x == STRMAP_NONE)
			return false; /* of an experiment that was not asked for */
		s->scope[row] = x + 1;
		name_arm(r, s, x, table_field(t, r->scope_arm), &s->arm[row * s->n_experiments + x]);
	}
	for (size_t v = 0; v < s->n_values; v++)
		if (!table_double(t, r->value[v], &s->value[v][row]))
			return false;
	uint32_t before = strmap_count(s->users);
	s->user[row] = strmap_add(s->users, user);
	if (s->user[row] < before && s->user[row] != r->last) {
		table_reject(t, r->user, "a user in two parts");
		return false;
	}
	r->last = s->user[row];
	return true;
}

void parts_check(const struct table *t)
{
	static const char *const OWN[] = {"part_day", "part_scope", "part_arm", "sessions"};
	bool all = true;
	for (size_t i = 0; i < sizeof OWN / sizeof *OWN; i++)
		all &= table_find_column(t, OWN[i]) >= 0;
	for (size_t c = 0; c < PART_COLUMNS; c++)
		all &= c == PART_COUNT || c == PART_OVERLAPPING || table_find_column(t, TOTALS[c]) >= 0;
	if (!all)
		die(STATUS_DATA, "%s: not what --partial wrote", table_file(t));
}

/* Resolves the columns; experiments that are not named are those before the values. */
static struct part_reader parts_open(struct table *t, struct state *s, const char *user,
				     const struct option_list *experiments,
				     const struct option_list *wanted)
{
	struct part_reader r = {.t = t, .user = table_column(t, option_column("user", user)),
		.day = table_column(t, column_called("part_day")),
		.scope = table_column(t, column_called("part_scope")),
		.scope_arm = table_column(t, column_called("part_arm")), .last = STRMAP_NONE,
		.names = strmap_new(), .all_daily = true};
	size_t first = r.scope_arm + 1, width = table_width(t);
	size_t values = table_column(t, column_called("sessions"));
	r.has_count = table_find_column(t, TOTALS[PART_COUNT]) >= 0;
	r.has_overlapping = table_find_column(t, TOTALS[PART_OVERLAPPING]) >= 0;
	for (size_t c = 0; c < PART_COLUMNS; c++)
		if ((c != PART_COUNT || r.has_count) && (c != PART_OVERLAPPING || r.has_overlapping))
			r.totals[c] = table_column(t, column_called(TOTALS[c]));
	size_t n = !experiments ? 0 : experiments->n ? experiments->n
		: values > first ? values - first : 0;
	if (n == 0 && experiments)
		die(STATUS_DATA, "%s: no column is an experiment", table_file(t));
	s->n_experiments = n;
	s->experiment = memory_new(n + 1, sizeof(*s->experiment));
	s->arms = memory_new(n + 1, sizeof(*s->arms));
	r.arm = memory_new(n + 1, sizeof *r.arm);
	for (size_t x = 0; x < n; x++) {
		r.arm[x] = experiments->n ? table_column(t, option_column("experiment", experiments->values[x]))
			: first + x;
		struct span name = table_column_name(t, r.arm[x]);
		s->experiment[x] = memory_text(name.at, name.n);
		s->arms[x] = strmap_new();
		strmap_add(r.names, name);
	}
	r.value = memory_new(width + 1, sizeof *r.value);
	for (size_t c = values; c < r.totals[PART_ROWS] && !wanted; c++) {
		struct span name = table_column_name(t, c);
		r.value[s->n_values] = c;
		char *text = memory_text(name.at, name.n);
		state_add_value(s, text);
		free(text);
	}
	for (size_t i = 0; wanted && i < wanted->n; i++) {
		long c = table_find_column(t, wanted->values[i]);
		bool known = c < 0;
		for (size_t v = 0; v < s->n_values; v++)
			known |= strcmp(s->name[v], wanted->values[i]) == 0;
		if (known)
			continue;
		r.value[s->n_values] = (size_t)c;
		state_add_value(s, wanted->values[i]);
	}
	return r;
}

/* ---- the order of rows ---- */

struct place {
	uint32_t user, scope, arm, row;
	int64_t day;
};

static int by_place(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	if (x->user != y->user)
		return x->user < y->user ? -1 : 1;
	if (x->scope != y->scope)
		return x->scope < y->scope ? -1 : 1;
	if (x->arm != y->arm)
		return x->arm < y->arm ? -1 : 1;
	return (x->day > y->day) - (x->day < y->day);
}

static void *in_order(void *values, size_t size, const struct place *place, size_t n)
{
	char *out = memory_new(n + 1, size), *in = values;
	for (size_t i = 0; i < n; i++)
		memcpy(out + i * size, in + place[i].row * size, size);
	free(values);
	return out;
}

/* The place of each arm of an experiment in the order of names. */
static uint32_t *arm_ranks(const struct strmap *arms)
{
	uint32_t n = strmap_count(arms), *sorted = strmap_sorted(arms);
	uint32_t *rank = memory_new((size_t)n + 1, sizeof *rank);
	for (uint32_t i = 0; i < n; i++)
		rank[sorted[i]] = i;
	free(sorted);
	return rank;
}

/* Fails if two parts have rows of one user, which are adjacent now. */
static void check_once(const struct part_reader *r, const struct state *s, const struct place *place)
{
	for (size_t i = 1; i < s->n; i++) {
		struct place a = place[i - 1], b = place[i];
		if (a.user != b.user || a.scope != b.scope || a.arm != b.arm || (r->any_daily && a.day != b.day))
			continue;
		struct span id = strmap_key(s->users, s->user[a.row]);
		char shown[QUOTED_SIZE];
		die(STATUS_DATA, "a user in two parts: %s", quoted(id.at, id.n, shown));
	}
}

/* Rows by user (in the order of ids' bytes), scope, arm (of names) and day. */
static void sort_rows(const struct part_reader *r, struct state *s)
{
	uint32_t users = strmap_count(s->users), *by_id = strmap_sorted(s->users);
	uint32_t *rank = memory_new((size_t)users + 1, sizeof *rank);
	uint32_t **arm_rank = memory_new(s->n_experiments + 1, sizeof *arm_rank);
	struct place *place = memory_new(s->n + 1, sizeof *place);
	for (uint32_t i = 0; i < users; i++)
		rank[by_id[i]] = i;
	for (size_t x = 0; x < s->n_experiments; x++)
		arm_rank[x] = arm_ranks(s->arms[x]);
	for (size_t i = 0; i < s->n; i++) {
		uint32_t scope = s->scope[i];
		uint16_t arm = scope ? s->arm[i * s->n_experiments + scope - 1] : 0;
		place[i] = (struct place){rank[s->user[i]], scope,
			scope && arm < ARM_SEVERAL ? arm_rank[scope - 1][arm] : arm, (uint32_t)i, s->day[i]};
	}
	qsort(place, s->n, sizeof *place, by_place);
	check_once(r, s, place);
	s->user = in_order(s->user, sizeof *s->user, place, s->n);
	s->day = in_order(s->day, sizeof *s->day, place, s->n);
	s->scope = in_order(s->scope, sizeof *s->scope, place, s->n);
	s->arm = in_order(s->arm, s->n_experiments * sizeof *s->arm, place, s->n);
	for (size_t v = 0; v < s->n_values; v++)
		s->value[v] = in_order(s->value[v], sizeof(double), place, s->n);
	s->capacity = s->n;
	for (size_t x = 0; x < s->n_experiments; x++)
		free(arm_rank[x]);
	free(arm_rank);
	free(place);
	free(rank);
	free(by_id);
}

/* Is everything there that the totals count? */
static void check_whole(const struct part_reader *r, const struct state *s, uint64_t rows, uint64_t parts)
{
	if (rows != r->rows && table_rejected(r->t) == 0)
		die(STATUS_DATA, "the parts should have %llu rows but have %llu: one is truncated or missing",
		    (unsigned long long)r->rows, (unsigned long long)rows);
	if (r->rows > 0 && s->n == 0 && table_rejected(r->t) > 0)
		die(STATUS_DATA, "all %llu rows of users are bad", (unsigned long long)r->rows);
	if (s->totals.parts == 0)
		die(STATUS_DATA, "%s: no row of totals: no part is complete", table_file(r->t));
	parts_count(s->totals.parts, parts);
}

struct state *state_merge(struct table *t, const char *user, const struct merge_rules *rules)
{
	struct state *s = state_new();
	s->daily = rules->daily;
	struct part_reader r = parts_open(t, s, user, rules->experiments, rules->wanted);
	uint64_t rows = 0;
	while (table_next(t)) {
		if (table_field(t, r.user).n == 0) {
			read_totals(&r, s);
			continue;
		}
		rows++;
		if (s->n >= UINT32_MAX - 1)
			table_fail(t, "more than %u rows", UINT32_MAX - 1);
		state_add_row(s);
		if (!read_row(&r, s))
			s->n--;
		progress_step(table_bytes(t), table_size(t), "bytes");
	}
	check_whole(&r, s, rows, rules->parts);
	s->daily = r.all_daily;
	sort_rows(&r, s);
	strmap_free(r.names);
	free(r.arm);
	free(r.value);
	return s;
}
