/* Which options go together: the fields requires, excludes, required, unless and
 * required_by of the rows (options.h). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "frame/option-table.h"
#include "frame/run.h"
#include "streams/output.h"

/* One term: an option, or an option with one of some values (or with any but one). */
struct term {
	char name[64];
	struct span values;  /* "a/b"; at NULL: that it is given counts */
	bool unlike;         /* any value but this one */
	char end;            /* what ended it: ',' or '|' or 0 */
};

/* The next term of "a,b=x/y|c"; false at the end. */
static bool next_term(const char **at, struct term *t)
{
	if (!*at || !**at)
		return false;
	size_t n = strcspn(*at, ",|"), name = strcspn(*at, "=!,|");
	snprintf(t->name, sizeof t->name, "%.*s", (int)name, *at);
	t->unlike = (*at)[name] == '!';
	size_t sign = name < n ? name + 1 + t->unlike : n;
	t->values = (struct span){name < n ? *at + sign : NULL, n - sign};
	t->end = (*at)[n];
	*at += n + (t->end != '\0');
	return true;
}

static const char INPUT_FILES[] = "FILE"; /* as a term: operands */

static bool is_files(const struct term *t)
{
	return strcmp(t->name, INPUT_FILES) == 0;
}

static const void *place_of(const struct option_state *s, const struct option_row *row)
{
	return (const char *)s->values + row->at;
}

/* Does the row have this value now? */
static bool has_value(const struct option_state *s, const struct option_row *row, struct span value)
{
	if (row->kind == OPTION_CHOICE)
		return *(const int *)place_of(s, row) == choice_index(row->choices, value);
	if (row->kind == OPTION_MODE)
		return *(const int *)place_of(s, row) == 2 + choice_index(row->choices, value);
	return *(const int64_t *)place_of(s, row) == strtoll(value.at, NULL, 10);
}

static bool holds(const struct option_state *s, const struct term *t)
{
	if (is_files(t))
		return s->operands > 0;
	const struct option_row *row = option_row_called(s->rows, t->name);
	if (!t->values.at)
		return s->when[row - s->rows] > 0;
	bool among = false;
	for (struct span value, rest = t->values; span_next(&rest, '/', &value);)
		among |= has_value(s, row, value);
	return among != t->unlike;
}

/* How the command line named the row: --weight, or --rename weight=... */
static void add_given(struct buffer *b, const struct option_state *s, const struct option_row *row)
{
	bool renamed = s->renamed[row - s->rows];
	buffer_format(b, renamed ? "--rename %s=..." : "--%s", row->name);
}

/* What a user calls the term as it holds: --test=bootstrap. */
static void add_held(struct buffer *b, const struct option_state *s, const struct term *t)
{
	const struct option_row *row = is_files(t) ? NULL : option_row_called(s->rows, t->name);
	if (!row) {
		buffer_add_text(b, "input files");
		return;
	}
	add_given(b, s, row);
	int word = t->values.at && row->choices ? *(const int *)place_of(s, row) : -1;
	word -= row->kind == OPTION_MODE ? 2 : 0;
	if (word < 0)
		return;
	buffer_add_byte(b, '=');
	buffer_add_span(b, choice_word(row->choices, word));
}

/* Appends one piece of a list of n: "a", "a or b", "a, b or c". */
static void add_listed(struct buffer *b, size_t i, size_t n, const char *text)
{
	if (i > 0)
		buffer_add_text(b, i + 1 == n ? " or " : ", ");
	buffer_add_text(b, text);
}

/* Appends all terms of `text` up to the one that ends with `end`, as a list. */
static void add_terms(struct buffer *b, const char *text, char end)
{
	for (size_t n = 0, pass = 0; pass < 2; pass++) {
		size_t i = 0;
		struct term t;
		for (const char *at = text; next_term(&at, &t);) {
			char shown[160];
			struct span value, rest = t.values;
			if (!rest.at || t.unlike) {
				snprintf(shown, sizeof shown, "%s%s", is_files(&t) ? "input files" : "--",
					 is_files(&t) ? "" : t.name);
				if (pass)
					add_listed(b, i, n, shown);
				i++;
			}
			while (!t.unlike && span_next(&rest, '/', &value)) {
				snprintf(shown, sizeof shown, "--%s=%.*s", t.name, (int)value.n, value.at);
				if (pass)
					add_listed(b, i, n, shown);
				i++;
			}
			if (t.end == end)
				break;
		}
		n = i;
	}
}

static void check_excludes(const struct option_state *s, const struct option_row *row)
{
	struct term t;
	for (const char *at = row->excludes; next_term(&at, &t);) {
		if (!holds(s, &t))
			continue;
		struct buffer b = {0};
		add_given(&b, s, row);
		buffer_add_text(&b, " cannot be combined with ");
		add_held(&b, s, &t);
		usage_error("%s", buffer_text(&b));
	}
}

/* Of every part between commas one term must hold. */
static void check_requires(const struct option_state *s, const struct option_row *row)
{
	const char *part = row->requires;
	bool one = false;
	struct term t;
	for (const char *at = part; next_term(&at, &t);) {
		one |= holds(s, &t);
		if (t.end == '|')
			continue;
		if (!one) {
			struct buffer b = {0};
			add_given(&b, s, row);
			buffer_add_text(&b, " requires ");
			add_terms(&b, part, ',');
			usage_error("%s", buffer_text(&b));
		}
		one = false;
		part = at;
	}
}

