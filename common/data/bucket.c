#include "data/bucket.h"

#include "base/memory.h"

static void drop_excluded(struct bucket *b)
{
	size_t kept = b->checked;
	for (size_t i = kept; i < b->n && b->excluded; i++) {
		uint32_t at = b->at[i];
		b->score[kept] = b->score[i];
		if (b->by_chunk)
			b->most[kept] = b->most[i];
		b->at[kept] = at;
		kept += !bucket_excludes(b, at);
	}
	b->n = b->settled = b->checked = b->excluded ? kept : b->n;
}

/* A value that at least `wanted` of the scores reach, and few more than that. */
static float low_mark(const struct bucket *b)
{
	size_t enough = b->wanted + b->wanted / 16;
	float least = b->score[0], most = b->score[0];
	for (size_t i = 1; i < b->n; i++) {
		least = b->score[i] < least ? b->score[i] : least;
		most = b->score[i] > most ? b->score[i] : most;
	}
	int64_t low = float_rank(least), high = (int64_t)float_rank(most) + 1;
	while (high - low > 1) {
		int64_t middle = low + (high - low) / 2;
		size_t n = b->count(b->score, b->n, rank_float((int32_t)middle));
		if (n < b->wanted)
			high = middle;
		else
			low = middle;
		if (n >= b->wanted && n <= enough)
			break;
	}
	return rank_float((int32_t)low);
}

/* Drops those whose true score is below the threshold for certain. */
static void drop_below(struct bucket *b)
{
	size_t kept = 0;
	for (size_t i = 0; i < b->n && b->by_chunk; i++) {
		float most = b->most[i];
		b->score[kept] = b->score[i];
		b->most[kept] = most;
		b->at[kept] = b->at[i];
		kept += most >= b->threshold;
	}
	float low = b->threshold - b->error;
	for (size_t i = 0; i < b->n && !b->by_chunk; i++) {
		float score = b->score[i];
		b->score[kept] = score;
		b->at[kept] = b->at[i];
		kept += score >= low;
	}
	b->n = b->settled = b->checked = kept;
}

void bucket_tighten(struct bucket *b)
{
	bucket_settle(b);
	drop_excluded(b);
	if (b->n <= b->wanted)
		return;
	float low = low_mark(b) - (b->by_chunk ? 0 : b->error);
	if (low > b->threshold)
		b->threshold = low;
	drop_below(b);
}

void bucket_reserve(struct bucket *b, size_t capacity)
{
	b->score = memory_resize(b->score, capacity + 2 * PANEL, sizeof *b->score);
	b->most = memory_resize(b->most, capacity + 2 * PANEL, sizeof *b->most);
	b->at = memory_resize(b->at, capacity + 2 * PANEL, sizeof *b->at);
	b->capacity = capacity;
}

/* Equal scores in great number cannot be dropped: then the bucket grows. */
float bucket_shrink(struct bucket *b)
{
	bucket_tighten(b);
	if (b->n > b->capacity / 4 * 3)
		bucket_reserve(b, b->capacity * 2);
	return bucket_low(b);
}
