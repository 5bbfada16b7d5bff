/* filter-interactions - keeps the interactions that count as positive.
 *
 * In:   any table with a numeric column (`time` by default), or with one of words;
 *       TSV, CSV or .gz.
 * Out:  the same header and the rows whose value lies in the bounds, or whose words are
 *       those of --where, byte for byte (CSV becomes TSV).
 *       With --range one row in place of them: how many rows there are, and of what times.
 *
 *	filter-interactions --above 0.5 < events.tsv > positives.tsv
 *
 * It renames nothing, aggregates nothing and splits nothing: see
 * build-dataset(1).
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/date.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"
#include "data/strmap.h"
#include "streams/output.h"
#include "streams/table.h"
#include "frame/column-options.h"
#include "frame/options.h"
#include "frame/run.h"
#include "frame/table-threads.h"

struct options {
	const char *time, *user, *item, *users_seen, *timestamp, *since, *until, *left_out;
	int timestamp_unit;
	bool range;
	double above, min, max;
	struct option_list wheres;
	struct common common;
};

static const struct option_row OPTIONS[] = {
	OPTION_REAL("above", "X", above, .fallback = "0.5",
		.help = "keep rows with a value strictly above X; the default applies only without --min, "
			"--max and --where"),
	OPTION_REAL("min", "X", min, .help = "keep rows with a value of at least X"),
	OPTION_REAL("max", "X", max, .help = "keep rows with a value of at most X"),
	WHERE_ROW(wheres),
	OPTION_COLUMN("time", time, .fallback = "time", .help = "name of the column to "
		"compare"),
	OPTION_COLUMN("user", user,
		.help = "name of a column with ids; it must exist, and a row where it is empty is bad"),
	OPTION_COLUMN("item", item, .help = "name of another such column"),
	OPTION_OUTPUT("users-seen", "FILE", users_seen, .requires = "user",
		.help = "also write the distinct ids of --user to FILE, of rows that are kept or not"),
	COMMON_RENAME, COMMON_LAYOUT, COMMON_OUTPUT, COMMON_THREADS, COMMON_LOG,
	OPTION_GROUP("Window of time"),
	OPTION_TEXT("since", "TIME", since,
		.help = "leave out rows with a timestamp before TIME: 2024-03-10, 2024-03-10T15:12:01Z or "
			"milliseconds since 1970"),
	OPTION_TEXT("until", "TIME", until, .help = "leave out rows with a timestamp after TIME"),
	OPTION_COLUMN("timestamp", timestamp, .fallback = "timestamp", .requires = "since|until|range",
		.help = "name of the column with points in time"),
	TIMESTAMP_UNIT_RULES(timestamp_unit, "ms", .requires = "since|until|range"),
	OPTION_FLAG("range", range, .excludes = "above,min,max,where,time,user,item,users-seen,left-out",
		.help = "write, in place of the rows, how many there are in the window, and the earliest and the "
			"latest timestamp of these"),
	OPTION_OUTPUT("left-out", "FILE", left_out,
		.help = "also write to FILE how many rows were read and written, and why others were left out"),
	OPTION_GROUP("Bad rows"),
	COMMON_BAD_ROWS,
	OPTION_END
};

/* What a row must satisfy: low < value or low <= value, and value <= high. */
struct bounds {
	double above, min, max;
};

static bool inside(const struct bounds *b, double value)
{
	return (value > b->above) & (value >= b->min) & (value <= b->max);
}

static struct bounds bounds_of(const struct options *o)
{
	bool other = option_given("min") || option_given("max") || o->wheres.n;
	struct bounds b = {
		.above = option_given("above") || !other ? o->above : -INFINITY,
		.min = option_given("min") ? o->min : -INFINITY,
		.max = option_given("max") ? o->max : INFINITY,
	};
	if (b.min > b.max || b.above >= b.max)
		usage_error("the bounds leave no value: above %g, at least %g, at most %g",
			    b.above, b.min, b.max);
	return b;
}

enum { PLAIN_DIGITS = 8 };

/* The whole numbers d for which d / 10^k lies in the bounds: low ... low + width. */
struct range {
	uint32_t low, width;
};

static const double POWER[PLAIN_DIGITS] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7};

/* The first d below `end` whose d / 10^k has reached the lower bounds, or (`beyond`)
 * has passed the upper one; `end` when there is none. */
