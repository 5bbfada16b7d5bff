#include "frame/sides.h"

#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include "frame/option-table.h"
#include "streams/columns.h"

/* What --rename said of side files. */
static struct {
	struct side_rename *all;
	size_t n;
} renames;

/* The row of a side file's option, NULL where the tool has none of that name. */
static const struct option_row *side_row(const struct option_row *rows, struct span name)
{
	for (const struct option_row *row = rows; row->name; row++)
		if (row->side && span_equal(name, span_of(row->name)))
			return row;
	return NULL;
}

void option_sides_text(struct buffer *b, const struct option_row *rows)
{
	const char *comma = "";
	for (const struct option_row *row = rows; row->name; row++) {
		if (!row->side)
			continue;
		buffer_format(b, "%s%s", comma, row->name);
		comma = ", ";
	}
}

bool side_rename_take(const struct option_row *rows, const char *value)
{
	struct span column = {value, strcspn(value, "=")};
	const char *dot = memchr(value, '.', column.n);
	struct span option = {value, dot ? (size_t)(dot - value) : 0};
	const struct option_row *row = dot ? side_row(rows, option) : NULL;
	if (!row || option.n + 1 == column.n)
		return false;
	renames.all = memory_resize(renames.all, renames.n + 1, sizeof *renames.all);
	renames.all[renames.n++] = (struct side_rename){
		.option = row->name, .column = {dot + 1, column.n - option.n - 1}, .name = value + column.n + 1,
	};
	return true;
}

/* ---- what belongs to an option ---- */

/* The part of --side-columns OPTION=A,B,... after the sign when it is of that option. */
static const char *columns_of(const char *option, const char *value)
{
	size_t n = strlen(option);
	return strncmp(value, option, n) == 0 && value[n] == '=' ? value + n + 1 : NULL;
}

struct side_table option_side(const char *option, const char *path)
{
	struct side_table side = {.path = path, .option = option, .renames = renames.all, .n = renames.n};
	const struct option_list *columns = option_values("side-columns"), *csv = option_values("side-csv");
	for (size_t i = 0; columns && i < columns->n; i++)
		if (columns_of(option, columns->values[i]))
			side.columns = columns_of(option, columns->values[i]);
	for (size_t i = 0; csv && i < csv->n; i++)
		side.csv |= strcmp(csv->values[i], option) == 0;
	return side;
}

struct table *option_table(const char *option, const char *path)
{
	struct side_table side = option_side(option, path);
	return path ? table_open_side(&side) : NULL;
}

/* ---- checks ---- */

/* The row of the side file that `by` names, which must be on the command line. */
static void check_named(const struct option_state *s, const char *by, struct span name)
{
	const struct option_row *row = side_row(s->rows, name);
	if (!row) {
		char shown[QUOTED_SIZE];
		struct buffer known = {0};
		option_sides_text(&known, s->rows);
		usage_error("option '--%s': no side file %s, there are %s", by, quoted(name.at, name.n, shown),
			    buffer_text(&known));
	}
	if (!s->when[row - s->rows] && !row->fallback)
		usage_error("--%s %s requires --%s", by, row->name, row->name);
}

static void check_columns(const struct option_state *s, const char *value)
{
	char problem[COLUMNS_PROBLEM], shown[QUOTED_SIZE];
	size_t n = strcspn(value, "=");
	if (n == 0 || value[n] == '\0' || value[n + 1] == '\0')
		usage_error("option '--side-columns': not OPTION=A,B,...: %s", quoted(value, strlen(value), shown));
	check_named(s, "side-columns", (struct span){value, n});
	if (columns_list_problem(value + n + 1, problem))
		usage_error("option '--side-columns': %s: %s", problem, quoted(value, strlen(value), shown));
}

void option_sides_check(const struct option_state *s)
{
	const struct option_list *columns = option_values("side-columns"), *csv = option_values("side-csv");
	for (size_t i = 0; columns && i < columns->n; i++)
		check_columns(s, columns->values[i]);
	for (size_t i = 0; csv && i < csv->n; i++)
		check_named(s, "side-csv", span_of(csv->values[i]));
	for (size_t i = 0; i < renames.n; i++)
		check_named(s, "rename", span_of(renames.all[i].option));
}
