/* Text from outside, taken through what will read it: sh and gnuplot are really run,
 * pages and scripts parsed back. Every byte from 1 to 255, alone and between others, and
 * what is known to bite. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/quote.h"
#include "base/random.h"
#include "unit.h"

static const char *const HOSTILE[] = {
	"`touch bitten`", "$(touch bitten)", "${HOME}", "\"; touch bitten; \"", "'; touch bitten; '",
	"a'b\"c\\d", "'", "''", "\\", "\\\\'", "\n", "a\nEOD\nsystem('touch bitten')", "EOD", "a\n", "\na",
	"</script><script>", "<!--", "]]>", "&amp;", "&#39;", "\" onload=\"x", "' onload='x", "{/Bold x}_y^2",
	"@bite", "%s%n%d%%", "# no comment", "-o", "~root", "*", "a b", "\t", "\x1b]0;x\x07", "\xc2\x9b" "31m",
	"\xe2\x80\xae" "cod.exe", "\xe2\x80\xa8", "\xef\xbb\xbf", "\xff\xfe", "\xe2\x80", "\xd0\x96\xe2\x82\xac\xf0\x9f\x98\x80",
	"",
};
enum { HOSTILE_COUNT = sizeof HOSTILE / sizeof *HOSTILE, TEXTS_MAX = 1024 };

static struct span texts[TEXTS_MAX];
static size_t n_texts;

static void add_text(const char *bytes, size_t n)
{
	texts[n_texts++] = (struct span){memory_text(bytes, n), n};
}

static void make_texts(void)
{
	struct random r = random_start(7, 0);
	char bytes[256];
	for (int c = 1; c < 256; c++) {
		bytes[0] = 'a', bytes[1] = (char)c, bytes[2] = 'b';
		add_text(bytes + 1, 1);
		add_text(bytes, 3);
	}
	for (int c = 1; c < 256; c++)
		bytes[c - 1] = (char)c;
	add_text(bytes, 255);
	for (size_t i = 0; i < HOSTILE_COUNT; i++)
		add_text(HOSTILE[i], strlen(HOSTILE[i]));
	for (int i = 0; i < 200; i++) {
		size_t n = 1 + random_below(&r, 40);
		for (size_t k = 0; k < n; k++)
			bytes[k] = (char)(1 + random_below(&r, i % 2 ? 255 : 127));
		add_text(bytes, n);
	}
}

/* What a command prints, its program given on standard input. */
static struct buffer answer_of(const char *command, const struct buffer *program)
{
	char in[] = "/tmp/quote-in.XXXXXX";
	struct buffer out = {0};
	int file = mkstemp(in);
	CHECK(file >= 0 && write(file, program->data, program->n) == (ssize_t)program->n && close(file) == 0);
	char *line = memory_format("%s < %s", command, in);
	FILE *answer = popen(line, "r");
	char block[4096];
	for (size_t n; answer && (n = fread(block, 1, sizeof block, answer)) > 0;)
		buffer_add(&out, block, n);
	CHECK(answer && pclose(answer) == 0);
	unlink(in);
	free(line);
	return out;
}

static void no_bite(void)
{
	CHECK(access("bitten", F_OK) != 0);
	unlink("bitten");
}

static void check_sh(void)
{
	for (int bare = 0; bare < 2; bare++) {
		struct buffer program = {0};
		buffer_add_text(&program, "printf '%s\\0'");
		for (size_t i = 0; i < n_texts; i++) {
			buffer_add_byte(&program, ' ');
			(bare ? quote_sh_word : quote_sh)(&program, texts[i].at, texts[i].n);
		}
		struct buffer got = answer_of("sh", &program);
		const char *at = got.data;
		for (size_t i = 0; i < n_texts && at < got.data + got.n; at += strlen(at) + 1, i++)
			CHECK_TEXT(at, texts[i].at);
		CHECK(at == got.data + got.n);
		no_bite();
		buffer_free(&program);
		buffer_free(&got);
	}
	struct buffer plain = {0};
	quote_sh_word(&plain, "--rate=1", 8);
	quote_sh_word(&plain, "0.5,a", 5);
	CHECK_TEXT(buffer_text(&plain), "'--rate=1'0.5,a");
	buffer_free(&plain);
}

