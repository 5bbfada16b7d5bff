#include "base/number.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"

/* Powers of ten that a double holds exactly. */
static const double EXACT_POWER[] = {
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
};
enum { EXACT_POWERS = 22 };

/* ---- text to binary ---- */

/* What the text says: (-1)^negative * digits * 10^exponent. */
struct decimal {
	bool negative;
	bool whole;        /* `digits` holds all significant digits */
	uint64_t digits;   /* the first 19 significant ones at most */
	int64_t exponent;
};

static inline bool is_digit(char c)
{
	return (unsigned char)(c - '0') < 10;
}

/* Checks the grammar and takes the digits; false when it is no number. */
static bool scan(const char *s, size_t n, struct decimal *d)
{
	const char *end = s + n;
	*d = (struct decimal){.whole = true};
	if (s < end && (*s == '-' || *s == '+'))
		d->negative = *s++ == '-';
	size_t digits = 0;
	int significant = 0;
	bool point = false;
	for (; s < end; s++) {
		if (is_digit(*s)) {
			digits++;
			if (significant < 19) {
				d->digits = d->digits * 10 + (uint64_t)(*s - '0');
				significant += d->digits != 0;
				d->exponent -= point;
			} else {
				d->whole &= *s == '0';
				d->exponent += !point;
			}
		} else if (*s == '.' && !point) {
			point = true;
		} else {
			break;
		}
	}
	if (digits == 0)
		return false;
	if (s < end && (*s == 'e' || *s == 'E')) {
		s++;
		bool down = false;
		if (s < end && (*s == '-' || *s == '+'))
			down = *s++ == '-';
		if (s == end)
			return false;
		int64_t exponent = 0;
		for (; s < end && is_digit(*s); s++)
			if (exponent < 100000000)
				exponent = exponent * 10 + (*s - '0');
		d->exponent += down ? -exponent : exponent;
	}
	return s == end;
}

static locale_t c_locale(void)
{
	static locale_t locale;
	locale_t seen = __atomic_load_n(&locale, __ATOMIC_ACQUIRE);
	if (seen)
		return seen;
	locale_t made = newlocale(LC_ALL_MASK, "C", NULL);
	if (!made)
		die_errno(STATUS_FAILED, "cannot make the C locale");
	if (!__atomic_compare_exchange_n(&locale, &seen, made, 0, __ATOMIC_ACQ_REL,
					 __ATOMIC_ACQUIRE)) {
		freelocale(made);
		return seen;
	}
	return made;
}

/* The long way, for the few numbers that the exact powers do not reach: the C
 * library's conversion, which rounds correctly. The grammar has been checked. */
static void convert(const char *s, size_t n, double *wide, float *narrow)
{
	char small[128], *text = n < sizeof small ? small : memory_new(n + 1, 1);
	memcpy(text, s, n);
	text[n] = '\0';
	if (wide)
		*wide = strtod_l(text, NULL, c_locale());
	else
		*narrow = strtof_l(text, NULL, c_locale());
	if (text != small)
		free(text);
}

enum number_state number_double(const char *s, size_t n, double *out)
{
	struct decimal d;
	if (!scan(s, n, &d))
		return NUMBER_SYNTAX;
	/* Both operands and so the one rounding of the result are exact
	 * (Clinger 1990, "How to read floating point numbers accurately"). */
	if (d.whole && d.digits <= (UINT64_C(1) << 53) &&
	    d.exponent >= -EXACT_POWERS && d.exponent <= EXACT_POWERS) {
		double value = (double)d.digits;
		if (d.exponent < 0)
			value /= EXACT_POWER[-d.exponent];
		else
			value *= EXACT_POWER[d.exponent];
		*out = d.negative ? -value : value;
		return NUMBER_OK;
	}
	if (d.digits == 0) {
		*out = d.negative ? -0.0 : 0.0;
		return NUMBER_OK;
	}
	convert(s, n, out, NULL);
	return isinf(*out) ? NUMBER_RANGE : NUMBER_OK;
}

