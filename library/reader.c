#include <recpipe/reader.h>

#include "base/memory.h"
#include "guard.h"
#include "streams/table.h"

struct rcp_reader {
	struct failure failure, column; /* column: a name that is not there */
	struct guard guard;
	struct table *table;
	char **paths;
	int count;
	bool has_row;
};

static void open_files(struct rcp_reader *r, const char *const *paths, int count,
		       const struct rcp_format *format)
{
	static const struct rcp_format PLAIN;
	const struct rcp_format *f = format ? format : &PLAIN;
	if (f->no_header && !f->columns) {
		failure_set(&r->failure, STATUS_USAGE, "an input without a header needs a list of columns");
		return;
	}
	if (count > 0)
		r->paths = memory_zero((size_t)count, sizeof *r->paths);
	for (; r->count < count; r->count++)
		r->paths[r->count] = memory_text(paths[r->count], strlen(paths[r->count]));
	r->table = table_open_or(r->paths, r->count, &(struct table_format){
		.csv = f->csv, .no_header = f->no_header, .columns = f->columns,
		.skip_bad = f->skip_bad}, &r->failure);
}

enum rcp_status rcp_reader_open(struct rcp_reader **reader, const char *const *paths, int count,
				const struct rcp_format *format)
{
	struct rcp_reader *r = *reader = calloc(1, sizeof *r);
	if (!r)
		return RCP_FAILED;
	if (GUARD(&r->guard, &r->failure, false))
		open_files(r, paths, count, format);
	guard_end();
	return rcp_reader_status(r);
}

enum rcp_status rcp_reader_close(struct rcp_reader *r)
{
	if (!r)
		return RCP_OK;
	table_close(r->table);
	for (int i = 0; i < r->count; i++)
		free(r->paths[i]);
	free(r->paths);
	enum rcp_status status = rcp_reader_status(r);
	free(r);
	return status;
}

enum rcp_status rcp_reader_status(const struct rcp_reader *r)
{
	return (enum rcp_status)r->failure.status;
}

const char *rcp_reader_message(const struct rcp_reader *r)
{
	return has_failed(&r->failure) ? r->failure.text : r->column.text;
}

size_t rcp_reader_width(const struct rcp_reader *r)
{
	return r->table ? table_width(r->table) : 0;
}

struct rcp_text rcp_reader_column_name(const struct rcp_reader *r, size_t column)
{
	if (column >= rcp_reader_width(r))
		return (struct rcp_text){NULL, 0};
	struct span name = table_column_name(r->table, column);
	return (struct rcp_text){name.at, name.n};
}

long rcp_reader_column(struct rcp_reader *r, const char *name)
{
	volatile size_t found = SIZE_MAX;
	if (!r->table || has_failed(&r->failure))
		return -1;
	if (GUARD(&r->guard, &r->failure, false)) {
		found = table_column(r->table, column_called(name));
		if (has_failed(&r->failure)) {
			r->column = r->failure;
			r->failure = (struct failure){0};
		}
	}
	guard_end();
	return found == SIZE_MAX ? -1 : (long)found;
}

int rcp_reader_next(struct rcp_reader *r)
{
	r->has_row = false;
	if (!r->table || has_failed(&r->failure))
		return -1;
	if (GUARD(&r->guard, &r->failure, false))
		r->has_row = table_next(r->table);
	guard_end();
	return r->has_row ? 1 : has_failed(&r->failure) ? -1 : 0;
}

/* Is there such a field? If not, the caller has made a mistake. */
static bool has_field(const struct rcp_reader *r, size_t column)
{
	return r->has_row && column < table_width(r->table);
}

struct rcp_text rcp_reader_field(const struct rcp_reader *r, size_t column)
{
	if (!has_field(r, column))
		return (struct rcp_text){NULL, 0};
	struct span field = table_field(r->table, column);
	return (struct rcp_text){field.at, field.n};
}

static bool no_field(struct rcp_reader *r, size_t column)
{
	return failure_set(&r->failure, STATUS_USAGE, r->has_row ? "there is no column %zu"
			   : "there is no row whose column %zu can be read", column);
}

/* The row is a bad one when its number is. */
#define READER_NUMBER(kind, type) \
	bool rcp_reader_##kind(struct rcp_reader *r, size_t column, type *value) \
	{ \
		if (!has_field(r, column)) \
			return no_field(r, column); \
		if (GUARD(&r->guard, &r->failure, false)) \
			r->has_row = table_##kind(r->table, column, value); \
		guard_end(); \
		return r->has_row && !has_failed(&r->failure); \
	}

READER_NUMBER(double, double)
READER_NUMBER(float, float)
READER_NUMBER(i64, int64_t)
READER_NUMBER(u64, uint64_t)

void rcp_reader_reject(struct rcp_reader *r, size_t column, const char *problem)
{
	if (!has_field(r, column)) {
		no_field(r, column);
		return;
	}
	r->has_row = false;
	if (GUARD(&r->guard, &r->failure, false))
		table_reject(r->table, column, problem);
	guard_end();
}

const char *rcp_reader_file(const struct rcp_reader *r)
{
	return r->table ? table_file(r->table) : "";
}

uint64_t rcp_reader_line(const struct rcp_reader *r)
{
	return r->table ? table_line(r->table) : 0;
}

uint64_t rcp_reader_rows(const struct rcp_reader *r)
{
	return r->table ? table_rows(r->table) : 0;
}

uint64_t rcp_reader_rejected(const struct rcp_reader *r)
{
	return r->table ? table_rejected(r->table) : 0;
}
