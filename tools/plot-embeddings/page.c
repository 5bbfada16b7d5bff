#include "page.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/quote.h"
#include "page.html.h" /* PAGE_HEAD and PAGE_TAIL, made by make */
#include "palette.h" /* made by make of the pages' colors */

static struct span id_of(const struct page *p, uint32_t i)
{
	return strmap_key(p->embedding->ids, i);
}

/* The title where there is one that is not empty, otherwise the id. */
static struct span title_of(const struct page *p, uint32_t i)
{
	struct span id = id_of(p, i), title = {NULL, 0};
	if (p->title >= 0)
		title = metadata_field(p->metadata, id, (size_t)p->title);
	return title.n ? title : id;
}

static void write_html(struct output *out, struct span text)
{
	struct buffer b = {0};
	quote_html(&b, text.at, text.n);
	output_bytes(out, b.data, b.n);
	buffer_free(&b);
}

/* `b` is only room, used again and again. */
static void write_js(struct output *out, struct span text, struct buffer *b)
{
	b->n = 0;
	quote_js(b, text.at, text.n);
	output_bytes(out, b->data, b->n);
}

/* Bytes as base64 (RFC 4648), given in any pieces. */
struct base64 {
	struct output *out;
	uint32_t bits;
	unsigned n;
};

static const char BASE64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void base64_byte(struct base64 *b, unsigned byte)
{
	b->bits = b->bits << 8 | (byte & 0xff);
	if (++b->n < 3)
		return;
	for (int shift = 18; shift >= 0; shift -= 6)
		output_byte(b->out, BASE64[b->bits >> shift & 63]);
	b->bits = 0;
	b->n = 0;
}

static void base64_end(struct base64 *b)
{
	unsigned n = b->n;
	if (n == 0)
		return;
	b->bits <<= 8 * (3 - n);
	for (unsigned i = 0; i < 4; i++)
		output_byte(b->out, i <= n ? BASE64[b->bits >> (18 - 6 * i) & 63] : '=');
	b->bits = 0;
	b->n = 0;
}

static void base64_number(struct base64 *b, uint64_t x, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		base64_byte(b, (unsigned)(x >> 8 * i));
}

/* Bytes that hold numbers below `n`. */
static unsigned bytes_for(uint64_t n)
{
	return n <= 1U << 8 ? 1 : n <= 1U << 16 ? 2 : n <= 1U << 24 ? 3 : 4;
}

struct bounds {
	double low[2], high[2];
};

static struct bounds bounds_of(const struct page *p)
{
	struct bounds b = {{DBL_MAX, DBL_MAX}, {-DBL_MAX, -DBL_MAX}};
	for (size_t i = 0; i < 2 * (size_t)p->embedding->n; i++) {
		b.low[i % 2] = fmin(b.low[i % 2], p->at[i]);
		b.high[i % 2] = fmax(b.high[i % 2], p->at[i]);
	}
	return b;
}

/* As 16-bit integers within a square: a twentieth of a pixel of a large screen. `box` is what
 * the points take of the square, a number for each axis. */
static void write_coordinates(const struct page *p, struct output *out)
{
	struct base64 b = {.out = out};
	struct bounds bounds = bounds_of(p);
	double wide = bounds.high[0] - bounds.low[0], high = bounds.high[1] - bounds.low[1];
	double side = fmax(fmax(wide, high), DBL_MIN);
	output_text(out, "\"box\": [");
	output_double(out, wide / side);
	output_byte(out, ',');
	output_double(out, high / side);
	output_text(out, "],\n\"xy\": \"");
	for (size_t i = 0; i < 2 * (size_t)p->embedding->n; i++) {
		double share = (p->at[i] - bounds.low[i % 2]) / side;
		base64_number(&b, (uint64_t)lrint(65535 * share), 2);
	}
	base64_end(&b);
	output_text(out, "\"");
}

/* Neighbors of a point by number, and their cosines times 127; a neighbor that is not there is
 * the point itself. */
