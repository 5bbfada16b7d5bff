#include "streams/columns.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"

size_t columns_count(struct span line)
{
	size_t n = 1;
	for (size_t i = 0; i < line.n; i++)
		n += line.at[i] == '\t';
	return n;
}

static bool is_separator(char c)
{
	return c == '\t' || c == '\n' || c == '\r';
}

bool columns_name_is_good(struct span name)
{
	for (size_t i = 0; i < name.n; i++)
		if (is_separator(name.at[i]))
			return false;
	return name.n > 0;
}

void columns_add_text(struct buffer *b, struct span text)
{
	for (size_t i = 0; i < text.n; i++)
		buffer_add_byte(b, is_separator(text.at[i]) ? ' ' : text.at[i]);
}

bool columns_take(struct columns *c, struct span line, const char *where)
{
	buffer_add_span(&c->text, line);
	const char *at = buffer_text(&c->text);
	if (line.n && memchr(at, '\0', line.n))
		return failure_set(c->failure, STATUS_DATA, "%s: a NUL byte in the header", where);
	c->n = columns_count(line);
	c->names = memory_new(c->n, sizeof *c->names);
	struct span rest = {at, line.n};
	for (size_t i = 0; span_next(&rest, '\t', &c->names[i]);)
		i++;
	return true;
}

void columns_rename(struct columns *c, size_t column, struct span name)
{
	struct columns other = {.failure = c->failure};
	struct buffer line = {0};
	for (size_t i = 0; i < c->n; i++) {
		if (i)
			buffer_add_byte(&line, '\t');
		columns_add_text(&line, i == column ? name : c->names[i]);
	}
	columns_take(&other, (struct span){line.data, line.n}, ""); /* there is no NUL in it */
	buffer_free(&line);
	columns_free(c);
	*c = other;
}

/* The names of a list; its text is never a line of a table. */
static void split_list(struct columns *c, const char *list)
{
	struct buffer line = {0};
	buffer_add_text(&line, list);
	for (size_t i = 0; i < line.n; i++)
		if (line.data[i] == ',')
			line.data[i] = '\t';
	columns_take(c, (struct span){line.data, line.n}, ""); /* a list has no NUL */
	buffer_free(&line);
}

static const char *find_problem(const struct columns *c, char problem[COLUMNS_PROBLEM])
{
	for (size_t i = 0; i < c->n; i++) {
		char text[QUOTED_SIZE];
		if (c->names[i].n == 0) {
			snprintf(problem, COLUMNS_PROBLEM, "column %zu of %zu has no name", i + 1, c->n);
			return problem;
		}
		for (size_t k = 0; k < i; k++) {
			if (!span_equal(c->names[k], c->names[i]))
				continue;
			snprintf(problem, COLUMNS_PROBLEM, "column %s occurs twice",
				 quoted(c->names[i].at, c->names[i].n, text));
			return problem;
		}
	}
	return NULL;
}

const char *columns_list_problem(const char *list, char problem[COLUMNS_PROBLEM])
{
	struct columns c = {0};
	split_list(&c, list);
	const char *found = find_problem(&c, problem);
	columns_free(&c);
	return found;
}

bool columns_take_list(struct columns *c, const char *list, const char *where)
{
	char problem[COLUMNS_PROBLEM];
	split_list(c, list);
	const char *found = find_problem(c, problem);
	return !found || failure_set(c->failure, STATUS_USAGE, "%s: %s", where, found);
}

/* The first column of that name (-1: none), and how many there are. */
static long look_up(const struct columns *c, const char *name, size_t *count)
{
	long found = -1;
	*count = 0;
	for (size_t i = 0; i < c->n; i++) {
		if (!span_equal(c->names[i], span_of(name)))
			continue;
		if ((*count)++ == 0)
			found = (long)i;
	}
	return found;
}

/* Which of several columns of one name is meant? */
static void ambiguous(const struct columns *c, struct column wanted, const char *file, size_t count,
		      bool renamable)
{
	const char *option = wanted.option;
	char text[QUOTED_SIZE];
	quoted(wanted.name, strlen(wanted.name), text);
	failure_set(c->failure, option ? STATUS_USAGE : STATUS_DATA, "%s:1: %zu columns are called %s%s%s%s%s",
	     file, count, text, option ? " (--" : "", option ? option : "", option ? ")" : "",
	     renamable ? "; --columns A,B,... names them apart" : "");
}

long columns_find(const struct columns *c, const char *name, const char *file, bool renamable)
{
	size_t count;
	long found = look_up(c, name, &count);
	if (count > 1)
		ambiguous(c, column_called(name), file, count, renamable);
	return count > 1 ? -1 : found;
}

size_t columns_require(const struct columns *c, struct column wanted, const char *file,
		       bool renamable, const char *hint)
{
	const char *name = wanted.name;
	size_t count;
	long found = look_up(c, name, &count);
	if (count == 1)
		return (size_t)found;
	if (count > 1) {
		ambiguous(c, wanted, file, count, renamable);
		return SIZE_MAX;
	}
	struct buffer text = {0};
	char part[QUOTED_SIZE], shown[QUOTED_SIZE];
	size_t best = c->n, best_distance = strlen(name) / 2 + 1;
	for (size_t i = 0; i < c->n; i++) {
		size_t d = span_distance(c->names[i], span_of(name));
		if (d < best_distance) {
			best_distance = d;
			best = i;
		}
	}
	buffer_format(&text, "%s: no column %s", file, quoted_name(name, strlen(name), shown));
	if (wanted.option)
		buffer_format(&text, " (--%s)", wanted.option);
	if (best < c->n)
		buffer_format(&text, "; did you mean %s?",
			      quoted(c->names[best].at, c->names[best].n, part));
	buffer_add_text(&text, "; the columns are");
	for (size_t i = 0; i < c->n && text.n < 800; i++)
		buffer_format(&text, "%s %s", i ? "," : "",
			      quoted(c->names[i].at, c->names[i].n, part));
	if (hint)
		buffer_format(&text, "; %s", hint);
	failure_set(c->failure, wanted.option ? STATUS_USAGE : STATUS_DATA, "%s", buffer_text(&text));
	buffer_free(&text);
	return SIZE_MAX;
}

void columns_free(struct columns *c)
{
	buffer_free(&c->text);
	free(c->names);
}
