#include "streams/table-reader.h"

#include <stdio.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/memory.h"
#include "streams/hints.h"
#include "streams/separators.h"

struct failure *table_failure(const struct table *t)
{
	return t->failure;
}

static const char *file_path(const struct table *t)
{
	return t->file_count ? t->files[t->file] : NULL;
}

struct packed *table_packed(const struct table *t)
{
	bool plain = t->file_count <= 1 && t->in && !t->csv && !t->format.no_header && !t->format.columns;
	return plain && t->n_ends == 0 && t->rows == 0 ? input_packed(t->in) : NULL;
}

void table_took_rows(struct table *t, uint64_t rows)
{
	t->rows += rows;
	t->ended = true;
}

const char *table_file(const struct table *t)
{
	const char *path = file_path(t);
	return !path || strcmp(path, "-") == 0 ? "(standard input)" : path;
}

uint64_t table_line(const struct table *t)
{
	return t->row_line;
}

void table_stop(struct table *t)
{
	t->ended = true;
	t->next_end = t->n_ends;
}

/* A bad row: fatal, or counted, its raw bytes kept; the first one is shown. */
static void bad_row(struct table *t, struct span raw, const char *what)
{
	if (!rejects_row(&t->rejects, table_file(t), t->row_line, what, raw))
		table_stop(t);
}

static bool bad_file(const struct table *t, uint64_t line, const char *what)
{
	return failure_set(t->failure, STATUS_DATA, "%s:%llu: %s", table_file(t), (unsigned long long)line, what);
}

/* What kind of table was expected, for hints. */
static enum hint_kind kind_of(const struct table *t)
{
	bool side = t->own_files || t->failure;
	return t->format.csv ? (side ? HINT_SIDE_CSV : HINT_CSV) : side ? HINT_SIDE : HINT_TSV;
}

/* The raw header line of the open file; an empty one without a header. */
static struct span raw_header(const struct table *t)
{
	if (t->format.no_header)
		return (struct span){"", 0};
	if (t->csv)
		return csv_first_line(t->csv);
	return (struct span){t->first_line.text.data, t->first_line.text.n ? t->first_line.text.n - 1 : 0};
}

/* What the list of names is called: a caller who wants to know has no options. */
static const char *list_name(const struct table *t)
{
	return t->failure ? "the list of columns" : t->own_files ? "--side-columns" : "--columns";
}

/* --columns a,b,c; `width` of the header, 0 without one. */
static bool names_from_option(struct table *t, size_t width)
{
	if (!columns_take_list(&t->columns, t->format.columns, list_name(t)))
		return false;
	t->width = t->columns.n;
	const char *hint = hint_line(raw_header(t), kind_of(t));
	return !width || width == t->width ||
	       failure_set(t->failure, STATUS_DATA, "%s:1: %s names %zu columns, the header has %zu%s%s",
		    table_file(t), list_name(t), t->width, width, hint ? "; " : "", hint ? hint : "");
}

/* The header of a file after the first: the same, or as wide as --columns. */
static bool compare_header(const struct table *t, struct span line)
{
	struct span first = {t->first_line.text.data, t->first_line.text.n - 1};
	if (t->format.columns && columns_count(line) != t->width)
		return failure_set(t->failure, STATUS_DATA, "%s:1: %s names %zu columns, the header has %zu",
			    table_file(t), list_name(t), t->width, columns_count(line));
	if (!t->format.columns && !span_equal(line, first))
		return failure_set(t->failure, STATUS_DATA, "%s:1: the header differs from that of %s", table_file(t),
			    strcmp(t->files[0], "-") == 0 ? "(standard input)" : t->files[0]);
	return true;
}

/* The names of the first header. */
static bool take_names(struct table *t, struct span line)
{
	char where[512];
	first_line_take(&t->first_line, line);
	if (t->format.columns)
		return names_from_option(t, columns_count(line));
	snprintf(where, sizeof where, "%s:1", table_file(t));
	bool good = columns_take(&t->columns, line, where);
	t->width = t->columns.n;
	return good;
}

