/* dense-tiles.h - what dense.c does with numbers, written once for both precisions.
 *
 * The includer defines NAME(x), REAL, PANEL, MULTIPLY and FACTOR (of the kernel); they are
 * undefined again. A tile is EDGE x EDGE in panels, element (r, c) at
 * [r / PANEL * PANEL * edge + c * PANEL + r % PANEL].
 */

static inline size_t NAME(place)(size_t edge, size_t r, size_t c)
{
	return r / PANEL * PANEL * edge + c * PANEL + r % PANEL;
}

/* The tile of (row, column), both in tiles, row >= column. */
static inline REAL *NAME(tile)(const struct dense *m, size_t row, size_t column)
{
	return (REAL *)m->cells + (row * (row + 1) / 2 + column) * m->edge * m->edge;
}

/* Which parts of the factors of a product are zero, and which part of it is wanted. */
enum NAME(shape) { NAME(WHOLE), NAME(LOWER_B), NAME(UPPER_B), NAME(UPPER_A), NAME(SYMMETRIC) };

/* C = A B' where `set`, else C -= A B'; tiles. Of a symmetric product the panels below the
 * diagonal are made. */
static void NAME(product)(const struct dense *m, REAL *c, const REAL *a, const REAL *b, bool set,
			  enum NAME(shape) shape)
{
	size_t edge = m->edge, stride = PANEL * edge;
	for (size_t j = 0; j < edge; j += PANEL) {
		for (size_t i = shape == NAME(SYMMETRIC) ? j : 0; i < edge; i += PANEL) {
			size_t from = shape == NAME(UPPER_B) ? j : shape == NAME(UPPER_A) ? i : 0;
			size_t to = shape == NAME(LOWER_B) ? j + PANEL : edge;
			m->kernel->MULTIPLY(c + i / PANEL * stride + j * PANEL,
					    a + i / PANEL * stride + from * PANEL,
					    b + j / PANEL * stride + from * PANEL, to - from, set);
		}
	}
}

static void NAME(transpose)(size_t edge, REAL *to, const REAL *from)
{
	for (size_t c = 0; c < edge; c++)
		for (size_t r = 0; r < edge; r++)
			to[NAME(place)(edge, c, r)] = from[NAME(place)(edge, r, c)];
}

/* The diagonal tile d = L L': the inverse of L and its transpose as tiles, -1 times the
 * inverse of d in its place (below the diagonal). In double, which costs nothing here. */
static bool NAME(pivot)(const struct dense *m, REAL *d, const double *least, REAL *inverse,
			REAL *transposed, double *l)
{
	size_t n = m->edge;
	for (size_t r = 0; r < n; r++)
		for (size_t c = 0; c <= r; c++)
			l[r * n + c] = (double)d[NAME(place)(n, r, c)];
	if (!factor_small(l, least, n))
		return false;
	memset(inverse, 0, n * n * sizeof *inverse);
	for (size_t r = 0; r < n; r++)
		for (size_t c = 0; c <= r; c++)
			inverse[NAME(place)(n, r, c)] = (REAL)l[r * n + c];
	NAME(transpose)(n, transposed, inverse);
	memset(d, 0, n * n * sizeof *d);
	NAME(product)(m, d, transposed, transposed, false, NAME(SYMMETRIC));
	return true;
}

struct NAME(sweep) {
	const struct dense *m;
	size_t at;            /* the tile that is swept */
	REAL *inverse, *transposed;
	REAL *panel;          /* W: a tile for each row of tiles */
	REAL *turned;         /* a tile for each worker */
};

/* Row i of the panel: W_i = P_i L^-T, and what replaces P_i, P_i (L L')^-1. */
static void NAME(sweep_panel)(void *context, size_t i, size_t worker)
{
	const struct NAME(sweep) *s = context;
	size_t size = s->m->edge * s->m->edge;
	REAL *w = s->panel + i * size;
	if (i > s->at) {
		REAL *p = NAME(tile)(s->m, i, s->at);
		NAME(product)(s->m, w, p, s->inverse, true, NAME(LOWER_B));
		NAME(product)(s->m, p, w, s->transposed, true, NAME(UPPER_B));
	} else if (i < s->at) {
		REAL *p = NAME(tile)(s->m, s->at, i), *turned = s->turned + worker * size;
		NAME(transpose)(s->m->edge, turned, p);
		NAME(product)(s->m, w, turned, s->inverse, true, NAME(LOWER_B));
		NAME(product)(s->m, p, s->transposed, w, true, NAME(UPPER_A));
	}
}

