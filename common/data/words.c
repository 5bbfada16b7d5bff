#include "data/words.h"

#include <libstemmer.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"

enum { DROPPED = STRMAP_NONE };

struct words {
	uint32_t min_length;
	struct sb_stemmer *cyrillic, *latin, *any; /* any: for every word */
	struct strmap *forms;     /* folded words, before stop words, lemmas, stems */
	uint32_t *term;           /* form -> term or DROPPED */
	size_t term_capacity;
	struct strmap *terms;
	struct strmap *stops, *lemma_words;
	char **lemmas;            /* by number in lemma_words */
	size_t lemma_capacity;
	struct buffer word, valid;
	uint32_t *result;
	size_t n, result_capacity;
	bool one;                 /* fold only: the first word into `single` */
	struct buffer single;
	size_t singles;
};

struct words *words_new(const char *language, uint32_t min_length)
{
	struct sb_stemmer *any = NULL, *cyrillic = NULL, *latin = NULL;
	if (strcmp(language, "auto") == 0) {
		cyrillic = sb_stemmer_new("russian", NULL);
		latin = sb_stemmer_new("english", NULL);
		if (!cyrillic || !latin)
			die(STATUS_FAILED, "the Snowball library has no russian or english");
	} else if (strcmp(language, "none") != 0) {
		any = sb_stemmer_new(language, NULL);
		if (!any)
			return NULL;
	}
	struct words *w = memory_zero(1, sizeof *w);
	*w = (struct words){.min_length = min_length, .cyrillic = cyrillic, .latin = latin,
		.any = any, .forms = strmap_new(), .terms = strmap_new(), .stops = strmap_new(),
		.lemma_words = strmap_new()};
	return w;
}

void words_free(struct words *w)
{
	if (!w)
		return;
	sb_stemmer_delete(w->cyrillic);
	sb_stemmer_delete(w->latin);
	sb_stemmer_delete(w->any);
	for (uint32_t i = 0; i < strmap_count(w->lemma_words); i++)
		free(w->lemmas[i]);
	free(w->lemmas);
	strmap_free(w->forms);
	strmap_free(w->terms);
	strmap_free(w->stops);
	strmap_free(w->lemma_words);
	free(w->term);
	free(w->result);
	buffer_free(&w->word);
	buffer_free(&w->valid);
	buffer_free(&w->single);
	free(w);
}

struct strmap *words_terms(const struct words *w)
{
	return w->terms;
}

/* ---- from a folded word to its term ---- */

static struct sb_stemmer *stemmer_of(const struct words *w, struct span word)
{
	if (w->any || !w->cyrillic)
		return w->any;
	bool latin = false;
	for (size_t i = 0; i < word.n; i++) {
		unsigned char c = (unsigned char)word.at[i];
		if (c >= 0xd0 && c <= 0xd4)
			return w->cyrillic;
		latin |= (c >= 'a' && c <= 'z') || (c >= 0xc3 && c <= 0xc9);
	}
	return latin ? w->latin : NULL;
}

static uint32_t term_of(struct words *w, struct span word)
{
	size_t points = 0;
	for (size_t i = 0; i < word.n; i++)
		points += ((unsigned char)word.at[i] & 0xc0) != 0x80;
	if (points < w->min_length || strmap_find(w->stops, word) != STRMAP_NONE)
		return DROPPED;
	uint32_t lemma = strmap_find(w->lemma_words, word);
	if (lemma != STRMAP_NONE)
		word = span_of(w->lemmas[lemma]);
	struct sb_stemmer *stemmer = stemmer_of(w, word);
	if (!stemmer)
		return strmap_add(w->terms, word);
	const sb_symbol *stem = sb_stemmer_stem(stemmer, (const sb_symbol *)word.at, (int)word.n);
	if (!stem)
		die(STATUS_FAILED, "out of memory in the Snowball library");
	return strmap_add(w->terms, (struct span){(const char *)stem,
		(size_t)sb_stemmer_length(stemmer)});
}

/* The word in the buffer is complete. */
static void end_word(struct words *w)
{
	struct span word = {w->word.data, w->word.n};
	if (word.n == 0)
		return;
	w->word.n = 0;
	if (w->one) {
		if (w->singles++ == 0) {
			w->single.n = 0;
			buffer_add_span(&w->single, word);
		}
		return;
	}
	uint32_t before = strmap_count(w->forms), form = strmap_add(w->forms, word);
	if (form == before) {
		w->term = memory_grow(w->term, &w->term_capacity, (size_t)form + 1, sizeof *w->term);
		w->term[form] = term_of(w, word);
	}
	if (w->term[form] == DROPPED)
		return;
	w->result = memory_grow(w->result, &w->result_capacity, w->n + 1, sizeof *w->result);
	w->result[w->n++] = w->term[form];
}

