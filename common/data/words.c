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
	/* the text that is being split: its folded words, one after another */
	struct buffer words, valid;
	size_t *end;              /* word i of the text ends at end[i] */
	size_t n, end_capacity;
	struct span *spans;       /* the same as spans, when all are there */
	uint32_t *result, *added;
	size_t spans_capacity, result_capacity, added_capacity;
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
	free(w->end);
	free(w->spans);
	free(w->result);
	free(w->added);
	buffer_free(&w->words);
	buffer_free(&w->valid);
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

static bool contains(const struct strmap *map, struct span word, uint32_t *number)
{
	*number = strmap_count(map) ? strmap_find(map, word) : STRMAP_NONE;
	return *number != STRMAP_NONE;
}

/* What `word` counts as, valid until the next call; false when it is dropped. */
static bool stem_of(struct words *w, struct span word, struct span *stem)
{
	size_t points = 0;
	uint32_t number;
	for (size_t i = 0; i < word.n; i++)
		points += ((unsigned char)word.at[i] & 0xc0) != 0x80;
	if (points < w->min_length || contains(w->stops, word, &number))
		return false;
	if (contains(w->lemma_words, word, &number))
		word = span_of(w->lemmas[number]);
	*stem = word;
	struct sb_stemmer *stemmer = stemmer_of(w, word);
	if (!stemmer)
		return true;
	const sb_symbol *text = sb_stemmer_stem(stemmer, (const sb_symbol *)word.at, (int)word.n);
	if (!text)
		die(STATUS_FAILED, "out of memory in the Snowball library");
	*stem = (struct span){(const char *)text, (size_t)sb_stemmer_length(stemmer)};
	return true;
}

/* ---- the words of a text ---- */

static void begin_text(struct words *w)
{
	w->words.n = 0;
	w->n = 0;
}

/* What the buffer has after the last word is a word too, if it is anything. */
static void end_word(struct words *w)
{
	size_t from = w->n ? w->end[w->n - 1] : 0;
	if (w->words.n == from)
		return;
	w->end = memory_grow(w->end, &w->end_capacity, w->n + 1, sizeof *w->end);
	w->end[w->n++] = w->words.n;
}

/* The numbers in `map` of the words in the buffer. All are looked up in one go,
 * because the time of a look-up is the wait for memory. */
static void add_words(struct words *w, struct strmap *map, uint32_t *numbers)
{
	w->spans = memory_grow(w->spans, &w->spans_capacity, w->n + 1, sizeof *w->spans);
	for (size_t i = 0, from = 0; i < w->n; from = w->end[i++])
		w->spans[i] = (struct span){w->words.data + from, w->end[i] - from};
	strmap_add_many(map, w->spans, w->n, numbers);
}

/* Finds the terms of forms that are new; the buffer's words become their stems. */
static void add_terms(struct words *w, uint32_t before, uint32_t after)
{
	size_t n = 0;
	w->term = memory_grow(w->term, &w->term_capacity, (size_t)after + 1, sizeof *w->term);
	begin_text(w);
	for (uint32_t form = before; form < after; form++) {
		struct span stem;
		bool kept = stem_of(w, strmap_key(w->forms, form), &stem);
		w->term[form] = kept ? 0 : DROPPED;
		if (!kept)
			continue;
		buffer_add_span(&w->words, stem);
		w->end[w->n++] = w->words.n; /* there were as many words as there are new forms */
	}
	w->added = memory_grow(w->added, &w->added_capacity, w->n + 1, sizeof *w->added);
	add_words(w, w->terms, w->added);
	for (uint32_t form = before; form < after; form++)
		if (w->term[form] != DROPPED)
			w->term[form] = w->added[n++];
}

