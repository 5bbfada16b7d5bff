#include "unit.h"
#include "base/random.h"
#include "data/words.h"

static const char *joined(struct words *w, struct words_result r)
{
	static char text[4096];
	size_t n = 0;
	for (size_t i = 0; i < r.n; i++) {
		struct span s = strmap_key(words_terms(w), r.terms[i]);
		if (n + s.n + 2 > sizeof text)
			break;
		memcpy(text + n, s.at, s.n);
		n += s.n;
		text[n++] = ' ';
	}
	text[n] = '\0';
	return text;
}

static void check_text(const char *language, const char *text, const char *want)
{
	struct words *w = words_new(language, 1);
	CHECK_TEXT(joined(w, words_split(w, span_of(text), false)), want);
	CHECK_TEXT(joined(w, words_split_slowly(w, span_of(text), false)), want);
	words_free(w);
}

static void check_invalid(const char *text, size_t n, size_t bad)
{
	struct words *w = words_new("none", 1);
	struct words_result r = words_split(w, (struct span){text, n}, false);
	CHECK(!r.valid);
	CHECK_INT(r.bad, bad);
	CHECK(words_split(w, (struct span){text, n}, true).valid);
	words_free(w);
}

/* The quick way gives what the library gives, on every kind of character. */
static void check_ways(void)
{
	static const char *const PIECE[] = {"a", "Z", "9", " ", "-", "ё", "Ё", "й", "Й", "Я", "џ", "Ѐ",
		"\xc2\xad", "\xc2\xa0", "«", "»", "—", "…", "\xe2\x80\x8d", "\xcc\x86", "\xcc\x88", "é",
		"ß", "Ω", "ª", "²", "½", "漢", "\xe2\x81\xa0", "_", "№", "Ѡ", "\xff", "\xd0"};
	enum { PIECES = sizeof PIECE / sizeof *PIECE };
	struct random random = random_start(1, 1);
	for (int round = 0; round < 20000; round++) {
		char text[256];
		size_t n = 0;
		uint32_t kinds = round % 2 ? 19 : PIECES;
		for (uint32_t k = random_below(&random, 20); k > 0; k--) {
			const char *piece = PIECE[random_below(&random, kinds)];
			memcpy(text + n, piece, strlen(piece));
			n += strlen(piece);
		}
		struct words *w = words_new("auto", 1 + (uint32_t)round % 3);
		struct span span = {text, n};
		char one[4096];
		snprintf(one, sizeof one, "%s", joined(w, words_split(w, span, true)));
		const char *other = joined(w, words_split_slowly(w, span, true));
		if (strcmp(one, other) != 0)
			CHECK_TEXT(one, other);
		words_free(w);
	}
	CHECK(1);
}

int main(void)
{
	check_text("none", "Hello, WORLD 3D x", "hello world 3d x ");
	check_text("auto", "Рыбалки приманками running", "рыбалк приманк run ");
	check_text("russian", "Приманка ARDEA", "приманк ardea ");
	check_text("none", "Ёж и\xcc\x86од", "еж йод ");
	check_text("none", "ΣΊΣΥΦΟΣ", "σίσυφοσ ");
	check_text("none", "", "");
	CHECK(words_new("klingon", 1) == NULL);
	check_invalid("ab\xff", 3, 2);
	check_invalid("\xc0\x80", 2, 0);
	check_invalid("\xed\xa0\x80", 3, 0);
	check_invalid("\xf4\x90\x80\x80", 4, 0);
	check_invalid("a\xd0", 2, 1);
	check_ways();
	struct words *w = words_new("none", 2);
	CHECK(words_stop(w, span_of("The")));
	CHECK(!words_stop(w, span_of("two words")));
	CHECK(!words_stop(w, span_of("")));
	CHECK(words_lemma(w, span_of("Mice"), span_of("MOUSE")));
	CHECK(!words_lemma(w, span_of("a b"), span_of("c")));
	words_stop_builtin(w);
	CHECK_TEXT(joined(w, words_split(w, span_of("the mice ate a и сыр"), false)), "mouse ate сыр ");
	words_free(w);
	return unit_finish();
}