/* Takes the header line off the block. */
static bool take_header(struct table *t)
{
	const char *lf = memchr(t->at, '\n', t->n);
	struct span line = {t->at, (size_t)(lf - t->at)};
	t->at += line.n + 1;
	t->n -= line.n + 1;
	if (line.n && line.at[line.n - 1] == '\r')
		line.n--;
	if (line.n == 0)
		return bad_file(t, 1, "the header is a blank line");
	if (hint_has_cr(line)) {
		char message[128];
		snprintf(message, sizeof message, "a CR inside the header; %s", HINT_CR);
		return bad_file(t, 1, message);
	}
	t->block_line = 1;
	if (t->csv_lines)
		t->csv_lines++;
	return t->columns.n ? compare_header(t, line) : take_names(t, line);
}

static void strip_bom(struct table *t)
{
	if (!t->csv && t->n >= 3 && memcmp(t->at, "\xef\xbb\xbf", 3) == 0) {
		t->at += 3;
		t->n -= 3;
	}
}

/* The next raw block of the open file into at, n; false at its end, and when it fails. */
static bool fetch(struct table *t)
{
	struct csv_rows rows;
	struct span block;
	t->csv_lines = NULL;
	while (t->csv && !csv_block(t->csv, &rows)) {
		struct span raw;
		if (has_failed(t->failure))
			return false;
		const char *problem = csv_problem(t->csv, &t->row_line, &raw);
		if (!problem)
			return false;
		char text[QUOTED_SIZE], message[2 * QUOTED_SIZE + 100];
		const char *hint = t->row_line == 1 ? hint_line(raw, HINT_CSV) : NULL;
		snprintf(message, sizeof message, "not CSV: %s: %s%s%s", problem,
			 quoted(raw.at, raw.n, text), hint ? "; " : "", hint ? hint : "");
		if (!t->columns.n && !t->format.no_header)
			return bad_file(t, t->row_line, message);
		t->rows++;
		bad_row(t, raw, message);
		if (t->ended)
			return false;
	}
	if (t->csv) {
		block = rows.text;
		t->block_line = rows.first - 1;
		t->csv_lines = rows.each;
	} else if (!input_block(t->in, &block)) {
		return false;
	}
	t->at = block.at;
	t->n = block.n;
	return true;
}

void table_index_block(struct table *t)
{
	bool has_nul;
	size_t lines;
	t->ends = memory_grow(t->ends, &t->ends_capacity, t->n + 64, sizeof *t->ends);
	t->n_ends = separators_find(t->at, t->n, t->ends, &lines, &has_nul);
	t->lines_in_block = lines;
	t->block_rows = t->next_end = t->next_at = 0;
	t->regular = !has_nul && lines * t->width == t->n_ends && lines > 0 &&
		regular_rows(t->at, t->n, t->ends, lines, t->width, &t->first_line);
}

/* Opens file number `file`. */
static bool open_file(struct table *t)
{
	t->in = input_open_or(file_path(t), t->failure);
	t->row_line = 1;
	if (t->in && t->own_files)
		t->format.csv = side_is_csv(&t->side, t->in);
	if (t->in && t->format.csv)
		t->csv = csv_open(t->in, t->format.control_fails);
	return t->in;
}

/* The open file's first block, its header taken off and checked; an empty file is an error. */
static bool first_block(struct table *t)
{
	t->block_line = 0;
	t->at = "";
	t->n = 0;
	if (fetch(t)) {
		strip_bom(t);
		return t->format.no_header || take_header(t);
	}
	if (has_failed(t->failure))
		return false;
	return t->format.no_header ||
	       failure_set(t->failure, STATUS_DATA, "%s: no header line: the input is empty", table_file(t));
}

