/* status.h - how a call of librecpipe ended, and what text is. */
#ifndef RECPIPE_STATUS_H
#define RECPIPE_STATUS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The numbers are the exit codes of the tools. */
enum rcp_status {
	RCP_OK = 0,
	RCP_FAILED = 1, /* a file, a disk, memory */
	RCP_USAGE = 2,  /* the call is wrong: a column that is not there, a field with a TAB in it */
	RCP_DATA = 3    /* the input is bad */
};

/* Bytes, not ended by a NUL, that belong to the reader or model that they come from. */
struct rcp_text {
	const char *at;
	size_t n;
};

/* The version of the library, such as "0.1.0". */
const char *rcp_version(void);

#ifdef __cplusplus
}
#endif

#endif