/* ---- the quick way ---- */

static inline void put_cyrillic(char *to, uint32_t point)
{
	to[0] = (char)(0xc0 | point >> 6);
	to[1] = (char)(0x80 | (point & 0x3f));
}

/* Lower case of U+0400 .. U+045F, yo as ye. */
static inline uint32_t fold_cyrillic(uint32_t point)
{
	if (point < 0x410)
		point += 0x50;
	else if (point < 0x430)
		point += 0x20;
	return point == 0x451 ? 0x435 : point;
}

/* Texts of ASCII, Cyrillic and the usual punctuation, which NFC leaves alone;
 * false at the first byte of anything else. */
static bool split_quickly(struct words *w, struct span text)
{
	static const unsigned char KIND[128] = {
		['0' ... '9'] = 1, ['a' ... 'z'] = 1, ['A' ... 'Z'] = 1,
	};
	const unsigned char *at = (const unsigned char *)text.at, *end = at + text.n;
	char *word = buffer_room(&w->word, text.n + 4);
	size_t n = 0;
	while (at < end) {
		unsigned char c = *at;
		if (c < 0x80) {
			at++;
			if (KIND[c]) {
				word[n++] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
				continue;
			}
		} else if ((c == 0xd0 || c == 0xd1) && end - at >= 2 && (at[1] & 0xc0) == 0x80) {
			uint32_t point = (uint32_t)(c & 0x1f) << 6 | (at[1] & 0x3f);
			if (point >= 0x460)
				return false;
			put_cyrillic(word + n, fold_cyrillic(point));
			n += 2;
			at += 2;
			continue;
		} else if (c == 0xc2 && end - at >= 2 && (at[1] & 0xc0) == 0x80) {
			if (strchr("\xaa\xb2\xb3\xb5\xb9\xba\xbc\xbd\xbe", at[1]))
				return false;
			bool soft_hyphen = at[1] == 0xad;
			at += 2;
			if (soft_hyphen)
				continue;
		} else if (c == 0xe2 && end - at >= 3 && at[1] == 0x80 && (at[2] & 0xc0) == 0x80) {
			bool joiner = at[2] == 0x8c || at[2] == 0x8d;
			at += 3;
			if (joiner)
				continue;
		} else {
			return false;
		}
		if (n) {
			w->word.n = n;
			n = 0;
			end_word(w);
			word = w->word.data;
		}
	}
	w->word.n = n;
	end_word(w);
	return true;
}

/* ---- the way through the library ---- */

/* Copies the text to w->valid; false at bytes that are no UTF-8. */
static bool copy_valid(struct words *w, struct span text, bool replace, size_t *bad)
{
	const unsigned char *at = (const unsigned char *)text.at;
	w->valid.n = 0;
	for (size_t i = 0; i < text.n;) {
		unsigned char c = at[i];
		size_t n = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
		uint32_t point = n < 2 ? c : c & (0x7fu >> n);
		size_t k = 1;
		for (; k < n && i + k < text.n && (at[i + k] & 0xc0) == 0x80; k++)
			point = point << 6 | (at[i + k] & 0x3f);
		if (n == 0 || k < n || (n == 3 && (point < 0x800 || (point >= 0xd800 && point < 0xe000))) ||
		    (n == 4 && (point < 0x10000 || point > 0x10ffff))) {
			*bad = i;
			if (!replace)
				return false;
			buffer_add_text(&w->valid, "\xef\xbf\xbd");
			i++;
			continue;
		}
		buffer_add(&w->valid, text.at + i, n);
		i += n;
	}
	return true;
}

static bool in_word(utf8proc_int32_t point)
{
	switch (utf8proc_category(point)) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LL:
	case UTF8PROC_CATEGORY_LT:
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_LO:
	case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_MC:
	case UTF8PROC_CATEGORY_ME:
	case UTF8PROC_CATEGORY_ND:
	case UTF8PROC_CATEGORY_NL:
	case UTF8PROC_CATEGORY_NO:
		return true;
	default:
		return false;
	}
}

