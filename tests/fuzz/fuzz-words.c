/* Any bytes as a text: the quick way and the library's must find the same words. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "data/words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct words *w = words_new("auto", 1);
	struct span text = {(const char *)data, n};
	struct words_result quick = words_split(w, text, true);
	size_t count = quick.n;
	uint32_t *terms = malloc((count + 1) * sizeof *terms);
	if (!terms || !quick.valid)
		abort();
	if (count)
		memcpy(terms, quick.terms, count * sizeof *terms);
	struct words_result slow = words_split_slowly(w, text, true);
	if (slow.n != count || (count && memcmp(terms, slow.terms, count * sizeof *terms) != 0))
		abort();
	free(terms);
	words_free(w);
	return 0;
}
