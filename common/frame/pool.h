/* pool.h - threads that share out numbered chunks of work.
 *
 * Each thread has a share of neighboring chunks, the same whenever there are as many,
 * so that what belongs to a chunk stays near its processor; one that is done helps the
 * others. So which thread does which chunk is not defined; results must depend on the
 * chunk's number alone, and any number of threads gives the same bytes.
 */
#ifndef RECPIPE_FRAME_POOL_H
#define RECPIPE_FRAME_POOL_H

#include <stddef.h>

struct pool;

/* `threads` workers in all, the caller included (1: no thread is started). */
struct pool *pool_new(size_t threads);

size_t pool_threads(const struct pool *pool);

/* Calls work(context, chunk, worker) for chunk = 0 ... chunks-1, each once, and
 * returns when all are done. `worker` is below the number of threads. */
void pool_run(struct pool *pool, size_t chunks,
	      void (*work)(void *context, size_t chunk, size_t worker), void *context);

void pool_free(struct pool *pool);

#endif
