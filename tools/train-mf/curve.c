#include "curve.h"

#include <math.h>

struct curve curve_open(const struct options *o)
{
	struct curve c = {0};
	if (o->report) {
		c.report = output_open(NULL, o->common.line_buffered);
		output_text(c.report, "step\tvalue\n");
		output_flush(c.report);
	}
	if (o->curve)
		c.file = output_open_live(o->curve);
	return c;
}

/* Before the first row: a run that fails before it leaves the file that was there. */
static void begin_file(struct curve *c)
{
	if (c->begun)
		return;
	c->begun = true;
	output_text(c->file, "epoch\tloss\tmetric\tseconds");
	output_end_row(c->file);
}

static void report_step(struct curve *c, uint32_t epoch, const struct epoch_record *e)
{
	if (!c->report || isnan(e->value))
		return;
	output_u64(c->report, epoch);
	output_tab(c->report);
	output_double(c->report, e->value);
	output_end_row(c->report);
	output_flush(c->report);
}

void curve_step(struct curve *c, uint32_t epoch, const struct epoch_record *e)
{
	if (c->file) {
		begin_file(c);
		output_u64(c->file, epoch);
		output_tab(c->file);
		output_double(c->file, e->loss);
		output_tab(c->file);
		if (c->validates && !isnan(e->value))
			output_double(c->file, e->value);
		output_tab(c->file);
		output_double(c->file, round(e->seconds * 1e3) / 1e3);
		output_end_row(c->file);
	}
	report_step(c, epoch, e);
}

void curve_stop(struct curve *c)
{
	if (c->file && c->begun)
		output_close(c->file);
	else if (c->file)
		output_abandon(c->file);
	c->file = NULL;
}

void curve_end(struct curve *c, uint32_t epoch, const struct epoch_record *e)
{
	if (c->file)
		begin_file(c);
	curve_stop(c);
	report_step(c, epoch, e);
}

void curve_close(struct curve *c)
{
	curve_stop(c);
	if (c->report)
		output_close(c->report);
	c->report = NULL;
}
