#include "base/hash.h"

static uint32_t rotate32(uint32_t x, int r)
{
	return (x << r) | (x >> (32 - r));
}

uint32_t hash_murmur3(const void *data, size_t n, uint32_t seed)
{
	const uint32_t c1 = 0xcc9e2d51, c2 = 0x1b873593;
	const unsigned char *s = data;
	uint32_t h = seed;
	for (size_t i = 0; i + 4 <= n; i += 4) {
		uint32_t k = (uint32_t)s[i] | (uint32_t)s[i + 1] << 8 |
			(uint32_t)s[i + 2] << 16 | (uint32_t)s[i + 3] << 24;
		h ^= rotate32(k * c1, 15) * c2;
		h = rotate32(h, 13) * 5 + 0xe6546b64;
	}
	uint32_t k = 0;
	for (size_t i = n & 3; i > 0; i--)
		k = k << 8 | s[(n & ~(size_t)3) + i - 1];
	if (n & 3)
		h ^= rotate32(k * c1, 15) * c2;
	h ^= (uint32_t)n;
	h = (h ^ (h >> 16)) * 0x85ebca6b;
	h = (h ^ (h >> 13)) * 0xc2b2ae35;
	return h ^ (h >> 16);
}

static uint64_t fold(uint64_t a, uint64_t b)
{
	__extension__ unsigned __int128 product = (unsigned __int128)a * b;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t load(const unsigned char *s, size_t n)
{
	uint64_t x = 0;
	memcpy(&x, s, n);
	return x;
}

/* Multiply and fold, 16 bytes a step: ids are short, so the tail matters most. */
uint64_t hash_table(const void *data, size_t n)
{
	const unsigned char *s = data;
	uint64_t h = 0x2d358dccaa6c78a5u ^ n;
	size_t left = n;
	for (; left > 16; left -= 16, s += 16)
		h = fold(load(s, 8) ^ h, load(s + 8, 8) ^ 0x8bb84b93962eacc9u);
	uint64_t a, b;
	if (left >= 8) {
		a = load(s, 8);
		b = load(s + left - 8, 8);
	} else if (left >= 4) {
		a = load(s, 4);
		b = load(s + left - 4, 4);
	} else if (left) {
		a = (uint64_t)s[0] << 16 | (uint64_t)s[left >> 1] << 8 | s[left - 1];
		b = 0;
	} else {
		a = b = 0;
	}
	h = fold(a ^ h, b ^ 0x4b33a62ed433d4a3u);
	return fold(h ^ 0x9e3779b97f4a7c15u, h | 1);
}

static uint64_t fnv1a(uint64_t h, struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.at[i]) * 0x100000001b3u;
	return h;
}

uint64_t hash_row(uint64_t seed, struct span a, struct span b)
{
	uint64_t h = fnv1a(hash_mix(seed) ^ 0xcbf29ce484222325u, a);
	h = fnv1a(h * 0x100000001b3u, b); /* the NUL between the two */
	return hash_mix(h);
}
