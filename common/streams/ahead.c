/* The file is cut into pieces, a list in the order of the file: each begins where a member does, as far as
 * is known, and ends where a member ends and the next piece begins. A piece that does not begin where the one
 * before ends is not one, and is dropped. */
#include "streams/ahead.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "streams/decompress-engine.h"

enum {
	CHUNK_BYTES = 256 << 10,
	CHUNKS_AHEAD = AHEAD_BYTES / CHUNK_BYTES,
	CHUNKS_FIRST = 8,        /* those of the piece that is given out: they stay in a cache */
	SCAN_BYTES = 128 << 10,
	SCAN_AHEAD = 4 << 20,    /* members are looked for so far ahead */
};

struct chunk {
	struct chunk *next;
	uint64_t place; /* in the file */
	size_t n;
	char bytes[CHUNK_BYTES];
};

struct piece {
	struct ahead *ahead;
	struct piece *next;
	struct decompressor *d; /* NULL: not begun */
	uint64_t start, member; /* in the file: where it begins, and its latest member */
	uint64_t read;          /* where its thread reads: the thread's own */
	uint64_t place;         /* the same, as of its latest chunk */
	struct chunk *first, **last;
	size_t n_chunks;
	bool taken, ended, dropped;
	struct failure failure;
};

struct ahead {
	const struct decompress_engine *engine;
	const char *name;
	int file, wake; /* `wake` ends a wait for a pipe; -1: the file can be read at any place */
	uint64_t size;
	pthread_mutex_t lock; /* of all that follows, and of the pieces */
	pthread_cond_t work, filled;
	struct piece *head;
	struct chunk *unused;
	size_t chunks, chunks_max;
	uint64_t scan;      /* where to look for the next piece */
	size_t piece_bytes;
	bool scanning, scanned, closing;
	pthread_t *threads;
	size_t n_threads;
	/* The reader's own. */
	struct chunk *current;
	size_t given; /* of the current chunk */
	uint64_t place;
	char *scan_page;
};

/* ---- what the file gives ---- */

static size_t read_place(struct piece *p, void *to, size_t n)
{
	for (;;) {
		ssize_t got = pread(p->ahead->file, to, n, (off_t)p->read);
		if (got >= 0)
			return (size_t)got;
		if (errno != EINTR)
			return failure_set_errno(&p->failure, STATUS_FAILED, "%s: cannot read", p->ahead->name);
	}
}

/* From a pipe, unless the reader closes it before anything comes. */
static size_t read_pipe(struct piece *p, void *to, size_t n)
{
	struct pollfd files[] = {{.fd = p->ahead->file, .events = POLLIN},
		{.fd = p->ahead->wake, .events = POLLIN}};
	for (;;) {
		ssize_t got = -1;
		if (poll(files, 2, -1) >= 0) {
			if (files[1].revents)
				return 0;
			got = read(p->ahead->file, to, n);
		}
		if (got >= 0)
			return (size_t)got;
		if (errno != EINTR && errno != EAGAIN)
			return failure_set_errno(&p->failure, STATUS_FAILED, "%s: cannot read", p->ahead->name);
	}
}

static size_t read_more(void *context, void *to, size_t n)
{
	struct piece *p = context;
	size_t got = p->ahead->wake < 0 ? read_place(p, to, n) : read_pipe(p, to, n);
	p->read += got;
	return got;
}

/* ---- pieces; the lock is held ---- */

static void free_chunks(struct ahead *a, struct piece *p)
{
	while (p->first) {
		struct chunk *c = p->first;
		p->first = c->next;
		c->next = a->unused;
		a->unused = c;
		a->chunks--;
	}
	p->n_chunks = 0;
	p->last = &p->first;
}

static struct piece *add_piece(struct ahead *a, uint64_t start)
{
	struct piece *p = calloc(1, sizeof *p), **at = &a->head;
	if (!p)
		return NULL;
	while (*at)
		at = &(*at)->next;
	*at = p;
	p->ahead = a;
	p->start = p->member = p->read = p->place = start;
	p->last = &p->first;
	return p;
}

