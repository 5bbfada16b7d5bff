/* JSON lines: verdicts from a table, values by path, and a property test that
 * holds both ways of reading against a recursive reader written for clarity. */
#include <stdint.h>
#include <stdlib.h>

#include "unit.h"
#include "json-values.h"
#include "base/buffer.h"
#include "base/random.h"
#include "streams/json-reader.h"
#include "streams/json.h"

/* A line in memory of its own, with the LF and the padding that readers want:
 * exactly so much, so that a sanitizer sees one byte more. */
struct line {
	char *text;
	struct span span;
};

static struct line line_of(const char *text, size_t n)
{
	struct line line = {malloc(n + 1 + JSON_PAD), {NULL, n}};
	memcpy(line.text, text, n);
	line.text[n] = '\n';
	memset(line.text + n + 1, '"', JSON_PAD);
	line.span.at = line.text;
	return line;
}

/* ---- the obvious reader: returns whether text is one valid object ---- */

struct plain {
	const unsigned char *p, *end;
	int depth;
};

static int plain_value(struct plain *t);

static void plain_blanks(struct plain *t)
{
	while (t->p < t->end && strchr(" \t\r", *t->p) && *t->p)
		t->p++;
}

static long plain_hex(struct plain *t)
{
	long code = 0;
	for (int i = 0; i < 4; i++, t->p++) {
		if (t->p == t->end || *t->p == 0)
			return -1;
		const char *digits = "0123456789abcdef0123456789ABCDEF";
		const char *at = strchr(digits, *t->p);
		if (!at)
			return -1;
		code = code * 16 + (at - digits) % 16;
	}
	return code;
}

/* Do escaped bytes (0xdc00 + byte) begin with a character of UTF-8? */
static int plain_is_spelled_out(const long *codes, int n)
{
	static const long LEAST[] = {0, 0x80, 0x800, 0x10000};
	long lead = codes[0] - 0xdc00;
	int more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
	if (lead < 0xc0 || lead >= 0xf8 || n <= more)
		return 0;
	long code = lead & (0x3f >> more);
	for (int i = 1; i <= more; i++) {
		if (codes[i] < 0xdc80 || codes[i] > 0xdcbf)
			return 0;
		code = code * 64 + (codes[i] & 0x3f);
	}
	return code >= LEAST[more] && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
}

