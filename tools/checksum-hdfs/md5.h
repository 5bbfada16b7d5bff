/* md5.h - MD5 (RFC 1321): a checksum against accidents, never against people. */
#ifndef RECPIPE_CHECKSUM_HDFS_MD5_H
#define RECPIPE_CHECKSUM_HDFS_MD5_H

#include <stddef.h>
#include <stdint.h>

enum { MD5_SIZE = 16, MD5_BLOCK = 64 };

struct md5 {
	uint32_t state[4];
	uint64_t bytes;             /* taken so far */
	uint8_t pending[MD5_BLOCK]; /* of them, those of the block that is not yet whole */
};

void md5_start(struct md5 *m);
void md5_add(struct md5 *m, const void *bytes, size_t n);
/* The digest; `m` has to be started again then. */
void md5_end(struct md5 *m, uint8_t digest[MD5_SIZE]);

#endif