static struct piece *last_piece(const struct ahead *a)
{
	struct piece *p = a->head;
	while (p->next)
		p = p->next;
	return p;
}

/* The piece after this one is not one. Its thread frees it where it has one. */
static void drop_next(struct piece *p)
{
	struct piece *next = p->next;
	p->next = next->next;
	free_chunks(p->ahead, next);
	next->dropped = true;
	pthread_cond_broadcast(&p->ahead->work);
	if (!next->taken || next->ended)
		free(next);
}

/* Where a member of the piece has ended: does its next one belong to it? */
static bool goes_on(void *context, size_t left)
{
	struct piece *p = context;
	struct ahead *a = p->ahead;
	uint64_t at = p->read - left;
	pthread_mutex_lock(&a->lock);
	p->member = at;
	bool on = !p->dropped && !a->closing;
	while (on && p->next && p->next->start < at)
		drop_next(p);
	on = on && (!p->next || p->next->start > at);
	pthread_mutex_unlock(&a->lock);
	return on;
}

/* ---- looking for the next piece ---- */

enum { HERE_BYTES = 10 }; /* a beginning is told by so many */

static bool gzip_here(const uint8_t *at)
{
	return at[1] == 0x8b && at[2] == 8 && (at[3] & 0xe0) == 0 && (at[8] == 0 || at[8] == 2 || at[8] == 4) &&
		(at[9] <= 13 || at[9] == 255);
}

static bool zstd_here(const uint8_t *at)
{
	return at[1] == 0xb5 && at[2] == 0x2f && at[3] == 0xfd && (at[4] & 0x08) == 0;
}

/* How many bytes are before what seems to be a beginning; n: there is none. memchr is five times as
 * fast as memmem here. */
static size_t find_member(const struct ahead *a, const char *page, size_t n)
{
	bool gzip = a->engine != &DECOMPRESS_ZSTD;
	size_t last = n < HERE_BYTES ? 0 : n - HERE_BYTES + 1; /* those after it are not whole */
	const char *at = page;
	while ((at = memchr(at, gzip ? 0x1f : 0x28, last - (size_t)(at - page)))) {
		if ((gzip ? gzip_here : zstd_here)((const uint8_t *)at))
			return (size_t)(at - page);
		at++;
	}
	return n;
}

/* Looks through some bytes for the next piece; gives up the lock while it does. */
static void look_for_piece(struct ahead *a)
{
	uint64_t from = a->scan, behind = last_piece(a)->place;
	from = from > behind ? from : behind;
	a->scanning = true;
	pthread_mutex_unlock(&a->lock);
	ssize_t got = pread(a->file, a->scan_page, SCAN_BYTES, (off_t)from);
	size_t n = got > 0 ? (size_t)got : 0, at = find_member(a, a->scan_page, n);
	pthread_mutex_lock(&a->lock);
	a->scanning = false;
	if (at < n) {
		if (from + at > last_piece(a)->member && !add_piece(a, from + at))
			a->scanned = true;
		a->scan = from + at + a->piece_bytes;
	} else if (n < HERE_BYTES) { /* the end, or what the thread that comes here will find */
		a->scanned = true;
	} else {
		a->scan = from + n - (HERE_BYTES - 1);
	}
	pthread_cond_broadcast(&a->work);
}

/* A piece for a thread that has none; NULL when there will be none. */
static struct piece *next_piece(struct ahead *a)
{
	while (!a->closing) {
		struct piece *p = a->head;
		while (p && p->taken)
			p = p->next;
		if (p) {
			p->taken = true;
			return p;
		}
		if (a->scanned)
			return NULL;
		if (!a->scanning && a->scan < a->head->place + SCAN_AHEAD)
			look_for_piece(a);
		else
			pthread_cond_wait(&a->work, &a->lock);
	}
	return NULL;
}

/* ---- a thread ---- */