static uint32_t first_digits(const struct bounds *b, int k, bool beyond, uint32_t end)
{
	uint32_t from = 0, to = end;
	while (from < to) {
		uint32_t middle = from + (to - from) / 2;
		/* Both are exact, so the one rounding is that of the parser. */
		double value = middle / POWER[k];
		if (beyond ? value > b->max : value > b->above && value >= b->min)
			to = middle;
		else
			from = middle + 1;
	}
	return from;
}

/* The bounds for plain decimals, which need no floating point then: rounding keeps
 * the order, so that those inside are neighbors. */
static void ranges_of(const struct bounds *b, struct range range[PLAIN_DIGITS])
{
	const uint32_t end = 100000000;
	for (int k = 0; k < PLAIN_DIGITS; k++) {
		uint32_t low = first_digits(b, k, false, end), high = first_digits(b, k, true, end);
		bool none = low >= high;
		range[k] = (struct range){none ? UINT32_MAX : low, none ? 0 : high - low - 1};
	}
}

/* Reads a plain decimal of up to eight bytes, `dd.dd` or `dd`, without a branch
 * on its length, as digits / 10^behind: the bytes are moved to the end of a
 * word, the point is closed up, and eight digits are converted at once. False
 * where the general parser must look (signs, exponents, errors, longer numbers).
 * At least 8 bytes before the field's end must be readable. */
static inline bool plain_decimal(const char *at, size_t n, uint32_t *digits, unsigned *behind)
{
	if (n - 1 >= PLAIN_DIGITS)
		return false;
	uint64_t word;
	memcpy(&word, at + n - 8, 8);
	unsigned shift = 64 - 8 * (unsigned)n;
	uint64_t mask = UINT64_MAX << shift;
	word = (word & mask) | (0x3030303030303030u & ~mask);
	uint64_t x = word ^ 0x2e2e2e2e2e2e2e2eu;
	uint64_t dots = (x - 0x0101010101010101u) & ~x & 0x8080808080808080u;
	unsigned after = 0;
	if (dots) {
		unsigned bit = (unsigned)__builtin_ctzll(dots) & ~7u;
		if (bit == 56 || bit == shift)
			return false; /* a point at the end or in front */
		uint64_t below = (UINT64_C(1) << bit) - 1;
		word = (word & ~(below << 8 | 0xff)) | (word & below) << 8 | 0x30;
		after = 7 - bit / 8;
	}
	if (((word & (word + 0x0606060606060606u)) & 0xf0f0f0f0f0f0f0f0u) != 0x3030303030303030u)
		return false;
	word -= 0x3030303030303030u;
	word = word * 10 + (word >> 8);
	word = ((word & 0x000000ff000000ffu) * 0x000f424000000064u +
		((word >> 16) & 0x000000ff000000ffu) * 0x0000271000000001u) >> 32;
	*digits = (uint32_t)word;
	*behind = after;
	return true;
}

/* The points in time, in ms, at which a row counts at all; and the range of those that were there. */
struct window {
	bool on;
	size_t column;
	enum time_unit unit;
	int64_t since, until;
	int64_t oldest, newest;
};

/* A time of the options, `fallback` when it is not given. */
static int64_t window_edge(const char *option, const char *text, int64_t fallback)
{
	int64_t ms;
	if (!text)
		return fallback;
	size_t n = strlen(text);
	if (!date_read(text, n, &ms) && time_read(text, n, TIME_MS, &ms) != NUMBER_OK) {
		char shown[QUOTED_SIZE];
		usage_error("option '--%s': not a date, a date and time, or milliseconds since 1970: %s", option,
			    quoted(text, n, shown));
	}
	return ms;
}

static struct window window_of(const struct options *o)
{
	struct window w = {
		.on = o->since || o->until || o->range, .unit = (enum time_unit)o->timestamp_unit,
		.since = window_edge("since", o->since, INT64_MIN),
		.until = window_edge("until", o->until, INT64_MAX),
		.oldest = INT64_MAX, .newest = INT64_MIN,
	};
	if (w.since > w.until)
		usage_error("--since is later than --until");
	return w;
}

/* How many rows were left out, and why. */
struct left_out {
	uint64_t before, after, filtered;
};

struct filter {
	struct table *table;
	struct output *out;
	struct bounds bounds;
	struct range range[PLAIN_DIGITS];
	size_t column;
	size_t ids[2], n_ids;
	struct condition *wheres;
	size_t n_wheres;
	struct strmap *seen;     /* --users-seen, or NULL */
	bool numbers;            /* there are bounds */
	struct window window;
	uint64_t kept;
	struct left_out out_of;  /* the rows that were not */
	struct filter *parts;    /* with threads: one for each slot */
};

