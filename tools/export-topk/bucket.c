#include "bucket.h"

#include "base/memory.h"

/* Takes out the excluded ones of those that came since the last time, and what their
 * scores may be off. */
static void check_new(struct bucket *b)
{
	size_t kept = b->checked;
	for (size_t i = b->checked; i < b->n; i++) {
		uint32_t at = b->at[i];
		b->score[kept] = b->score[i] - bucket_error(b, at);
		b->at[kept] = at;
		kept += !bucket_excludes(b, at);
	}
	b->n = b->checked = kept;
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

/* At least `wanted` items truly reach the threshold: what is below it even if its
 * score is too low by the whole error is not among the best. */
void bucket_tighten(struct bucket *b)
{
	check_new(b);
	if (b->n <= b->wanted)
		return;
	float low = low_mark(b);
	if (low > b->threshold)
		b->threshold = low;
	size_t kept = 0;
	for (size_t i = 0; i < b->n; i++) {
		float score = b->score[i];
		uint32_t at = b->at[i];
		b->score[kept] = score;
		b->at[kept] = at;
		kept += score + 2 * bucket_error(b, at) >= b->threshold;
	}
	b->n = b->checked = kept;
}

void bucket_reserve(struct bucket *b, size_t capacity)
{
	b->score = memory_resize(b->score, capacity + 2 * PANEL, sizeof *b->score);
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