static void split_folded(struct words *w, const utf8proc_uint8_t *at, utf8proc_ssize_t n)
{
	w->word.n = 0;
	for (utf8proc_ssize_t i = 0; i < n;) {
		utf8proc_int32_t point;
		utf8proc_ssize_t used = utf8proc_iterate(at + i, n - i, &point);
		if (used <= 0)
			die(STATUS_FAILED, "the utf8proc library wrote what is no UTF-8");
		if (point == 0x451)
			buffer_add_text(&w->word, "\xd0\xb5");
		else if (in_word(point))
			buffer_add(&w->word, (const char *)at + i, (size_t)used);
		else if (point != 0xad && point != 0x200c && point != 0x200d && point != 0x2060)
			end_word(w);
		i += used;
	}
	end_word(w);
}

static struct words_result result_of(const struct words *w, bool valid, size_t bad)
{
	return (struct words_result){w->result, w->n, valid, bad};
}

struct words_result words_split_slowly(struct words *w, struct span text, bool replace)
{
	size_t bad = 0;
	w->n = 0;
	w->word.n = 0;
	if (!copy_valid(w, text, replace, &bad))
		return result_of(w, false, bad);
	utf8proc_uint8_t *folded = NULL;
	utf8proc_ssize_t n = utf8proc_map((const utf8proc_uint8_t *)buffer_text(&w->valid),
					  (utf8proc_ssize_t)w->valid.n, &folded,
					  UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD);
	if (n < 0)
		die(STATUS_FAILED, "cannot fold a text: %s", utf8proc_errmsg(n));
	split_folded(w, folded, n);
	free(folded);
	return result_of(w, true, 0);
}

struct words_result words_split(struct words *w, struct span text, bool replace)
{
	w->n = 0;
	w->word.n = 0;
	if (split_quickly(w, text))
		return result_of(w, true, 0);
	return words_split_slowly(w, text, replace);
}

/* ---- tables ---- */

/* The folded form of the one word that `text` is: into w->single. */
static bool fold_one(struct words *w, struct span text)
{
	w->one = true;
	w->singles = 0;
	bool valid = words_split_slowly(w, text, false).valid;
	w->one = false;
	return valid && w->singles == 1;
}

bool words_stop(struct words *w, struct span word)
{
	if (!fold_one(w, word))
		return false;
	strmap_add(w->stops, (struct span){w->single.data, w->single.n});
	return true;
}

bool words_lemma(struct words *w, struct span word, struct span lemma)
{
	if (!fold_one(w, lemma))
		return false;
	char *to = memory_text(w->single.data, w->single.n);
	if (!fold_one(w, word)) {
		free(to);
		return false;
	}
	uint32_t before = strmap_count(w->lemma_words);
	uint32_t i = strmap_add(w->lemma_words, (struct span){w->single.data, w->single.n});
	if (i < before)
		free(w->lemmas[i]);
	w->lemmas = memory_grow(w->lemmas, &w->lemma_capacity, (size_t)i + 1, sizeof *w->lemmas);
	w->lemmas[i] = to;
	return true;
}

void words_stop_builtin(struct words *w)
{
	static const char WORDS[] =
		"и в во не что он на я с со как а то все она так его но да ты к у же вы за бы по "
		"только ее мне было вот от меня еще нет о об из ему когда даже ну ли если уже или ни "
		"быть был него до вас нибудь уж вам ведь там потом себя ничего ей может они тут где "
		"есть надо ней для мы тебя их чем была сам чтоб без будто чего раз тоже себе под будет "
		"тогда кто этот того потому этого какой ним здесь этом один почти мой тем чтобы нее были "
		"куда зачем всех можно при два другой хоть после над больше тот через эти нас про них "
		"какая много разве эту моя свою этой перед лучше чуть том такой им более всегда между "
		"это также эта который которая которое которые "
		"a about above after again against all also am an and any are as at be because been "
		"before being below between both but by can did do does doing down during each few for "
		"from further had has have having he her here hers him his how i if in into is it its "
		"just me more most my no nor not now of off on once only or other our out over own same "
		"she should so some such than that the their them then there these they this those "
		"through to too under until up very was we were what when where which while who whom "
		"why will with you your";
	for (const char *at = WORDS; *at;) {
		size_t n = strcspn(at, " ");
		if (!words_stop(w, (struct span){at, n}))
			die(STATUS_FAILED, "a stop word of the program's own is none");
		at += n;
		at += strspn(at, " ");
	}
}
