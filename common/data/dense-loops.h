/* dense-loops.h - the functions of dense.h's struct dense_kernel, compiled once for each
 * instruction set and each precision.
 *
 * The includer defines NAME(x), REAL, LANES, VEC (a vector of LANES numbers), FMA(a, b, c)
 * (a * b + c), PANEL, and the tile that stays in registers: VECS vectors of rows, COLUMNS
 * columns. LANES * VECS and COLUMNS divide PANEL. They are undefined again.
 */

/* Each element is one sum over the depth, in its order, whatever the tile's shape is. */
static inline __attribute__((always_inline)) void
NAME(tile)(REAL *c, const REAL *a, const REAL *b, size_t depth, bool set)
{
	VEC sum[COLUMNS][VECS];
#pragma GCC unroll 8
	for (size_t j = 0; j < COLUMNS; j++)
#pragma GCC unroll 8
		for (size_t v = 0; v < VECS; v++)
			sum[j][v] = (VEC){0};
	for (size_t k = 0; k < depth; k++, a += PANEL, b += PANEL) {
		VEC left[VECS];
#pragma GCC unroll 8
		for (size_t v = 0; v < VECS; v++)
			left[v] = *(const VEC *)(const void *)(a + v * LANES);
#pragma GCC unroll 8
		for (size_t j = 0; j < COLUMNS; j++) {
			VEC right = (VEC){0} + b[j];
#pragma GCC unroll 8
			for (size_t v = 0; v < VECS; v++)
				sum[j][v] = FMA(left[v], right, sum[j][v]);
		}
	}
#pragma GCC unroll 8
	for (size_t j = 0; j < COLUMNS; j++) {
#pragma GCC unroll 8
		for (size_t v = 0; v < VECS; v++) {
			VEC *at = (VEC *)(void *)(c + j * PANEL + v * LANES);
			if (set)
				*at = sum[j][v];
			else
				*at -= sum[j][v];
		}
	}
}

static void NAME(multiply)(REAL *c, const REAL *a, const REAL *b, size_t depth, bool set)
{
	for (size_t j = 0; j < PANEL; j += COLUMNS)
		for (size_t i = 0; i < PANEL; i += VECS * LANES)
			NAME(tile)(c + j * PANEL + i, a + i, b + j, depth, set);
}

/* y -= a * x for a column of a panel. */
static inline __attribute__((always_inline)) void NAME(column)(REAL *y, REAL a, const REAL *x)
{
	VEC factor = (VEC){0} - a;
#pragma GCC unroll 12
	for (size_t r = 0; r < PANEL; r += LANES) {
		VEC *at = (VEC *)(void *)(y + r);
		*at = FMA(factor, *(const VEC *)(const void *)(x + r), *at);
	}
}

static bool NAME(factor)(REAL *block, REAL *inverse)
{
	for (size_t k = 0; k < PANEL; k++) {
		REAL *column = block + k * PANEL;
		if (!(column[k] > 0) || !(column[k] < (REAL)INFINITY))
			return false;
		REAL by = 1 / (REAL)sqrt((double)column[k]);
		for (size_t r = 0; r < PANEL; r++)
			column[r] = r < k ? 0 : by * column[r];
		for (size_t j = k + 1; j < PANEL; j++)
			NAME(column)(block + j * PANEL, column[j], column);
	}
	/* Column c of the inverse: L x = e_c, forward. */
	for (size_t c = 0; c < PANEL; c++) {
		REAL *x = inverse + c * PANEL;
		for (size_t r = 0; r < PANEL; r++)
			x[r] = r == c;
		for (size_t k = c; k < PANEL; k++) {
			REAL z = x[k] / block[k * PANEL + k];
			NAME(column)(x, z, block + k * PANEL);
			x[k] = z;
		}
	}
	return true;
}

#undef NAME
#undef REAL
#undef LANES
#undef VEC
#undef FMA
#undef PANEL
#undef VECS
#undef COLUMNS