/* Decodes into `out`, NULL-terminated code points; -1 when it is no string. */
static int plain_string(struct plain *t, long *out, int room)
{
	int n = 0;
	long last[4] = {0};
	if (t->p == t->end || *t->p++ != '"')
		return -1;
	for (;;) {
		if (t->p == t->end || *t->p < 0x20)
			return -1;
		long code = *t->p++;
		if (code == '"')
			break;
		if (code == '\\') {
			if (t->p == t->end)
				return -1;
			int c = *t->p++;
			const char *from = "\"\\/bfnrt", *to = "\"\\/\b\f\n\r\t", *at;
			if (c == 'u') {
				code = plain_hex(t);
				if (code <= 0 || (code >= 0xdc00 && code < 0xe000 &&
						  (code < 0xdc80 || code > 0xdcff)))
					return -1;
				if (code >= 0xd800 && code < 0xdc00) {
					if (t->end - t->p < 6 || t->p[0] != '\\' || t->p[1] != 'u')
						return -1;
					t->p += 2;
					long low = plain_hex(t);
					if (low < 0xdc00 || low > 0xdfff)
						return -1;
					code = 0x10000 + (code - 0xd800) * 1024 + (low - 0xdc00);
				}
			} else if (c && (at = strchr(from, c))) {
				code = to[at - from];
			} else {
				return -1;
			}
		} else if (code >= 0x80) {
			int more = code >= 0xf0 ? 3 : code >= 0xe0 ? 2 : code >= 0xc0 ? 1 : -1;
			static const long LEAST[] = {0, 0x80, 0x800, 0x10000};
			if (more < 0 || code >= 0xf8 || t->end - t->p < more)
				return -1;
			code &= 0x3f >> more;
			for (int i = 0; i < more; i++, t->p++) {
				if (*t->p < 0x80 || *t->p > 0xbf)
					return -1;
				code = code * 64 + (*t->p & 0x3f);
			}
			if (code < LEAST[more] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
				return -1;
		}
		memmove(last, last + 1, 3 * sizeof *last);
		last[3] = code;
		for (int i = 0; i < 4; i++)
			if (plain_is_spelled_out(last + i, 4 - i))
				return -1;
		if (n < room)
			out[n] = code;
		n++;
	}
	return n;
}

static int plain_digits(struct plain *t)
{
	int n = 0;
	for (; t->p < t->end && *t->p >= '0' && *t->p <= '9'; t->p++)
		n++;
	return n;
}

static int plain_number(struct plain *t)
{
	t->p += *t->p == '-';
	int zero = t->p < t->end && *t->p == '0', n = plain_digits(t);
	if (n == 0 || (zero && n > 1))
		return 0;
	if (t->p < t->end && *t->p == '.') {
		t->p++;
		if (plain_digits(t) == 0)
			return 0;
	}
	if (t->p < t->end && (*t->p == 'e' || *t->p == 'E')) {
		t->p++;
		t->p += t->p < t->end && (*t->p == '+' || *t->p == '-');
		return plain_digits(t) > 0;
	}
	return 1;
}

static int plain_word(struct plain *t, const char *word)
{
	size_t n = strlen(word);
	if ((size_t)(t->end - t->p) < n || memcmp(t->p, word, n) != 0)
		return 0;
	t->p += n;
	return 1;
}

static int plain_object(struct plain *t)
{
	enum { KEYS = 64, LONGEST = 40 };
	long keys[KEYS][LONGEST];
	int lengths[KEYS], count = 0;
	t->p++;
	plain_blanks(t);
	if (t->p < t->end && *t->p == '}')
		return t->p++, 1;
	for (;;) {
		plain_blanks(t);
		lengths[count] = plain_string(t, keys[count], LONGEST);
		if (lengths[count] < 0 || lengths[count] > LONGEST)
			return 0;
		for (int i = 0; i < count; i++)
			if (lengths[i] == lengths[count] &&
			    memcmp(keys[i], keys[count], sizeof(long) * (size_t)lengths[i]) == 0)
				return 0;
		if (++count == KEYS)
			return 0;
		plain_blanks(t);
		if (t->p == t->end || *t->p++ != ':' || !plain_value(t))
			return 0;
		plain_blanks(t);
		if (t->p == t->end || (*t->p != ',' && *t->p != '}'))
			return 0;
		if (*t->p++ == '}')
			return 1;
	}
}

static int plain_array(struct plain *t)
{
	t->p++;
	plain_blanks(t);
	if (t->p < t->end && *t->p == ']')
		return t->p++, 1;
	for (;;) {
		if (!plain_value(t))
			return 0;
		plain_blanks(t);
		if (t->p == t->end || (*t->p != ',' && *t->p != ']'))
			return 0;
		if (*t->p++ == ']')
			return 1;
	}
}

static int plain_value(struct plain *t)
{
	long ignored[1];
	plain_blanks(t);
	if (t->p == t->end)
		return 0;
	switch (*t->p) {
	case '{': case '[': {
		if (t->depth == JSON_DEPTH_MAX)
			return 0;
		t->depth++;
		int ok = *t->p == '{' ? plain_object(t) : plain_array(t);
		t->depth--;
		return ok;
	}
	case '"': return plain_string(t, ignored, 0) >= 0;
	case 't': return plain_word(t, "true");
	case 'f': return plain_word(t, "false");
	case 'n': return plain_word(t, "null");
	default: return plain_number(t);
	}
}

static int plain_line(struct span line)
{
	struct plain t = {(const unsigned char *)line.at, (const unsigned char *)line.at + line.n, 0};
	plain_blanks(&t);
	if (t.p == t.end || *t.p != '{' || !plain_value(&t))
		return 0;
	plain_blanks(&t);
	return t.p == t.end;
}

/* ---- tables ---- */

static void check_verdict(const char *text, int want)
{
	struct line line = line_of(text, strlen(text));
	struct json_reader *r = json_new();
	for (int round = 0; round < 3; round++) /* the second time a shape may know it */
		if (!unit_check(json_read(r, line.span) == want, __FILE__, __LINE__, text))
			break;
	CHECK_INT(plain_line(line.span), want);
	json_free(r);
	free(line.text);
}

static void verdicts(void)
{
	static const char *const GOOD[] = {
		"{}", " {} ", "{}\r", "\t{ \"a\" : 1 }", "{\"\":0}", "{\"a\":[]}", "{\"a\":{}}",
		"{\"a\":[1,2,[3,{}]]}", "{\"a\":-0}", "{\"a\":0.0}", "{\"a\":1e5}", "{\"a\":1E+05}",
		"{\"a\":1.5e-3}", "{\"a\":123456789012345678901234567890}", "{\"a\":1e999}",
		"{\"a\":true,\"b\":false,\"c\":null}", "{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}",
		"{\"a\":\"\\u0001\\u00ff\\uFFFF\"}", "{\"a\":\"\\ud83d\\ude00\"}",
		"{\"a\":\"\xd0\xb6\xe2\x82\xac\xf0\x9f\x98\x80\x7f\"}", "{\"a\":\"\xf4\x8f\xbf\xbf\"}",
		"{\"a\":{\"a\":{\"a\":1}}}", "{\"a\":[{\"b\":1},{\"b\":1}]}",
		"{\"\\u0061\":1,\"\\u0062\":2}",
		"{\"0123456789012345678901234567890123456789\":\"0123456789012345678901234567890\"}",
		/* bytes that are no UTF-8, one by one */
		"{\"a\":\"\\udc80\"}", "{\"a\":\"x\\uDCFF\\udcfe\"}", "{\"a\":\"\\udcc3x\\udca9\"}",
		"{\"a\":\"\\udced\\udca0\\udc80\"}", "{\"a\":\"\\udce2\\udc82\\u0041\"}",
	};
	static const char *const BAD[] = {
		"", " ", "1", "[]", "null", "\"a\"", "{", "}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}",
		"{,}", "{\"a\":1 \"b\":2}", "{\"a\":1;}", "{a:1}", "{'a':1}", "{\"a\":1}}", "{}{}",
		"{} x", "{\"a\":[1,]}", "{\"a\":[,1]}", "{\"a\":[1 2]}", "{\"a\":[1}", "{\"a\":[}",
		"{\"a\":01}", "{\"a\":-}", "{\"a\":+1}", "{\"a\":.5}", "{\"a\":1.}", "{\"a\":1e}",
		"{\"a\":1e+}", "{\"a\":0x1}", "{\"a\":NaN}", "{\"a\":Infinity}", "{\"a\":-Infinity}",
		"{\"a\":1.5.3}", "{\"a\":--1}", "{\"a\":00}", "{\"a\":-01}", "{\"a\":tru}",
		"{\"a\":True}", "{\"a\":nul}", "{\"a\":nullx}", "{\"a\":truefalse}", "{\"a\":\"}",
		"{\"a\":\"x}", "{\"a\":\"\\\"}", "{\"a\":\"\\x\"}", "{\"a\":\"\\u12\"}",
		"{\"a\":\"\\u12g4\"}", "{\"a\":\"\\u0000\"}", "{\"a\":\"\\ud800\"}",
		"{\"a\":\"\\ud800x\"}", "{\"a\":\"\\ud800\\n\"}", "{\"a\":\"\\ud800\\u0041\"}",
		"{\"a\":\"\\udc00\"}", "{\"a\":\"\\udc7f\"}", "{\"a\":\"\\udd00\"}",
		"{\"a\":\"\\ud800\\udc80\\ud800\"}", "{\"a\":\"\\udcc3\\udca9\"}",
		"{\"a\":\"x\\udcff\\udcf0\\udc9f\\udc8e\\udcb5\"}", "{\"a\":\"\\udce2\\udc82\\udcac\"}", "{\"a\":\"\\udc00\\ud800\"}", "{\"a\":\"\\ud800\\ud800\"}",
		"{\"a\":\"\t\"}", "{\"a\":\"\x1f\"}", "{\"a\":\"\x80\"}", "{\"a\":\"\xc0\x80\"}",
		"{\"a\":\"\xc1\xbf\"}", "{\"a\":\"\xe0\x80\x80\"}", "{\"a\":\"\xed\xa0\x80\"}",
		"{\"a\":\"\xf0\x80\x80\x80\"}", "{\"a\":\"\xf4\x90\x80\x80\"}", "{\"a\":\"\xf5\"}",
		"{\"a\":\"\xd0\"}", "{\"a\":\"\xe2\x82\"}", "{\"a\":\"\xff\"}", "{\"a\xff\":1}",
		"{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}", "{\"\":1,\"\":2}",
		"{\"b\":{\"a\":1,\"c\":2,\"a\":3}}", "{\"a\":1,\"b\":2,\"\\u0062\":3}",
		"{\"a\":\f1}", "{\"a\":1}\f", "\xef\xbb\xbf{}", "{\"a\":/**/1}", "// x", "{\"a\":1}//",
	};
	for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++)
		check_verdict(GOOD[i], 1);
	for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
		check_verdict(BAD[i], 0);
}

