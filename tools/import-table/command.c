#include "base/error.h"
#include "base/quote.h"
#include "plan.h"

static void add_word(struct buffer *b, const char *text, size_t n)
{
	buffer_add_byte(b, ' ');
	quote_sh_word(b, text, n);
}

static void add_option(struct buffer *b, const char *option, const char *value)
{
	add_word(b, option, strlen(option));
	if (value)
		add_word(b, value, strlen(value));
}

static void add_list(struct buffer *b, const char *option, const struct option_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		add_option(b, option, list->values[i]);
}

static void add_choice(struct buffer *b, const char *option, const char *choices, int index)
{
	struct span word = choice_word(choices, index);
	add_option(b, option, NULL);
	add_word(b, word.at, word.n);
}

/* The names of the input's columns. */
static void add_names(struct buffer *b, const struct plan *p, const struct options *o,
		      const struct settings *s)
{
	struct buffer list = {0};
	struct span expected = {s->expected.data, s->expected.n};
	if (s->header) {
		bool shown = list_of_names(&list, expected) && !s->any_header;
		add_option(b, "--header", shown ? buffer_text(&list) : "*");
	} else {
		add_option(b, "--no-header", NULL);
	}
	if (o->common.columns) {
		add_option(b, "--columns", o->common.columns);
	} else if (!s->header) {
		add_option(b, "--columns", NULL);
		buffer_add_byte(b, ' ');
		for (size_t c = 1; c <= p->width; c++)
			buffer_format(b, "%sc%zu", c > 1 ? "," : "", c);
	}
	buffer_free(&list);
}

/* The column as --date and --number know it: by its number where they would read its name otherwise. */
static void add_column(struct buffer *b, const struct out_column *out)
{
	struct buffer shown = {0};
	quote_terminal(&shown, out->name.at, out->name.n);
	bool odd = shown.n != out->name.n || memchr(out->name.at, ',', out->name.n) ||
		memchr(out->name.at, '=', out->name.n);
	buffer_free(&shown);
	if (odd && out->kind == OUT_CELL)
		buffer_format(b, "#%zu", out->cell + 1);
	else
		buffer_add_span(b, out->name);
}

/* --date, --decimal and --number as they are in force: those given, and those guessed. */
static void add_types(struct buffer *b, const struct plan *p, const struct settings *s)
{
	struct buffer numbers = {0};
	for (size_t i = 0; i < p->n_outs; i++) {
		const struct out_column *out = &p->outs[i];
		if (out->number) {
			if (numbers.n)
				buffer_add_byte(&numbers, ',');
			add_column(&numbers, out);
		}
		if (out->dated) {
			struct buffer date = {0};
			add_column(&date, out);
			buffer_add_byte(&date, '=');
			buffer_add_text(&date, date_form_name(&out->form));
			add_option(b, "--date", buffer_text(&date));
			buffer_free(&date);
		}
	}
	if (s->comma)
		add_option(b, "--decimal", ",");
	if (numbers.n)
		add_option(b, "--number", buffer_text(&numbers));
	buffer_free(&numbers);
}

void plan_command(const struct plan *p, const struct options *o, const struct settings *s, char **files,
		  int count, struct buffer *b)
{
	buffer_add_text(b, "import-table --explicit");
	add_option(b, "--encoding", s->encoding);
	add_option(b, "--separator", delimited_separator_name(s->format.separator));
	add_choice(b, "--quoting", DELIMITED_QUOTINGS, (int)s->format.quoting);
	add_choice(b, "--line-end", LINE_ENDS, s->line_end);
	add_names(b, p, o, s);
	if (s->trailing)
		add_option(b, "--trailing-separator", NULL);
	if (s->sections)
		add_option(b, "--sections", NULL);
	if (o->wide)
		add_option(b, "--wide", NULL);
	add_list(b, "--map", &o->maps);
	add_list(b, "--set", &o->sets);
	add_types(b, p, s);
	if (o->value)
		add_option(b, "--value", o->value);
	add_list(b, "--where", &o->wheres);
	if (o->split_list) {
		add_option(b, "--split-list", o->split_list);
		add_option(b, "--list-separator", delimited_separator_name(p->list_separator));
	}
	if (o->select)
		add_option(b, "--select", o->select);
	if (o->common.on_error == 1)
		add_option(b, "--on-error", "skip");
	if (o->common.on_control == 1)
		add_option(b, "--on-control", "fail");
	bool dashes = false;
	for (int i = 0; i < count; i++)
		dashes |= files[i][0] == '-' && files[i][1];
	if (dashes)
		add_option(b, "--", NULL);
	for (int i = 0; i < count; i++)
		add_word(b, files[i], strlen(files[i]));
	buffer_text(b);
}
