/* folds.c - see folds.h. */
#include "folds.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/span.h"
#include "frame/options.h"

/* ---- options ---- */

static void parse_fold(struct folds *f, const char *text)
{
	struct span rest = span_of(text), k;
	char shown[QUOTED_SIZE];
	span_next(&rest, '/', &k);
	if (number_u64(k.at, k.n, &f->k) != NUMBER_OK || !rest.at ||
	    number_u64(rest.at, rest.n, &f->n) != NUMBER_OK)
		usage_error("option '--fold': not K/N: %s", quoted(text, strlen(text), shown));
	if (f->n < 1 || f->n > FOLDS_MAX || f->k < 1 || f->k > f->n)
		usage_error("option '--fold': not one of 1 to %d folds: %s", FOLDS_MAX,
			    quoted(text, strlen(text), shown));
}

static void parse_window(struct folds *f, const char *text)
{
	size_t n = strlen(text);
	double seconds = 0;
	char shown[QUOTED_SIZE];
	if (number_double(text, n, &f->share) == NUMBER_OK) {
		if (!(f->share > 0) || f->share * ((double)f->n + 1) >= 1)
			usage_error("option '--window': not a share of which %llu leave rows to train on: %s",
				    (unsigned long long)f->n + 1, quoted(text, n, shown));
		return;
	}
	f->share = 0;
	if (number_duration(text, n, &seconds) != NUMBER_OK || !(seconds >= 1e-3) || !isfinite(seconds * 1e3))
		usage_error("option '--window': not a share or a time above 0 (0.1, 7d): %s",
			    quoted(text, n, shown));
	f->length_ms = seconds * 1e3;
}

struct folds folds_parse(const char *fold, const char *window)
{
	struct folds f = {0};
	if (!fold)
		return f;
	parse_fold(&f, fold);
	parse_window(&f, window ? window : "0.1");
	return f;
}

/* ---- the time at a place in the order of times ---- */

enum { STEP = 12 };

/* Times from the oldest on are numbers; of the wanted one the bits from `shift` on are known. */
struct wanted {
	uint64_t place, prefix, before; /* counted from 1; what comes before the prefix */
	size_t slot;
};

struct selection {
	int64_t oldest;
	unsigned shift, step;
	uint64_t *prefix;       /* that are wanted, ascending */
	size_t n;
	uint64_t *count;        /* of each prefix, of each value of the next bits */
};

static uint64_t bits_from(uint64_t value, unsigned shift)
{
	return shift < 64 ? value >> shift : 0;
}

static void see_times(void *context, const int64_t *time, size_t n)
{
	struct selection *s = context;
	unsigned next = s->shift - s->step;
	for (size_t i = 0; i < n; i++) {
		uint64_t value = (uint64_t)time[i] - (uint64_t)s->oldest, prefix = bits_from(value, s->shift);
		size_t low = 0, high = s->n;
		while (low < high) {
			size_t middle = (low + high) / 2;
			if (s->prefix[middle] < prefix)
				low = middle + 1;
			else
				high = middle;
		}
		if (low < s->n && s->prefix[low] == prefix)
			s->count[low << s->step | ((value >> next) & ((UINT64_C(1) << s->step) - 1))]++;
	}
}

/* The prefixes that are wanted, each once. The places ascend, so do they. */
static void collect_prefixes(struct selection *s, struct wanted *w, size_t n)
{
	s->n = 0;
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || w[i].prefix != w[i - 1].prefix)
			s->prefix[s->n++] = w[i].prefix;
		w[i].slot = s->n - 1;
	}
}

static void narrow(const struct selection *s, struct wanted *w)
{
	const uint64_t *count = s->count + (w->slot << s->step);
	uint64_t bin = 0;
	while (w->before + count[bin] < w->place)
		w->before += count[bin++];
	w->prefix = w->prefix << s->step | bin;
}

/* The times at the places of `w`, which ascend: their prefixes become whole. */
static void select_times(const struct times *times, struct wanted *w, size_t n)
{
	uint64_t range = (uint64_t)times->newest - (uint64_t)times->oldest;
	struct selection s = {.oldest = times->oldest,
		.shift = range ? 64 - (unsigned)__builtin_clzll(range) : 0,
		.prefix = memory_new(n, sizeof *s.prefix)};
	for (; s.shift > 0; s.shift -= s.step) {
		s.step = s.shift < STEP ? s.shift : STEP;
		collect_prefixes(&s, w, n);
		s.count = memory_zero(s.n << s.step, sizeof *s.count);
		times->each(times->source, see_times, &s);
		for (size_t i = 0; i < n; i++)
			narrow(&s, &w[i]);
		free(s.count);
	}
	free(s.prefix);
}

/* ---- edges ---- */

static void edges_by_share(struct folds *f, const struct times *times)
{
	struct wanted w[FOLDS_MAX + 2] = {0};
	size_t n = (size_t)f->n + 2;
	for (size_t j = 0; j < n; j++) {
		double before = (double)times->n * (1 - (double)(n - 1 - j) * f->share) + 1e-9;
		uint64_t place = before < 1 ? 1 : (uint64_t)before;
		w[j].place = place > times->n ? times->n : place;
	}
	select_times(times, w, n);
	for (size_t j = 0; j < n; j++)
		f->edge[j] = (int64_t)((uint64_t)times->oldest + w[j].prefix);
	for (size_t j = 1; j < n; j++)
		if (f->edge[j - 1] >= f->edge[j])
			die(STATUS_DATA, "the times do not make %llu folds with windows of %g: "
			    "too many rows have the same time", (unsigned long long)f->n, f->share);
}

void folds_find(struct folds *f, const struct times *times, int64_t newest)
{
	if (times->n == 0)
		return;
	if (f->share > 0) {
		edges_by_share(f, times);
		return;
	}
	for (size_t j = 0; j <= f->n + 1; j++) {
		double back = floor((double)(f->n + 1 - j) * f->length_ms);
		if (back > 9e18 || __builtin_sub_overflow(newest, (int64_t)back, &f->edge[j]))
			f->edge[j] = INT64_MIN;
	}
}

void folds_write(const struct folds *f, struct output *out)
{
	output_text(out, "fold\tvalidation_after\ttest_after\tuntil");
	output_end_row(out);
	for (uint64_t k = 1; k <= f->n; k++) {
		output_u64(out, k);
		for (uint64_t j = k - 1; j <= k + 1; j++) {
			output_tab(out);
			output_i64(out, f->edge[j]);
		}
		output_end_row(out);
	}
}