static void nul_bytes(void)
{
	static const char *const TEXT[] = {"{\"a\":\"x?y\"}", "{\"a\":1?}", "{?}", "?{}", "{}?"};
	for (size_t i = 0; i < sizeof TEXT / sizeof *TEXT; i++) {
		struct line line = line_of(TEXT[i], strlen(TEXT[i]));
		*strchr(line.text, '?') = '\0';
		struct json_reader *r = json_new();
		CHECK(!json_read(r, line.span));
		json_free(r);
		free(line.text);
	}
}

static void depth(void)
{
	for (size_t deep = JSON_DEPTH_MAX - 1; deep <= JSON_DEPTH_MAX + 1; deep++) {
		char text[4 * JSON_DEPTH_MAX] = "{\"a\":";
		size_t n = strlen(text);
		memset(text + n, '[', deep - 1);
		memset(text + n + deep - 1, ']', deep - 1);
		text[n + 2 * (deep - 1)] = '}';
		check_verdict(text, deep <= JSON_DEPTH_MAX);
	}
}

/* Many keys, so many that they are sorted: all different, or one twice. */
static void many_keys(void)
{
	for (int count = 28; count < 3000; count = count < 40 ? count + 1 : count * 3) {
		for (int twice = 0; twice < 2; twice++) {
			struct random r = random_start(1, (uint64_t)count);
			struct buffer text = {0};
			buffer_add_text(&text, "{\"x\":{");
			for (int i = 0; i < count; i++)
				buffer_format(&text, "\"key%d\":%d,", i, i);
			int again = (int)random_below(&r, (uint32_t)count);
			size_t at = text.n;
			buffer_format(&text, "\"%s%d\":0}}", twice ? "\\u006bey" : "k", again);
			struct line line = line_of(text.data, text.n);
			struct json_reader *reader = json_new();
			CHECK_INT(json_read(reader, line.span), !twice);
			if (twice) {
				size_t offset;
				struct span where;
				json_problem(reader, &offset, &where);
				CHECK_INT(offset, at + 1);
			}
			json_free(reader);
			free(line.text);
			buffer_free(&text);
		}
	}
}

