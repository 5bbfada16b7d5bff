/* import.h - a log that becomes the events stream: what the files of import-logs share.
 *
 * An event is an object: a line, or an element of an array. What the columns take of it are
 * values by number: first those that the reader finds in the event, then further ones (struct
 * extra) that are made of them or of something else.
 */
#ifndef RECPIPE_IMPORT_LOGS_IMPORT_H
#define RECPIPE_IMPORT_LOGS_IMPORT_H

#include "base/buffer.h"
#include "base/date-format.h"
#include "base/span.h"
#include "data/kinds.h"
#include "frame/options.h"
#include "streams/input.h"
#include "streams/json-split.h"
#include "streams/json.h"
#include "streams/output.h"
#include "streams/rejects.h"

enum { MESSAGE_NEXT, MESSAGE_LAST, MESSAGE_ALL };
enum { OTHERS_FAIL, OTHERS_SKIP };

struct options {
	const char *each;
	struct option_list experiments, maps, sets, dates;
	const char *value, *durations, *preset;
	int message, timestamp_unit, other_experiments;
	struct common common;
};

/* What a column takes and how. */
enum column_kind { COLUMN_TEXT, COLUMN_NUMBER, COLUMN_TIMESTAMP, COLUMN_DATE, COLUMN_RATIO, COLUMN_SHARE };

struct event_column {
	struct span name;
	enum column_kind kind;
	const char *path;       /* `.a` or `.a|.b/.c`; NULL: an experiment */
	size_t slot, under;     /* under: the divisor's, or the track's of COLUMN_SHARE */
	const char *text;       /* --set: what it is instead of a path */
	struct date_form form;  /* COLUMN_DATE */
	bool mapped;            /* its path is the user's, or a preset's */
};

/* Which values of a column are copied as they are. */
struct column_copy {
	uint32_t value;         /* where in the values it is, in bytes */
	uint32_t kinds;         /* a bit for each json_kind, unless escaped; a null is nothing */
};

enum { EVENT_COLUMNS = 7, COLUMN_MESSAGE = 0 };

/* A value that is not simply at a path of the event. */
enum extra_kind {
	EXTRA_OUTER,            /* at a path of the object around a list, lists_of[other] */
	EXTRA_WHOLE,            /* the event itself: a plain value, an element of a list */
	EXTRA_FIRST,            /* the first of two that is there */
	EXTRA_TEXT, EXTRA_FILE, /* a text, the name of the file */
	EXTRA_KIND,             /* the number of a kind of event */
};

struct extra {
	enum extra_kind kind;
	size_t slot, other;     /* what it is made of */
	char *text;             /* EXTRA_TEXT: its own, with JSON_PAD bytes more */
	size_t n;
};

/* A line of a preset: what an option of that name says, unless it is given for the column. */
enum preset_kind { PRESET_MAP, PRESET_DATE, PRESET_EACH };

struct preset_line {
	enum preset_kind kind;
	char *text;
};

struct preset {
	struct preset_line *lines;
	size_t n;
};

/* The number of the first further value until the reader's values are counted. */
#define EXTRA_BASE ((size_t)1 << 32)

/* Which columns any event has had something for. */
struct found {
	bool looking;           /* there is still one to find */
	bool seen;              /* there has been an event: the keys are its */
	bool any;               /* a path of any column, mapped or not, led somewhere */
	bool *lost;             /* by column: mapped, and its path has led to nothing */
	size_t n_lost;
	struct buffer keys, list; /* the first object's keys, and the path of a list of objects in it, as text */
};

/* A list that --each names, in the document or in an element of the one before. */
enum { EACH_LISTS = 4 };
struct each_list {
	struct json_reader *reader; /* of the object that the list is in */
	size_t slot;
	size_t end;                 /* of its path in the text of --each */
	struct buffer element;      /* as a line */
	uint64_t number;            /* its, from 1 */
};

/* From so many bytes on a list is read in parts, and one in a value of the file before its end is known. */
enum { LIST_LONG = 1 << 18 };

struct import {
	const struct options *o;
	struct json_reader *reader;
	struct event_column *columns;
	size_t n_columns, columns_capacity;
	struct column_copy *copies; /* of each column, once they are known */
	struct column_copy *copies_plain; /* the same where the timestamp is plainly a number of ms, */
	size_t plain_slot;       /* which is there, if plain_times */
	bool plain_times;
	const char *experiments; /* path of the object of arms */
	struct each_list lists_of[EACH_LISTS]; /* --each: a list, and those in its elements */
	size_t n_lists;          /* 0: it names no list, but whole values */
	size_t depth;            /* of how many of them the current object is an element */
	const char *each;        /* the lists, by --each or the preset */
	bool plain;              /* a path is `.`: events may be plain values */
	struct json_reader *wrapper; /* with plain: of an object with the event in it */
	struct buffer wrapped;
	struct json_value whole; /* with plain: the event */
	struct extra *extras;
	size_t n_extras, extras_capacity, n_read;
	char *kinds_text;        /* --value's, padded */
	struct kinds kinds;
	size_t kind_slot;
	struct preset preset;
	struct durations *durations; /* --durations, or NULL */
	uint64_t without;        /* events whose track has none */
	uint64_t shares, large;  /* and those that have a share, and one above SHARE_LARGE */
	struct buffer base;      /* the file's name without folders, padded */
	size_t base_n;
	struct json_value *all;  /* with extras: the n_read of the reader and then theirs */
	const struct json_value *values; /* of the current event */
	bool ready;              /* the columns are known, the header is written */
	size_t arms_slot;        /* until then: the object of arms */
	struct output *out;
	struct rejects rejects;
	struct found found;
	uint64_t objects, lists; /* values that --each looked for a list in, and those that had one */
	struct buffer scratch;

