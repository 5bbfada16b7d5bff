/* The tile of 16 users by 32 items in the matrix registers (AMX) of processors that
 * have them: one instruction multiplies 16 users by 16 items over 32 factors. The
 * sums go through a small buffer to the comparison with the thresholds. */
#include "data/tile.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "data/tile-avx512.h"

enum {
	WIDTH = 16,          /* users: rows of a register */
	STEP = 16,           /* words of 2 factors: a row's 64 bytes */
	HALF = PANEL / 2,    /* items: columns of a register */
};

/* What LDTILECFG reads (Intel 64 and IA-32 Architectures Software Developer's Manual,
 * volume 1, table 18-1). */
struct tile_config {
	uint8_t palette, start_row, reserved[14];
	uint16_t row_bytes[16];
	uint8_t rows[16];
};

/* Registers 0, 1: sums. 2: users, 3 and 4: items, of a whole step. 5 to 7: the same
 * of what is left of the depth after the last whole step. */
__attribute__((target("amx-tile")))
static void configure(uint32_t rest)
{
	struct tile_config c = {.palette = 1};
	for (int t = 0; t < 8; t++) {
		c.row_bytes[t] = 64;
		c.rows[t] = 16;
	}
	if (rest) {
		c.row_bytes[5] = (uint16_t)(rest * 4);
		c.rows[6] = c.rows[7] = (uint8_t)rest;
	}
	_tile_loadconfig(&c);
}

/* Adds the products of the words from `f` on: users in register u, the halves of the
 * panel in v and w (a macro: registers are part of the instructions). */
#define MULTIPLY(f, u, v, w) do { \
	const uint32_t *at = item + (size_t)(f) * PANEL; \
	_tile_loadd(u, users + (f), user_bytes); \
	_tile_loadd(v, at, panel_row); \
	_tile_loadd(w, at + HALF, panel_row); \
	_tile_dpbf16ps(0, u, v); \
	_tile_dpbf16ps(1, u, w); \
} while (0)

__attribute__((target("avx512f,popcnt,amx-tile,amx-bf16")))
static void scan_amx(const struct panels *panels, size_t first, size_t last,
		     const uint32_t *users, float *threshold, struct bucket *buckets)
{
	_Alignas(64) float score[WIDTH][PANEL];
	const uint32_t depth = panels->depth, whole = depth / STEP * STEP, rest = depth - whole;
	const size_t user_bytes = depth * sizeof *users, panel_row = PANEL * sizeof *panels->at;
	const uint32_t *item = panels->at + first * depth * PANEL;
	configure(rest);
	for (size_t p = first; p < last; p++, item += (size_t)depth * PANEL) {
		_tile_loadd(0, panels->bias + p * PANEL, 0);
		_tile_loadd(1, panels->bias + p * PANEL + HALF, 0);
		for (uint32_t f = 0; f < whole; f += STEP)
			MULTIPLY(f, 2, 3, 4);
		if (rest)
			MULTIPLY(whole, 5, 6, 7);
		_tile_stored(0, &score[0][0], sizeof score[0]);
		_tile_stored(1, &score[0][HALF], sizeof score[0]);
		for (unsigned j = 0; j < WIDTH; j++) {
			__m512 s = _mm512_load_ps(score[j]), t = _mm512_load_ps(score[j] + HALF);
			offer_avx512(&buckets[j], &threshold[j], s, t, p * PANEL);
		}
	}
	_tile_release();
}

/* Leaf 7 of CPUID; not every compiler has these names in __builtin_cpu_supports. */
static bool in_processor(void)
{
	enum { AMX_BF16 = 1 << 22, AMX_TILE = 1 << 24 };
	unsigned a, b, c, d;
	return __get_cpuid_count(7, 0, &a, &b, &c, &d) && d & AMX_BF16 && d & AMX_TILE;
}

/* Linux gives the registers' state only to processes that asked for it. */
static bool permitted(void)
{
#ifdef SYS_arch_prctl
	enum { ARCH_REQ_XCOMP_PERM = 0x1023, TILE_DATA = 18 };
	return syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, TILE_DATA) == 0;
#else
	return false;
#endif
}

const struct tile_kernel *tile_kernel_amx(void)
{
	/* The costs are estimated from the throughput of the instructions: 16 cycles for a
	 * product of registers beside 2 a cycle of AVX-512. */
	static const struct tile_kernel AMX = {
		.name = "amx", .width = WIDTH, .pairs = true, .rows = true, .cost = 0.2, .candidate = 6400,
		.scan = scan_amx, .count = count_avx512, .dot = dot_avx512,
	};
	return in_processor() && permitted() ? &AMX : NULL;
}
#else
const struct tile_kernel *tile_kernel_amx(void)
{
	return NULL;
}
#endif
