#include "plan.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"
#include "frame/column-options.h"

static const char WIDE_CELLS[] = "row\tcolumn\tvalue";

/* ---- cells ---- */

/* The names of the cells: an empty one stays, of several that are the same the later ones get
 * a number. */
static void name_cells(struct plan *p, struct span names)
{
	struct columns given = {.n = 0};
	columns_take(&given, names, "");
	for (size_t c = 0; c < given.n; c++) {
		size_t same = 1;
		for (size_t k = 0; k < c; k++)
			same += span_equal(given.names[k], given.names[c]);
		if (c)
			buffer_add_byte(&p->names, '\t');
		buffer_add_span(&p->names, given.names[c]);
		if (same > 1 && given.names[c].n)
			buffer_format(&p->names, "_%zu", same);
	}
	columns_free(&given);
	columns_take(&p->cells, (struct span){p->names.data, p->names.n}, "");
}

size_t plan_cell(const struct plan *p, struct span name, const char *option, const char *file)
{
	uint64_t number;
	char *text = memory_text(name.at, name.n);
	size_t cell;
	if (columns_find(&p->cells, text, file, false) < 0 && name.n > 1 && name.at[0] == '#' &&
	    number_u64(name.at + 1, name.n - 1, &number) == NUMBER_OK && number >= 1 && number <= p->cells.n)
		cell = (size_t)number - 1;
	else
		cell = columns_require(&p->cells, (struct column){text, option}, file, false, NULL);
	free(text);
	return cell;
}

/* ---- columns of the output ---- */

static struct out_column *find_out(const struct plan *p, struct span name)
{
	for (size_t i = 0; i < p->n_outs; i++)
		if (span_equal(p->outs[i].name, name))
			return &p->outs[i];
	return NULL;
}

void plan_add(struct plan *p, struct out_column column, const char *option)
{
	char shown[QUOTED_SIZE];
	if (find_out(p, column.name))
		usage_error("%s: there already is a column %s", option, quoted(column.name.at, column.name.n, shown));
	p->outs = memory_grow(p->outs, &p->outs_capacity, p->n_outs + 1, sizeof *p->outs);
	p->outs[p->n_outs++] = column;
}

/* One word of --map. */
struct rename {
	struct span name, from;
	bool derived;  /* of several columns */
	size_t cell;   /* else */
};

static size_t take_maps(const struct plan *p, const struct options *o, const char *file, struct rename **maps)
{
	size_t n = 0, capacity = 0;
	char shown[QUOTED_SIZE];
	*maps = NULL;
	for (size_t i = 0; i < o->maps.n; i++) {
		for (struct span word, from, rest = span_of(o->maps.values[i]); span_next(&rest, ',', &word);) {
			struct span name;
			if (!assignment(word, &name, &from) || !columns_name_is_good(name) || from.n == 0)
				usage_error("option '--map': not NAME=COLUMN: %s", quoted(word.at, word.n, shown));
			*maps = memory_grow(*maps, &capacity, n + 1, sizeof **maps);
			bool derived = derived_is(p, from, file);
			size_t cell = derived ? 0 : plan_cell(p, from, "map", file);
			(*maps)[n++] = (struct rename){name, from, derived, cell};
		}
	}
	return n;
}

static void add_cells(struct plan *p, const struct options *o, const char *file)
{
	struct rename *maps;
	size_t n = take_maps(p, o, file, &maps);
	for (size_t c = 0; c < p->cells.n; c++) {
		bool mapped = false;
		for (size_t i = 0; i < n; i++) {
			/* A column of several replaces one of its name. */
			if (maps[i].derived ? span_equal(maps[i].name, p->cells.names[c]) : maps[i].cell == c)
				mapped = true;
			if (maps[i].derived || maps[i].cell != c)
				continue;
			plan_add(p, (struct out_column){.name = maps[i].name, .cell = c}, "--map");
		}
		if (!mapped && p->cells.names[c].n)
			plan_add(p, (struct out_column){.name = p->cells.names[c], .cell = c}, "--map");
	}
	for (size_t i = 0; i < n; i++)
		if (maps[i].derived)
			derived_add(p, maps[i].name, maps[i].from, file);
	free(maps);
}

static void add_constants(struct plan *p, const struct options *o)
{
	for (size_t i = 0; i < o->sets.n; i++) {
		struct span name, text;
		set_take(o->sets.values[i], &name, &text);
		bool file = set_is_filename(text);
		struct out_column column = {.name = name, .kind = file ? OUT_FILE : OUT_TEXT, .text = text};
		plan_add(p, column, "--set");
	}
}

