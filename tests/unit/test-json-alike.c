/* Lines of a log that are alike, one after the other, by json_next and the marks of their text: against each on
 * its own by the grammar.
 */
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "json-values.h"

static const char *const ALIKE_PATHS[] = {".user", ".a", ".b[1]", ".c.a.a", ".none"};
enum { ALIKE_SLOTS = sizeof ALIKE_PATHS / sizeof *ALIKE_PATHS };

/* A line with scalars of all kinds in the same places; some of them are bad. */
static size_t alike_line(struct random *r, char *to)
{
	static const char *const SCALARS[] = {
		"0", "1", "12", "-1", "3.25", "0.5", "1e9", "1.5e-7", "12E+3", "1234567890123456789012345678901234567890",
		"null", "null", "true", "\"\"", "\"abc\"", "\"T1\"", "\"next\"", "\"a\\\"b\"", "\"\xd0\xb6\"",
		"\"a string that is longer than what a word of marks has, which is 57 bytes at least\"",
		"\"sixty bytes .............................................\"",
	};
	static const char *const BAD[] = {"01", "1.", ".5", "1.2.3", "nul", "\"a", "\"\x01\"", "\"\xff\"", "1e", "", "e1"};
	enum { N = sizeof SCALARS / sizeof *SCALARS, N_BAD = sizeof BAD / sizeof *BAD };
	static const char *const BETWEEN[] = {"{\"user\": ", ", \"a\": ", ", \"b\": [7, ", "], \"c\": {\"a\": {\"a\": ",
					      "}}, \"this key is thirty-odd bytes long\": ", "}"};
	size_t n = 0;
	if (random_below(r, 8) == 0)
		return put(to, random_below(r, 2) ? "{\"user\": 17, \"b\": [8, 9]}" : "{\"user\": 18, \"b\": [\"\", \"9\"]}");
	for (size_t i = 0; i < 6; i++) {
		n += put(to + n, BETWEEN[i]);
		if (i < 5)
			n += put(to + n, random_below(r, 60) ? SCALARS[random_below(r, i ? N : 4)] : BAD[random_below(r, N_BAD)]);
	}
	return n;
}

/* The lines of a text by json_next, its marks by the kernel, against each on its own by the grammar. */
static size_t check_alike(struct json_reader *marked, struct json_reader *plain, enum json_marks_kernel kernel,
			  struct span text)
{
	const char *end = text.at + text.n;
	size_t wrong = 0;
	json_marks_take(&marked->marks, text, kernel);
	for (const char *at = text.at; at < end;) {
		struct span want = {at, (size_t)((const char *)memchr(at, '\n', (size_t)(end - at)) - at)};
		bool good;
		struct span line = json_next(marked, (struct span){at, (size_t)(end - at)}, &good);
		bool right = json_read(plain, want) == good && line.at == want.at && line.n == want.n;
		wrong += !right || (good && !same_values(marked, plain, ALIKE_SLOTS));
		at = want.at + want.n + 1;
	}
	json_marks_take(&marked->marks, (struct span){"", 0}, kernel);
	return wrong;
}

static void alike(void)
{
	struct random r = random_start(19, 1);
	struct json_reader *plain = json_new();
	char room[12 * 1024];
	for (size_t i = 0; i < ALIKE_SLOTS; i++)
		slot_of(plain, ALIKE_PATHS[i]);
	for (int kernel = JSON_MARKS_NONE; kernel <= (int)json_marks_best(); kernel++) {
		struct json_reader *marked = json_copy(plain);
		size_t wrong = 0;
		json_forget_shapes(plain);
		for (int round = 0; round < 3000; round++) {
			size_t n = 0, skip = random_below(&r, 8);
			for (uint32_t lines = 1 + random_below(&r, 12); lines > 0; lines--) {
				n += alike_line(&r, room + n);
				room[n++] = '\n';
			}
			char *text = malloc(skip + n + JSON_PAD);
			memcpy(text + skip, room, n);
			memset(text + skip + n, '1', JSON_PAD);
			wrong += check_alike(marked, plain, (enum json_marks_kernel)kernel, (struct span){text + skip, n});
			free(text);
		}
		CHECK_INT(wrong, 0);
		CHECK(marked->n_shapes > 0);
		json_free(marked);
		plain->no_shapes = false;
	}
	json_free(plain);
}

int main(void)
{
	alike();
	return unit_finish();
}
