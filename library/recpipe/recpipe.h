/* recpipe.h - librecpipe: what recpipe(3) describes, in one header.
 *
 * Nothing here prints, exits, reads options or handles signals. An object is used by one
 * thread at a time; different objects may be used by different threads, but writers are
 * opened and closed by one thread at a time.
 */
#ifndef RECPIPE_RECPIPE_H
#define RECPIPE_RECPIPE_H

#include <recpipe/model.h>
#include <recpipe/reader.h>
#include <recpipe/status.h>
#include <recpipe/writer.h>

#endif
