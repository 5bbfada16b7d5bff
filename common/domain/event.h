/* event.h - the columns of the events stream that are no experiments, and its messages. */
#ifndef RECPIPE_DOMAIN_EVENT_H
#define RECPIPE_DOMAIN_EVENT_H

#include <stdbool.h>

#include "base/span.h"
#include "streams/table.h"

/* Is this the name of a fixed column of events (message, timestamp, user, ... triggered)?
 * Every other column of that stream is an experiment, so no experiment may be called so:
 * there would be two columns of one name, or its arms would be taken for something else. */
bool event_column_is_fixed(struct span name);

/* The column message of the current row: next, or last. False: neither, and the row was rejected. */
bool event_message(struct table *t, size_t column, bool *last);

#endif
