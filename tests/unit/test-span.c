/* Spans: order, equality, and the distance of suggestions against its recursive
 * definition. */
#include <stdlib.h>

#include "base/random.h"
#include "base/span.h"
#include "unit.h"

/* Levenshtein's definition, word for word. */
static size_t slowly(struct span a, struct span b)
{
	if (a.n == 0 || b.n == 0)
		return a.n + b.n;
	struct span a1 = {a.at + 1, a.n - 1}, b1 = {b.at + 1, b.n - 1};
	if (*a.at == *b.at)
		return slowly(a1, b1);
	size_t drop = slowly(a1, b), add = slowly(a, b1), change = slowly(a1, b1);
	size_t least = drop < add ? drop : add;
	return 1 + (change < least ? change : least);
}

static size_t distance(const char *a, const char *b)
{
	return span_distance(span_of(a), span_of(b));
}

static void check_distance(struct random *r)
{
	char a[8], b[8];
	CHECK_INT(distance("kitten", "sitting"), 3);
	CHECK_INT(distance("time", "time"), 0);
	CHECK_INT(distance("", "abc"), 3);
	for (int i = 0; i < 2000; i++) {
		uint32_t n = random_below(r, 7), m = random_below(r, 7);
		for (uint32_t k = 0; k < n; k++)
			a[k] = (char)('a' + random_below(r, 3));
		for (uint32_t k = 0; k < m; k++)
			b[k] = (char)('a' + random_below(r, 3));
		a[n] = b[m] = '\0';
		CHECK_INT(distance(a, b), slowly(span_of(a), span_of(b)));
	}
	char longer[66];
	memset(longer, 'x', 65);
	longer[65] = '\0';
	CHECK_INT(distance(longer, "x"), 64);
	CHECK_INT(distance(longer + 1, longer + 1), 0);
}

static void check_order(void)
{
	CHECK(span_compare(span_of("a"), span_of("b")) < 0);
	CHECK(span_compare(span_of("10"), span_of("9")) < 0); /* bytes, not numbers */
	CHECK(span_compare(span_of("a"), span_of("ab")) < 0);
	CHECK(span_compare(span_of("\xff"), span_of("a")) > 0);
	CHECK(span_compare(span_of(""), (struct span){NULL, 0}) == 0);
	CHECK(span_equal((struct span){NULL, 0}, span_of("")));
	CHECK(!span_equal(span_of("a"), span_of("ab")));
}

static const char *pieces(struct span list, char mark)
{
	static char text[64];
	size_t n = 0;
	for (struct span piece; span_next(&list, mark, &piece);)
		n += (size_t)snprintf(text + n, sizeof text - n, "<%.*s>", (int)piece.n, piece.at);
	text[n] = '\0';
	return text;
}

static void check_choices(void)
{
	static const char *const WORDS[] = {"a", "bc", "b"};
	for (int i = 0; i < 3; i++) {
		CHECK_INT(choice_index("a|bc|b", span_of(WORDS[i])), i);
		CHECK(span_equal(choice_word("a|bc|b", i), span_of(WORDS[i])));
	}
	CHECK_INT(choice_index("a|bc|b", span_of("c")), -1);
	CHECK_INT(choice_index("a|bc|b", span_of("")), -1);
	CHECK_INT(choice_index("a|bc|b", span_of("a|bc")), -1);
	CHECK_INT(choice_index("a", (struct span){"ab", 1}), 0);
}

static void check_pieces(void)
{
	CHECK_TEXT(pieces(span_of("a,bc,d"), ','), "<a><bc><d>");
	CHECK_TEXT(pieces(span_of("a,bc"), '\t'), "<a,bc>");
	CHECK_TEXT(pieces(span_of(""), ','), "<>");
	CHECK_TEXT(pieces(span_of(",a,,"), ','), "<><a><><>");
	CHECK_TEXT(pieces((struct span){"a,b,c", 2}, ','), "<a><>"); /* never behind the end */
	CHECK_TEXT(pieces((struct span){NULL, 0}, ','), "");
}

int main(void)
{
	struct random r = random_start(1, 0);
	check_distance(&r);
	check_order();
	check_choices();
	check_pieces();
	return unit_finish();
}