/* Room for the piece's next bytes; NULL: it is not wanted any more, or there is no memory. */
static struct chunk *get_chunk(struct piece *p)
{
	struct ahead *a = p->ahead;
	struct chunk *c = NULL;
	pthread_mutex_lock(&a->lock);
	while (!a->closing && !p->dropped &&
	       (p == a->head ? p->n_chunks >= CHUNKS_FIRST : a->chunks >= a->chunks_max))
		pthread_cond_wait(&a->work, &a->lock);
	if (!a->closing && !p->dropped) {
		c = a->unused;
		if (c)
			a->unused = c->next;
		a->chunks++;
	}
	bool wanted = !a->closing && !p->dropped;
	pthread_mutex_unlock(&a->lock);
	if (wanted && !c && !(c = malloc(sizeof *c)))
		failure_set(&p->failure, STATUS_FAILED, "%s: out of memory", a->name);
	return c;
}

/* The chunk is the piece's, if it has any bytes. */
static void put_chunk(struct piece *p, struct chunk *c)
{
	struct ahead *a = p->ahead;
	pthread_mutex_lock(&a->lock);
	if (c->n && !p->dropped) {
		c->next = NULL;
		*p->last = c;
		p->last = &c->next;
		p->n_chunks++;
	} else {
		c->next = a->unused;
		a->unused = c;
		a->chunks--;
	}
	c->place = p->place = p->read;
	if (p == a->head)
		pthread_cond_signal(&a->filled);
	pthread_cond_broadcast(&a->work); /* there is more to look at */
	pthread_mutex_unlock(&a->lock);
}

static void decompress_piece(struct piece *p)
{
	struct ahead *a = p->ahead;
	struct chunk *c;
	size_t got = 1;
	if (!p->d)
		p->d = decompress_open_by(a->engine, 1, (struct span){NULL, 0}, read_more, p, a->name, &p->failure);
	if (p->d)
		decompress_take_over(p->d, read_more, goes_on, p, &p->failure);
	while (p->d && got && (c = get_chunk(p))) {
		c->n = 0;
		do { /* of a pipe, what there is */
			got = decompress_read(p->d, c->bytes + c->n, CHUNK_BYTES - c->n);
			c->n += got;
		} while (got && c->n < CHUNK_BYTES && a->wake < 0);
		put_chunk(p, c);
	}
	decompress_close(p->d);
	p->d = NULL;
}

static void *work(void *context)
{
	struct ahead *a = context;
	struct piece *p;
	pthread_mutex_lock(&a->lock);
	while ((p = next_piece(a))) {
		pthread_mutex_unlock(&a->lock);
		decompress_piece(p);
		pthread_mutex_lock(&a->lock);
		p->ended = true;
		if (p->dropped)
			free(p);
		else if (p == a->head)
			pthread_cond_signal(&a->filled);
	}
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

/* ---- for the reader ---- */

void ahead_threads(struct ahead *a, size_t threads)
{
	pthread_mutex_lock(&a->lock); /* others may be at work */
	uint64_t most = a->scanned ? 1 : 1 + a->size / a->piece_bytes;
	pthread_mutex_unlock(&a->lock);
	threads = threads < most ? threads : (size_t)most;
	if (threads <= a->n_threads)
		return;
	pthread_t *more = realloc(a->threads, threads * sizeof *more);
	if (!more)
		return;
	a->threads = more;
	pthread_mutex_lock(&a->lock);
	a->chunks_max = threads * CHUNKS_AHEAD;
	pthread_mutex_unlock(&a->lock);
	while (a->n_threads < threads && pthread_create(&a->threads[a->n_threads], NULL, work, a) == 0)
		a->n_threads++;
}

/* Can it be read at any place? */
static bool has_places(int file, struct stat *about)
{
	return fstat(file, about) == 0 && S_ISREG(about->st_mode) && lseek(file, 0, SEEK_CUR) >= 0;
}

struct ahead *ahead_open(struct decompressor *d, int file, size_t threads, size_t piece, const char *name)
{
	struct stat about;
	struct ahead *a = calloc(1, sizeof *a);
	if (!a)
		return NULL;
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->work, NULL);
	pthread_cond_init(&a->filled, NULL);
	a->engine = decompress_engine_of(d);
	a->name = name;
	a->piece_bytes = piece;
	a->file = file;
	bool places = has_places(file, &about);
	uint64_t at = places ? (uint64_t)lseek(file, 0, SEEK_CUR) : 0;
	a->size = places ? (uint64_t)about.st_size : 0;
	a->wake = places ? -1 : eventfd(0, EFD_CLOEXEC);
	a->scanned = !places || a->engine == &DECOMPRESS_XZ;
	a->scan = at;
	a->scan_page = malloc(SCAN_BYTES);
	struct piece *p = a->scan_page && (places || a->wake >= 0) ? add_piece(a, at) : NULL;
	if (p) {
		p->d = d;
		ahead_threads(a, threads);
	}
	if (a->n_threads)
		return a;
	if (p)
		p->d = NULL;
	ahead_close(a);
	return NULL;
}