static void check_text(struct json_reader *r, size_t slot, const char *want)
{
	char out[256];
	size_t separators = 0, n = json_text(&json_values(r)[slot], out, &separators);
	out[n] = '\0';
	CHECK_TEXT(out, want);
}

static void values(void)
{
	struct json_reader *r = json_new();
	size_t user = slot_of(r, ".user"), id = slot_of(r, ".payload.id");
	size_t second = slot_of(r, ".tracks[1]"), deep = slot_of(r, ".tracks[2].x[0]");
	size_t odd = slot_of(r, ".\"a.b c\\u0021\""), whole = slot_of(r, ".payload");
	CHECK_INT(slot_of(r, ".user"), user);
	static const char TEXT[] =
		"{\"user\": 1.0, \"payload\": {\"id\": \"\\u0436\\ud83d\\ude00\\t!\"},"
		" \"tracks\": [true, null, {\"x\": [\"\xd0\xb6\"]}], \"a.b c!\": -1e5}";
	struct line line = line_of(TEXT, sizeof TEXT - 1);
	for (int round = 0; round < 2; round++) {
		CHECK(json_read(r, line.span));
		check_text(r, user, "1.0");
		check_text(r, id, "\xd0\xb6\xf0\x9f\x98\x80 !");
		check_text(r, second, "");
		check_text(r, deep, "\xd0\xb6");
		check_text(r, odd, "-1e5");
		CHECK_INT(json_values(r)[user].kind, JSON_NUMBER);
		CHECK_INT(json_values(r)[second].kind, JSON_NULL);
		CHECK_INT(json_values(r)[whole].kind, JSON_OBJECT);
		char out[64];
		size_t separators = 0;
		json_text(&json_values(r)[id], out, &separators);
		CHECK_INT(separators, 1);
	}
	free(line.text);
	/* Scalars where containers were, and the other way round: nothing stays. */
	static const char OTHER[] = "{\"user\": {\"x\": 1}, \"payload\": 7, \"tracks\": []}";
	line = line_of(OTHER, sizeof OTHER - 1);
	for (int round = 0; round < 2; round++) {
		CHECK(json_read(r, line.span));
		CHECK_INT(json_values(r)[user].kind, JSON_OBJECT);
		CHECK_INT(json_values(r)[id].kind, JSON_ABSENT);
		CHECK_INT(json_values(r)[second].kind, JSON_ABSENT);
		CHECK_INT(json_values(r)[deep].kind, JSON_ABSENT);
		check_text(r, whole, "7");
	}
	free(line.text);
	json_free(r);
}