static bool read_header(struct table *t)
{
	if (!first_block(t))
		return false;
	if (!t->columns.n) {
		if (!names_from_option(t, 0))
			return false;
		if (t->width > 1)
			first_line_take(&t->first_line, table_header(t));
	}
	table_index_block(t);
	return true;
}

static bool close_file(struct table *t)
{
	if (t->csv)
		t->replaced += csv_replaced(t->csv);
	csv_close(t->csv);
	bool good = input_close(t->in);
	t->csv = NULL;
	t->in = NULL;
	return good;
}

/* The headers of the files after the first, before any work: one that differs is
 * found at once, not after hours. A pipe's is found when it is its turn, since it can
 * be read only once. */
static bool compare_headers(const struct table *t)
{
	bool good = true;
	for (int i = 1; good && i < t->file_count && !t->format.no_header; i++) {
		struct stat about;
		struct table other = *t;
		if (strcmp(t->files[i], "-") == 0 || stat(t->files[i], &about) != 0 ||
		    !S_ISREG(about.st_mode))
			continue;
		other.file = i;
		/* What is bad after the header can wait, and is not spoken of yet. */
		other.rejects = (struct rejects){.skip = true, .n = 1};
		other.csv = NULL;
		good = open_file(&other) && first_block(&other);
		good = close_file(&other) && good;
	}
	return good;
}

/* --rename OPTION.COLUMN=NAME of a side file. */
static void rename_columns(struct table *t)
{
	for (size_t i = 0; i < t->side.n; i++) {
		const struct side_rename *r = &t->side.renames[i];
		if (strcmp(r->option, t->side.option) == 0)
			columns_rename(&t->columns, table_column(t, (struct column){r->name, "rename"}), r->column);
	}
}

static struct table *open_table(char **files, int count, const struct table_format *format,
				const struct side_table *side, struct failure *failure)
{
	struct table *t = memory_zero(1, sizeof *t);
	t->format = *format;
	t->files = files;
	t->file_count = count;
	t->own_files = side ? files : NULL;
	t->side = side ? *side : side_called(NULL);
	t->failure = t->columns.failure = failure;
	bool good = open_file(t) && input_try(files + 1, count - 1, failure);
	if (good)
		rejects_open(&t->rejects, format->skip_bad, &format->max_errors, format->rejects);
	t->rejects.failure = failure;
	if (good && read_header(t) && compare_headers(t)) {
		input_expect(files + 1, count - 1);
		return t;
	}
	table_close(t);
	return NULL;
}

struct table *table_open(char **files, int count, const struct table_format *format)
{
	return open_table(files, count, format, NULL, NULL);
}

struct table *table_open_or(char **files, int count, const struct table_format *format,
			    struct failure *failure)
{
	return open_table(files, count, format, NULL, failure);
}

struct table *table_open_side(const struct side_table *side)
{
	char **files = memory_new(1, sizeof *files);
	files[0] = memory_text(side->path, strlen(side->path));
	struct table_format format = {.columns = side->columns};
	struct table *t = open_table(files, 1, &format, side, NULL);
	rename_columns(t);
	return t;
}

struct table *table_open_file(const char *path)
{
	struct side_table side = side_called(path);
	return table_open_side(&side);
}

size_t table_width(const struct table *t)
{
	return t->width;
}

struct span table_column_name(const struct table *t, size_t column)
{
	return t->columns.names[column];
}

struct span table_header(const struct table *t)
{
	return (struct span){t->columns.text.data, t->columns.text.n};
}

long table_find_column(const struct table *t, const char *name)
{
	return columns_find(&t->columns, name, table_file(t), !t->own_files && !t->failure);
}

size_t table_column(const struct table *t, struct column wanted)
{
	const char *hint = hint_header(raw_header(t), kind_of(t));
	struct buffer text = {0};
	size_t column = columns_require(&t->columns, wanted, table_file(t), !t->own_files && !t->failure,
					table_hint_maps(t, hint, &text));
	buffer_free(&text);
	return column;
}

