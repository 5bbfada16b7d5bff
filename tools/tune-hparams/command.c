#include "command.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/quote.h"
#include "frame/options.h"

/* How a value gets into a text: as it is; as a word for sh; or, in a program for sh, as
 * the variable that has it where it is more than a word. */
enum how { AS_IS, AS_WORD, AS_VARIABLE };

/* Which quotes of sh a place is in. */
enum quotes { OUTSIDE, IN_SINGLE, IN_DOUBLE };

/* The quotes after `n` more bytes of a program. Where sh sees it in another way (a here-
 * document, $(...) in quotes), a variable in the wrong quotes is still only a value. */
static enum quotes quotes_behind(enum quotes quotes, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\\' && quotes != IN_SINGLE)
			i++;
		else if (text[i] == '\'' && quotes != IN_DOUBLE)
			quotes = quotes == OUTSIDE ? IN_SINGLE : OUTSIDE;
		else if (text[i] == '"' && quotes != IN_SINGLE)
			quotes = quotes == OUTSIDE ? IN_DOUBLE : OUTSIDE;
	}
	return quotes;
}

static void add_variable(struct buffer *b, const struct parameter *p, enum quotes quotes)
{
	char *name = space_variable(p->name);
	buffer_format(b, quotes == OUTSIDE ? "\"${%s}\"" : quotes == IN_DOUBLE ? "${%s}" : "'\"${%s}\"'",
		      name);
	free(name);
}

static void add_value(struct buffer *b, const struct parameter *p, double value, enum how how,
		      enum quotes quotes)
{
	struct buffer text = {0};
	space_format(p, value, &text);
	if (how == AS_IS || text.n == 0 || sh_is_word(text.data, text.n))
		buffer_add(b, text.data, text.n);
	else if (how == AS_WORD)
		quote_sh(b, text.data, text.n);
	else
		add_variable(b, p, quotes);
	buffer_free(&text);
}

static void add_option(struct buffer *b, const struct parameter *p, double value, enum how how,
		       enum quotes quotes)
{
	if (isnan(value))
		return;
	buffer_format(b, "--%s ", p->name);
	add_value(b, p, value, how, quotes);
}

static void add_options(struct buffer *b, const struct space *space, const double *point, enum how how,
			enum quotes quotes)
{
	bool first = true;
	for (size_t p = 0; p < space->n; p++) {
		if (isnan(point[p]))
			continue;
		if (!first)
			buffer_add_byte(b, ' ');
		first = false;
		add_option(b, &space->parameters[p], point[p], how, quotes);
	}
}

void command_options(struct buffer *b, const struct space *space, const double *point,
		     const char *step_as, int64_t step)
{
	for (size_t p = 0; p < space->n; p++) {
		const struct parameter *q = &space->parameters[p];
		if (isnan(point[p]) || (step_as && strcmp(q->name, step_as) == 0))
			continue;
		if (b->n)
			buffer_add_byte(b, ' ');
		add_option(b, q, point[p], AS_WORD, OUTSIDE);
	}
	if (step_as)
		buffer_format(b, "%s--%s %lld", b->n ? " " : "", step_as, (long long)step);
}

/* ---- places ---- */

/* {name} is the value, {--name} the option with its value (nothing where the
 * condition does not hold), {options} all of them. */
enum place_kind { PLACE_NONE, PLACE_VALUE, PLACE_OPTION, PLACE_ALL, PLACE_UNKNOWN };

struct place {
	enum place_kind kind;
	const char *at, *end;  /* from the brace to after the other one */
	const char *name;
	size_t n;
	size_t parameter;
};

/* The next pair of braces with a name between them; `${..}` is the shell's, and so
 * are braces around anything that cannot be a name. */
static struct place next_place(const struct space *space, const char *text)
{
	for (const char *at = text; (at = strchr(at, '{')); at++) {
		bool option = strncmp(at + 1, "--", 2) == 0;
		const char *name = at + 1 + (option ? 2 : 0);
		size_t n = 0;
		while (isalnum((unsigned char)name[n]) || (name[n] && strchr("-_.", name[n])))
			n++;
		if (n == 0 || name[n] != '}' || (at > text && at[-1] == '$'))
			continue;
		struct place place = {.kind = PLACE_UNKNOWN, .at = at, .end = name + n + 1,
			.name = name, .n = n};
		long p = space_find(space, name, n);
		if (p >= 0) {
			place.kind = option ? PLACE_OPTION : PLACE_VALUE;
			place.parameter = (size_t)p;
		} else if (!option && n == strlen("options") && memcmp(name, "options", n) == 0) {
			place.kind = PLACE_ALL;
		}
		return place;
	}
	return (struct place){.kind = PLACE_NONE};
}

