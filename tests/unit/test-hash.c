/* Hashes against published values: MurmurHash3 as Appleby's test vectors and
 * Python's mmh3 have it, splitmix64 as Vigna's reference gives it; hash_row, which
 * must never change; and both 64-bit ones by how evenly they fall. */
#include "base/hash.h"
#include "base/random.h"
#include "unit.h"

static uint32_t murmur(const char *text, uint32_t seed)
{
	return hash_murmur3(text, strlen(text), seed);
}

static void check_murmur(void)
{
	CHECK_INT(murmur("", 0), 0);
	CHECK_INT(murmur("", 1), 0x514e28b7);
	CHECK_INT(murmur("", 0xffffffff), 0x81f16f39);
	CHECK_INT(hash_murmur3("\0\0\0\0", 4, 0), 0x2362f9de);
	CHECK_INT(murmur("aaaa", 0x9747b28c), 0x5a97808a);
	CHECK_INT(murmur("aaa", 0x9747b28c), 0x283e0130);
	CHECK_INT(murmur("aa", 0x9747b28c), 0x5d211726);
	CHECK_INT(murmur("a", 0x9747b28c), 0x7fa09ea6);
	CHECK_INT(murmur("Hello, world!", 0x9747b28c), 0x24884cba);
	CHECK_INT(murmur("The quick brown fox jumps over the lazy dog", 0x9747b28c), 0x2fa826cd);
	CHECK_INT((int32_t)murmur("foo", 0), -156908512); /* mmh3.hash("foo") */
}

static void check_mixer(void)
{
	/* The first outputs of splitmix64 from the state 1234567. */
	static const uint64_t WANT[] = {
		6457827717110365317u, 3203168211198807973u, 9817491932198370423u,
		4593380528125082431u, 16408922859458223821u,
	};
	for (uint64_t i = 0; i < sizeof WANT / sizeof *WANT; i++)
		CHECK(hash_mix(1234567 + i * 0x9e3779b97f4a7c15u) == WANT[i]);
}

/* FNV-1a byte by byte, as hash.h describes hash_row. */
static uint64_t row_slowly(uint64_t seed, const char *a, const char *b)
{
	uint64_t h = hash_mix(seed) ^ 0xcbf29ce484222325u;
	for (; *a; a++)
		h = (h ^ (unsigned char)*a) * 0x100000001b3u;
	h = (h ^ 0) * 0x100000001b3u;
	for (; *b; b++)
		h = (h ^ (unsigned char)*b) * 0x100000001b3u;
	return hash_mix(h);
}

static void check_row(void)
{
	CHECK(hash_row(7, span_of("user"), span_of("item")) == row_slowly(7, "user", "item"));
	CHECK(hash_row(7, span_of(""), span_of("")) == row_slowly(7, "", ""));
	CHECK(hash_row(7, span_of("ab"), span_of("c")) != hash_row(7, span_of("a"), span_of("bc")));
	CHECK(hash_row(7, span_of("ab"), span_of("c")) != hash_row(8, span_of("ab"), span_of("c")));
	CHECK(hash_share(0) >= 0 && hash_share(0) <= 0);
	CHECK(hash_share(UINT64_MAX) < 1);
}

/* Pearson's statistic of 256 bins over 100,000 keys like ids; 99.99 % of uniform
 * ones stay below 346. */
static void check_even(const char *what, uint64_t (*hash)(int key), int shift)
{
	enum { KEYS = 100000, BINS = 256 };
	int count[BINS] = {0};
	for (int key = 0; key < KEYS; key++)
		count[hash(key) >> shift & (BINS - 1)]++;
	double statistic = 0, want = (double)KEYS / BINS;
	for (int bin = 0; bin < BINS; bin++)
		statistic += (count[bin] - want) * (count[bin] - want) / want;
	if (!CHECK(statistic < 346))
		printf("  %s: %.1f\n", what, statistic);
}

static uint64_t table_of(int key)
{
	char text[16];
	return hash_table(text, (size_t)snprintf(text, sizeof text, "%d", key));
}

static uint64_t row_of(int key)
{
	char text[16];
	snprintf(text, sizeof text, "%d", key);
	return hash_row(42, span_of(text), span_of("17"));
}

/* Every length around the steps of 4, 8 and 16 bytes: each byte counts. */
static void check_bytes_count(void)
{
	unsigned char text[80];
	for (size_t n = 1; n <= sizeof text; n++) {
		memset(text, 'x', sizeof text);
		uint64_t table = hash_table(text, n);
		uint32_t murmured = hash_murmur3(text, n, 3);
		for (size_t i = 0; i < n; i++) {
			text[i] ^= 1;
			CHECK(hash_table(text, n) != table);
			CHECK(hash_murmur3(text, n, 3) != murmured);
			text[i] ^= 1;
		}
	}
}

int main(void)
{
	check_murmur();
	check_mixer();
	check_row();
	check_even("hash_table, low bits", table_of, 0);
	check_even("hash_table, high bits", table_of, 56);
	check_even("hash_row, low bits", row_of, 0);
	check_even("hash_row, high bits", row_of, 56);
	check_bytes_count();
	return unit_finish();
}
