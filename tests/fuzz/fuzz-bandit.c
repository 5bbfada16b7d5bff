/* Any bytes as the state of bandits. */
#define MATHLIB_STANDALONE
#include <Rmath.h>

#include "../../tools/next-track/bandit.c"
#include "../../tools/next-track/thompson.c"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *const ARMS[] = {"indexed", "popular", "random"};
	struct bandits b = {0};
	struct buffer others = {0};
	char *text = malloc(n + 1);
	if (!text)
		abort();
	memcpy(text, data, n);
	bandits_add(&b, span_of("indexed+popular"), ARMS, 2);
	bandits_add(&b, span_of("indexed+popular+random"), ARMS, 3);
	if (bandits_parse(&b, (struct span){text, n}, &others)) {
		take_over(&b, false);
		for (size_t i = 0; i < b.n; i++) {
			const struct bandit *of = bandits_chances(&b, i);
			for (size_t k = 0; k < of->n; k++)
				if (!(of->arms[k].chance >= 0 && of->arms[k].chance <= 1))
					abort();
		}
	}
	buffer_free(&others);
	bandits_free(&b);
	free(text);
	return 0;
}