static void paths(void)
{
	static const char *const BAD[] = {
		"", "user", ".", "..a", ".a.", ".a[", ".a[]", ".a[x]", ".a[-1]", ".a[1", ".\"", ".\"a",
		".a..b", ".[0]", ".a[1234567890]", ".\"\\q\"", ".\"\\ud800\"",
	};
	static const struct { const char *text; size_t used; } GOOD[] = {
		{".a", 2}, {".a/.b", 2}, {".a.b[3].c", 9}, {".\"x/y\"/.b", 6}, {".a b", 2}, {".a[0][1]", 8},
		{".\"\"", 3},
	};
	struct json_reader *r = json_new();
	const char *rest;
	for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
		if (!CHECK(json_path(r, BAD[i], &rest) < 0))
			printf("  %s\n", BAD[i]);
	for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++) {
		CHECK(json_path(r, GOOD[i].text, &rest) > 0);
		CHECK_INT(rest - GOOD[i].text, GOOD[i].used);
	}
	json_free(r);
}

static void closed_objects(void)
{
	static const struct { const char *text; int good; } LINES[] = {
		{"{\"e\":{\"a\":1}}", 1}, {"{\"e\":null}", 1}, {"{\"e\":{}}", 1}, {"{}", 1},
		{"{\"e\":{\"a\":null,\"b\":\"x\"}}", 1}, {"{\"e\":{\"a\":1,\"c\":1}}", 0},
		{"{\"e\":null}", 1}, {"{\"e\":5}", 0}, {"{\"e\":\"null\"}", 0}, {"{\"e\":[]}", 0},
		{"{\"f\":{\"e\":{\"z\":1}}}", 1}, {"{\"e\":{\"a\":{\"z\":1}}}", 1},
	};
	struct json_reader *r = json_new();
	size_t e = json_key(r, 0, span_of("e"));
	size_t a = json_slot(r, json_key(r, e, span_of("a")));
	json_key(r, e, span_of("b"));
	json_close_keys(r, e, "an unknown one");
	for (size_t i = 0; i < sizeof LINES / sizeof *LINES; i++) {
		struct line line = line_of(LINES[i].text, strlen(LINES[i].text));
		for (int round = 0; round < 2; round++)
			CHECK_INT(json_read(r, line.span), LINES[i].good);
		free(line.text);
	}
	CHECK_INT(json_values(r)[a].kind, JSON_OBJECT);
	json_free(r);
}

