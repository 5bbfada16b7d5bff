/* quote-text HOW - quotes each line of standard input as common/base/quote.h does it:
 * HOW is terminal, gnuplot, tic, html, js, sh or word. `quote-text texts` prints lines that
 * are worth it: every byte alone and between others, characters of two to four bytes at
 * and around every border of what is quoted, and random bytes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/quote.h"
#include "base/random.h"

static void put_character(uint32_t p)
{
	char c[4] = {(char)(0xf0 | p >> 18), (char)(0x80 | (p >> 12 & 63)), (char)(0x80 | (p >> 6 & 63)),
		(char)(0x80 | (p & 63))};
	size_t n = p < 0x80 ? 1 : p < 0x800 ? 2 : p < 0x10000 ? 3 : 4;
	if (n < 4)
		c[4 - n] = (char)(n == 1 ? p : n == 2 ? 0xc0 | p >> 6 : 0xe0 | p >> 12);
	printf("a%.*sb\n", (int)n, c + 4 - n);
}

static void put_texts(void)
{
	static const uint32_t AROUND[] = {0x61c, 0x800, 0x180e, 0xd800, 0xdfff, 0xfdd0, 0xfdef, 0xfeff, 0xfff9,
		0xffff, 0x1f600, 0x1ffff, 0xe0000, 0xe007f, 0x10fffe, 0x110000};
	struct random r = random_start(11, 0);
	for (int c = 1; c < 256; c++)
		if (c != '\n')
			printf("%c\na%cb\n%c%c\n", c, c, c, c);
	for (uint32_t p = 0x80; p < 0x400; p++)
		put_character(p);
	for (uint32_t p = 0x1f00; p < 0x2100; p++)
		put_character(p);
	for (size_t i = 0; i < sizeof AROUND / sizeof *AROUND; i++)
		for (uint32_t p = AROUND[i] - 3; p < AROUND[i] + 4; p++)
			put_character(p);
	for (int i = 0; i < 2000; i++) {
		for (uint64_t n = random_below(&r, 70); n > 0; n--) {
			int c = (int)(1 + random_below(&r, i % 3 == 0 ? 127 : 255));
			putchar(c == '\n' ? 0xe2 : c);
		}
		putchar('\n');
	}
}

int main(int argc, char **argv)
{
	const char *how = argc == 2 ? argv[1] : "";
	char *line = NULL;
	size_t room = 0;
	if (strcmp(how, "texts") == 0) {
		put_texts();
		return fflush(stdout) != 0;
	}
	for (ssize_t n; (n = getline(&line, &room, stdin)) > 0;) {
		struct buffer b = {0};
		size_t length = (size_t)n - (line[n - 1] == '\n');
		if (strcmp(how, "terminal") == 0)
			quote_terminal(&b, line, length);
		else if (strcmp(how, "html") == 0)
			quote_html(&b, line, length);
		else if (strcmp(how, "js") == 0)
			quote_js(&b, line, length);
		else if (strcmp(how, "sh") == 0)
			quote_sh(&b, line, length);
		else if (strcmp(how, "word") == 0)
			quote_sh_word(&b, line, length);
		else
			quote_gnuplot(&b, line, length, strcmp(how, "tic") == 0);
		if (b.n == 0 || b.data[b.n - 1] != '\n')
			buffer_add_byte(&b, '\n');
		fwrite(b.data, 1, b.n, stdout);
		buffer_free(&b);
	}
	free(line);
	return fflush(stdout) != 0;
}
