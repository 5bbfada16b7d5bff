/* What short texts look like: separator, quoting, line ends, header and width in one word each. */
#include <stdio.h>
#include <stdlib.h>

#include "streams/sniff.h"
#include "unit.h"

static const char *look_as(const char *text, const struct sniff_given *given)
{
	static const char *const QUOTING[] = {"rfc4180", "backslash", "r", "none"};
	static char seen[128];
	struct sniffed s;
	const char *problem = sniff(span_of(text), true, given, &s);
	snprintf(seen, sizeof seen, "%s %s %s %s %zu%s", delimited_separator_name(s.format.separator),
		 QUOTING[s.format.quoting], s.format.line_end == '\r' ? "cr" : s.crlf ? "crlf" : "lf",
		 s.row_names ? "names" : s.header ? "header" : "rows", s.width, s.sections ? " sections" : "");
	sniff_free(&s);
	return problem ? problem : seen;
}

static const char *look(const char *text)
{
	return look_as(text, &(struct sniff_given){.quoting = -1, .header = -1});
}

static void check_separators(void)
{
	CHECK_TEXT(look("user,item\na,b\n"), ", rfc4180 lf header 2");
	CHECK_TEXT(look("user\titem\na\tb, c\n"), "tab none lf header 2");
	CHECK_TEXT(look("1::2::3\n4::5::6\n"), ":: none lf rows 3");
	CHECK_TEXT(look("1;2,5;3\n4;5,5;6\n"), "; rfc4180 lf rows 3");
	CHECK_TEXT(look("1|a b|c,d\n2|e f|g\n"), "| none lf rows 3");
	CHECK_TEXT(look("1 2 3\n4   5 6\n"), "blanks none lf rows 3");
	CHECK_TEXT(look("a,2024-03-10 15:12\nb,2024-03-10 15:13\n"), ", rfc4180 lf rows 2");
	CHECK_TEXT(look("item\n1\n2\n"), "tab none lf header 1");
	CHECK_TEXT(look("id,title\n1,a;b\n2,c;d\n3,e;f\n"), ", rfc4180 lf header 2");
	CHECK_TEXT(look("user,item\na,b\ngarbage\nc,d\na,b,c\ne,f\ng,h\ni,j\n"), ", rfc4180 lf header 2");
}

static void check_quoting(void)
{
	CHECK_TEXT(look("a,b\n\"x\"\"y\",2\n"), ", rfc4180 lf header 2");
	CHECK_TEXT(look("a,b\n\"x\\\"y\",2\n"), ", backslash lf header 2");
	CHECK_TEXT(look("a,b\n\"x\\\"y\\z\",2\n"), ", r lf header 2");
	CHECK_TEXT(look("a,b\n5\" disc,2\n7\" disc,3\n"), ", none lf header 2");
	CHECK_TEXT(look("u\t\"Weird\" Al\nv\t\"Heroes\"\nw\tx\ny\tz\n"), "tab none lf header 2");
	CHECK_TEXT(look("\"user\"\t\"n\"\n\"1\"\t\"a\"\t3\n\"2\"\t\"b\"\t4\n"), "tab rfc4180 lf names 3");
}

static void check_lines(void)
{
	CHECK_TEXT(look("user,item\ra,b\rc,d\r"), ", rfc4180 cr header 2");
	CHECK_TEXT(look("user,item\r\na,b\r\n"), ", rfc4180 crlf header 2");
	CHECK_TEXT(look("user,item\na,b\r\nc,d\r\n"), ", rfc4180 lf header 2");
	CHECK_TEXT(look("\xef\xbb\xbfuser,item\na,b"), ", rfc4180 lf header 2");
	CHECK_TEXT(look("1:\n5,3\n6,4\n2:\n7,1\n"), ", rfc4180 lf rows 2 sections");
}

static void check_headers(void)
{
	CHECK_TEXT(look("a,b\n1,2\n"), ", rfc4180 lf header 2");
	CHECK_TEXT(look("1,2\n3,4\n"), ", rfc4180 lf rows 2");
	CHECK_TEXT(look("2024-03-10,x\n2024-03-11,y\n"), ", rfc4180 lf rows 2");
	CHECK_TEXT(look("13 Mar 2024, 10:00|x\n14 Mar 2024, 10:00|y\n"), "| none lf rows 2");
	CHECK_TEXT(look("N1,sport\nN2,news\nN3,sport\n"), ", rfc4180 lf rows 2");
	CHECK_TEXT(look("news,a\nsport,b\nnews,c\n"), ", rfc4180 lf rows 2");
	CHECK_TEXT(look("user,item,item\na,b,c\n"), ", rfc4180 lf header 3");
	CHECK_TEXT(look(",user\n0,a\n1,b\n"), ", rfc4180 lf header 2");
	CHECK_TEXT(look_as("1,2\n3,4\n", &(struct sniff_given){.quoting = -1, .header = 1}), ", rfc4180 lf header 2");
	CHECK_TEXT(look_as("a,b\n3,4\n", &(struct sniff_given){.quoting = -1, .header = 0}), ", rfc4180 lf rows 2");
	CHECK_TEXT(look_as("a,b\n3,4\n", &(struct sniff_given){.quoting = 3, .separator = ";", .header = -1}),
		   "; none lf header 1");
}

/* The types of the columns of a text with a header. */
static void check_types(void)
{
	struct sniffed s;
	struct sniff_given given = {.quoting = -1, .header = -1};
	const char *text = "n,x,time,id,text,none\n1,1.5,1710083521,1710083521,a,\n2,2,1710083522,1710083522,b,NA\n";
	CHECK(!sniff(span_of(text), true, &given, &s));
	CHECK_INT(s.width, 6);
	CHECK_INT(s.columns[0].type, SNIFF_WHOLE);
	CHECK_INT(s.columns[1].type, SNIFF_NUMBER);
	CHECK_INT(s.columns[2].type, SNIFF_DATE);
	CHECK_INT(s.columns[3].type, SNIFF_WHOLE); /* its name does not speak of a time */
	CHECK_INT(s.columns[4].type, SNIFF_TEXT);
	CHECK_INT(s.columns[5].type, SNIFF_EMPTY);
	CHECK(span_equal(s.columns[2].name, span_of("time")));
	sniff_free(&s);
}

int main(void)
{
	check_separators();
	check_quoting();
	check_lines();
	check_headers();
	check_types();
	return unit_finish();
}