/* The text is read: its words become terms. */
static struct words_result end_text(struct words *w)
{
	size_t words = w->n, n = 0;
	w->result = memory_grow(w->result, &w->result_capacity, words + 1, sizeof *w->result);
	uint32_t before = strmap_count(w->forms);
	add_words(w, w->forms, w->result);
	uint32_t after = strmap_count(w->forms);
	if (after > before)
		add_terms(w, before, after);
	for (size_t i = 0; i < words; i++) {
		uint32_t term = w->term[w->result[i]];
		if (term != DROPPED)
			w->result[n++] = term;
	}
	return (struct words_result){.terms = w->result, .n = n, .valid = true};
}

/* ---- the quick way ---- */

static inline void put_cyrillic(char *to, uint32_t point)
{
	to[0] = (char)(0xc0 | point >> 6);
	to[1] = (char)(0x80 | (point & 0x3f));
}

/* Lower case of U+0400 ... U+045F, yo as ye. */
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
	char *word = buffer_room(&w->words, text.n + 4);
	size_t n = 0, begun = 0;
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
		if (n > begun) {
			w->words.n = begun = n;
			end_word(w);
		}
	}
	w->words.n = n;
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
	for (utf8proc_ssize_t i = 0; i < n;) {
		utf8proc_int32_t point;
		utf8proc_ssize_t used = utf8proc_iterate(at + i, n - i, &point);
		if (used <= 0)
			die(STATUS_FAILED, "the utf8proc library returned invalid UTF-8");
		if (point == 0x451)
			buffer_add_text(&w->words, "\xd0\xb5");
		else if (in_word(point))
			buffer_add(&w->words, (const char *)at + i, (size_t)used);
		else if (point != 0xad && point != 0x200c && point != 0x200d && point != 0x2060)
			end_word(w);
		i += used;
	}
	end_word(w);
}

/* Collects the folded words; false when the text is not UTF-8 from byte `bad` on. */
static bool fold(struct words *w, struct span text, bool replace, size_t *bad)
{
	begin_text(w);
	if (!copy_valid(w, text, replace, bad))
		return false;
	utf8proc_uint8_t *folded = NULL;
	utf8proc_ssize_t n = utf8proc_map((const utf8proc_uint8_t *)buffer_text(&w->valid),
					  (utf8proc_ssize_t)w->valid.n, &folded,
					  UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD);
	if (n < 0)
		die(STATUS_FAILED, "cannot fold a text: %s", utf8proc_errmsg(n));
	split_folded(w, folded, n);
	free(folded);
	return true;
}

struct words_result words_split_slowly(struct words *w, struct span text, bool replace)
{
	size_t bad = 0;
	if (!fold(w, text, replace, &bad))
		return (struct words_result){.valid = false, .bad = bad};
	return end_text(w);
}

struct words_result words_split(struct words *w, struct span text, bool replace)
{
	begin_text(w);
	return split_quickly(w, text) ? end_text(w) : words_split_slowly(w, text, replace);
}

/* ---- tables ---- */

/* The folded form of the one word that `text` is; valid until the next text. */
static bool fold_one(struct words *w, struct span text, struct span *word)
{
	size_t bad;
	if (!fold(w, text, false, &bad) || w->n != 1)
		return false;
	*word = (struct span){w->words.data, w->words.n};
	return true;
}

bool words_stop(struct words *w, struct span word)
{
	struct span folded;
	if (!fold_one(w, word, &folded))
		return false;
	strmap_add(w->stops, folded);
	return true;
}

bool words_lemma(struct words *w, struct span word, struct span lemma)
{
	struct span folded;
	if (!fold_one(w, lemma, &folded))
		return false;
	char *to = memory_text(folded.at, folded.n);
	if (!fold_one(w, word, &folded)) {
		free(to);
		return false;
	}
	uint32_t before = strmap_count(w->lemma_words), i = strmap_add(w->lemma_words, folded);
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
			die(STATUS_FAILED, "internal error: a built-in stop word is not one word");
		at += n;
		at += strspn(at, " ");
	}
}