static void members(void)
{
	static const char TEXT[] = "{ \"a\\n\" : [1, \"]\", {\"x\":\"}\"}] , \"b\":{} ,\"c\":\"\" }";
	struct line line = line_of(TEXT, sizeof TEXT - 1);
	struct span rest = line.span;
	struct json_value key, value;
	CHECK(json_member(&rest, &key, &value));
	CHECK(key.escaped && span_equal(key.raw, span_of("a\\n")));
	CHECK(span_equal(value.raw, span_of("[1, \"]\", {\"x\":\"}\"}]")));
	CHECK(json_member(&rest, &key, &value));
	CHECK_INT(value.kind, JSON_OBJECT);
	CHECK(json_member(&rest, &key, &value));
	CHECK(span_equal(key.raw, span_of("c")) && value.kind == JSON_STRING && value.raw.n == 0);
	CHECK(!json_member(&rest, &key, &value));
	struct line empty = line_of("{}", 2), array = line_of("[ 7 , \"a]\",[1,2] ]", 18);
	struct line nothing = line_of("[ ]", 3);
	rest = empty.span;
	CHECK(!json_member(&rest, &key, &value));
	rest = array.span;
	CHECK(json_element(&rest, &value) && span_equal(value.raw, span_of("7")));
	CHECK(json_element(&rest, &value) && span_equal(value.raw, span_of("a]")));
	CHECK(json_element(&rest, &value) && value.kind == JSON_ARRAY && value.raw.n == 5);
	CHECK(!json_element(&rest, &value));
	rest = nothing.span;
	CHECK(!json_element(&rest, &value));
	free(line.text);
	free(empty.text);
	free(array.text);
	free(nothing.text);
}

/* ---- marks ---- */

static void marks(void)
{
	struct random r = random_start(11, 3);
	struct json_marks m = {.text = {NULL, 0}};
	for (int kernel = JSON_MARKS_AVX2; kernel <= (int)json_marks_best(); kernel++) {
		for (size_t n = 1; n < 400; n += 1 + n / 8) {
			char room[520], *text = room + random_below(&r, 8);
			for (size_t i = 0; i < 512; i++)
				text[i] = (char)(random_below(&r, 2) ? random_below(&r, 256) : '0' + random_below(&r, 10));
			json_marks_take(&m, (struct span){text, n}, (enum json_marks_kernel)kernel);
			bool right = m.text.n == n;
			uintptr_t no_digit = json_marks_base(&m, m.no_digit), odd = json_marks_base(&m, m.special);
			for (size_t i = 0; i < n; i++) {
				unsigned char c = (unsigned char)text[i];
				bool special = c < 0x20 || c >= 0x80 || c == '"' || c == '\\';
				right &= (json_marks_at(no_digit, text + i) & 1) == (uint64_t)(c < '0' || c > '9');
				right &= (json_marks_at(odd, text + i) & 1) == (uint64_t)special;
			}
			CHECK(right);
		}
	}
	json_marks_free(&m);
}

/* ---- the property: three readers agree on anything ---- */