/* The users of a block, who are in the first of its id columns. */
static void see_users(struct filter *f, const struct table_block *block)
{
	size_t id = f->ids[0], from = 0;
	const uint32_t *ends = block->ends;
	for (size_t r = 0; r < block->row_count; r++, ends += block->width) {
		size_t begin = id ? (size_t)ends[id - 1] + 1 : from;
		if (ends[id] > begin)
			strmap_add(f->seen, (struct span){block->at + begin, ends[id] - begin});
		from = (size_t)ends[block->width - 1] + 1;
	}
}

static void write_users(const struct strmap *seen, const char *name, struct output *out)
{
	uint32_t *order = strmap_sorted(seen);
	output_text(out, name);
	output_end_row(out);
	for (uint32_t i = 0; i < strmap_count(seen); i++) {
		output_span(out, strmap_key(seen, order[i]));
		output_end_row(out);
	}
	free(order);
	output_close(out);
}

/* Does the current row count, by its time? */
static bool in_window(struct filter *f)
{
	struct window *w = &f->window;
	int64_t ms;
	if (!table_time(f->table, w->column, w->unit, &ms))
		return false;
	f->out_of.before += ms < w->since;
	f->out_of.after += ms > w->until;
	if (ms < w->since || ms > w->until)
		return false;
	w->oldest = ms < w->oldest ? ms : w->oldest;
	w->newest = ms > w->newest ? ms : w->newest;
	return true;
}

/* The current row, the general way: ids, time, text, number, bounds, output. */
static void filter_row(struct filter *f)
{
	double value;
	for (size_t i = 0; i < f->n_ids; i++) {
		if (table_field(f->table, f->ids[i]).n == 0) {
			table_reject(f->table, f->ids[i], "an empty id");
			return;
		}
	}
	if (f->window.on && !in_window(f))
		return;
	if (f->window.on && f->seen)
		strmap_add(f->seen, table_field(f->table, f->ids[0]));
	bool keep = true;
	for (size_t i = 0; i < f->n_wheres && keep; i++)
		keep = condition_holds(&f->wheres[i], table_field(f->table, f->wheres[i].cell));
	if (keep && f->numbers) {
		if (!table_double(f->table, f->column, &value))
			return;
		keep = inside(&f->bounds, value);
	}
	if (!keep) {
		f->out_of.filtered++;
		return;
	}
	output_span(f->out, table_row(f->table));
	output_end_row(f->out);
	f->kept++;
}

/* Are any of the ids of a row empty? */
static inline bool lacks_id(const struct filter *f, const uint32_t *ends, size_t from)
{
	bool lacks = false;
	for (size_t i = 0; i < f->n_ids; i++) {
		size_t id = f->ids[i];
		lacks |= ends[id] == (id ? (size_t)ends[id - 1] + 1 : from);
	}
	return lacks;
}

/* Does the text of a row hold what it must? */
static inline bool text_holds(const struct filter *f, const char *text, const uint32_t *ends, size_t from)
{
	bool holds = true;
	for (size_t i = 0; i < f->n_wheres && holds; i++) {
		size_t cell = f->wheres[i].cell, begin = cell ? (size_t)ends[cell - 1] + 1 : from;
		holds = condition_holds(&f->wheres[i], (struct span){text + begin, ends[cell] - begin});
	}
	return holds;
}

/* A whole block: short rows are copied 32 bytes at a time whether they stay or
 * not, and only the end of the output moves on: a branch that half of the rows
 * take costs more than the copy. What the loop needs is held in locals, because
 * the bytes that it stores could be anything's for all the compiler knows.
 * `by_text` is constant: there are conditions on text, and then maybe no bounds. */