/* Is the current row the header? A byte order mark in front does not hide it. */
static bool is_header_again(const struct table *t)
{
	struct span row = {t->at + t->row_at, t->row_last - t->row_at};
	struct span first = {t->first_line.text.data, t->first_line.text.n ? t->first_line.text.n - 1 : 0};
	if (row.n == first.n + 3 && memcmp(row.at, "\xef\xbb\xbf", 3) == 0)
		row = (struct span){row.at + 3, first.n};
	return first.n && span_equal(row, first);
}

/* Does the row end in the TAB that Hadoop Streaming writes after a line that has none? It stands
 * between key and value, and the value is empty. */
static bool has_streaming_tab(const struct table *t)
{
	return t->width == 1 && t->format.no_header && !t->csv && t->row_last > t->row_at + 1 &&
	       t->at[t->row_last - 1] == '\t';
}

/* Where a row of the block began. */
static inline uint64_t line_of(const struct table *t, size_t row)
{
	return t->csv_lines ? t->csv_lines[row] : t->block_line + row + 1;
}

/* Makes the next row of the block current; false when it is a bad one, which
 * has been reported. */
static bool step(struct table *t)
{
	t->row_at = t->next_at;
	t->row_ends = t->ends + t->next_end;
	t->row_line = line_of(t, t->block_rows++);
	t->rows++;
	if (t->regular) {
		t->next_end += t->width;
		t->row_last = t->row_ends[t->width - 1];
		t->next_at = t->row_last + 1;
		return true;
	}
	size_t fields = 1;
	while (t->at[t->ends[t->next_end]] != '\n') {
		t->next_end++;
		fields++;
	}
	t->row_last = t->ends[t->next_end++];
	t->next_at = t->row_last + 1;
	struct span raw = {t->at + t->row_at, t->row_last - t->row_at};
	if (t->row_last > t->row_at && t->at[t->row_last - 1] == '\r')
		t->row_last--;
	if (fields == 2 && has_streaming_tab(t)) {
		t->row_last--;
		fields--;
	}
	const char *hint = NULL;
	char message[256];
	if (t->row_last == t->row_at) {
		snprintf(message, sizeof message, "a blank line: 0 fields, the header has %zu",
			 t->width);
	} else if (fields != t->width) {
		hint = hint_has_cr(raw) ? HINT_CR : fields == 1 && !t->csv ?
			hint_line(raw, kind_of(t)) : NULL;
		snprintf(message, sizeof message, "%zu fields, the header has %zu%s%s", fields,
			 t->width, hint ? "; " : "", hint ? hint : "");
	} else if (memchr(raw.at, '\0', raw.n)) {
		snprintf(message, sizeof message, "a NUL byte");
	} else if (is_header_again(t)) {
		snprintf(message, sizeof message, "the header line again; %s", HINT_AGAIN);
	} else {
		return true;
	}
	bad_row(t, raw, message);
	return false;
}

/* Opens the next file; false when there is none, or it cannot be. */
static bool next_file(struct table *t)
{
	if (t->file + 1 >= t->file_count || !close_file(t))
		return false;
	t->file++;
	return open_file(t) && read_header(t);
}

/* Goes to the next block with a row, in this file or the next ones. */
static bool next_rows(struct table *t)
{
	while (!t->ended && t->next_end == t->n_ends) {
		t->block_line += t->lines_in_block; /* fetch knows better of CSV */
		if (fetch(t)) {
			table_index_block(t);
			continue;
		}
		if (t->part || has_failed(t->failure) || !next_file(t))
			t->ended = true;
	}
	if (t->ended && !has_failed(t->failure))
		rejects_judge(&t->rejects, t->rows);
	return !t->ended;
}

bool table_has_rows(const struct table *t)
{
	return t->next_end < t->n_ends;
}

bool table_next(struct table *t)
{
	while (t->next_end < t->n_ends || next_rows(t))
		if (step(t))
			return true;
	return false;
}

