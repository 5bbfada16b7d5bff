#include "report.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "base/number.h"
#include "base/span.h"

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct span trimmed(struct span s)
{
	while (s.n && blank(s.at[0])) {
		s.at++;
		s.n--;
	}
	while (s.n && blank(s.at[s.n - 1]))
		s.n--;
	return s;
}

/* nan, inf or infinity, in any case and with a sign. */
static bool is_no_number(struct span s)
{
	static const char *const WORDS[] = {"nan", "inf", "infinity"};
	if (s.n && (s.at[0] == '-' || s.at[0] == '+')) {
		s.at++;
		s.n--;
	}
	for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
		if (s.n == strlen(WORDS[i]) && strncasecmp(s.at, WORDS[i], s.n) == 0)
			return true;
	return false;
}

static void keep_word(struct report *report, struct span s)
{
	size_t n = s.n < REPORT_WORD ? s.n : REPORT_WORD - 1;
	memcpy(report->word, s.at, n);
	report->word[n] = '\0';
	if (s.n > n)
		memcpy(report->word + n - 3, "...", 3);
}

bool report_read(const char *line, size_t n, struct report *report)
{
	struct span rest = trimmed((struct span){line, n});
	const char *tab = memchr(rest.at, '\t', rest.n);
	*report = (struct report){.step = -1};
	if (tab) {
		struct span left = trimmed((struct span){rest.at, (size_t)(tab - rest.at)});
		if (number_i64(left.at, left.n, &report->step) != NUMBER_OK || report->step < 0)
			return false;
		rest = trimmed((struct span){tab, rest.n - (size_t)(tab - rest.at)});
	}
	enum number_state state = number_double(rest.at, rest.n, &report->value);
	if (state == NUMBER_OK)
		return true;
	if (state != NUMBER_RANGE && !is_no_number(rest))
		return false;
	report->value = NAN;
	keep_word(report, rest);
	return true;
}
