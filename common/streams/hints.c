#include "streams/hints.h"

#include <string.h>

#include "base/number.h"

const char HINT_CR[] = "lines that end in CR alone? convert with import-table, or tr '\\r' '\\n'";
const char HINT_AGAIN[] = "join files with keep-header A B -- cat, or name them one by one";

bool hint_has_cr(struct span line)
{
	const char *cr = line.n > 1 ? memchr(line.at, '\r', line.n - 1) : NULL;
	return cr != NULL;
}

/* ---- files that are no text ---- */

#define SPREADSHEET \
	"a spreadsheet: convert with libreoffice --headless --convert-to csv FILE, then import-table"
#define UTF16(name) "UTF-16 text: convert with import-table, or iconv -f " name " -t UTF-8"
#define UTF16_JSON(name) "UTF-16 text: convert with iconv -f " name " -t UTF-8"
#define WITH_PANDAS(read) \
	"python3 -c \"import pandas; pandas." read "('FILE').to_csv('/dev/stdout', index=False)\" | import-table"
#define WITH_R(object) "Rscript -e \"write.csv(" object ", row.names=F)\" | import-table"
#define R_IMAGE "R objects: convert with " WITH_R("get(load('FILE')[1])")
#define PICKLE \
	"a Python pickle, which can run any code: if it is yours, convert with " WITH_PANDAS("read_pickle")

enum {
	CONTROLLED = 1, /* a control byte comes soon, or it might be a word of text */
	UNPACKED = 2,   /* the cure takes a compressed file as it is */
	WIDE = 4,       /* UTF-16 */
};