enum number_state number_float(const char *s, size_t n, float *out)
{
	double wide;
	enum number_state state = number_double(s, n, &wide);
	if (state != NUMBER_OK)
		return state;
	/* Rounding twice is wrong only where the double lies half way between
	 * two floats, or where floats are subnormal. */
	uint64_t bits;
	memcpy(&bits, &wide, sizeof bits);
	double size = fabs(wide);
	if ((bits & 0x1fffffff) == 0x10000000 || (size < 0x1p-126 && size > 0) || size >= 0x1p127)
		convert(s, n, NULL, out);
	else
		*out = (float)wide;
	return isinf(*out) ? NUMBER_RANGE : NUMBER_OK;
}

/* Digits only, at least one. */
static enum number_state whole(const char *s, size_t n, uint64_t *out)
{
	enum { SAFE = 19 }; /* so many digits always fit */
	uint64_t value = 0;
	bool over = false;
	if (n - 1 < SAFE) {
		for (size_t i = 0; i < n; i++) {
			unsigned digit = (unsigned char)(s[i] - '0');
			if (digit > 9)
				return NUMBER_SYNTAX;
			value = value * 10 + digit;
		}
		*out = value;
		return NUMBER_OK;
	}
	if (n == 0)
		return NUMBER_SYNTAX;
	for (size_t i = 0; i < n; i++) {
		if (!is_digit(s[i]))
			return NUMBER_SYNTAX;
		over |= __builtin_mul_overflow(value, 10, &value);
		over |= __builtin_add_overflow(value, (uint64_t)(s[i] - '0'), &value);
	}
	*out = value;
	return over ? NUMBER_RANGE : NUMBER_OK;
}

enum number_state number_u64(const char *s, size_t n, uint64_t *out)
{
	bool negative = n > 0 && s[0] == '-';
	size_t sign = negative || (n > 0 && s[0] == '+');
	enum number_state state = whole(s + sign, n - sign, out);
	return state == NUMBER_OK && negative && *out != 0 ? NUMBER_RANGE : state;
}

enum number_state number_i64(const char *s, size_t n, int64_t *out)
{
	bool negative = n > 0 && s[0] == '-';
	size_t sign = negative || (n > 0 && s[0] == '+');
	uint64_t size;
	enum number_state state = whole(s + sign, n - sign, &size);
	if (state != NUMBER_OK)
		return state;
	if (size > (uint64_t)INT64_MAX + negative)
		return NUMBER_RANGE;
	*out = (int64_t)(negative ? 0 - size : size);
	return NUMBER_OK;
}

enum number_state number_size(const char *s, size_t n, uint64_t *out)
{
	unsigned shift = 0;
	if (n > 0) {
		char unit = s[n - 1];
		shift = unit == 'K' ? 10 : unit == 'M' ? 20 : unit == 'G' ? 30 : 0;
	}
	enum number_state state = whole(s, n - (shift != 0), out);
	if (state != NUMBER_OK)
		return state;
	if (*out > UINT64_MAX >> shift)
		return NUMBER_RANGE;
	*out <<= shift;
	return NUMBER_OK;
}

enum number_state number_duration(const char *s, size_t n, double *seconds)
{
	static const struct { char name[3]; double seconds; } UNIT[] = {
		{"ms", 1e-3}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}, {"w", 604800},
	};
	double unit = 1;
	for (size_t i = 0; i < sizeof UNIT / sizeof *UNIT; i++) {
		size_t length = strlen(UNIT[i].name);
		if (n > length && memcmp(s + n - length, UNIT[i].name, length) == 0) {
			unit = UNIT[i].seconds;
			n -= length;
			break;
		}
	}
	enum number_state state = number_double(s, n, seconds);
	if (state != NUMBER_OK)
		return state;
	*seconds *= unit;
	return *seconds < 0 || isinf(*seconds) ? NUMBER_RANGE : NUMBER_OK;
}

enum number_state number_limit(const char *s, size_t n, struct number_limit *out)
{
	*out = (struct number_limit){.given = true, .is_share = n > 0 && s[n - 1] == '%'};
	if (!out->is_share)
		return number_u64(s, n, &out->count);
	double percent = 0;
	enum number_state state = number_double(s, n - 1, &percent);
	out->share = percent / 100;
	if (state == NUMBER_OK && (percent < 0 || percent > 100))
		return NUMBER_RANGE;
	return state;
}