__attribute__((always_inline))
static inline void filter_rows(struct filter *f, const struct table_block *block, const bool by_text)
{
	enum { SHORT = 64 };
	const size_t width = block->width, column = f->column;
	const size_t most = f->window.on ? 0 : SHORT; /* times are read row by row */
	struct range range[PLAIN_DIGITS];
	memcpy(range, f->range, sizeof range);
	const char *text = block->at;
	const uint32_t *ends = block->ends;
	char *start = output_room(f->out, SHORT), *to = start;
	const char *full = f->out->data + f->out->capacity - SHORT;
	uint64_t kept = 0, slow = 0;
	size_t from = 0;
	for (size_t r = 0; r < block->row_count; r++, ends += width) {
		size_t next = (size_t)ends[width - 1] + 1, n = next - from;
		bool keep = !by_text || text_holds(f, text, ends, from), plain = true;
		bool numbers = !by_text || (f->numbers && keep);
		uint32_t digits = 0;
		unsigned behind = 0;
		if (numbers) {
			size_t begin = column ? (size_t)ends[column - 1] + 1 : from;
			plain = plain_decimal(text + begin, ends[column] - begin, &digits, &behind);
		}
		if (!plain || n > most || to > full || lacks_id(f, ends, from)) {
			f->out->n += (size_t)(to - start);
			table_block_row(f->table, r);
			filter_row(f);
			slow++;
			to = start = output_room(f->out, SHORT);
			full = f->out->data + f->out->capacity - SHORT;
		} else {
			if (numbers)
				keep = digits - range[behind].low <= range[behind].width;
			memcpy(to, text + from, 32);
			if (n > 32)
				memcpy(to + 32, text + from + 32, 32);
			to += keep ? n : 0;
			kept += keep;
		}
		from = next;
	}
	f->out->n += (size_t)(to - start);
	f->kept += kept;
	f->out_of.filtered += block->row_count - slow - kept;
	if (f->out->by_line)
		output_flush(f->out);
}

static void filter_block(struct filter *f, const struct table_block *block)
{
	filter_rows(f, block, false);
}

static void filter_block_text(struct filter *f, const struct table_block *block)
{
	filter_rows(f, block, true);
}

static void take_wheres(struct filter *f, const struct options *o)
{
	bool bounds = option_given("above") || option_given("min") || option_given("max");
	f->numbers = bounds || o->wheres.n == 0;
	if (!f->numbers && option_given("time"))
		usage_error("--time with --where requires --above, --min or --max");
	f->wheres = wheres_take(&o->wheres);
	f->n_wheres = o->wheres.n;
}

static void find_columns(struct filter *f, const struct options *o)
{
	if (f->numbers)
		f->column = table_column(f->table, option_column("time", o->time));
	if (o->user)
		f->ids[f->n_ids++] = table_column(f->table, option_column("user", o->user));
	if (o->item)
		f->ids[f->n_ids++] = table_column(f->table, option_column("item", o->item));
	if (f->window.on)
		f->window.column = table_column(f->table, option_column("timestamp", o->timestamp));
	for (size_t i = 0; i < f->n_wheres; i++) {
		char *name = memory_text(f->wheres[i].column.at, f->wheres[i].column.n);
		f->wheres[i].cell = table_column(f->table, (struct column){name, "where"});
		free(name);
	}
}

/* The next rows; false at the end. */
static bool filter_next(struct filter *f)
{
	struct table_block block;
	if (table_next_block(f->table, &block)) {
		if (f->seen && !f->window.on)
			see_users(f, &block);
		(f->n_wheres ? filter_block_text : filter_block)(f, &block);
	} else if (table_next(f->table)) {
		if (f->seen && !f->window.on && table_field(f->table, f->ids[0]).n)
			strmap_add(f->seen, table_field(f->table, f->ids[0]));
		filter_row(f);
	} else {
		return false;
	}
	return true;
}

/* ---- parts of the table, each by a thread ---- */

static void begin_part(void *context, size_t slot, struct table *part)
{
	struct filter *f = context;
	f->parts[slot] = *f;
	f->parts[slot].table = part;
	f->parts[slot].out = output_open_memory();
	f->parts[slot].kept = 0;
	f->parts[slot].out_of = (struct left_out){0};
	f->parts[slot].seen = f->seen ? strmap_new() : NULL;
}

static void filter_part(void *context, size_t slot)
{
	struct filter *f = context;
	while (filter_next(&f->parts[slot]))
		;
}

static void give_part(void *context, size_t slot)
{
	struct filter *f = context, *part = &f->parts[slot];
	output_append(f->out, part->out);
	f->kept += part->kept;
	f->out_of.before += part->out_of.before;
	f->out_of.after += part->out_of.after;
	f->out_of.filtered += part->out_of.filtered;
	part->kept = 0;
	part->out_of = (struct left_out){0};
}

static void end_part(void *context, size_t slot)
{
	struct filter *f = context;
	struct strmap *seen = f->parts[slot].seen;
	output_close(f->parts[slot].out);
	for (uint32_t i = 0; seen && i < strmap_count(seen); i++)
		strmap_add(f->seen, strmap_key(seen, i));
	if (seen)
		strmap_free(seen);
}

static const struct table_work PARTS = {begin_part, filter_part, give_part, end_part};