/* Is it text that a terminal shows and nothing else? Said in other words than quote.c. */
static bool only_shown(const char *text, size_t n)
{
	static const char *const BAD[] = {"\xe2\x80\x8b", "\xe2\x80\x8c", "\xe2\x80\x8d", "\xe2\x80\x8e",
		"\xe2\x80\x8f", "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaa", "\xe2\x80\xab", "\xe2\x80\xac",
		"\xe2\x80\xad", "\xe2\x80\xae", "\xe2\x81\xa6", "\xe2\x81\xa7", "\xe2\x81\xa8", "\xe2\x81\xa9",
		"\xd8\x9c", "\xef\xbb\xbf", "\xef\xbf\xbe", "\xef\xbf\xbf", "\xf3\xa0\x80\x81"};
	char *copy = memory_text(text, n);
	bool good = strlen(copy) == n;
	for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
		good &= !strstr(copy, BAD[i]);
	for (unsigned char *c = (unsigned char *)copy; *c; c++)
		good &= *c >= 0x20 && *c != 0x7f && !(*c == 0xc2 && c[1] < 0xa0);
	free(copy);
	for (size_t i = 0, took; i < n && good; i += took) {
		uint32_t point;
		took = utf8_character(text + i, n - i, &point);
		good &= took > 0;
	}
	return good;
}

static void check_terminal(void)
{
	struct buffer b = {0}, twice = {0};
	quote_terminal(&b, "A\xd0\x96\xe2\x82\xac\xf0\x9f\x98\x80 \\\"'`$", 16);
	CHECK_TEXT(buffer_text(&b), "A\xd0\x96\xe2\x82\xac\xf0\x9f\x98\x80 \\\"'`$");
	b.n = 0;
	quote_terminal(&b, "\t\n\r\x1b\x7f\xc2\x9b\x9b\xe2\x80\xae\xf3\xa0\x80\x81\xe2\x80", 17);
	CHECK_TEXT(buffer_text(&b), "\\t\\n\\r\\x1b\\x7f\\u009b\\x9b\\u202e\\U000e0001\\xe2\\x80");
	for (size_t i = 0; i < n_texts; i++) {
		b.n = twice.n = 0;
		quote_terminal(&b, texts[i].at, texts[i].n);
		CHECK(only_shown(b.data, b.n));
		quote_terminal(&twice, b.data, b.n);
		CHECK_TEXT(buffer_text(&twice), buffer_text(&b));
	}
	for (uint32_t point = 0x80; point < 0x3000; point++) { /* every character of two bytes, and more */
		char c[3] = {(char)(0xe0 | point >> 12), (char)(0x80 | (point >> 6 & 63)), (char)(0x80 | (point & 63))};
		char two[2] = {(char)(0xc0 | point >> 6), c[2]};
		const char *at = point < 0x800 ? two : c;
		size_t n = point < 0x800 ? 2 : 3;
		b.n = 0;
		quote_terminal(&b, at, n);
		CHECK(only_shown(b.data, b.n));
		CHECK(b.n != n || memcmp(b.data, at, n) == 0);
		CHECK(b.n == n || !only_shown(at, n) || point == 0xad || point == 0x180e || (point >= 0x2060 && point <= 0x206f));
	}
	buffer_free(&b);
	buffer_free(&twice);
}

/* gnuplot reads the block and prints its lines, and draws them as titles and tics. */
static void check_gnuplot(void)
{
	struct buffer program = {0}, want = {0}, shown = {0};
	if (system("command -v gnuplot > /dev/null") != 0) {
		printf("no gnuplot: not tried\n");
		return;
	}
	buffer_add_text(&program, "bite = \"`touch bitten`\"\n$text << EOD\n");
	for (size_t i = 0; i < n_texts; i++) {
		quote_gnuplot(&program, texts[i].at, texts[i].n, false);
		shown.n = 0;
		quote_terminal(&shown, texts[i].at, texts[i].n);
		if (shown.n <= 44) /* where it is cut is for check_cut to say */
			buffer_format(&want, "%zu %s\n", i + 1, buffer_text(&shown));
	}
	buffer_add_text(&program, "EOD\nset print '-'\ndo for [i=1:|$text|] {\n"
			"if ($text[i] eq '=' || $text[i][strlen($text[i])-2:*] ne '...') { print sprintf('%d %s', i, $text[i][2:*]) } }\n");
	unlink("bitten"); /* that gnuplot does run what is in double quotes */
	struct buffer got = answer_of("gnuplot -d 2>&1", &program);
	CHECK(access("bitten", F_OK) == 0);
	unlink("bitten");
	CHECK_TEXT(buffer_text(&got), buffer_text(&want));

	program.n = got.n = 0;
	buffer_add_text(&program, "bite = 'system(\"touch bitten\")'\n$text << EOD\n");
	for (size_t i = 0; i < n_texts; i++)
		quote_gnuplot(&program, texts[i].at, texts[i].n, true);
	buffer_add_text(&program, "EOD\nset terminal dumb noenhanced\nset print '-'\nset xtics ('' 0)\n"
			"do for [i=1:|$text|] { set xtics add ($text[i][2:*] i); set title $text[i][2:*]\n"
			"plot [0:10] x title $text[i][2:*] }\nprint sprintf('drawn %d', |$text|)\n");
	struct buffer drawn = answer_of("gnuplot -d 2>&1", &program);
	char *last = memory_format("drawn %zu\n", n_texts);
	CHECK(strstr(buffer_text(&drawn), last) != NULL);
	char *rest;
	for (char *line = strtok_r(drawn.data, "\n\f", &rest); line; line = strtok_r(NULL, "\n\f", &rest))
		CHECK(only_shown(line, strlen(line)));
	no_bite();
	free(last);
	buffer_free(&drawn);
	buffer_free(&got);
	buffer_free(&want);
	buffer_free(&shown);
	buffer_free(&program);
}

