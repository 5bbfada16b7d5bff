#include "streams/rejects.h"

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
	uint64_t line;
	size_t words, raw;
};

void rejects_keep(struct rejects *r, bool skip)
{
	*r = (struct rejects){.skip = skip, .keeps = true};
}

static void keep_row(struct rejects *r, uint64_t line, const char *what, struct span raw)
{
	struct kept_row row = {line, strlen(what) + 1, raw.n};
	buffer_add(&r->kept, (const char *)&row, sizeof row);
	buffer_add(&r->kept, what, row.words);
	buffer_add_span(&r->kept, raw);
}

bool rejects_pass(struct rejects *r, struct rejects *part, const char *file, uint64_t before)
{
	bool good = true;
	for (size_t at = 0; good && at < part->kept.n;) {
		struct kept_row row;
		memcpy(&row, part->kept.data + at, sizeof row);
		const char *what = part->kept.data + at + sizeof row;
		good = rejects_row(r, file, before + row.line, what, (struct span){what + row.words, row.raw});
		at += sizeof row + row.words + row.raw;
	}
	part->kept.n = part->n = 0;
	return good;
}

bool rejects_row(struct rejects *r, const char *file, uint64_t line, const char *what,
		 struct span raw)
{
	if (r->keeps) {
		keep_row(r, line, what, raw);
		r->n++;
		return r->skip;
	}
	if (!r->skip)
		return failure_set(r->failure, STATUS_DATA, "%s:%llu: %s", file, (unsigned long long)line, what);
	r->n++;
	if (r->file) {
		output_span(r->file, raw);
		output_end_row(r->file);
	}
	if (r->limit.given && !r->limit.is_share && r->n > r->limit.count) {
		rejects_close(r); /* to be looked at */
		return failure_set(r->failure, STATUS_DATA,
			    "%s:%llu: %s; that is bad row %llu, and --max-errors allows %llu", file,
			    (unsigned long long)line, what, (unsigned long long)r->n,
			    (unsigned long long)r->limit.count);
	}
	if (r->hear)
		r->hear(r->listener, what, raw);
	else if (r->n == 1 && !r->failure)
		warn("%s:%llu: %s (skipped; further ones are counted)", file,
		     (unsigned long long)line, what);
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