/* The cell that a name means: a column's of the output, or else the input's. */
static size_t cell_meant(const struct plan *p, struct span name, const char *option, const char *file)
{
	const struct out_column *out = find_out(p, name);
	return out && out->kind == OUT_CELL ? out->cell : plan_cell(p, name, option, file);
}

/* 'event: view=1 cart=3' */
static void take_value(struct plan *p, const struct options *o, const char *file)
{
	value_take(&p->kinds, span_of(o->value));
	p->kind_cell = cell_meant(p, p->kinds.column, "value", file);
	plan_add(p, (struct out_column){.name = span_of("value"), .kind = OUT_VALUE}, "--value");
}

static void take_wheres(struct plan *p, const struct options *o, const char *file)
{
	p->wheres = wheres_take(&o->wheres);
	p->n_wheres = o->wheres.n;
	for (size_t i = 0; i < p->n_wheres; i++)
		p->wheres[i].cell = cell_meant(p, p->wheres[i].column, "where", file);
}

/* ---- dates and numbers ---- */

/* The cells' columns as the sniffer counts them; -1: none. */
static long sniffed_column(const struct settings *s, const struct options *o, size_t cell)
{
	size_t c = cell - s->sections;
	return !s->guessed || o->wide || (s->sections && cell == 0) || c >= s->sniffed.width ? -1 : (long)c;
}

static struct out_column *out_meant(struct plan *p, struct span name, const char *option, const char *file)
{
	struct out_column *out = find_out(p, name);
	if (out && (out->kind == OUT_CELL || out->kind == OUT_FIRST))
		return out;
	size_t cell = plan_cell(p, name, option, file);
	for (size_t i = 0; i < p->n_outs; i++)
		if (p->outs[i].kind == OUT_CELL && p->outs[i].cell == cell)
			return &p->outs[i];
	char shown[QUOTED_SIZE];
	usage_error("--%s: column %s is not written", option, quoted(name.at, name.n, shown));
}

static void take_dates(struct plan *p, const struct options *o, const char *file)
{
	char shown[QUOTED_SIZE];
	for (size_t i = 0; i < o->dates.n; i++) {
		struct span name;
		struct date_form form;
		bool none;
		date_take(o->dates.values[i], &name, &form, &none);
		struct out_column *out = out_meant(p, name, "date", file);
		if (out->dated || out->undated)
			usage_error("option '--date': column %s occurs twice", quoted(name.at, name.n, shown));
		out->undated = none;
		out->dated = !none;
		if (!none)
			out->form = form;
	}
}

/* The guessed dates; and the columns that hold what people listened and rated must be numbers,
 * where they were. */
static void take_guesses(struct plan *p, const struct options *o, const struct settings *s)
{
	static const char *const VALUES[] = {"time", "value", "weight", "rating", "score"};
	for (size_t i = 0; i < p->n_outs; i++) {
		struct out_column *out = &p->outs[i];
		if (o->wide && out->kind == OUT_CELL && out->cell == 2 && s->guessed && s->sniffed.matrix.comma)
			out->number |= s->comma;
		long c = out->kind == OUT_CELL ? sniffed_column(s, o, out->cell) : -1;
		if (c < 0 || out->dated || out->undated)
			continue;
		const struct sniff_column *column = &s->sniffed.columns[c];
		bool number = column->type == SNIFF_WHOLE || column->type == SNIFF_NUMBER;
		out->dated = column->type == SNIFF_DATE && !column->ambiguous;
		out->form = column->form;
		for (size_t k = 0; k < sizeof VALUES / sizeof *VALUES && number; k++)
			out->number |= span_equal(out->name, span_of(VALUES[k]));
		/* Where commas are decimal a point is not; and what is always there can be told to be a number. */
		if (s->comma && number)
			out->number = (column->comma || column->type == SNIFF_WHOLE) &&
				(out->number || (column->comma && !column->odd && !column->missing));
		else if (column->comma)
			out->number = false; /* --decimal . */
	}
}

static void take_number(struct plan *p, const struct options *o, const char *file)
{
	if (!o->number)
		return;
	for (struct span word, rest = span_of(o->number); span_next(&rest, ',', &word);)
		out_meant(p, word, "number", file)->number = true;
}

