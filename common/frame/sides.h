/* sides.h - the options about side files: the rows of the table whose `side` is set, the tables
 * that a tool reads beside its main stream.
 *
 *	--rename items.item=movieId         the column movieId of --items is called item
 *	--side-columns items=item,title     its columns are called so, whatever its header says
 *	--side-csv items                    it is CSV, whatever its name
 */
#ifndef RECPIPE_FRAME_SIDES_H
#define RECPIPE_FRAME_SIDES_H

#include "frame/options.h"
#include "streams/table.h"

/* The side file `path` (NULL: none) of the option of that name, as the command line has it. */
struct side_table option_side(const char *option, const char *path);

/* Opens it; NULL where `path` is. */
struct table *option_table(const char *option, const char *path);

#endif
