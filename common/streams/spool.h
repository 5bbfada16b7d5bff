/* spool.h - bytes that are laid aside in a file without a name (scratch.h), by way of a buffer, and
 * read again at several places at once. What fails ends the program with exit 1.
 */
#ifndef RECPIPE_STREAMS_SPOOL_H
#define RECPIPE_STREAMS_SPOOL_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct spool {
	int file;
	char *data;           /* what is not yet in the file */
	size_t n, capacity;
	uint64_t written;     /* bytes in the file */
};

/* An empty one that writes `buffer` bytes at a time. */
struct spool *spool_new(size_t buffer);

/* NULL is allowed. */
void spool_free(struct spool *s);

/* Writes what is buffered; before reading. */
void spool_flush(struct spool *s);

/* The same, and gives the buffer back: nothing is put any more. */
void spool_end(struct spool *s);

/* The rare case of spool_put. */
void spool_put_slowly(struct spool *s, const void *bytes, size_t n);

static inline void spool_put(struct spool *s, const void *bytes, size_t n)
{
	if (s->capacity - s->n < n) {
		spool_put_slowly(s, bytes, n);
		return;
	}
	memcpy(s->data + s->n, bytes, n);
	s->n += n;
}

/* Room for the next `n` bytes, no more than the buffer has, to be written there at once. */
static inline char *spool_room(struct spool *s, size_t n)
{
	if (s->capacity - s->n < n)
		spool_flush(s);
	s->n += n;
	return s->data + s->n - n;
}

/* Bytes so far: where the next one will be. */
static inline uint64_t spool_size(const struct spool *s)
{
	return s->written + s->n;
}

/* Reads a stretch of a spool that was flushed and stays until the reader is freed. */
struct spool_reader {
	const struct spool *spool;
	uint64_t at, end;     /* what is not yet in `data` */
	char *data;
	size_t from, n, capacity;
};

/* Reads bytes `at` to `end`, `buffer` of them at a time. */
void spool_reader_start(struct spool_reader *r, const struct spool *s, uint64_t at, uint64_t end,
			size_t buffer);
void spool_reader_free(struct spool_reader *r);

/* The rare case of spool_take. */
void spool_take_slowly(struct spool_reader *r, void *to, size_t n);

/* Copies the next `n` bytes, which must be there. */
static inline void spool_take(struct spool_reader *r, void *to, size_t n)
{
	if (r->n - r->from < n) {
		spool_take_slowly(r, to, n);
		return;
	}
	memcpy(to, r->data + r->from, n);
	r->from += n;
}

/* The next `n` bytes where they are, valid until more is taken; copied to `to` where they are not all in the
 * buffer. */
static inline const void *spool_view(struct spool_reader *r, void *to, size_t n)
{
	if (r->n - r->from < n) {
		spool_take_slowly(r, to, n);
		return to;
	}
	r->from += n;
	return r->data + r->from - n;
}

/* Passes over the next `n` bytes, which must be there. */
void spool_skip(struct spool_reader *r, uint64_t n);

/* Bytes that are left. */
static inline uint64_t spool_left(const struct spool_reader *r)
{
	return r->n - r->from + (r->end - r->at);
}

#endif
