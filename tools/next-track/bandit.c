/* bandit.c - see bandit.h. */
#include "bandit.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/number.h"
#include "streams/append.h"
#include "streams/output.h"
#include "thompson.h"

static const char HEADER[] = "bandit\trecommender\tanswers\theard\n";

/* What a user's next request may tell of. */
struct awaited {
	uint32_t item;                      /* half of its hash */
	uint16_t bandit;
	uint16_t arm;                       /* + 1; 0: nothing */
};

size_t bandits_add(struct bandits *b, struct span name, const char *const *arms, size_t n)
{
	for (size_t i = 0; i < b->n; i++)
		if (span_equal(span_of(b->all[i].name), name))
			return i;
	b->all = memory_resize(b->all, b->n + 1, sizeof *b->all);
	struct bandit *new = &b->all[b->n];
	*new = (struct bandit){.name = memory_text(name.at, name.n), .n = n,
		.arms = memory_zero(n, sizeof *new->arms)};
	for (size_t k = 0; k < n; k++)
		new->arms[k].name = arms[k];
	return b->n++;
}

void bandits_free(struct bandits *b)
{
	for (size_t i = 0; i < b->n; i++) {
		free(b->all[i].name);
		free(b->all[i].arms);
	}
	free(b->all);
	free(b->awaited);
}

/* ---- chances ---- */

static double answers_of(const struct bandit_arm *arm)
{
	return (double)arm->answers + (double)arm->new_answers;
}

static double heard_of(const struct bandit_arm *arm)
{
	return ((double)arm->heard + (double)arm->new_heard) / BANDIT_UNIT;
}

/* The best mean has 1 - epsilon, with others that have the same one; epsilon is for all alike. */
static void greedy_chances(const double *a, const double *b, size_t n, double epsilon, double *chance)
{
	double best = 0, count = 0;
	for (size_t k = 0; k < n; k++)
		best = fmax(best, a[k] / (a[k] + b[k]));
	for (size_t k = 0; k < n; k++)
		count += a[k] / (a[k] + b[k]) >= best;
	for (size_t k = 0; k < n; k++)
		chance[k] = epsilon / (double)n + (a[k] / (a[k] + b[k]) >= best ? (1 - epsilon) / count : 0);
}

const struct bandit *bandits_chances(struct bandits *b, size_t number)
{
	struct bandit *of = &b->all[number];
	double alpha[THOMPSON_ARMS_MAX], beta[THOMPSON_ARMS_MAX], chance[THOMPSON_ARMS_MAX], answers = 0;
	for (size_t k = 0; k < of->n; k++)
		answers += answers_of(&of->arms[k]);
	if (answers < of->next)
		return of;
	of->next = answers + 1 + floor(answers / 50);
	for (size_t k = 0; k < of->n; k++) {
		alpha[k] = 1 + heard_of(&of->arms[k]);
		beta[k] = 1 + fmax(0, answers_of(&of->arms[k]) - heard_of(&of->arms[k]));
	}
	if (b->o.epsilon > 0)
		greedy_chances(alpha, beta, of->n, b->o.epsilon, chance);
	else
		thompson_chances(alpha, beta, of->n, chance);
	for (size_t k = 0; k < of->n; k++)
		of->arms[k].chance = b->o.least + (1 - b->o.least * (double)of->n) * chance[k];
	return of;
}

/* ---- rewards ---- */

static struct awaited *awaited_of(struct bandits *b, uint32_t user)
{
	b->awaited = memory_grow(b->awaited, &b->capacity, (size_t)user + 1, sizeof *b->awaited);
	for (; b->users <= user; b->users++)
		b->awaited[b->users] = (struct awaited){0};
	return &b->awaited[user];
}

static uint32_t hash_of(struct span item)
{
	return (uint32_t)hash_table(item.at, item.n);
}

void bandits_hear(struct bandits *b, uint32_t user, struct span track, double heard)
{
	struct awaited *w = awaited_of(b, user);
	if (w->arm && w->item == hash_of(track)) {
		struct bandit_arm *arm = &b->all[w->bandit].arms[w->arm - 1];
		arm->new_answers++;
		arm->new_heard += (uint64_t)llround(fmin(fmax(heard, 0), 1) * BANDIT_UNIT);
	}
	w->arm = 0;
}

void bandits_answered(struct bandits *b, uint32_t user, size_t number, size_t arm, struct span item)
{
	*awaited_of(b, user) = (struct awaited){hash_of(item), (uint16_t)number, (uint16_t)(arm + 1)};
}

/* ---- the state ---- */

static struct bandit_arm *find_arm(struct bandits *b, struct span bandit, struct span arm)
{
	for (size_t i = 0; i < b->n; i++) {
		for (size_t k = 0; span_equal(span_of(b->all[i].name), bandit) && k < b->all[i].n; k++)
			if (span_equal(span_of(b->all[i].arms[k].name), arm))
				return &b->all[i].arms[k];
	}
	return NULL;
}

