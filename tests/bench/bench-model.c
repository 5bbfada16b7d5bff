/* bench-model --items N --users N --factors N --seed N - a model of normally
 * distributed factors; items differ in length by a factor of five, as those of
 * trained models do. */
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/random.h"
#include "domain/model.h"

static uint64_t count_of(const char *text)
{
	uint64_t n;
	if (number_size(text, strlen(text), &n) != NUMBER_OK)
		die(STATUS_USAGE, "not a count: %s", text);
	return n;
}

static void write_side(struct output *out, enum model_kind kind, uint64_t rows, uint32_t factors,
		       struct random *r)
{
	float *row = memory_new(factors, sizeof *row);
	struct buffer id = {0};
	for (uint64_t i = 0; i < rows; i++) {
		double length = kind == MODEL_ITEM ? 0.3 + 1.2 * random_share(r) : 1;
		for (uint32_t f = 0; f < factors; f++)
			row[f] = (float)(length * 0.3 * random_normal(r));
		id.n = 0;
		buffer_format(&id, "%c%llu", kind == MODEL_ITEM ? 'i' : 'u', (unsigned long long)i);
		model_write_row(out, kind, (struct span){id.data, id.n},
				(float)(0.5 * random_normal(r)), row, factors);
	}
	buffer_free(&id);
	free(row);
}

int main(int argc, char **argv)
{
	static const char *const NAMES[] = {"--items", "--users", "--factors", "--seed"};
	uint64_t value[4] = {15000, 20000, 64, 1};
	program_name = "bench-model";
	for (int i = 1; i + 1 < argc; i += 2) {
		size_t which = 0;
		while (which < 4 && strcmp(argv[i], NAMES[which]) != 0)
			which++;
		if (which == 4)
			die(STATUS_USAGE, "no option %s", argv[i]);
		value[which] = count_of(argv[i + 1]);
	}
	uint32_t factors = (uint32_t)value[2];
	struct random r = random_start(value[3], 0);
	struct output *out = output_open(NULL, false);
	model_write_header(out, factors);
	write_side(out, MODEL_ITEM, value[0], factors, &r);
	write_side(out, MODEL_USER, value[1], factors, &r);
	output_close(out);
	return 0;
}