bool number_use_point(char *s, size_t n, char mark)
{
	if (memchr(s, '.', n))
		return false;
	for (size_t i = 0; i < n; i++)
		if (s[i] == mark)
			s[i] = '.';
	return true;
}

const char *number_problem(enum number_state state)
{
	return state == NUMBER_RANGE ? "out of range" : "not a number";
}

/* ---- binary to text ---- */

/* floor(log2(10^e)) and floor(log10(2^e)), right for the exponents of doubles. */
static int log2_of_power10(int e)
{
	return (e * 1741647) >> 19;
}

/* 10^k as the smallest g * 2^(log2(10^k) - 127) that is not below it: 128 bits. */
struct power {
	uint64_t high, low;
};

/* Exact integer arithmetic: 10^k = 5^k * 2^k, so the bits of 5^k will do; for
 * k < 0 those of 2^m / 5^-k, rounded up. */
static struct power power_compute(int k)
{
	enum { WORDS = 36 };
	uint32_t word[WORDS] = {0};
	int bits;
	bool rest = false;
	if (k >= 0) {
		word[0] = 1;
		for (int i = 0; i < k; i++) {
			uint64_t carry = 0;
			for (int w = 0; w < WORDS; w++) {
				carry += (uint64_t)word[w] * 5;
				word[w] = (uint32_t)carry;
				carry >>= 32;
			}
		}
	} else {
		word[WORDS - 1] = 1;
		for (int i = 0; i < -k; i++) {
			uint64_t left = 0;
			for (int w = WORDS; w-- > 0;) {
				left = left << 32 | word[w];
				word[w] = (uint32_t)(left / 5);
				left %= 5;
			}
			rest |= left != 0;
		}
	}
	int top = WORDS - 1;
	while (word[top] == 0)
		top--;
	bits = top * 32 + 32 - __builtin_clz(word[top]);
	unsigned __int128 g = 0;
	if (bits <= 128) {
		for (int w = top; w >= 0; w--)
			g = g << 32 | word[w];
		g <<= 128 - bits;
	} else {
		int drop = bits - 128;
		for (int b = 0; b < 128; b += 32) {
			int at = drop + b, w = at / 32, off = at % 32;
			uint64_t two = word[w] | (w + 1 < WORDS ? (uint64_t)word[w + 1] << 32 : 0);
			g |= (unsigned __int128)(uint32_t)(two >> off) << b;
		}
		for (int w = 0; w < drop / 32; w++)
			rest |= word[w] != 0;
		rest |= (word[drop / 32] & ((UINT32_C(1) << drop % 32) - 1)) != 0;
	}
	g += rest;
	return (struct power){(uint64_t)(g >> 64), (uint64_t)g};
}

/* Powers are computed when first needed; threads that meet here write the same. */
static struct power power_of(int k)
{
	enum { LOWEST = -292, HIGHEST = 324 };
	static struct power cache[HIGHEST - LOWEST + 1];
	struct power *p = &cache[k - LOWEST];
	uint64_t high = __atomic_load_n(&p->high, __ATOMIC_ACQUIRE);
	if (high)
		return (struct power){high, __atomic_load_n(&p->low, __ATOMIC_RELAXED)};
	struct power made = power_compute(k);
	__atomic_store_n(&p->low, made.low, __ATOMIC_RELAXED);
	__atomic_store_n(&p->high, made.high, __ATOMIC_RELEASE);
	return made;
}

/* The product's upper part, its last bit set when anything below is not 0. */
static uint64_t round_to_odd_wide(struct power g, uint64_t c)
{
	unsigned __int128 x = (unsigned __int128)g.low * c;
	unsigned __int128 y = (unsigned __int128)g.high * c + (uint64_t)(x >> 64);
	return (uint64_t)(y >> 64) | ((uint64_t)y > 1);
}

