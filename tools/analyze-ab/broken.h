/* broken.h - why an experiment has no verdict: the health checks that broke it, and what to do. */
#ifndef RECPIPE_ANALYZE_AB_BROKEN_H
#define RECPIPE_ANALYZE_AB_BROKEN_H

#include <stdbool.h>
#include <stddef.h>

struct broken {
	char **check;                 /* as in the health table, each once; owned */
	size_t n;
};

/* Adds a check (or all of `other`) that is not there yet. */
void broken_add(struct broken *b, const char *check);
void broken_add_all(struct broken *b, const struct broken *other);

/* "srm_chi2, followed", and "see ...; look at ...": new texts, NULL when nothing is broken. */
char *broken_checks(const struct broken *b);
char *broken_advice(const struct broken *b);

void broken_free(struct broken *b);

#endif