static void NAME(sweep_row)(void *context, size_t i, size_t worker)
{
	const struct NAME(sweep) *s = context;
	size_t size = s->m->edge * s->m->edge;
	(void)worker;
	if (i == s->at)
		return;
	for (size_t j = 0; j <= i; j++)
		if (j != s->at)
			NAME(product)(s->m, NAME(tile)(s->m, i, j), s->panel + i * size,
				      s->panel + j * size, false,
				      i == j ? NAME(SYMMETRIC) : NAME(WHOLE));
}

/* Sweeps one tile after the other: then the matrix is -1 times its inverse. */
static bool NAME(invert)(struct dense *m, const struct dense_team *team)
{
	size_t size = m->edge * m->edge;
	struct NAME(sweep) s = {
		.m = m,
		.inverse = memory_aligned(size, sizeof(REAL)),
		.transposed = memory_aligned(size, sizeof(REAL)),
		.panel = memory_aligned(m->tiles * size, sizeof(REAL)),
		.turned = memory_aligned(team->workers * size, sizeof(REAL)),
	};
	double *l = memory_new(size, sizeof *l);
	bool good = true;
	for (s.at = 0; good && s.at < m->tiles; s.at++) {
		good = NAME(pivot)(m, NAME(tile)(m, s.at, s.at), m->least + s.at * m->edge, s.inverse,
				   s.transposed, l);
		if (good) {
			team->run(team->pool, m->tiles, NAME(sweep_panel), &s);
			team->run(team->pool, m->tiles, NAME(sweep_row), &s);
		}
		if (team->step)
			team->step(s.at + 1, m->tiles);
	}
	free(l);
	free(s.inverse);
	free(s.transposed);
	free(s.panel);
	free(s.turned);
	return good;
}

static void NAME(put_row)(struct dense *m, size_t row, const double *values)
{
	for (size_t j = 0; j <= row; j += m->edge) {
		REAL *at = NAME(tile)(m, row / m->edge, j / m->edge) +
			   NAME(place)(m->edge, row % m->edge, 0);
		for (size_t c = 0; c < m->edge && j + c <= row; c++)
			at[c * PANEL] = (REAL)values[j + c];
	}
}

/* To the diagonal along the row, from there on down the column. */
static void NAME(get_row)(const struct dense *m, size_t row, double *values)
{
	size_t tile = row / m->edge, in = row % m->edge;
	for (size_t j = 0; j <= row; j += m->edge) {
		const REAL *at = NAME(tile)(m, tile, j / m->edge) + NAME(place)(m->edge, in, 0);
		for (size_t c = 0; c < m->edge && j + c <= row; c++)
			values[j + c] = (double)at[c * PANEL];
	}
	for (size_t i = tile * m->edge; i < m->n; i += m->edge) {
		const REAL *at = NAME(tile)(m, i / m->edge, tile);
		for (size_t r = i == tile * m->edge ? in + 1 : 0; r < m->edge && i + r < m->n; r++)
			values[i + r] = (double)at[NAME(place)(m->edge, r, in)];
	}
}

/* Panel p of a system: rows p * PANEL ..., the columns 0 ... to the end of its diagonal block. */
static inline REAL *NAME(panel)(const struct dense_system *s, size_t p)
{
	return (REAL *)s->cells + p * (p + 1) / 2 * PANEL * PANEL;
}

static void NAME(begin)(struct dense_system *s)
{
	size_t panels = (s->n + PANEL - 1) / PANEL;
	for (size_t i = s->n; i < panels * PANEL; i++) {
		REAL *at = NAME(panel)(s, panels - 1) + i % PANEL;
		for (size_t c = 0; c < i; c++)
			at[c * PANEL] = 0;
		at[i * PANEL] = 1;
	}
}

