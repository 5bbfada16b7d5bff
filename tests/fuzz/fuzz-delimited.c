/* Any bytes as delimited text: what the sniffer makes of them, and its rows by every separator and
 * quoting. Fields are within bounds, lines are counted, and no byte is left over. */
#include "base/memory.h"
#include "fuzz.h"
#include "streams/sniff.h"

static void demand(int condition)
{
	if (!condition)
		abort();
}

static void read_rows(struct span text, const struct delimited_format *format)
{
	struct delimited *d = delimited_open_text(text, format);
	struct delimited_row row;
	uint64_t line = 0;
	size_t bytes = 0;
	while (delimited_next(d, &row)) {
		demand(row.line > line && (row.problem ? row.n == 0 : row.n > 0));
		line = row.line;
		bytes += row.raw.n + 1;
		uint64_t sum = 0;
		for (size_t i = 0; i < row.n; i++) {
			demand(row.fields[i].n <= row.raw.n);
			for (size_t k = 0; k < row.fields[i].n; k++)
				sum += (unsigned char)row.fields[i].at[k];
		}
		demand(sum <= UINT64_C(255) * row.raw.n);
	}
	demand(bytes <= text.n + 1);
	delimited_close(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *const SEPARATORS[] = {",", "\t", "::", "blanks"};
	static const char *const ENCODINGS[] = {NULL, "utf-16le", "cp1251", "utf-8"};
	if (n == 0)
		return 0;
	unsigned pick = *data;
	struct span all = {(const char *)data + 1, n - 1};
	struct sniff_given given = {.encoding = ENCODINGS[pick & 3], .quoting = -1, .header = (int)(pick >> 2 & 3) - 1};
	if (given.header > 1)
		given.header = -1;
	given.sections = pick & 16;
	struct sniffed s;
	if (!sniff(all, pick & 32, &given, &s)) {
		demand(s.width <= s.text.n + 1 && s.bad <= s.rows);
		read_rows((struct span){s.text.data, s.text.n}, &s.format);
	}
	sniff_free(&s);
	for (int quoting = QUOTING_RFC4180; quoting <= QUOTING_NONE; quoting++) {
		struct delimited_format format = {.quoting = (enum delimited_quoting)quoting, .line_end = pick & 64 ? '\r' : '\n'};
		const char *separator = SEPARATORS[pick >> 2 & 3];
		memcpy(format.separator, separator, strlen(separator) + 1);
		read_rows(all, &format);
	}
	return 0;
}
