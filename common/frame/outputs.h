/* outputs.h - no two outputs of a run go to one file.
 *
 * The kind of an option says whether it writes: OPTION_OUTPUT is written whole at the end,
 * OPTION_STATE while the tool runs (a log, a journal, a checkpoint that is read before).
 * Two of them at one file are a usage error, by whatever names (x and ./x, a symbolic
 * link); so is one of them and standard output, where the tool writes there (no -o, or
 * `writes_stdout` of its struct program). Devices may be named any number of times.
 *
 * What is read may be what --output replaces: all has been read by then. No other output
 * may be an input: rejects in its place are a loss that nobody means, and the bytes of an
 * OPTION_STATE would come back.
 */
#ifndef RECPIPE_FRAME_OUTPUTS_H
#define RECPIPE_FRAME_OUTPUTS_H

#include "frame/options.h"

/* Exits with 2 where the above does not hold; program_start calls it. `files` are the
 * operands. What cannot be found (no such folder) is left to the opening. */
void outputs_check(const struct program *program, const void *options, char **files, int count);

#endif