static void write_neighbors(const struct page *p, struct output *out)
{
	enum { SHOWN = 10 };
	const struct neighbors *near = p->near;
	struct base64 b = {.out = out};
	uint32_t k = near->k < SHOWN ? near->k : SHOWN;
	unsigned size = bytes_for(near->n);
	output_text(out, ",\n\"k\": ");
	output_u64(out, k);
	output_text(out, ", \"near_bytes\": ");
	output_u64(out, size);
	output_text(out, ",\n\"near\": \"");
	for (uint32_t i = 0; i < near->n; i++)
		for (uint32_t j = 0; j < k; j++) {
			uint32_t id = near->id[(size_t)i * near->k + j];
			base64_number(&b, id == UINT32_MAX ? i : id, size);
		}
	base64_end(&b);
	output_text(out, "\",\n\"cosines\": \"");
	for (uint32_t i = 0; i < near->n; i++)
		for (uint32_t j = 0; j < k; j++)
			base64_byte(&b, (unsigned)lrintf(127 * near->cosine[(size_t)i * near->k + j]));
	base64_end(&b);
	output_text(out, "\"");
}

/* A column as its different values, in the order in which they come, and their numbers. */
static void write_column(const struct page *p, size_t c, struct output *out)
{
	struct buffer room = {0};
	struct strmap *values = strmap_new();
	uint32_t *at = memory_new((size_t)p->embedding->n + 1, sizeof *at);
	struct base64 b = {.out = out};
	output_text(out, ", \"values\": [");
	for (uint32_t i = 0; i < p->embedding->n; i++) {
		uint32_t known = strmap_count(values);
		struct span text = metadata_field(p->metadata, id_of(p, i), c);
		at[i] = strmap_add(values, text);
		if (at[i] < known)
			continue;
		if (known)
			output_byte(out, ',');
		write_js(out, text, &room);
	}
	unsigned size = bytes_for(strmap_count(values));
	output_text(out, "], \"bytes\": ");
	output_u64(out, size);
	output_text(out, ", \"at\": \"");
	for (uint32_t i = 0; i < p->embedding->n; i++)
		base64_number(&b, at[i], size);
	base64_end(&b);
	output_text(out, "\"");
	strmap_free(values);
	free(at);
	buffer_free(&room);
}

static void write_columns(const struct page *p, struct output *out)
{
	const struct metadata *m = p->metadata;
	struct buffer room = {0};
	for (size_t c = 0; m && c < m->columns; c++) {
		output_text(out, c ? ",\n{\"name\": " : "\n{\"name\": ");
		write_js(out, span_of(m->names[c]), &room);
		if ((long)c == p->title)
			output_text(out, ", \"title\": true");
		else
			write_column(p, c, out);
		output_text(out, "}");
	}
	buffer_free(&room);
}

/* Of each point, as an array of texts. */
static void write_texts(const struct page *p, struct span (*text_of)(const struct page *, uint32_t),
			struct output *out)
{
	struct buffer room = {0};
	output_text(out, "[");
	for (uint32_t i = 0; i < p->embedding->n; i++) {
		if (i)
			output_byte(out, ',');
		write_js(out, text_of(p, i), &room);
	}
	output_text(out, "]");
	buffer_free(&room);
}

void page_write_html(const struct page *p, struct output *out)
{
	output_text(out, PAGE_HEAD);
	output_text(out, "{\"color\": ");
	output_i64(out, p->color);
	output_text(out, ", \"recall\": ");
	output_double(out, p->recall);
	output_text(out, ", \"found\": ");
	if (isnan(p->found))
		output_text(out, "null");
	else
		output_double(out, p->found);
	output_text(out, ",\n\"titles\": ");
	write_texts(p, title_of, out);
	output_text(out, ",\n\"ids\": ");
	if (p->title >= 0)
		write_texts(p, id_of, out);
	else
		output_text(out, "null");
	output_text(out, ",\n\"columns\": [");
	write_columns(p, out);
	output_text(out, "],\n");
	write_coordinates(p, out);
	write_neighbors(p, out);
	output_text(out, "}");
	output_text(out, PAGE_TAIL);
}

