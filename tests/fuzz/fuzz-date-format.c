/* A format, `|`, and a text by it: a date that is taken is one of the calendar. Any text as a value
 * whose form is guessed. */
#include <time.h>

#include "base/date-format.h"
#include "base/memory.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const uint8_t *part;
	int64_t ms;
	size_t size = fuzz_part(&data, &n, &part);
	char *format = memory_text((const char *)part, size), *text = memory_new(n, 1);
	if (n)
		memcpy(text, data, n); /* of exactly that size */
	if (!date_format_problem(format) && date_format_read(format, text, n, &ms)) {
		time_t seconds = (time_t)(ms >= 0 ? ms / 1000 : -((999 - ms) / 1000));
		struct tm tm;
		if (!gmtime_r(&seconds, &tm) || tm.tm_year < -1901 || tm.tm_year > 8100)
			abort();
	}
	struct date_guess g = {0};
	struct date_form form;
	bool ambiguous;
	date_guess_add(&g, text, n);
	if (date_guess_form(&g, &form, &ambiguous) && !date_form_read(&form, text, n, &ms))
		abort();
	free(format);
	free(text);
	return 0;
}