static struct table_threads *start_threads(struct filter *f, const struct options *o)
{
	/* Rows that are awaited one by one are read so, too. */
	size_t threads = f->out->by_line ? 1 : (size_t)o->common.threads;
	f->parts = memory_new(table_threads_slots(threads), sizeof *f->parts);
	return table_threads_open(f->table, threads, &PARTS, f);
}

/* --range: the rows are looked at, and what is known of their times is written. */
static void write_range(struct filter *f, bool header)
{
	if (header) {
		output_text(f->out, "rows\toldest\tnewest\n");
		output_flush(f->out);
	}
	while (table_next(f->table)) {
		f->kept += in_window(f);
		progress_step(table_bytes(f->table), table_size(f->table), "bytes");
	}
	output_u64(f->out, f->kept);
	output_tab(f->out);
	if (f->kept)
		output_i64(f->out, f->window.oldest);
	output_tab(f->out);
	if (f->kept)
		output_i64(f->out, f->window.newest);
	output_end_row(f->out);
}

static void write_rows(struct filter *f, const struct options *o)
{
	if (!o->common.no_header) {
		output_span(f->out, table_header(f->table));
		output_end_row(f->out);
		output_flush(f->out);
	}
	struct table_threads *threads = start_threads(f, o);
	while (filter_next(f)) {
		table_threads_run(threads);
		progress_step(table_bytes(f->table), table_size(f->table), "bytes");
	}
	table_threads_close(threads);
	free(f->parts);
}

/* --left-out, which adds up. */
static void write_left_out(const struct filter *f, uint64_t rows, uint64_t rejected, struct output *out)
{
	const struct {
		const char *what;
		uint64_t rows;
	} LINES[] = {
		{"read", rows}, {"written", f->kept}, {"before", f->out_of.before}, {"after", f->out_of.after},
		{"filtered", f->out_of.filtered}, {"rejected", rejected},
	};
	output_text(out, "what\trows\n");
	for (size_t i = 0; i < sizeof LINES / sizeof *LINES; i++) {
		output_text(out, LINES[i].what);
		output_tab(out);
		output_u64(out, LINES[i].rows);
		output_end_row(out);
	}
	output_close(out);
}

static int run(const struct options *o, char **files, int count)
{
	struct table_format format = COMMON_FORMAT(&o->common);
	struct filter f = {.bounds = bounds_of(o), .window = window_of(o)};
	ranges_of(&f.bounds, f.range);
	f.seen = o->users_seen ? strmap_new() : NULL;
	take_wheres(&f, o);
	f.numbers &= !o->range;
	f.table = table_open(files, count, &format);
	find_columns(&f, o);
	f.out = output_open(o->common.output, o->common.line_buffered);
	struct output *users = o->users_seen ? output_open(o->users_seen, false) : NULL;
	struct output *why = o->left_out ? output_open(o->left_out, false) : NULL;
	if (o->range)
		write_range(&f, !o->common.no_header);
	else
		write_rows(&f, o);
	if (f.seen)
		write_users(f.seen, o->user, users);
	uint64_t rows = table_rows(f.table), rejected = table_rejected(f.table);
	table_close(f.table);
	if (why)
		write_left_out(&f, rows, rejected, why);
	output_close(f.out);
	if (f.seen)
		strmap_free(f.seen);
	wheres_free(f.wheres, f.n_wheres);
	const struct left_out *out = &f.out_of;
	if (out->before + out->after)
		warn("%llu rows are outside the window and were left out: %llu before it, %llu after it",
		     (unsigned long long)(out->before + out->after), (unsigned long long)out->before,
		     (unsigned long long)out->after);
	if (o->range)
		run_report(rows, 1, rejected);
	else
		run_report_filter(rows, f.kept, out->before + out->after + out->filtered, rejected);
	return STATUS_DONE;
}

static const struct program PROGRAM = {
	.name = "filter-interactions",
	.usage = "[OPTION]... [FILE]...",
	.summary = "Keep the interactions whose listened share (or rating) lies in the bounds.",
	.reads = "time (or the column that --time names); all others pass through unchanged",
	.writes = "the columns of the input",
	.examples = {
		"filter-interactions --above 0.5 < events.tsv > positives.tsv",
		"filter-interactions --csv --time rating --min 3.5 ratings.csv.gz > positives.tsv",
	},
	.options = OPTIONS,
	.options_size = sizeof(struct options),
};

int main(int argc, char **argv)
{
	struct options options = {0};
	int first = program_start(&PROGRAM, argc, argv, &options);
	return finish(run(&options, argv + first, argc - first));
}
