/* bench-recommender ITEMS - answers each `next` on stdin with an item's number that
 * costs nothing to find: what is left is what simulate-sessions and pipes cost. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/number.h"

static void say(struct buffer *out)
{
	for (size_t done = 0; done < out->n;) {
		ssize_t n = write(STDOUT_FILENO, out->data + done, out->n - done);
		if (n <= 0)
			exit(1);
		done += (size_t)n;
	}
	out->n = 0;
}

int main(int argc, char **argv)
{
	uint64_t items = argc > 1 ? strtoull(argv[1], NULL, 10) : 1, i = 0;
	struct buffer in = {0}, out = {0};
	ssize_t n;
	buffer_add_text(&out, "user\trecommendation\n");
	say(&out);
	while ((n = read(STDIN_FILENO, buffer_room(&in, 65536), 65536)) > 0) {
		in.n += (size_t)n;
		char *at = in.data, *end = in.data + in.n, *lf;
		for (; (lf = memchr(at, '\n', (size_t)(end - at))); at = lf + 1) {
			if (lf - at < 5 || memcmp(at, "next\t", 5) != 0)
				continue;
			char *user = at + 5, *tab = memchr(user, '\t', (size_t)(lf - user));
			if (!tab)
				return 1;
			buffer_add(&out, user, (size_t)(tab - user) + 1);
			i = i * 6364136223846793005u + 1442695040888963407u;
			out.n += number_write_u64((i >> 33) % items, buffer_room(&out, NUMBER_SIZE));
			buffer_add_byte(&out, '\n');
		}
		in.n = (size_t)(end - at);
		memmove(in.data, at, in.n);
		say(&out);
	}
	buffer_free(&in);
	buffer_free(&out);
	return n < 0;
}