/* ---- lists ---- */

/* The separator of the lists in the sample: the one of , | ; and blanks that there is most of. */
static void guess_list_separator(struct plan *p, const struct settings *s, size_t column)
{
	size_t count[256] = {0};
	struct span text = {s->sniffed.text.data, s->sniffed.text.n};
	struct delimited *d = delimited_open_text(text, &s->format);
	struct delimited_row row;
	while (delimited_next(d, &row))
		for (size_t i = 0; row.n == s->sniffed.width + s->sniffed.trailing && i < row.fields[column].n; i++)
			count[(unsigned char)row.fields[column].at[i]]++;
	delimited_close(d);
	const char *best = "|";
	static const char *const CHOICES[] = {";", ",", " "};
	for (size_t i = 0; i < sizeof CHOICES / sizeof *CHOICES; i++)
		if (count[(unsigned char)*CHOICES[i]] > count[(unsigned char)*best] &&
		    (*CHOICES[i] != ' ' || count[(unsigned char)*best] == 0))
			best = CHOICES[i];
	delimited_separator(*best == ' ' ? "blanks" : best, p->list_separator);
}

static void take_list(struct plan *p, const struct options *o, const struct settings *s, const char *file)
{
	char shown[QUOTED_SIZE];
	p->list = (long)cell_meant(p, span_of(o->split_list), "split-list", file);
	if (o->list_separator && !delimited_separator(o->list_separator, p->list_separator))
		usage_error("option '--list-separator': not tab, blanks, :: or one byte of ASCII: %s",
			    quoted(o->list_separator, strlen(o->list_separator), shown));
	if (o->list_separator)
		return;
	long column = sniffed_column(s, o, (size_t)p->list);
	if (column < 0)
		usage_error("option --list-separator is required");
	guess_list_separator(p, s, (size_t)column);
}

/* --select: these columns in this order. */
static void take_select(struct plan *p, const struct options *o, const char *file)
{
	struct plan all = *p;
	char shown[QUOTED_SIZE];
	p->outs = NULL;
	p->n_outs = p->outs_capacity = 0;
	for (struct span word, rest = span_of(o->select); span_next(&rest, ',', &word);) {
		const struct out_column *out = find_out(&all, word);
		if (!out)
			usage_error("%s: --select: no column %s is written", file, quoted(word.at, word.n, shown));
		plan_add(p, *out, "--select");
	}
	free(all.outs);
}

static void count_room(struct plan *p)
{
	size_t firsts = 0;
	p->room = 64;
	for (size_t i = 0; i < p->n_outs; i++) {
		size_t copies = 0;
		for (size_t k = 0; k < p->n_outs; k++)
			copies += p->outs[k].kind == OUT_CELL && p->outs[k].cell == p->outs[i].cell;
		p->copies = copies > p->copies ? copies : p->copies;
		firsts += p->outs[i].kind == OUT_FIRST;
		p->room += NUMBER_SIZE + 1 + p->outs[i].text.n;
	}
	p->copies += firsts;
	for (size_t i = 0; i < p->kinds.n; i++)
		p->room += p->kinds.kinds[i].value.n;
}

void plan_make(struct plan *p, const struct options *o, const struct settings *s, struct span names,
	       const char *file)
{
	struct columns fields = {.n = 0};
	struct buffer cells = {0};
	*p = (struct plan){.list = -1};
	columns_take(&fields, names, file);
	p->width = fields.n;
	columns_free(&fields);
	if (s->sections)
		buffer_add_text(&cells, "section\t");
	buffer_add_span(&cells, o->wide ? span_of(WIDE_CELLS) : names);
	name_cells(p, (struct span){cells.data, cells.n});
	buffer_free(&cells);
	add_cells(p, o, file);
	add_constants(p, o);
	if (o->value)
		take_value(p, o, file);
	take_wheres(p, o, file);
	take_dates(p, o, file);
	take_guesses(p, o, s);
	take_number(p, o, file);
	if (o->split_list)
		take_list(p, o, s, file);
	if (o->select)
		take_select(p, o, file);
	if (p->n_outs == 0)
		die(STATUS_DATA, "%s: no column has a name", file);
	count_room(p);
}

void plan_free(struct plan *p)
{
	columns_free(&p->cells);
	buffer_free(&p->names);
	free(p->outs);
	free(p->sources);
	wheres_free(p->wheres, p->n_wheres);
	kinds_free(&p->kinds);
}