static size_t random_value(struct random *r, char *to, int deep)
{
	static const char *const SCALARS[] = {
		"0", "-1", "3.25", "1e9", "null", "true", "false", "\"\"", "\"abc\"", "\"\\u0041\"",
		"\"\\ud83d\\ude00\"", "\"\xd0\xb6\xe2\x82\xac\"", "17462947639281234", "\"x\\n\"",
		"\"a string that is longer than one vector of sixteen bytes\"",
	};
	static const char *const KEYS[] = {"a", "b", "c", "user", "\\u0061", "", "a key of some length"};
	enum { N_SCALARS = sizeof SCALARS / sizeof *SCALARS, N_KEYS = sizeof KEYS / sizeof *KEYS };
	uint32_t kind = random_below(r, 10);
	size_t n = 0;
	if (deep >= 4 || (deep > 0 && kind < 7))
		return put(to, SCALARS[random_below(r, N_SCALARS)]);
	int object = deep == 0 || kind < 9;
	to[n++] = object ? '{' : '[';
	for (uint32_t i = 0, count = random_below(r, 4); i < count; i++) {
		n += put(to + n, i ? (random_below(r, 8) ? ", " : ",") : "");
		if (object) {
			to[n++] = '"';
			n += put(to + n, KEYS[(i * 2 + random_below(r, 3)) % N_KEYS]);
			n += put(to + n, "\":");
		}
		n += random_value(r, to + n, deep + 1);
	}
	to[n++] = object ? '}' : ']';
	return n;
}

static void property(void)
{
	static const char ODD[] = "{}[]\",:\\0123.eE+-tfn u\x80\xc3\xa9\x01 ";
	struct random r = random_start(7, 0);
	struct json_reader *shaped = json_new(), *plain = json_new(), *marked = json_new();
	static const char *const PATHS[] = {".a", ".b", ".user", ".a.b", ".a[1]", ".c.a.a", ".\"\""};
	enum { SLOTS = sizeof PATHS / sizeof *PATHS };
	for (size_t i = 0; i < SLOTS; i++) {
		slot_of(shaped, PATHS[i]);
		slot_of(plain, PATHS[i]);
		slot_of(marked, PATHS[i]);
	}
	json_forget_shapes(plain);
	char text[65536];
	size_t n = 0, good = 0;
	for (int round = 0; round < 200000; round++) {
		if (round % 4 == 0)
			n = random_value(&r, text, 0);
		if (round % 4 >= 2 && n > 0) { /* one byte changed, gone or more */
			size_t at = random_below(&r, (uint32_t)n);
			char odd = ODD[random_below(&r, sizeof ODD - 1)];
			if (random_below(&r, 3) == 0) {
				memmove(text + at, text + at + 1, n - at - 1);
				n--;
			} else if (random_below(&r, 2)) {
				memmove(text + at + 1, text + at, n - at);
				text[at] = odd;
				n++;
			} else {
				text[at] = odd;
			}
		}
		struct line line = line_of(text, n);
		int want = plain_line(line.span);
		int a = json_read(shaped, line.span), b = json_read(plain, line.span);
		json_look_over(marked, (struct span){line.span.at, n + 1});
		int c = json_read(marked, line.span);
		if (!unit_check(a == want && b == want && c == want, __FILE__, __LINE__, "verdicts agree") ||
		    !unit_check(!want || (same_values(shaped, plain, SLOTS) &&
				same_values(shaped, marked, SLOTS)), __FILE__, __LINE__,
				"values agree")) {
			printf("  want %d, shaped %d, plain %d: %.*s\n", want, a, b, (int)n, text);
			free(line.text);
			break;
		}
		if (!want) {
			size_t offset;
			struct span where;
			CHECK(json_problem(plain, &offset, &where) != NULL);
			CHECK(offset <= n && offset + where.n <= n);
		}
		good += (size_t)want;
		free(line.text);
	}
	CHECK(good > 50000);
	json_free(shaped);
	json_free(plain);
	json_free(marked);
}

int main(void)
{
	verdicts();
	nul_bytes();
	depth();
	many_keys();
	values();
	paths();
	closed_objects();
	members();
	marks();
	property();
	return unit_finish();
}
