#include "sessions.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/memory.h"

enum { NOBODY = 0xffffffffu };

/* A user; those with an open session are in a chain, by when they asked last. */
struct session {
	char *tracks;            /* NULL: no session is open; a struct tracks, and then its entries */
	uint32_t newer, older;   /* users, or NOBODY */
};

/* What a session's memory begins with. Each entry: a struct entry, then the id; the latest first. */
struct tracks {
	uint64_t bytes;          /* of the entries */
	uint64_t n;
};

struct entry {
	double share;
	uint64_t n;              /* bytes of the id */
};

struct sessions {
	uint32_t last;
	uint64_t limit, used;    /* bytes */
	bool told;
	struct session *users;
	size_t n, capacity;
	uint32_t newest, oldest;
	/* the snapshot */
	struct buffer ids;
	struct heard *heard;
	size_t heard_n, heard_capacity;
	bool taken;
};

enum { OVERHEAD = 8 };       /* bytes that malloc needs for itself, about */

struct sessions *sessions_new(uint32_t last, uint64_t memory_bytes)
{
	struct sessions *s = memory_zero(1, sizeof *s);
	s->last = last;
	s->limit = memory_bytes;
	s->newest = s->oldest = NOBODY;
	return s;
}

void sessions_free(struct sessions *s)
{
	if (!s)
		return;
	for (size_t u = 0; u < s->n; u++)
		free(s->users[u].tracks);
	free(s->users);
	free(s->heard);
	buffer_free(&s->ids);
	free(s);
}

static uint64_t size_of(const char *tracks)
{
	struct tracks head;
	memcpy(&head, tracks, sizeof head);
	return sizeof head + head.bytes + OVERHEAD;
}

static void unchain(struct sessions *s, uint32_t user)
{
	struct session *u = &s->users[user];
	*(u->newer == NOBODY ? &s->newest : &s->users[u->newer].older) = u->older;
	*(u->older == NOBODY ? &s->oldest : &s->users[u->older].newer) = u->newer;
}

/* Puts the user in front. */
static void chain(struct sessions *s, uint32_t user)
{
	s->users[user].newer = NOBODY;
	s->users[user].older = s->newest;
	*(s->newest == NOBODY ? &s->oldest : &s->users[s->newest].newer) = user;
	s->newest = user;
}

/* The user has no open session any more. */
static void forget(struct sessions *s, uint32_t user)
{
	struct session *u = &s->users[user];
	if (!u->tracks)
		return;
	s->used -= size_of(u->tracks);
	free(u->tracks);
	u->tracks = NULL;
	unchain(s, user);
}

/* The entries that stay when one more comes: bytes of the latest last - 1. */
static uint64_t bytes_that_stay(const struct sessions *s, const char *tracks, uint64_t *n)
{
	struct tracks head;
	memcpy(&head, tracks, sizeof head);
	if (head.n < s->last) {
		*n = head.n;
		return head.bytes;
	}
	uint64_t bytes = 0;
	for (*n = 0; *n + 1 < s->last; ++*n) {
		struct entry e;
		memcpy(&e, tracks + sizeof head + bytes, sizeof e);
		bytes += sizeof e + e.n;
	}
	return bytes;
}

/* Puts a track before those that the user has. */
static void remember(struct sessions *s, uint32_t user, struct heard played)
{
	struct session *u = &s->users[user];
	struct tracks head = {0};
	struct entry e = {played.share, played.track.n};
	if (u->tracks)
		head.bytes = bytes_that_stay(s, u->tracks, &head.n);
	uint64_t old = head.bytes;
	head.bytes += sizeof e + e.n;
	head.n++;
	char *fresh = memory_new(sizeof head + head.bytes, 1), *at = fresh;
	memcpy(at, &head, sizeof head);
	memcpy(at += sizeof head, &e, sizeof e);
	at = span_put(at + sizeof e, played.track);
	if (u->tracks)
		memcpy(at, u->tracks + sizeof head, old);
	forget(s, user);
	u->tracks = fresh;
	s->used += size_of(fresh);
	chain(s, user);
}

/* Adds the user's tracks to the snapshot; where the ids lie is settled when it is taken. */
static uint32_t add_to_snapshot(struct sessions *s, uint32_t user)
{
	const char *at = s->users[user].tracks;
	struct tracks head;
	struct entry e;
	if (s->taken)
		s->heard_n = s->ids.n = 0;
	s->taken = false;
	memcpy(&head, at, sizeof head);
	at += sizeof head;
	s->heard = memory_grow(s->heard, &s->heard_capacity, s->heard_n + head.n, sizeof *s->heard);
	for (uint64_t i = 0; i < head.n; i++, at += e.n) {
		memcpy(&e, at, sizeof e);
		at += sizeof e;
		s->heard[s->heard_n++] = (struct heard){{NULL, e.n}, e.share};
		buffer_add(&s->ids, at, e.n);
	}
	return (uint32_t)head.n;
}

void sessions_step(struct sessions *s, uint32_t user, struct heard played, bool ends, uint32_t *n)
{
	if (user >= s->n) {
		s->users = memory_grow(s->users, &s->capacity, (size_t)user + 1, sizeof *s->users);
		memset(s->users + s->n, 0, ((size_t)user + 1 - s->n) * sizeof *s->users);
		s->n = (size_t)user + 1;
	}
	*n = 0;
	if (ends) {
		forget(s, user);
		return;
	}
	remember(s, user, played);
	*n = add_to_snapshot(s, user);
	while (s->used > s->limit) {
		if (!s->told)
			tell("the tracks of all open sessions take more than --session-memory: those of "
			     "users who have asked for nothing longest are forgotten");
		s->told = true;
		forget(s, s->oldest);
	}
}

const struct heard *sessions_take_snapshot(struct sessions *s)
{
	const char *at = s->ids.data;
	for (size_t i = 0; i < s->heard_n; i++) {
		s->heard[i].track.at = at;
		at += s->heard[i].track.n;
	}
	s->taken = true;
	return s->heard;
}
