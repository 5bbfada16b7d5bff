#include "streams/spool.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "streams/scratch.h"

struct spool *spool_new(size_t buffer)
{
	struct spool *s = memory_zero(1, sizeof *s);
	s->file = scratch_open();
	s->capacity = buffer;
	s->data = memory_new(buffer, 1);
	return s;
}

void spool_free(struct spool *s)
{
	if (!s)
		return;
	if (close(s->file) != 0)
		scratch_fail("close");
	free(s->data);
	free(s);
}

static void write_all(struct spool *s, const char *bytes, size_t n)
{
	scratch_write(s->file, bytes, n);
	s->written += n;
}

void spool_flush(struct spool *s)
{
	write_all(s, s->data, s->n);
	s->n = 0;
}

void spool_end(struct spool *s)
{
	spool_flush(s);
	free(s->data);
	s->data = NULL;
	s->capacity = 0;
}

void spool_put_slowly(struct spool *s, const void *bytes, size_t n)
{
	spool_flush(s);
	if (n >= s->capacity) {
		write_all(s, bytes, n);
		return;
	}
	memcpy(s->data, bytes, n);
	s->n = n;
}

void spool_reader_start(struct spool_reader *r, const struct spool *s, uint64_t at, uint64_t end,
			size_t buffer)
{
	*r = (struct spool_reader){.spool = s, .at = at, .end = end, .capacity = buffer};
	r->data = memory_new(buffer, 1);
}

void spool_reader_free(struct spool_reader *r)
{
	free(r->data);
	*r = (struct spool_reader){0};
}

static void check_left(const struct spool_reader *r, uint64_t n)
{
	if (r->end - r->at < n)
		die(STATUS_FAILED, "a temporary file ends too early");
}

static void read_all(struct spool_reader *r, char *to, size_t n)
{
	check_left(r, n);
	scratch_read(r->spool->file, r->at, to, n);
	r->at += n;
}

void spool_skip(struct spool_reader *r, uint64_t n)
{
	size_t here = r->n - r->from;
	if (n <= here) {
		r->from += (size_t)n;
		return;
	}
	r->from = r->n = 0;
	n -= here;
	check_left(r, n);
	r->at += n;
}

void spool_take_slowly(struct spool_reader *r, void *to, size_t n)
{
	size_t here = r->n - r->from;
	memcpy(to, r->data + r->from, here);
	to = (char *)to + here;
	n -= here;
	r->from = r->n = 0;
	if (n >= r->capacity) {
		read_all(r, to, n);
		return;
	}
	uint64_t left = r->end - r->at;
	size_t some = left < r->capacity ? (size_t)left : r->capacity;
	if (some < n)
		some = n; /* read_all says what is wrong */
	read_all(r, r->data, some);
	r->n = some;
	memcpy(to, r->data, n);
	r->from = n;
}