	struct input *in;
	const char *file;        /* as people know it */
	uint64_t line;
	uint64_t element;        /* 0: the event is a line */
	bool arrays;             /* there was one, or with a list of --each any value */
	struct span raw;         /* the line, or the element */
	uint64_t lines, written, filtered, replaced;
	uint64_t newest_plain;   /* length and first digits of the newest time that is only digits, */
	int64_t newest;          /* and the newest of the others, in ms */
	struct import_threads *threads; /* NULL: one */
};

/* ---- columns.c ---- */

/* The options' columns; ends the program where they are no good. */
void columns_of_options(struct import *m);

struct event_column *find_column(struct import *m, struct span name);

/* Another reader, which looks at the object of arms alone or not at all. */
void start_reader(struct import *m, bool look_at_arms);

/* Is the path `.` at the text, and not one of a key? */
bool is_whole(const char *text);

void add_arm(struct import *m, struct span name);

/* Nobody but them may be in the object of arms. */
void close_arms(struct import *m);
extern const char UNKNOWN_EXPERIMENT[];

/* Tells the reader where the columns are, and the header to the output. */
void set_columns(struct import *m);

/* A file begins: its name. */
void set_base(struct import *m, const char *path);

void columns_free_all(struct import *m);

/* Values of the reader, and after them the further ones; the caller's. */
struct json_value *columns_values(const struct import *m);

/* ---- found.c ---- */

/* The columns are known: each mapped one is to be found. */
void found_start(struct import *m);

/* The same for a thread's part, from what has been found so far. */
void found_copy(struct import *m, const struct import *whole);

/* The keys of the first object, for the messages. */
void found_see(struct import *m, struct span object);

/* The current event's values. */
void found_look(struct import *m);

/* What a part has found, in the order of the parts. */
void found_add(struct import *whole, const struct import *m);

/* At the end: tells of the columns that no row had anything for, and ends the program where that is so
 * of all of them, or --each has led to no list. */
void found_judge(const struct import *m);
void found_free(struct import *m);

/* The object has list `which` of --each, or none: it is counted. */
void count_list(struct import *m, size_t which, struct span object, bool has_list);

/* Values one by one, and in parts as soon as they can be: of the file, or with `list` above 0 of the list
 * before that one. */
void read_values(struct import *m, struct json_split *s, size_t list);

/* ---- long-list.c ---- */

/* Reads the next value of the file if the first list of --each is long in it, and begins early, and all that
 * is taken from around it comes before: its elements are events before the end of the list is known, so that
 * no document is too long. False: nothing was read. */
bool read_long_list(struct import *m, struct json_split *s);

/* For tests: what is longer than so many bytes is long. */
void long_lists_use(size_t bytes);

/* ---- threads.c ---- */

/* The rest of a file of lines, of which one has been read: blocks of them by the threads. */
void threads_read(struct import *m);

/* Further values, of which one has been read, in parts, by the threads, or one: of the file, or (`list` above
 * 0) of a list of --each that is in memory. */
void threads_read_parts(struct import *m, struct json_split *split, size_t list);

/* The values of a part. */
void read_part(struct import *m, struct json_split *part, size_t list);

/* A block of lines of the file; m->line is the one before. */
void read_block(struct import *m, struct span block);
struct import_threads *threads_open(struct import *m, size_t threads);
void threads_close(struct import_threads *t); /* NULL is allowed */

/* ---- durations.c ---- */

/* The columns track and duration of a side file. */
struct durations *durations_read(const char *path);

/* Above it, the time and the duration are most likely in different units. */
#define SHARE_LARGE 10

/* False when the duration of the track is not known. */
bool durations_find(const struct durations *d, struct span track, double *duration);
void durations_free(struct durations *d); /* NULL is allowed */

/* ---- preset.c ---- */

/* Ends the program where there is no preset of the name. */
void preset_read(struct preset *p, const char *name);
void preset_free(struct preset *p);

/* ---- row.c ---- */

/* Exits, or with --on-error=skip counts the event and keeps it. */
void bad_event(struct import *m, const char *what);

/* What json_read says of the current event (`r` has read it). */
void bad_json(struct import *m, const struct json_reader *r);

/* The value's text, without any change of its bytes but the unescaping, until the next call. */
struct span value_text(struct import *m, const struct json_value *v);

/* The further values of the event, of which m->values are those that the reader has read; false when it is
 * bad. */
bool take_extras(struct import *m);

/* The event as a row, unless it is bad. */
void write_event(struct import *m);

/* The newest time, about: of those that are only digits, by the first eight. */
int64_t newest_time(const struct import *m);

#endif