static void check_required(const struct option_state *s, const struct option_row *row)
{
	struct buffer b = {0};
	struct term t;
	if (s->when[row - s->rows] || !option_applies(s->program, row, s->command))
		return;
	for (const char *at = row->required_by; next_term(&at, &t);) {
		if (!holds(s, &t))
			continue;
		add_held(&b, s, &t);
		usage_error("%s requires --%s", buffer_text(&b), row->name);
	}
	if (!row->required)
		return;
	for (const char *at = row->unless; next_term(&at, &t);)
		if (holds(s, &t))
			return;
	buffer_format(&b, "%s|%s", row->name, row->unless ? row->unless : "");
	struct buffer list = {0};
	add_terms(&list, buffer_text(&b), '\0');
	usage_error("option %s is required", buffer_text(&list));
}

void option_rules_check(const struct option_state *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->when[i] && !option_applies(s->program, &s->rows[i], s->command))
			usage_error("option '--%s' does not apply to '%s'", s->rows[i].name,
				    s->program->commands[s->command].name);
	for (size_t i = 0; i < s->n; i++)
		if (s->when[i])
			check_excludes(s, &s->rows[i]);
	for (size_t i = 0; i < s->n; i++)
		if (s->when[i])
			check_requires(s, &s->rows[i]);
	for (size_t i = 0; i < s->n; i++)
		check_required(s, &s->rows[i]);
}

void option_rules_text(struct buffer *b, const struct option_row *row)
{
	const char *part = row->requires, *word = "; requires ";
	struct term t;
	for (const char *at = part; next_term(&at, &t);) {
		if (t.end == '|')
			continue;
		buffer_add_text(b, word);
		add_terms(b, part, ',');
		word = " and ";
		part = at;
	}
	if (row->excludes) {
		buffer_add_text(b, "; cannot be combined with ");
		add_terms(b, row->excludes, '\0');
	}
	if (row->required_by) {
		buffer_add_text(b, "; required by ");
		add_terms(b, row->required_by, '\0');
	}
	if (row->required) {
		buffer_add_text(b, row->unless ? "; required unless " : " (required)");
		add_terms(b, row->unless, '\0');
	}
}

/* ---- mistakes in a table ---- */

static unsigned complain(const struct option_row *row, const char *what, const char *of)
{
	tell("option table: --%s: %s%s", row->name, what, of);
	return 1;
}

static unsigned check_terms(const struct program *p, const struct option_row *row, const char *text)
{
	unsigned bad = 0;
	struct term t;
	for (const char *at = text; next_term(&at, &t);) {
		const struct option_row *other = option_row_called(p->options, t.name);
		if (is_files(&t) && !t.values.at)
			continue;
		if (!other || other == row || other->kind == OPTION_ALIAS) {
			bad += complain(row, "a rule names what is no other option: ", t.name);
			continue;
		}
		for (struct span value, rest = t.values; span_next(&rest, '/', &value);) {
			if (other->choices ? choice_index(other->choices, value) < 0
					   : other->kind != OPTION_INT)
				bad += complain(row, "a rule names a value that there is not: ", value.at);
		}
	}
	return bad;
}

/* --rename has columns, and is there when there are several or side files, as is --side-csv. */
static unsigned check_columns(const struct program *p)
{
	enum { SEVERAL = 2 };
	unsigned columns = 0, sides = 0;
	const struct option_row *rename = NULL;
	for (const struct option_row *row = p->options; row->name; row++) {
		columns += row->kind == OPTION_COLUMN;
		sides += row->side;
		if (row->kind == OPTION_RENAME)
			rename = row;
	}
	if (sides && (!rename || !option_row_called(p->options, "side-csv")))
		return complain(p->options, "side files, and no --rename or --side-csv", "");
	if (rename && columns + sides == 0)
		return complain(rename, "there are no columns to rename", "");
	if (!rename && columns >= SEVERAL)
		return complain(p->options, "a table with several columns has COMMON_RENAME", "");
	return 0;
}

static unsigned check_row(const struct program *p, const struct option_row *row)
{
	unsigned bad = check_terms(p, row, row->requires) + check_terms(p, row, row->excludes) +
		check_terms(p, row, row->unless) + check_terms(p, row, row->required_by);
	if (row->kind == OPTION_ALIAS) {
		const struct option_row *meant = option_row_called(p->options, row->fallback);
		if (!meant || !meant->argument != !row->argument)
			bad += complain(row, "the old name of no option: ", row->fallback);
		return bad;
	}
	if (!row->help || !*row->help)
		bad += complain(row, "no help", "");
	if ((row->required || row->required_by) && row->fallback)
		bad += complain(row, "required, and yet it has a default", "");
	if (row->unless && !row->required)
		bad += complain(row, "unless without required", "");
	for (const struct option_row *other = p->options; other < row; other++)
		if (other->letter && other->letter == row->letter)
			bad += complain(row, "its letter is that of --", other->name);
	for (const char *at = row->of; at && *at;) {
		size_t n = strcspn(at, ",");
		bool known = false;
		for (const struct program_command *c = p->commands; c && c->name; c++)
			known |= strlen(c->name) == n && memcmp(c->name, at, n) == 0;
		if (!known)
			bad += complain(row, "for a command that there is not: ", at);
		at += n + (at[n] == ',');
	}
	return bad;
}

void option_table_check(const struct program *p)
{
	unsigned bad = 0;
	for (const struct option_row *row = p->options; row->name; row++) {
		if (row->kind == OPTION_GROUP)
			continue;
		if (option_row_called(p->options, row->name) != row)
			bad += complain(row, "there are two of this name", "");
		bad += check_row(p, row);
	}
	bad += check_columns(p);
	exit(bad ? STATUS_DATA : STATUS_DONE);
}
