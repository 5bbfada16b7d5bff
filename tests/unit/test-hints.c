/* What a file looks like: each kind is known, and good lines give no hint. */
#include <stdbool.h>

#include "streams/hints.h"
#include "unit.h"

static bool says(const char *hint, const char *part)
{
	bool ok = part ? hint && strstr(hint, part) : !hint;
	if (!ok)
		printf("got %s, want %s\n", hint ? hint : "(none)", part ? part : "(none)");
	return ok;
}

#define BYTES(text) ((struct span){text, sizeof text - 1})

static void check_binary(void)
{
	CHECK(says(hint_binary(BYTES("PK\3\4...")), "unzip"));
	CHECK(says(hint_binary(BYTES("PAR1\x15\4")), "Parquet"));
	CHECK(says(hint_binary(BYTES("PAR1\0")), "Parquet"));
	CHECK(says(hint_binary(BYTES("PAR1\titem")), NULL));
	CHECK(says(hint_binary(BYTES("PAR1")), NULL));
	CHECK(says(hint_binary(BYTES("PK\3\4" "0123456789012345678901234567[Content_Types]xml")), "zip"));
	CHECK(says(hint_binary(BYTES("PK\3\4" "01234567890123456789012345[Content_Types].xml")), "spreadsheet"));
	CHECK(says(hint_binary(BYTES("ORC\n\6\x12")), "read_orc"));
	CHECK(says(hint_binary(BYTES("ORC\ntrack\n")), NULL));
	CHECK(says(hint_binary(BYTES("ORC\n1234567\1")), NULL));
	CHECK(says(hint_binary(BYTES("\x80\4\x95")), "read_pickle"));
	CHECK(says(hint_binary(BYTES("\x80\4\t")), NULL));
	CHECK(says(hint_binary(BYTES("BZh91AY&SY")), "bzip2 -dc"));
	CHECK(says(hint_binary(BYTES("BZh9\titem\tx")), NULL));
	CHECK(says(hint_binary(BYTES("\xff\xfeu\0")), "UTF-16 "));
	CHECK(says(hint_binary(BYTES("u\0s\0")), "UTF-16LE"));
	CHECK(says(hint_binary(BYTES("\0u\0s")), "UTF-16BE"));
	CHECK(says(hint_binary(BYTES("a\0b\n")), NULL));
	CHECK(says(hint_binary(BYTES("user\titem\n")), NULL));
	CHECK(says(hint_binary(BYTES("\xef\xbb\xbfuser\n")), NULL));
	CHECK(says(hint_binary(BYTES("{\"a\":1}\n")), NULL));
	CHECK(says(hint_binary(BYTES("")), NULL));
	CHECK(says(hint_binary(BYTES("PK")), NULL));
	CHECK(!hint_cure(BYTES("PK\3\4...")).takes_compressed);
	CHECK(hint_cure(BYTES("X\n\0\0\0")).takes_compressed);
	CHECK(hint_cure(BYTES("\xff\xfeu\0")).takes_compressed && hint_cure(BYTES("\xff\xfeu\0")).utf16);
	CHECK(!hint_cure(BYTES("\xff\xfe{\0")).takes_compressed && hint_cure(BYTES("\xff\xfe{\0")).utf16);
	CHECK(hint_cure(BYTES("u\0s\0")).takes_compressed && hint_cure(BYTES("\0u\0s")).utf16);
	CHECK(!hint_cure(BYTES("[\0{\0")).takes_compressed && !hint_cure(BYTES("\0{\0\"")).takes_compressed);
}

