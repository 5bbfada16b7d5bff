#include "curve.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "palette.h" /* made by make of the pages' colors */

/* At a whole second. */
static void curve_point(const struct ratings *r, const struct fit *f, uint32_t item,
			uint32_t point, double *time, double *value)
{
	const double seconds = 86400;
	*time = r->begin + (r->end - r->begin) * point / (CURVE_POINTS - 1);
	*time = round(*time * seconds) / seconds;
	*value = fit_predict(r, f, STRMAP_NONE, item, *time);
}

void curve_write(const struct ratings *r, const struct fit *f, uint32_t item,
		 double ticks_per_day, struct output *out)
{
	for (uint32_t i = 0; i < CURVE_POINTS; i++) {
		double time, value;
		curve_point(r, f, item, i, &time, &value);
		output_double(out, round(time * ticks_per_day));
		output_tab(out);
		output_double(out, value);
		output_end_row(out);
	}
}

/* A text inside double quotes of gnuplot: what means something there, and control
 * bytes, become a space. */
static void output_title(struct output *out, struct span text)
{
	for (size_t i = 0; i < text.n; i++) {
		char x = text.at[i];
		bool plain = (unsigned char)x >= 0x20 && !strchr("\"\\`$", x);
		output_byte(out, plain ? x : ' ');
	}
}

void curve_plot(const struct ratings *r, const struct fit *f, uint32_t item, const char *path)
{
	struct output *out = output_open(path, false);
	output_text(out, "set terminal svg size 900,500 noenhanced background '" PALETTE_PAPER "'\n"
		    "set border 3 lc rgb '" PALETTE_SOFT "'\nset tics nomirror\n"
		    "set grid lc rgb '" PALETTE_LINE "' lt 1\nset title \"Ratings over time\"\n"
		    "set xdata time\nset timefmt \"%s\"\nset format x \"%Y-%m\"\n"
		    "set xtics rotate by 45 right\nset ylabel \"rating\"\n"
		    "set key outside top center horizontal\n$curve << END\n");
	for (uint32_t i = 0; i < CURVE_POINTS; i++) {
		double time, value;
		curve_point(r, f, item, i, &time, &value);
		output_double(out, round(time * 86400));
		output_byte(out, ' ');
		output_double(out, value);
		output_byte(out, '\n');
	}
	output_text(out, "END\n$data << END\n");
	for (uint32_t i = 0; i < r->n; i++) {
		const struct row *row = &r->row[i];
		if (row->item != item)
			continue;
		double user = f->user[(size_t)row->user * form_user_width(f->form)];
		output_double(out, row->time * 86400);
		output_byte(out, ' ');
		output_double(out, row->rating - user);
		output_byte(out, '\n');
	}
	output_text(out, "END\nplot $data using 1:2 with points pointtype 7 pointsize 0.4 "
		    "lc rgb '" PALETTE_SOFT "' "
		    "title \"ratings less the user's bias\", \\\n  $curve using 1:2 with lines "
		    "linewidth 2.5 lc rgb '" PALETTE_MARK "' title \"");
	output_title(out, strmap_key(r->item_ids, item));
	output_text(out, ": ");
	output_text(out, f->form->name);
	output_text(out, "\"\n");
	output_close(out);
}