/* --- SVG ---------------------------------------------------------------------- */

enum { COLORS = 10 };

static const char *const PALETTE[COLORS] = {PALETTE_SERIES};

struct value {
	struct span text;
	uint32_t count;
};

static int commoner_first(const void *a, const void *b)
{
	const struct value *x = a, *y = b;
	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return span_compare(x->text, y->text);
}

/* The values of the color column, the most frequent first. */
static struct value *count_values(const struct page *p, uint32_t *n)
{
	struct strmap *texts = strmap_new();
	struct value *values = memory_zero((size_t)p->embedding->n + 1, sizeof *values);
	for (uint32_t i = 0; i < p->embedding->n; i++) {
		struct span text = metadata_field(p->metadata, id_of(p, i), (size_t)p->color);
		struct value *v = &values[strmap_add(texts, text)];
		v->text = text;
		v->count++;
	}
	*n = strmap_count(texts);
	strmap_free(texts);
	qsort(values, *n, sizeof *values, commoner_first);
	return values;
}

static const char *color_of(const struct page *p, const struct value *values, uint32_t n,
			     uint32_t i)
{
	if (p->color < 0)
		return PALETTE[0];
	struct span text = metadata_field(p->metadata, id_of(p, i), (size_t)p->color);
	for (uint32_t v = 0; v < n && v < COLORS; v++)
		if (span_equal(text, values[v].text))
			return PALETTE[v];
	return PALETTE_OTHER;
}

/* Hundredths of a pixel are enough. */
static void write_attribute(struct output *out, const char *name, double x)
{
	output_byte(out, ' ');
	output_text(out, name);
	output_text(out, "=\"");
	output_double(out, round(x * 100) / 100);
	output_byte(out, '"');
}

static void write_legend(const struct value *values, uint32_t n, struct output *out)
{
	for (uint32_t v = 0; v < n && v < COLORS; v++) {
		double y = 20 + 18 * (double)v;
		output_text(out, "<circle");
		write_attribute(out, "cx", 14);
		write_attribute(out, "cy", y);
		output_text(out, " r=\"5\" fill=\"");
		output_text(out, PALETTE[v]);
		output_text(out, "\"/><text");
		write_attribute(out, "x", 26);
		write_attribute(out, "y", y + 4);
		output_text(out, ">");
		write_html(out, values[v].text.n ? values[v].text : span_of("(none)"));
		output_text(out, "</text>\n");
	}
}

void page_write_svg(const struct page *p, struct output *out)
{
	struct bounds bounds = bounds_of(p);
	const double *low = bounds.low, *high = bounds.high;
	uint32_t n = p->embedding->n, n_values = 0;
	double side = fmax(fmax(high[0] - low[0], high[1] - low[1]), 1e-9);
	double size = (double)p->size, scale = size * 0.92 / side;
	double r = fmax(0.8, fmin(4, 200 / sqrt((double)n + 1)));
	struct value *values = p->color >= 0 ? count_values(p, &n_values) : NULL;
	output_text(out, "<svg xmlns=\"http://www.w3.org/2000/svg\"");
	write_attribute(out, "width", size);
	write_attribute(out, "height", size);
	output_text(out, " font-family=\"sans-serif\" font-size=\"12\">\n"
		    "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
		    "<g fill-opacity=\"0.8\">\n");
	for (uint32_t i = 0; i < n; i++) {
		const double *at = p->at + 2 * (size_t)i;
		output_text(out, "<circle");
		write_attribute(out, "cx", size / 2 + (at[0] - (low[0] + high[0]) / 2) * scale);
		write_attribute(out, "cy", size / 2 - (at[1] - (low[1] + high[1]) / 2) * scale);
		write_attribute(out, "r", r);
		output_text(out, " fill=\"");
		output_text(out, color_of(p, values, n_values, i));
		output_text(out, "\"><title>");
		write_html(out, title_of(p, i));
		output_text(out, "</title></circle>\n");
	}
	output_text(out, "</g>\n");
	write_legend(values, n_values, out);
	output_text(out, "</svg>\n");
	free(values);
}
