/* bench-generate --rows N --users N --items N --seed N [--user-power P] [--days N] - listening
 * rows as TSV: user item time [timestamp].
 * Users are uniform, or follow a power law too (with P 2 the n-th user has n^-1/2 as many rows
 * as the first); items follow a power law, time has two digits; with --days there is a
 * timestamp in ms, uniform over so many days. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/number.h"
#include "streams/output.h"

static uint64_t count_of(const char *text)
{
	uint64_t n;
	if (number_size(text, strlen(text), &n) != NUMBER_OK)
		die(STATUS_USAGE, "not a count: %s", text);
	return n;
}

int main(int argc, char **argv)
{
	static const char *const NAMES[] = {"--rows", "--users", "--items", "--seed", "--user-power",
		"--days"};
	enum { OPTIONS = sizeof NAMES / sizeof *NAMES };
	uint64_t value[OPTIONS] = {1000000, 100000, 20000, 1, 1, 0};
	program_name = "bench-generate";
	for (int i = 1; i + 1 < argc; i += 2) {
		size_t which = 0;
		while (which < OPTIONS && strcmp(argv[i], NAMES[which]) != 0)
			which++;
		if (which == OPTIONS)
			die(STATUS_USAGE, "no option %s", argv[i]);
		value[which] = count_of(argv[i + 1]);
	}
	struct output *out = output_open(NULL, false);
	output_text(out, value[5] ? "user\titem\ttime\ttimestamp\n" : "user\titem\ttime\n");
	for (uint64_t i = 0; i < value[0]; i++) {
		uint64_t h = hash_mix(value[3] * 0x9e3779b97f4a7c15u + i);
		double share = hash_share(hash_mix(h));
		uint64_t hundredths = hash_mix(h + 1) % 101;
		output_byte(out, 'u');
		uint64_t user = h % value[1];
		if (value[4] > 1)
			user = (uint64_t)((double)value[1] * pow((double)user / (double)value[1], (double)value[4]));
		output_u64(out, user);
		output_text(out, "\ttrack");
		output_u64(out, (uint64_t)((double)value[2] * share * share * share));
		output_tab(out);
		output_double(out, (double)hundredths / 100);
		if (value[5]) {
			output_tab(out);
			output_u64(out, UINT64_C(1700000000000) + hash_mix(h + 2) % (value[5] * 86400000));
		}
		output_end_row(out);
	}
	output_close(out);
	return 0;
}