bool table_next_block(struct table *t, struct table_block *block)
{
	if (t->next_end == t->n_ends && !next_rows(t))
		return false;
	if (!t->regular)
		return false;
	block->at = t->at + t->next_at;
	block->ends = t->ends + t->next_end;
	block->width = t->width;
	block->row_count = (t->n_ends - t->next_end) / t->width;
	if (t->next_at != 0) /* offsets count from the block's own start */
		return false;
	t->rows += block->row_count;
	t->block_rows = block->row_count;
	t->next_end = t->n_ends;
	return true;
}

bool table_peek(const struct table *t, struct table_block *block, size_t *first)
{
	if (!t->regular || t->next_end == t->n_ends)
		return false;
	*block = (struct table_block){.at = t->at, .ends = t->ends + t->next_end,
		.row_count = (t->n_ends - t->next_end) / t->width, .width = t->width};
	*first = t->next_at;
	return true;
}

void table_take(struct table *t, size_t n)
{
	t->row_at = n > 1 ? t->ends[t->next_end + (n - 1) * t->width - 1] + 1 : t->next_at;
	t->row_ends = t->ends + t->next_end + (n - 1) * t->width;
	t->row_last = t->row_ends[t->width - 1];
	t->block_rows += n;
	t->row_line = line_of(t, t->block_rows - 1);
	t->rows += n;
	t->next_end += n * t->width;
	t->next_at = t->row_last + 1;
}

void table_block_row(struct table *t, size_t r)
{
	t->row_ends = t->ends + r * t->width;
	t->row_at = r ? t->row_ends[-1] + 1 : 0;
	t->row_last = t->row_ends[t->width - 1];
	t->row_line = line_of(t, r);
}

struct span table_field(const struct table *t, size_t column)
{
	size_t from = column ? t->row_ends[column - 1] + 1 : t->row_at;
	size_t to = column + 1 == t->width ? t->row_last : t->row_ends[column];
	return (struct span){t->at + from, to - from};
}

struct span table_row(const struct table *t)
{
	return (struct span){t->at + t->row_at, t->row_last - t->row_at};
}

void table_reject_with(struct table *t, size_t column, const char *problem, const char *hint)
{
	char value[QUOTED_SIZE], name[QUOTED_SIZE], message[3 * QUOTED_SIZE];
	struct span field = table_field(t, column), known = t->columns.names[column];
	snprintf(message, sizeof message, "column %s: %s: %s%s%s", quoted_name(known.at, known.n, name), problem,
		 quoted(field.at, field.n, value), hint ? "; " : "", hint ? hint : "");
	bad_row(t, table_row(t), message);
}

void table_hear_rejects(struct table *t, rejects_hear *hear, void *listener)
{
	t->rejects.hear = hear;
	t->rejects.listener = listener;
}

uint64_t table_rows(const struct table *t)
{
	return t->rows;
}

uint64_t table_rejected(const struct table *t)
{
	return t->rejects.n;
}

uint64_t table_bytes(const struct table *t)
{
	return t->in ? input_bytes(t->in) : t->bytes;
}

uint64_t table_size(const struct table *t)
{
	return t->in && t->file_count <= 1 ? input_size(t->in) : 0;
}

void table_skip(struct table *t)
{
	if (t->in && !t->ended)
		input_skip(t->in);
	table_stop(t);
}

bool table_close(struct table *t)
{
	if (!t)
		return true;
	struct failure *failure = t->failure;
	close_file(t);
	if (t->replaced && !failure)
		tell("%llu TABs or line ends inside CSV values became spaces",
		     (unsigned long long)t->replaced);
	rejects_close(&t->rejects);
	if (t->timed)
		time_warn_unit(t->newest, t->unit, table_file(t));
	if (t->own_files)
		free(t->own_files[0]);
	free(t->own_files);
	columns_free(&t->columns);
	buffer_free(&t->first_line.text);
	free(t->ends);
	free(t);
	return !has_failed(failure);
}
