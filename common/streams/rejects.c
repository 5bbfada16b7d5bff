#include "streams/rejects.h"

#include <stdio.h>

#include "base/error.h"
#include "streams/output.h"

void rejects_open(struct rejects *r, bool skip, const struct number_limit *limit, const char *path)
{
	*r = (struct rejects){.skip = skip, .limit = *limit};
	if (path)
		r->file = output_open(path, false);
}

/* A row that is kept; its words, with a NUL, and its raw bytes follow. */
struct kept_row {
	uint64_t line, element;
	size_t words, raw;
};

void rejects_keep(struct rejects *r, bool skip)
{
	*r = (struct rejects){.skip = skip, .keeps = true};
}

static void keep_row(struct rejects *r, uint64_t line, uint64_t element, const char *what, struct span raw)
{
	struct kept_row row = {line, element, strlen(what) + 1, raw.n};
	buffer_add(&r->kept, (const char *)&row, sizeof row);
	buffer_add(&r->kept, what, row.words);
	buffer_add_span(&r->kept, raw);
}

bool rejects_pass(struct rejects *r, struct rejects *part, const char *file, uint64_t lines,
		  uint64_t elements)
{
	bool good = true;
	for (size_t at = 0; good && at < part->kept.n;) {
		struct kept_row row;
		memcpy(&row, part->kept.data + at, sizeof row);
		const char *what = part->kept.data + at + sizeof row;
		good = rejects_element(r, file, lines + row.line, row.element ? elements + row.element : 0, what,
				       (struct span){what + row.words, row.raw});
		at += sizeof row + row.words + row.raw;
	}
	part->kept.n = part->n = 0;
	return good;
}

bool rejects_row(struct rejects *r, const char *file, uint64_t line, const char *what,
		 struct span raw)
{
	return rejects_element(r, file, line, 0, what, raw);
}

bool rejects_element(struct rejects *r, const char *file, uint64_t line, uint64_t element, const char *what,
		     struct span raw)
{
	char place[64];
	if (r->keeps) {
		keep_row(r, line, element, what, raw);
		r->n++;
		return r->skip;
	}
	int n = snprintf(place, sizeof place, "%llu: ", (unsigned long long)line);
	if (element)
		snprintf(place + n, sizeof place - (size_t)n, "element %llu", (unsigned long long)element);
	if (!r->skip)
		return failure_set(r->failure, STATUS_DATA, "%s:%s%s", file, place, what);
	r->n++;
	if (r->file) {
		output_span(r->file, raw);
		output_end_row(r->file);
	}
	if (r->limit.given && !r->limit.is_share && r->n > r->limit.count) {
		rejects_close(r); /* to be looked at */
		return failure_set(r->failure, STATUS_DATA,
			    "%s:%s%s; that is bad row %llu, and --max-errors allows %llu", file, place, what,
			    (unsigned long long)r->n, (unsigned long long)r->limit.count);
	}
	if (r->hear)
		r->hear(r->listener, what, raw);
	else if (r->n == 1 && !r->failure)
		warn("%s:%s%s (skipped; further ones are counted)", file, place, what);
	return true;
}

bool rejects_judge(struct rejects *r, uint64_t rows)
{
	bool share = r->limit.given && r->limit.is_share &&
		(double)r->n > r->limit.share * (double)rows;
	if (r->keeps || r->n == 0 || ((r->n < rows || r->hear) && !share))
		return true;
	rejects_close(r);
	if (r->n >= rows && !r->hear)
		return failure_set(r->failure, STATUS_DATA, "all %llu rows are bad: nothing is left",
			    (unsigned long long)rows);
	return failure_set(r->failure, STATUS_DATA, "%llu of %llu rows are bad, and --max-errors allows %g %%",
		    (unsigned long long)r->n, (unsigned long long)rows, 100 * r->limit.share);
}

void rejects_close(struct rejects *r)
{
	if (r->file)
		output_close(r->file);
	r->file = NULL;
	buffer_free(&r->kept);
}
