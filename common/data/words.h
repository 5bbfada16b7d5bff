/* words.h - a text's words as terms: normalized, stemmed, numbered.
 *
 * A word is a run of letters, marks and digits (Unicode categories L, M, N). The
 * text is brought to NFC and case-folded first, yo becomes ye, soft hyphens and
 * zero-width joiners are skipped. Then a word is dropped when it is too short
 * or a stop word, replaced when the lemma table has it, and stemmed (Snowball,
 * Porter 2001).
 */
#ifndef RECPIPE_DATA_WORDS_H
#define RECPIPE_DATA_WORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "data/strmap.h"

struct words;

/* `language`: a Snowball language ("russian"), "none", or "auto": russian for
 * words with a Cyrillic letter, english for others with a Latin one. NULL is
 * returned when there is no such language. Words of less than `min_length` code
 * points are dropped. */
struct words *words_new(const char *language, uint32_t min_length);
void words_free(struct words *w);

/* Adds a stop word; false when `word` is not exactly one word. */
bool words_stop(struct words *w, struct span word);

/* Adds the stop words that come with the program, Russian and English. */
void words_stop_builtin(struct words *w);

/* From now on `word` counts as `lemma` (which is then stemmed); false when one
 * of them is not exactly one word. Stop words and lemmas come before texts. */
bool words_lemma(struct words *w, struct span word, struct span lemma);

struct words_result {
	const uint32_t *terms; /* in the order of the text; valid until the next call */
	size_t n;
	bool valid;            /* false: the text is not UTF-8 from byte `bad` on */
	size_t bad;
};

/* The terms of a text. With `replace` bytes that are no UTF-8 count as U+FFFD. */
struct words_result words_split(struct words *w, struct span text, bool replace);

/* The same, always through the library (the quick way for ASCII and Cyrillic
 * must give the same; the tests hold them together). */
struct words_result words_split_slowly(struct words *w, struct span text, bool replace);

/* The terms by number. */
struct strmap *words_terms(const struct words *w);

#endif