/* A row; false when it is malformed, or the second of its arm. */
static bool parse_row(struct bandits *b, struct span row, struct buffer *others)
{
	struct span field[4], whole = row;
	uint64_t answers;
	double heard;
	size_t n = 0;
	for (struct span one; n <= 4 && span_next(&row, '\t', &one); n++)
		if (n < 4)
			field[n] = one;
	struct bandit_arm *arm = n == 4 ? find_arm(b, field[0], field[1]) : NULL;
	if (n != 4 || (arm && arm->read) || number_u64(field[2].at, field[2].n, &answers) != NUMBER_OK ||
	    number_double(field[3].at, field[3].n, &heard) != NUMBER_OK || answers > UINT32_MAX * 1000ull ||
	    !(heard >= 0) || heard > (double)answers)
		return false;
	if (arm) {
		arm->read = true;
		arm->read_answers = answers;
		arm->read_heard = (uint64_t)llround(heard * BANDIT_UNIT);
	} else {
		buffer_add_span(others, whole);
		buffer_add_byte(others, '\n');
	}
	return true;
}

bool bandits_parse(struct bandits *b, struct span text, struct buffer *others)
{
	size_t header = sizeof HEADER - 1;
	for (size_t i = 0; i < b->n; i++)
		for (size_t k = 0; k < b->all[i].n; k++) {
			b->all[i].arms[k].read_answers = b->all[i].arms[k].read_heard = 0;
			b->all[i].arms[k].read = false;
		}
	if (text.n == 0)
		return true; /* it was just made */
	if (text.n < header || memcmp(text.at, HEADER, header) != 0 || text.at[text.n - 1] != '\n')
		return false;
	struct span rows = {text.at + header, text.n - header};
	while (rows.n) {
		size_t n = (size_t)((const char *)memchr(rows.at, '\n', rows.n) - rows.at);
		if (!parse_row(b, (struct span){rows.at, n}, others))
			return false;
		rows = (struct span){rows.at + n + 1, rows.n - n - 1};
	}
	return true;
}

static bool read_all(int file, struct buffer *text)
{
	for (;;) {
		ssize_t n = read(file, buffer_room(text, 4096), 4096);
		if (n <= 0)
			return n == 0;
		text->n += (size_t)n;
	}
}

/* Opens the state and takes its lock; -1 and errno. Whoever waited may have the lock of a file that has
 * been replaced since. */
static int open_locked(const char *path)
{
	for (;;) {
		struct stat own, now;
		int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
		if (file < 0)
			return -1;
		if (append_lock(file, LOCK_EX, 1) && fstat(file, &own) == 0) {
			if (!S_ISREG(own.st_mode)) { /* reading a FIFO would wait for ever */
				close(file);
				errno = EINVAL;
				return -1;
			}
			if (stat(path, &now) == 0 && own.st_dev == now.st_dev && own.st_ino == now.st_ino)
				return file;
			close(file);
			continue;
		}
		int why = errno;
		close(file);
		errno = why;
		return -1;
	}
}

static void write_state(const struct bandits *b, const struct buffer *others, struct output *out)
{
	output_text(out, HEADER);
	output_bytes(out, others->data, others->n);
	for (size_t i = 0; i < b->n; i++) {
		for (size_t k = 0; k < b->all[i].n; k++) {
			const struct bandit_arm *arm = &b->all[i].arms[k];
			uint64_t heard = arm->read_heard + arm->new_heard, unit = (uint64_t)BANDIT_UNIT;
			char row[80];
			snprintf(row, sizeof row, "\t%" PRIu64 "\t%" PRIu64 ".%06" PRIu64 "\n",
				 arm->read_answers + arm->new_answers, heard / unit, heard % unit);
			output_text(out, b->all[i].name);
			output_tab(out);
			output_text(out, arm->name);
			output_text(out, row);
		}
	}
}

/* What was read replaces what was known; `added`: what is new is in the state, too, and new no more. */
static void take_over(struct bandits *b, bool added)
{
	for (size_t i = 0; i < b->n; i++) {
		for (size_t k = 0; k < b->all[i].n; k++) {
			struct bandit_arm *arm = &b->all[i].arms[k];
			arm->answers = arm->read_answers + (added ? arm->new_answers : 0);
			arm->heard = arm->read_heard + (added ? arm->new_heard : 0);
			if (added)
				arm->new_answers = arm->new_heard = 0;
		}
	}
}

/* Reads the state and, with `add`, adds what is new. False: it is as it was. */
static bool exchange(struct bandits *b, bool add, struct failure *why)
{
	struct buffer text = {0}, others = {0};
	int file = open_locked(b->o.path);
	if (file < 0 || !read_all(file, &text))
		failure_set_errno(why, STATUS_FAILED, "%s", b->o.path);
	else if (!bandits_parse(b, (struct span){text.data, text.n}, &others))
		failure_set(why, STATUS_DATA, "%s: not the state of a bandit", b->o.path);
	struct output *out = add && !has_failed(why) ? output_open_or(b->o.path, why) : NULL;
	if (out) {
		write_state(b, &others, out);
		output_close(out);
	}
	if (!has_failed(why))
		take_over(b, add);
	if (file >= 0)
		close(file);
	buffer_free(&text);
	buffer_free(&others);
	return !has_failed(why);
}

void bandits_open(struct bandits *b, const struct bandit_options *o)
{
	struct failure why = {0};
	b->o = *o;
	b->saved = clock_wall();
	if (b->n && o->path && !exchange(b, false, &why))
		die(why.status, "%s", why.text);
}

bool bandits_save(struct bandits *b, double every_s)
{
	struct failure why = {0};
	if (b->n == 0 || !b->o.path || clock_wall() - b->saved < every_s)
		return !b->failed;
	b->saved = clock_wall();
	bool good = exchange(b, true, &why);
	if (!good && !b->failed)
		tell("%s; what the bandit learns is kept, and saving is tried again", why.text);
	b->failed = !good;
	return good;
}