static void check_cut(void)
{
	char text[100];
	struct buffer b = {0};
	memset(text, '%', sizeof text);
	quote_gnuplot(&b, text, 44, false);
	CHECK(b.n == 46 && b.data[0] == '=' && b.data[45] == '\n');
	b.n = 0;
	quote_gnuplot(&b, text, 45, true);
	CHECK_TEXT(buffer_text(&b) + 1 + 88, "...\n");
	b.n = 0;
	memcpy(text + 43, "\xd0\x96", 2); /* would end behind byte 44 */
	quote_gnuplot(&b, text, sizeof text, false);
	CHECK_TEXT(buffer_text(&b) + 44, "...\n");
	buffer_free(&b);
}

/* U+FFFD for what is not to be in a page, in other words than quote.c. */
static void add_expected(struct buffer *b, struct span s)
{
	for (size_t i = 0, took; i < s.n; i += took) {
		uint32_t point = 0;
		took = utf8_character(s.at + i, s.n - i, &point);
		bool bad = took == 0 || point < 9 || (point > 10 && point < 32 && point != 13) ||
			(point > 126 && point < 160) || (point > 0x2027 && point < 0x202f) ||
			(point > 0x2065 && point < 0x206a) || (point & 0xfffe) == 0xfffe;
		took = took ? took : 1;
		if (bad)
			buffer_add_text(b, "\xef\xbf\xbd");
		else
			buffer_add(b, s.at + i, took);
	}
}

static void check_html(void)
{
	static const struct { const char *name; char byte; } ENTITIES[] = {
		{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&#39;", '\''}, {"&#13;", '\r'}};
	struct buffer b = {0}, back = {0}, want = {0};
	for (size_t i = 0; i < n_texts; i++) {
		b.n = back.n = want.n = 0;
		quote_html(&b, texts[i].at, texts[i].n);
		CHECK(strpbrk(buffer_text(&b), "<>\"'\r") == NULL);
		for (char *at = b.data; *at;) {
			size_t e = 0;
			while (e < 6 && strncmp(at, ENTITIES[e].name, strlen(ENTITIES[e].name)) != 0)
				e++;
			CHECK(*at != '&' || e < 6);
			buffer_add_byte(&back, e < 6 ? ENTITIES[e].byte : *at);
			at += e < 6 ? strlen(ENTITIES[e].name) : 1;
		}
		add_expected(&want, texts[i]);
		CHECK_TEXT(buffer_text(&back), buffer_text(&want));
	}
	buffer_free(&b);
	buffer_free(&back);
	buffer_free(&want);
}

static void check_js(void)
{
	struct buffer b = {0}, back = {0}, want = {0};
	for (size_t i = 0; i < n_texts; i++) {
		b.n = back.n = want.n = 0;
		quote_js(&b, texts[i].at, texts[i].n);
		CHECK(b.data[0] == '"' && b.data[b.n - 1] == '"');
		CHECK(strpbrk(buffer_text(&b), "<\n\r\t") == NULL);
		for (char *at = b.data + 1; at < b.data + b.n - 1; at++) {
			CHECK(*at != '"');
			if (*at != '\\') {
				buffer_add_byte(&back, *at);
				continue;
			}
			at++;
			if (*at == 'u') {
				char hex[5] = {at[1], at[2], at[3], at[4], '\0'};
				buffer_add_byte(&back, (char)strtoul(hex, NULL, 16));
				at += 4;
			} else {
				CHECK(*at == '"' || *at == '\\');
				buffer_add_byte(&back, *at);
			}
		}
		add_expected(&want, texts[i]);
		CHECK_TEXT(buffer_text(&back), buffer_text(&want));
	}
	buffer_free(&b);
	buffer_free(&back);
	buffer_free(&want);
}

int main(void)
{
	make_texts();
	check_terminal();
	check_sh();
	check_gnuplot();
	check_cut();
	check_html();
	check_js();
	for (size_t i = 0; i < n_texts; i++)
		free((char *)(uintptr_t)texts[i].at);
	return unit_finish();
}
