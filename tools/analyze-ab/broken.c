/* broken.c - see broken.h. */
#include "broken.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"

/* What to do, by the beginning of a check's name; checks with the same advice give it once. */
static const struct {
	const char *check, *advice;
} ADVICE[] = {
	{"srm_", "look at the assignment, and at what filters the log"},
	{"several_arms", "look at the code that assigns"},
	{"stray_arm", "look at the registry (or --weights), and at the code that assigns"},
	{"without_session_", "see whether all files of the log are there, and to the end"},
	{"followed", "see whether all files of the log are there, and to the end"},
	{"pre_", "see whether the experiment began before --pre ends, or another one ran in that time"},
	{"aa_", "try another test or fewer outliers (--test, --winsorize)"},
};

static const char *advice_of(const char *check)
{
	for (size_t i = 0; i < sizeof ADVICE / sizeof *ADVICE; i++)
		if (strncmp(check, ADVICE[i].check, strlen(ADVICE[i].check)) == 0)
			return ADVICE[i].advice;
	return "";
}

void broken_add(struct broken *b, const char *check)
{
	for (size_t i = 0; i < b->n; i++)
		if (strcmp(b->check[i], check) == 0)
			return;
	b->check = memory_resize(b->check, b->n + 1, sizeof(*b->check));
	b->check[b->n++] = memory_text(check, strlen(check));
}

void broken_add_all(struct broken *b, const struct broken *other)
{
	for (size_t i = 0; i < other->n; i++)
		broken_add(b, other->check[i]);
}

static void add_text(struct buffer *to, const char *separator, const char *text)
{
	buffer_add_text(to, to->n ? separator : "");
	buffer_add_text(to, text);
}

char *broken_checks(const struct broken *b)
{
	struct buffer text = {0};
	for (size_t i = 0; i < b->n; i++)
		add_text(&text, ", ", b->check[i]);
	return b->n ? buffer_text(&text) : NULL;
}

char *broken_advice(const struct broken *b)
{
	struct buffer text = {0};
	for (size_t i = 0; i < b->n; i++) {
		const char *advice = advice_of(b->check[i]);
		bool said = false;
		for (size_t j = 0; j < i; j++)
			said |= strcmp(advice_of(b->check[j]), advice) == 0;
		if (!said)
			add_text(&text, "; ", advice);
	}
	return b->n ? buffer_text(&text) : NULL;
}

void broken_free(struct broken *b)
{
	for (size_t i = 0; i < b->n; i++)
		free(b->check[i]);
	free(b->check);
	*b = (struct broken){0};
}