static void check_lines(void)
{
	CHECK(says(hint_line(BYTES("a,b,c"), HINT_TSV), "--csv"));
	CHECK(says(hint_line(BYTES("a,b,c"), HINT_SIDE), "--side-csv"));
	CHECK(says(hint_line(BYTES("a,b,c"), HINT_CSV), NULL));
	CHECK(says(hint_line(BYTES("a\tb,c"), HINT_TSV), NULL));
	CHECK(says(hint_line(BYTES("a\tb"), HINT_CSV), "leave --csv out"));
	CHECK(says(hint_line(BYTES("a\tb,c"), HINT_CSV), NULL));
	CHECK(says(hint_line(BYTES("a\tb"), HINT_SIDE_CSV), "leave --side-csv out"));
	CHECK(says(hint_line(BYTES("a,b"), HINT_SIDE_CSV), NULL));
	CHECK(says(hint_line(BYTES("a;b"), HINT_SIDE_CSV), "import-table"));
	CHECK(says(hint_line(BYTES("a;b;c"), HINT_TSV), "separated by ';': convert with import-table"));
	CHECK(says(hint_line(BYTES("a;b;c"), HINT_CSV), "separated by ';': convert with import-table"));
	CHECK(says(hint_line(BYTES("\"a\";\"b\""), HINT_TSV), "separated by ';'"));
	CHECK(says(hint_line(BYTES("a|b c|d"), HINT_TSV), "separated by '|'"));
	CHECK(says(hint_line(BYTES("1::2::3"), HINT_TSV), "separated by '::'"));
	CHECK(says(hint_line(BYTES("1::2::3"), HINT_CSV), "separated by '::'"));
	CHECK(says(hint_line(BYTES("a b  c"), HINT_TSV), "separated by blanks"));
	CHECK(says(hint_line(BYTES("one"), HINT_TSV), NULL));
	CHECK(says(hint_line(BYTES(""), HINT_TSV), NULL));
	CHECK(says(hint_line(BYTES("a\rb"), HINT_TSV), "tr '\\r' '\\n'"));
	CHECK(says(hint_line(BYTES("one\r"), HINT_TSV), NULL));
	CHECK(says(hint_line(BYTES(" {\"a\":1,\"b\":2}"), HINT_TSV), "import-logs"));
	CHECK(says(hint_line(BYTES("{ \r"), HINT_TSV), "import-logs --each ."));
	CHECK(says(hint_line(BYTES("\xef\xbb\xbf[{"), HINT_CSV), "import-logs"));
	CHECK(says(hint_line(BYTES("<html>"), HINT_TSV), "web page"));
}

static void check_headers(void)
{
	CHECK(says(hint_header(BYTES("196\t242\t3"), HINT_TSV), "--no-header"));
	CHECK(says(hint_header(BYTES("196,242,3\r"), HINT_CSV), "--no-header"));
	CHECK(says(hint_header(BYTES("196\t242"), HINT_SIDE), "import-table --columns"));
	CHECK(says(hint_header(BYTES("196\titem"), HINT_TSV), NULL));
	CHECK(says(hint_header(BYTES("user\titem"), HINT_TSV), NULL));
	CHECK(says(hint_header(BYTES("user,item"), HINT_TSV), "--csv"));
	CHECK(says(hint_header(BYTES(""), HINT_TSV), NULL));
}

static void check_json(void)
{
	CHECK(!hint_json(BYTES("[")));
	CHECK(says(hint_json(BYTES("{")), "--each ."));
	CHECK(says(hint_json(BYTES("{\r")), "--each ."));
	CHECK(says(hint_json(BYTES("{\"user\": 7,")), "--each ."));
	CHECK(says(hint_json(BYTES("{\"plays\": [ \r")), "--each ."));
	CHECK(!hint_json(BYTES("{\"user\": 7")));
	CHECK(says(hint_json(BYTES("{\"a\":")), NULL));
	CHECK(says(hint_json(BYTES("user\titem")), "import-table"));
	CHECK(says(hint_json(BYTES("user::item")), "import-table"));
	CHECK(says(hint_json(BYTES("{}\r{}\r")), "convert with tr '\\r'"));
	CHECK(says(hint_json(BYTES("<?xml?>")), "XML"));
	CHECK(says(hint_json(BYTES("oops")), NULL));
	CHECK(says(hint_json(BYTES("")), NULL));
}

static void check_words(void)
{
	CHECK(hint_is_word(BYTES("view")));
	CHECK(hint_is_word(BYTES("add to-cart_x")));
	CHECK(!hint_is_word(BYTES("x")));
	CHECK(!hint_is_word(BYTES("")));
	CHECK(!hint_is_word(BYTES("0,7")));
	CHECK(!hint_is_word(BYTES("-inf")));
	CHECK(!hint_is_word(BYTES("NaN")));
	CHECK(!hint_is_word(BYTES("null")));
	CHECK(!hint_is_word(BYTES("ab\0c")));
	CHECK(!hint_is_word(BYTES("12a")));
}

int main(void)
{
	check_binary();
	check_lines();
	check_headers();
	check_json();
	check_words();
	return unit_finish();
}
