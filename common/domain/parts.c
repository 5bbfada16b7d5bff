#include "domain/parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compare.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/quote.h"

enum { DIGITS = 16 };

void parts_columns(const struct table *t, const char *const *names, size_t n, size_t *column)
{
	for (size_t i = 0; i < n; i++) {
		long found = table_find_column(t, names[i]);
		if (found < 0)
			die(STATUS_DATA, "%s: not what --partial wrote", table_file(t));
		column[i] = (size_t)found;
	}
}

void parts_settings(const struct table *t, char **settings, struct span own)
{
	if (!*settings)
		*settings = memory_text(own.at, own.n);
	else if (!span_equal(own, span_of(*settings)))
		table_fail(t, "this part was counted with other options than the first: %s",
			   quoted(own.at, own.n, (char[QUOTED_SIZE]){0}));
}

void parts_count(uint64_t n, uint64_t wanted)
{
	if (wanted && n != wanted)
		die(STATUS_DATA, "there should be %" PRIu64 " parts but there are %" PRIu64, wanted, n);
}

/* ---- ids ---- */

void part_ids_add(struct part_ids *ids, uint64_t id)
{
	ids->at = memory_grow(ids->at, &ids->capacity, ids->n + 1, sizeof *ids->at);
	ids->at[ids->n++] = id;
}

void part_ids_write(const struct part_ids *ids, struct output *out)
{
	for (size_t i = 0; i < ids->n; i++) {
		char text[DIGITS + 2];
		snprintf(text, sizeof text, "%s%0*" PRIx64, i ? "," : "", DIGITS, ids->at[i]);
		output_text(out, text);
	}
}

static bool read_id(struct span word, uint64_t *id)
{
	static const char HEX[] = "0123456789abcdef";
	if (word.n != DIGITS)
		return false;
	*id = 0;
	for (size_t i = 0; i < DIGITS; i++) {
		const char *digit = memchr(HEX, word.at[i], sizeof HEX - 1);
		if (!digit)
			return false;
		*id = *id << 4 | (uint64_t)(digit - HEX);
	}
	return true;
}

bool part_ids_read(struct part_ids *ids, struct span text, struct span *bad)
{
	for (struct span word; span_next(&text, ',', &word);) {
		uint64_t id;
		if (!read_id(word, &id)) {
			*bad = word;
			return false;
		}
		part_ids_add(ids, id);
	}
	return true;
}

void part_ids_check(struct part_ids *ids)
{
	if (ids->n > 1)
		qsort(ids->at, ids->n, sizeof *ids->at, compare_u64);
	for (size_t i = 1; i < ids->n; i++)
		if (ids->at[i] && ids->at[i] == ids->at[i - 1])
			die(STATUS_DATA, "a part is there twice: %0*" PRIx64, DIGITS, ids->at[i]);
}

void part_ids_free(struct part_ids *ids)
{
	free(ids->at);
}