static uint64_t round_to_odd_narrow(struct power g, uint64_t c)
{
	unsigned __int128 x = (unsigned __int128)(g.high + (g.low != 0)) * c;
	return (uint64_t)(x >> 64) | ((uint32_t)(x >> 32) > 1);
}

struct digits {
	uint64_t value;
	int exponent;
};

/* The shortest decimal inside the rounding interval of c * 2^q, the closest one
 * of that length (R. Giulietti 2021, "The Schubfach way to render doubles").
 * `edge`: the neighbor below is half as far away as the one above. */
static struct digits shortest(uint64_t c, int q, bool edge, bool wide)
{
	int k = (q * 1262611 - (edge ? 524031 : 0)) >> 22;
	int h = q + log2_of_power10(-k) + 1;
	struct power g = power_of(-k);
	uint64_t (*scaled)(struct power, uint64_t) = wide ? round_to_odd_wide : round_to_odd_narrow;
	uint64_t odd = c & 1;
	uint64_t lower = scaled(g, (4 * c - 2 + edge) << h) + odd;
	uint64_t value = scaled(g, (4 * c) << h);
	uint64_t upper = scaled(g, (4 * c + 2) << h) - odd;
	uint64_t s = value / 4;
	if (s >= 10) {
		uint64_t ten = s / 10;
		bool below = lower <= 40 * ten, above = 40 * ten + 40 <= upper;
		if (below != above)
			return (struct digits){ten + above, k + 1};
	}
	bool below = lower <= 4 * s, above = 4 * s + 4 <= upper;
	if (below != above)
		return (struct digits){s + above, k};
	uint64_t middle = 4 * s + 2;
	bool up = value > middle || (value == middle && (s & 1));
	return (struct digits){s + up, k};
}

static const char PAIRS[] =
	"00010203040506070809101112131415161718192021222324252627282930313233343536373839"
	"40414243444546474849505152535455565758596061626364656667686970717273747576777879"
	"8081828384858687888990919293949596979899";

static size_t write_whole(uint64_t value, char *out)
{
	char text[NUMBER_SIZE], *at = text + sizeof text;
	while (value >= 100) {
		at -= 2;
		memcpy(at, PAIRS + value % 100 * 2, 2);
		value /= 100;
	}
	if (value >= 10) {
		at -= 2;
		memcpy(at, PAIRS + value * 2, 2);
	} else {
		*--at = (char)('0' + value);
	}
	size_t n = (size_t)(text + sizeof text - at);
	memcpy(out, at, n);
	return n;
}

size_t number_write_u64(uint64_t value, char out[NUMBER_SIZE])
{
	return write_whole(value, out);
}

size_t number_write_i64(int64_t value, char out[NUMBER_SIZE])
{
	if (value >= 0)
		return write_whole((uint64_t)value, out);
	out[0] = '-';
	return 1 + write_whole(0 - (uint64_t)value, out + 1);
}

/* Digits as text: plain from 1e-5 up to below 10^plain, with an exponent beyond. */
static size_t lay_out(struct digits d, bool negative, int plain, char *out)
{
	while (d.value % 10 == 0) {
		d.value /= 10;
		d.exponent++;
	}
	char text[NUMBER_SIZE], *o = out;
	int n = (int)write_whole(d.value, text);
	int point = n + d.exponent; /* the value is 0.text * 10^point */
	if (negative)
		*o++ = '-';
	if (point > plain || point < -4) {
		*o++ = text[0];
		if (n > 1) {
			*o++ = '.';
			memcpy(o, text + 1, (size_t)n - 1);
			o += n - 1;
		}
		*o++ = 'e';
		if (point < 1)
			*o++ = '-';
		o += write_whole((uint64_t)abs(point - 1), o);
	} else if (point <= 0) {
		memcpy(o, "0.", 2);
		memset(o + 2, '0', (size_t)-point);
		memcpy(o + 2 - point, text, (size_t)n);
		o += 2 - point + n;
	} else if (point >= n) {
		memcpy(o, text, (size_t)n);
		memset(o + n, '0', (size_t)(point - n));
		o += point;
	} else {
		memcpy(o, text, (size_t)point);
		o[point] = '.';
		memcpy(o + point + 1, text + point, (size_t)(n - point));
		o += n + 1;
	}
	return (size_t)(o - out);
}