static void NAME(put_system)(struct dense_system *s, size_t row, const double *values)
{
	REAL *at = NAME(panel)(s, row / PANEL) + row % PANEL;
	for (size_t c = 0; c <= row; c++)
		at[c * PANEL] = (REAL)values[c];
}

/* Is a pivot of the factored diagonal block from this row on too small? */
static bool NAME(vanishes)(const struct dense_system *s, const REAL *block, size_t from)
{
	for (size_t r = 0; r < PANEL && from + r < s->n; r++) {
		double pivot = (double)block[r * PANEL + r];
		if (!(pivot * pivot > s->least[from + r]))
			return true;
	}
	return false;
}

/* L of L L', panel column by panel column; the inverses of its diagonal blocks beside it. */
static bool NAME(factorize)(struct dense_system *s, size_t panels)
{
	REAL *inverse = s->inverse, *held = s->held;
	for (size_t j = 0; j < panels; j++, inverse += PANEL * PANEL) {
		const REAL *left = NAME(panel)(s, j);
		size_t depth = j * PANEL;
		for (size_t i = j; i < panels; i++) {
			REAL *row = NAME(panel)(s, i), *block = row + depth * PANEL;
			if (j > 0)
				s->kernel->MULTIPLY(block, row, left, depth, false);
			if (i == j) {
				if (!s->kernel->FACTOR(block, inverse) || NAME(vanishes)(s, block, depth))
					return false;
			} else {
				memcpy(held, block, PANEL * PANEL * sizeof *held);
				s->kernel->MULTIPLY(block, held, inverse, PANEL, true);
			}
		}
	}
	return true;
}

/* y -= block x, or of its transpose: blocks of a panel in `columns` columns. */
static void NAME(subtract)(REAL *y, const REAL *block, const REAL *x, size_t columns)
{
	REAL sum[PANEL] = {0};
	for (size_t c = 0; c < columns; c++)
		for (size_t r = 0; r < PANEL; r++)
			sum[r] += block[c * PANEL + r] * x[c];
	for (size_t r = 0; r < PANEL; r++)
		y[r] -= sum[r];
}

static void NAME(subtract_turned)(REAL *y, const REAL *block, const REAL *x, size_t columns)
{
	for (size_t c = 0; c < columns; c++) {
		REAL sum[4] = {0};
		for (size_t r = 0; r < PANEL; r += 4)
			for (size_t q = 0; q < 4; q++)
				sum[q] += block[c * PANEL + r + q] * x[r + q];
		y[c] -= (sum[0] + sum[2]) + (sum[1] + sum[3]);
	}
}

static bool NAME(solve)(struct dense_system *s, double *b)
{
	size_t panels = (s->n + PANEL - 1) / PANEL;
	REAL *x = s->right;
	if (!NAME(factorize)(s, panels))
		return false;
	for (size_t i = 0; i < panels * PANEL; i++)
		x[i] = i < s->n ? (REAL)b[i] : 0;
	for (size_t i = 0; i < panels; i++) { /* L z = b */
		REAL z[PANEL] = {0}, *at = x + i * PANEL;
		NAME(subtract)(at, NAME(panel)(s, i), x, i * PANEL);
		NAME(subtract)(z, (REAL *)s->inverse + i * PANEL * PANEL, at, PANEL);
		for (size_t r = 0; r < PANEL; r++)
			at[r] = -z[r];
	}
	for (size_t i = panels; i-- > 0;) { /* L' x = z */
		REAL z[PANEL] = {0}, *at = x + i * PANEL;
		NAME(subtract_turned)(z, (REAL *)s->inverse + i * PANEL * PANEL, at, PANEL);
		for (size_t r = 0; r < PANEL; r++)
			at[r] = -z[r];
		NAME(subtract_turned)(x, NAME(panel)(s, i), at, i * PANEL);
	}
	for (size_t i = 0; i < s->n; i++)
		b[i] = (double)x[i];
	return true;
}

#undef NAME
#undef REAL
#undef PANEL
#undef MULTIPLY
#undef FACTOR