/* The next chunk; NULL at the end, and when something failed. */
static struct chunk *next_chunk(struct ahead *a, struct failure *failure)
{
	struct chunk *c = NULL;
	const struct failure *failed = NULL;
	pthread_mutex_lock(&a->lock);
	for (;;) {
		struct piece *p = a->head;
		if ((c = p->first)) {
			p->first = c->next;
			if (!p->first)
				p->last = &p->first;
			p->n_chunks--;
			break;
		}
		if (!p->ended) {
			pthread_cond_wait(&a->filled, &a->lock);
			continue;
		}
		if (has_failed(&p->failure)) {
			failed = &p->failure;
			break;
		}
		while (p->next && p->next->start != p->member)
			drop_next(p);
		if (!p->next)
			break;
		a->head = p->next;
		free(p);
		pthread_cond_broadcast(&a->work);
	}
	pthread_mutex_unlock(&a->lock);
	if (failed)
		failure_set(failure, failed->status, "%s", failed->text);
	return c;
}

static void give_back(struct ahead *a)
{
	pthread_mutex_lock(&a->lock);
	a->current->next = a->unused;
	a->unused = a->current;
	a->chunks--;
	pthread_cond_broadcast(&a->work);
	pthread_mutex_unlock(&a->lock);
	a->current = NULL;
}

size_t ahead_read(struct ahead *a, char *to, size_t n, struct failure *failure)
{
	if (!a->current) {
		if (!(a->current = next_chunk(a, failure)))
			return 0;
		a->given = 0;
		a->place = a->current->place;
	}
	size_t left = a->current->n - a->given;
	n = n < left ? n : left;
	memcpy(to, a->current->bytes + a->given, n);
	a->given += n;
	if (a->given == a->current->n)
		give_back(a);
	return n;
}

uint64_t ahead_place(const struct ahead *a)
{
	return a->place;
}

void ahead_close(struct ahead *a)
{
	if (!a)
		return;
	pthread_mutex_lock(&a->lock);
	a->closing = true;
	pthread_cond_broadcast(&a->work);
	pthread_mutex_unlock(&a->lock);
	if (a->wake >= 0)
		(void)eventfd_write(a->wake, 1);
	for (size_t i = 0; i < a->n_threads; i++)
		pthread_join(a->threads[i], NULL);
	while (a->head && a->head->next)
		drop_next(a->head);
	if (a->head) {
		free_chunks(a, a->head);
		decompress_close(a->head->d);
		free(a->head);
	}
	free(a->current);
	while (a->unused) {
		struct chunk *c = a->unused;
		a->unused = c->next;
		free(c);
	}
	if (a->wake >= 0)
		close(a->wake);
	pthread_cond_destroy(&a->filled);
	pthread_cond_destroy(&a->work);
	pthread_mutex_destroy(&a->lock);
	free(a->scan_page);
	free(a->threads);
	free(a);
}