static _Noreturn void __attribute__((cold)) die_not_finite(double value)
{
	die(STATUS_FAILED, "a result is %s and cannot be written", isnan(value) ? "not a number" : "infinite");
}

size_t number_write_double(double value, char out[NUMBER_SIZE])
{
	uint64_t bits;
	memcpy(&bits, &value, sizeof bits);
	uint64_t part = bits & ((UINT64_C(1) << 52) - 1);
	int exponent = (int)(bits >> 52 & 0x7ff);
	bool negative = bits >> 63;
	if (exponent == 0 && part == 0) {
		out[0] = '0';
		return 1;
	}
	if (exponent == 0x7ff)
		die_not_finite(value);
	double size = fabs(value);
	if (size < 0x1p53 && size == (double)(uint64_t)size)
		return lay_out((struct digits){(uint64_t)size, 0}, negative, 16, out);
	uint64_t c = exponent ? part | UINT64_C(1) << 52 : part;
	int q = (exponent ? exponent : 1) - 1075;
	return lay_out(shortest(c, q, part == 0 && exponent > 1, true), negative, 16, out);
}

size_t number_write_float(float value, char out[NUMBER_SIZE])
{
	uint32_t bits;
	memcpy(&bits, &value, sizeof bits);
	uint32_t part = bits & ((UINT32_C(1) << 23) - 1);
	int exponent = (int)(bits >> 23 & 0xff);
	bool negative = bits >> 31;
	if (exponent == 0 && part == 0) {
		out[0] = '0';
		return 1;
	}
	if (exponent == 0xff)
		die_not_finite((double)value);
	uint32_t c = exponent ? part | UINT32_C(1) << 23 : part;
	int q = (exponent ? exponent : 1) - 150;
	return lay_out(shortest(c, q, part == 0 && exponent > 1, false), negative, 9, out);
}

enum { BOUND_SIZE = 32 };

/* A bound as it may be typed: a duration in the largest unit that it is a multiple of. */
static const char *bound_text(double bound, bool duration, char out[BOUND_SIZE])
{
	static const struct { double seconds; char name; } UNITS[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}};
	for (size_t i = 0; duration && bound > 0 && i < sizeof UNITS / sizeof *UNITS; i++) {
		double n = bound / UNITS[i].seconds;
		if (n < floor(n) || n > floor(n))
			continue;
		snprintf(out, BOUND_SIZE, "%.15g%c", n, UNITS[i].name);
		return out;
	}
	snprintf(out, BOUND_SIZE, duration && bound > 0 ? "%.15gs" : "%.15g", bound);
	return out;
}

static const char *range_text(double low, double high, bool duration, char out[NUMBER_RANGE_SIZE])
{
	bool above = low > 0 && low <= ABOVE_ZERO, vast = high >= (duration ? DURATION_VAST : NUMBER_VAST);
	char least[BOUND_SIZE], most[BOUND_SIZE];
	bound_text(low, duration, least);
	bound_text(high, duration, most);
	if (isinf(low))
		snprintf(out, NUMBER_RANGE_SIZE, "at most %s", most);
	else if (above && vast)
		snprintf(out, NUMBER_RANGE_SIZE, "above 0");
	else if (above)
		snprintf(out, NUMBER_RANGE_SIZE, "above 0, at most %s", most);
	else if (vast)
		snprintf(out, NUMBER_RANGE_SIZE, "at least %s", least);
	else if (high >= BELOW_ONE && high < 1)
		snprintf(out, NUMBER_RANGE_SIZE, "%s to 1 (exclusive)", least);
	else
		snprintf(out, NUMBER_RANGE_SIZE, "%s to %s", least, most);
	return out;
}

const char *number_range(double low, double high, char out[NUMBER_RANGE_SIZE])
{
	return range_text(low, high, false, out);
}

const char *duration_range(double low, double high, char out[NUMBER_RANGE_SIZE])
{
	return range_text(low, high, true, out);
}
