#include "crc.h"

#include <zlib.h>

#ifndef RECPIPE_NO_ISAL
#include <isa-l/crc.h>

static uint32_t castagnoli(uint32_t crc, const uint8_t *bytes, size_t n)
{
	crc = ~crc;
	while (n) {
		size_t some = n < 1 << 30 ? n : 1 << 30;
		crc = crc32_iscsi((unsigned char *)bytes, (int)some, crc); /* which only reads them */
		bytes += some, n -= some;
	}
	return ~crc;
}
#else
/* A byte at a time. */
static uint32_t castagnoli(uint32_t crc, const uint8_t *bytes, size_t n)
{
	static uint32_t table[256];
	if (!table[1])
		for (uint32_t i = 0; i < 256; i++) {
			uint32_t c = i;
			for (int bit = 0; bit < 8; bit++)
				c = c >> 1 ^ (c & 1 ? 0x82f63b78 : 0);
			table[i] = c;
		}
	crc = ~crc;
	while (n--)
		crc = crc >> 8 ^ table[(crc ^ *bytes++) & 255];
	return ~crc;
}
#endif

uint32_t crc_add(enum crc_kind kind, uint32_t crc, const uint8_t *bytes, size_t n)
{
	return kind == CRC_32C ? castagnoli(crc, bytes, n) : (uint32_t)crc32_z(crc, bytes, n);
}
