/* claim.h - which process runs a trial of a study, and whether it still does.
 *
 * A process holds a lock of a byte of the journal, far past its end, for each trial
 * that it runs: the kernel drops it when the process has gone, however it went, and every
 * process of that kernel sees it, in whatever container, with or without /proc. Where the
 * file system has no such locks beside flock (NFS makes flock one of them), the process is
 * asked for by its number and start time, within one PID namespace of one boot. Of all
 * others only time can tell.
 */
#ifndef RECPIPE_DOMAIN_CLAIM_H
#define RECPIPE_DOMAIN_CLAIM_H

#include "domain/study.h"

/* This process as the owner of a running trial of the study: host, process number, its
 * start time, the boot's id, the PID namespace, a random number that nobody else has, and
 * `lock` when it holds locks; `-` is unknown. */
const char *claim_owner(const struct study *study);

/* The owner of trials that `ask` gave away: no process of ours runs them. */
#define OWNER_ASKED "asked"

/* What can be said from here about the one who runs a trial. */
enum owner_life { OWNER_GONE, OWNER_ALIVE, OWNER_ELSEWHERE };
enum owner_life claim_life(const struct study *study, const struct trial *trial);

/* A trial begins to be run by this process (the study's lock must be held), and is over. */
void claim_take(const struct study *study, int64_t trial);
void claim_drop(const struct study *study, int64_t trial);

/* Are there locks for this file that others can see, and that are not those of flock? To be
 * asked with the study's lock held for writing. */
bool claim_locks_work(const struct study *study);

#endif
