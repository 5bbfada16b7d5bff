/* crc.h - the two CRCs of 32 bits that HDFS keeps of its blocks. */
#ifndef RECPIPE_CHECKSUM_HDFS_CRC_H
#define RECPIPE_CHECKSUM_HDFS_CRC_H

#include <stddef.h>
#include <stdint.h>

enum crc_kind { CRC_32, CRC_32C }; /* that of gzip, and Castagnoli's */

/* The CRC of bytes whose CRC so far is `crc` (0 at the start), with `n` more. */
uint32_t crc_add(enum crc_kind kind, uint32_t crc, const uint8_t *bytes, size_t n);

#endif
