/* packed-mend.h - packed files that lie with the right checksums. */
#ifndef RECPIPE_TESTS_PACKED_MEND_H
#define RECPIPE_TESTS_PACKED_MEND_H

#include <string.h>
#include <zlib.h>

#include "streams/packed.h"

/* All checksums as they should be, as far as sections lie in the file. */
static inline void packed_mend(unsigned char *file, size_t n)
{
	struct packed_tail tail;
	struct packed_section s;
	if (n < sizeof tail + 64)
		return;
	memcpy(&tail, file + n - sizeof tail, sizeof tail);
	if (tail.directory > n - sizeof tail || tail.sections > PACKED_SECTIONS_MAX ||
	    tail.sections * sizeof s > n - sizeof tail - tail.directory)
		return;
	for (uint32_t i = 0; i < tail.sections; i++) {
		unsigned char *at = file + tail.directory + i * sizeof s;
		memcpy(&s, at, sizeof s);
		if (s.size && s.offset <= n && s.count <= (n - s.offset) / s.size)
			s.crc = (uint32_t)crc32_z(0, file + s.offset, s.count * s.size);
		memcpy(at, &s, sizeof s);
	}
	uLong crc = crc32_z(0, file, 64);
	crc = crc32_z(crc, file + tail.directory, tail.sections * sizeof s);
	tail.crc = (uint32_t)crc32_z(crc, (const void *)&tail, offsetof(struct packed_tail, crc));
	memcpy(file + n - sizeof tail, &tail, sizeof tail);
}

#endif