static const struct {
	const char *bytes;
	size_t n;
	unsigned is;
	const char *what;
} MAGIC[] = {
	{"PK\3\4", 4, 0, "a zip archive: unpack with unzip -p FILE"},
	{"PAR1", 4, CONTROLLED,
	 "a Parquet file: convert with duckdb -c \"COPY 'FILE' TO '/dev/stdout' (HEADER)\" | import-table"},
	{"\xff\xfe{\0", 4, WIDE, UTF16_JSON("UTF-16")},
	{"\xff\xfe[\0", 4, WIDE, UTF16_JSON("UTF-16")},
	{"\xfe\xff\0{", 4, WIDE, UTF16_JSON("UTF-16")},
	{"\xfe\xff\0[", 4, WIDE, UTF16_JSON("UTF-16")},
	{"\xff\xfe", 2, WIDE | UNPACKED, UTF16("UTF-16")},
	{"\xfe\xff", 2, WIDE | UNPACKED, UTF16("UTF-16")},
	{"BZh", 3, 0, "compressed by bzip2: unpack with bzip2 -dc"},
	{"\x04\x22\x4d\x18", 4, 0, "compressed by lz4: unpack with lz4 -dc"},
	{"\xff\x06\0\0sNaPpY", 10, 0, "compressed by Snappy: unpack with snzip -dc"},
	{"\x89LZO", 4, 0, "compressed by lzop: unpack with lzop -dc"},
	{"\x1f\x9d", 2, 0, "compressed by compress: unpack with gzip -dc"},
	{"\x5d\0\0", 3, 0, "compressed by lzma: unpack with xz -dc"},
	{"LZIP\1", 5, 0, "compressed by lzip: unpack with lzip -dc"},
	{"7z\xbc\xaf\x27\x1c", 6, 0, "a 7z archive: unpack with 7z x -so FILE"},
	{"Rar!\x1a\7", 6, 0, "a rar archive: unpack with unrar p -inul FILE"},
	{"ORC", 3, CONTROLLED, "an ORC file: convert with " WITH_PANDAS("read_orc")},
	{"ARROW1\0\0", 8, 0, "an Arrow (Feather) file: convert with " WITH_PANDAS("read_feather")},
	{"\xff\xff\xff\xff", 4, 0, "an Arrow stream: convert with python3 -c \"import pyarrow.ipc as p; "
		"p.open_stream('FILE').read_pandas().to_csv('/dev/stdout', index=False)\" | import-table"},
	{"FEA1", 4, CONTROLLED, "a Feather file: convert with " WITH_PANDAS("read_feather")},
	{"\x89HDF\r\n\x1a\n", 8, 0, "an HDF5 file: convert with " WITH_PANDAS("read_hdf")},
	{"\x80\2", 2, 0, PICKLE},
	{"\x80\3", 2, 0, PICKLE},
	{"\x80\4\x95", 3, 0, PICKLE},
	{"\x80\5\x95", 3, 0, PICKLE},
	{"\x93NUMPY", 6, 0, "a NumPy array: convert with python3 -c \"import sys, numpy; "
		"numpy.savetxt(sys.stdout, numpy.load('FILE'), delimiter='\\t')\" | import-table"},
	{"X\n\0\0\0", 5, UNPACKED, "an R object: convert with " WITH_R("readRDS('FILE')")},
	{"RDX2\n", 5, CONTROLLED | UNPACKED, R_IMAGE},
	{"RDX3\n", 5, CONTROLLED | UNPACKED, R_IMAGE},
	{"Obj\1", 4, 0, "an Avro file: convert with python3 -m fastavro FILE | import-logs"},
	{"SEQ\6", 4, 0, "a Hadoop sequence file: convert with hadoop fs -text FILE"},
	{"SQLite format 3", 16, 0,
	 "an SQLite database: convert with sqlite3 -csv -header FILE 'SELECT ...' | import-table"},
	{"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8, 0, SPREADSHEET},
};

/* Is there a control byte among the next ones? */
static bool has_control(struct span s, size_t from)
{
	for (size_t i = from; i < s.n && i < from + 8; i++)
		if ((unsigned char)s.at[i] < 0x20 && s.at[i] != '\t' && s.at[i] != '\n' && s.at[i] != '\r')
			return true;
	return false;
}

/* The block that follows BZh and a digit. */
static bool is_bzip2(struct span s)
{
	return s.n >= 10 && memcmp(s.at + 4, "1AY&SY", 6) == 0;
}

/* A zip archive whose first member is one that spreadsheets begin with: xlsx, ods. */
static bool is_spreadsheet(struct span s)
{
	static const char *const FIRST[] = {
		"[Content_Types].xml", "_rels/", "docProps/", "xl/",
		"mimetypeapplication/vnd.oasis.opendocument.spreadsheet",
	};
	enum { HEAD = 30 };
	for (size_t i = 0; i < sizeof FIRST / sizeof *FIRST; i++) {
		size_t n = strlen(FIRST[i]);
		if (s.n >= HEAD + n && s.at[0] == 'P' && memcmp(s.at + HEAD, FIRST[i], n) == 0)
			return true;
	}
	return false;
}

static bool is_tar(struct span s)
{
	return s.n >= 262 && memcmp(s.at + 257, "ustar", 5) == 0;
}

/* UTF-16 without a byte order mark: of the first two characters one half is zero. */
static struct hint_cure wide(struct span s)
{
	bool low = s.n >= 4 && s.at[0] && !s.at[1] && s.at[2] && !s.at[3];
	bool high = s.n >= 4 && !s.at[0] && s.at[1] && !s.at[2] && s.at[3];
	bool json = (low || high) && strchr("{[", s.at[high]);
	if (!low && !high)
		return (struct hint_cure){0};
	const char *what = low ? (json ? UTF16_JSON("UTF-16LE") : UTF16("UTF-16LE"))
			       : json ? UTF16_JSON("UTF-16BE") : UTF16("UTF-16BE");
	return (struct hint_cure){what, .takes_compressed = !json, .utf16 = true};
}

struct hint_cure hint_cure(struct span s)
{
	for (size_t i = 0; i < sizeof MAGIC / sizeof *MAGIC; i++) {
		size_t n = MAGIC[i].n;
		if (s.n < n || memcmp(s.at, MAGIC[i].bytes, n) != 0)
			continue;
		bool word = MAGIC[i].is & CONTROLLED && !has_control(s, n);
		if (!word && (MAGIC[i].bytes[0] != 'B' || is_bzip2(s)))
			return (struct hint_cure){is_spreadsheet(s) ? SPREADSHEET : MAGIC[i].what,
				.takes_compressed = MAGIC[i].is & UNPACKED, .utf16 = MAGIC[i].is & WIDE};
	}
	if (is_tar(s))
		return (struct hint_cure){"a tar archive: list it with tar -tf FILE, unpack with tar -xOf FILE NAME",
			.takes_compressed = true};
	return wide(s);
}

const char *hint_binary(struct span s)
{
	return hint_cure(s).what;
}

/* ---- lines ---- */

/* The first byte that is no blank and no byte order mark; 0 when there is none. */
static char first_byte(struct span s)
{
	if (s.n >= 3 && memcmp(s.at, "\xef\xbb\xbf", 3) == 0)
		s = (struct span){s.at + 3, s.n - 3};
	while (s.n && *s.at == ' ')
		s = (struct span){s.at + 1, s.n - 1};
	return s.n ? *s.at : '\0';
}

static size_t count_text(struct span s, const char *text)
{
	size_t count = 0, n = strlen(text);
	for (const char *at = s.at, *end = s.at + s.n; (at = memmem(at, (size_t)(end - at), text, n)); at += n)
		count++;
	return count;
}

/* An object that goes on in the next line? */
static bool goes_on(struct span line)
{
	while (line.n && strchr(" \r", line.at[line.n - 1]))
		line.n--;
	return line.n && strchr("{[,", line.at[line.n - 1]);
}

#define PAGE "this looks like a web page or XML, not data: look at it with head, and fetch it again"
#define IMPORT(separator) "fields seem to be separated by " separator ": convert with import-table"

/* What separates the fields of a line when it is not what was expected. */
static const struct {
	const char *text;
	const char *hint[HINT_KINDS];
} SEPARATORS[] = {
	{"::", {IMPORT("'::'"), IMPORT("'::'"), IMPORT("'::'"), IMPORT("'::'")}},
	{"\t", {[HINT_CSV] = "this looks like TSV: leave --csv out",
		[HINT_SIDE_CSV] = "this looks like TSV: leave --side-csv out"}},
	{";", {IMPORT("';'"), IMPORT("';'"), IMPORT("';'"), IMPORT("';'")}},
	{"|", {IMPORT("'|'"), IMPORT("'|'"), IMPORT("'|'"), IMPORT("'|'")}},
	{",", {[HINT_TSV] = "this looks like CSV: add --csv",
	       [HINT_SIDE] = "this looks like CSV: let its name end in .csv, or add --side-csv OPTION"}},
	{" ", {IMPORT("blanks"), IMPORT("blanks"), IMPORT("blanks"), IMPORT("blanks")}},
};

static char separator_of(enum hint_kind kind)
{
	return kind == HINT_CSV || kind == HINT_SIDE_CSV ? ',' : '\t';
}

const char *hint_line(struct span line, enum hint_kind kind)
{
	char first = first_byte(line);
	if (hint_has_cr(line))
		return HINT_CR;
	if (first == '{')
		return goes_on(line) ? "this looks like JSON: convert with import-logs --each ." :
			"this looks like JSON: convert with import-logs";
	if (first == '[')
		return "this looks like a JSON array: convert with import-logs";
	if (first == '<')
		return PAGE;
	if (memchr(line.at, separator_of(kind), line.n))
		return NULL;
	const char *hint = NULL;
	size_t most = 0;
	for (size_t i = 0; i < sizeof SEPARATORS / sizeof *SEPARATORS; i++) {
		size_t count = SEPARATORS[i].hint[kind] ? count_text(line, SEPARATORS[i].text) : 0;
		if (count > most && !(hint && SEPARATORS[i].text[0] == ' ')) {
			most = count;
			hint = SEPARATORS[i].hint[kind];
		}
	}
	return hint;
}

/* Is every field a number? */
static bool all_numbers(struct span line, char separator)
{
	double ignored;
	for (struct span field; span_next(&line, separator, &field);)
		if (number_double(field.at, field.n, &ignored) != NUMBER_OK)
			return false;
	return true;
}

const char *hint_header(struct span line, enum hint_kind kind)
{
	if (line.n && line.at[line.n - 1] == '\r')
		line.n--;
	const char *hint = hint_line(line, kind);
	if (hint || !all_numbers(line, separator_of(kind)))
		return hint;
	return kind >= HINT_SIDE ?
		"the first line looks like a row: import-table --columns A,B,... names the columns" :
		"the first line looks like a row: --no-header --columns A,B,... names the columns";
}

#define PYTHON "this is Python's notation: convert with python3 -c \"import ast, json, sys; " \
	"[print(json.dumps(ast.literal_eval(x))) for x in sys.stdin]\" < FILE | import-logs"

/* An object as Python prints it: {'user': ... or {u'user': ... */
static bool is_python(struct span line)
{
	const char *at = memchr(line.at, '{', line.n);
	size_t left = at ? (size_t)(line.at + line.n - at) : 0;
	return left > 2 && (at[1] == '\'' || (at[1] == 'u' && (at[2] == '\'' || at[2] == '"')));
}

const char *hint_json(struct span line)
{
	char first = first_byte(line);
	if (hint_has_cr(line))
		return "lines that end in CR alone? convert with tr '\\r' '\\n'";
	if (first == '{')
		return is_python(line) ? PYTHON : goes_on(line) ? "an object over several lines? add --each ." : NULL;
	if (first == '<')
		return PAGE;
	bool table = count_text(line, "\t") || count_text(line, ",") || count_text(line, ";") ||
		     count_text(line, "|") || count_text(line, "::");
	return table ? "this looks like a table: convert with import-table" : NULL;
}

bool hint_is_word(struct span s)
{
	static const char *const MISSING[] = {"nan", "null", "none", "inf", "infinity", "n/a"};
	for (size_t i = 0; i < sizeof MISSING / sizeof *MISSING; i++)
		if (s.n == strlen(MISSING[i]) && strncasecmp(s.at, MISSING[i], s.n) == 0)
			return false;
	size_t letters = 0;
	for (size_t i = 0; i < s.n; i++) {
		char low = (char)(s.at[i] | 0x20);
		bool letter = low >= 'a' && low <= 'z';
		letters += letter;
		if (!letter && (i == 0 || (s.at[i] != '_' && s.at[i] != '-' && s.at[i] != ' ')))
			return false;
	}
	return letters > 2;
}