static void substitute(struct buffer *b, const struct space *space, const double *point,
		       const char *text, enum how how)
{
	enum quotes quotes = OUTSIDE;
	struct place place;
	for (; (place = next_place(space, text)).kind != PLACE_NONE; text = place.end) {
		const struct parameter *p = &space->parameters[place.parameter];
		buffer_add(b, text, (size_t)(place.at - text));
		quotes = quotes_behind(quotes, text, (size_t)(place.at - text));
		if (place.kind == PLACE_ALL)
			add_options(b, space, point, how, quotes);
		else if (place.kind == PLACE_OPTION)
			add_option(b, p, point[place.parameter], how, quotes);
		else
			add_value(b, p, point[place.parameter], how, quotes);
	}
	buffer_add_text(b, text);
}

/* Is the word nothing but a place for options? They are words of their own then. */
static bool is_options(const struct space *space, const char *word)
{
	struct place place = next_place(space, word);
	return (place.kind == PLACE_OPTION || place.kind == PLACE_ALL) && place.at == word &&
		*place.end == '\0';
}

char *command_text(const struct space *space, const double *point, char **words, int n)
{
	struct buffer b = {0};
	if (n == 1) {
		substitute(&b, space, point, words[0], AS_VARIABLE);
		return buffer_text(&b);
	}
	for (int i = 0; i < n; i++) {
		if (i)
			buffer_add_byte(&b, ' ');
		if (is_options(space, words[i])) {
			substitute(&b, space, point, words[i], AS_WORD);
			continue;
		}
		struct buffer word = {0};
		substitute(&word, space, point, words[i], AS_IS);
		quote_sh(&b, word.data, word.n);
		buffer_free(&word);
	}
	return buffer_text(&b);
}

_Noreturn static void refuse_place(const struct place *place)
{
	int whole = (int)(place->end - place->at), name = (int)place->n;
	if (span_equal((struct span){place->name, place->n}, span_of("trial")))
		usage_error("there is no parameter for %.*s; the trial's number is in the environment: "
			    "HP_TRIAL", whole, place->at);
	usage_error("there is no parameter for %.*s (for literal braces write { %.*s })", whole,
		    place->at, name, place->name);
}

void command_check(const struct space *space, char **words, int n)
{
	bool *placed = memory_zero(space->n + 1, sizeof *placed), any = false;
	for (int i = 0; i < n; i++) {
		struct place place;
		for (const char *at = words[i]; (place = next_place(space, at)).kind != PLACE_NONE;
		     at = place.end) {
			if (place.kind == PLACE_UNKNOWN)
				refuse_place(&place);
			any = true;
			for (size_t p = 0; p < space->n; p++)
				placed[p] |= place.kind == PLACE_ALL || p == place.parameter;
		}
	}
	for (size_t p = 0; p < space->n && any; p++) {
		char *variable = space_variable(space->parameters[p].name);
		for (int i = 0; i < n; i++)
			placed[p] |= strstr(words[i], variable) != NULL;
		if (!placed[p])
			warn("the command has no place for {%s}", space->parameters[p].name);
		free(variable);
	}
	free(placed);
}

const char *command_value(const struct space *space, char **words, int n)
{
	for (int i = 0; i < n; i++) {
		struct place place;
		for (const char *at = words[i]; (place = next_place(space, at)).kind != PLACE_NONE;
		     at = place.end)
			if (place.kind == PLACE_VALUE)
				return space->parameters[place.parameter].name;
	}
	return NULL;
}

void command_environment(const struct space *space, const struct trial *trial)
{
	char number[32];
	snprintf(number, sizeof number, "%lld", (long long)trial->number);
	setenv("HP_TRIAL", number, 1);
	for (size_t p = 0; p < space->n; p++) {
		char *name = space_variable(space->parameters[p].name);
		struct buffer value = {0};
		space_format(&space->parameters[p], trial->point[p], &value);
		if (isnan(trial->point[p]))
			unsetenv(name);
		else
			setenv(name, buffer_text(&value), 1);
		free(name);
		buffer_free(&value);
	}
}
