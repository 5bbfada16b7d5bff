/* What people watch while a model is trained. */
#include <math.h>

#include "streams/output.h"
#include "training.h"

void curve_close(struct training *t)
{
	if (t->curve)
		output_close(t->curve);
	t->curve = NULL;
}

void curve_step(struct training *t, uint32_t epoch)
{
	const struct epoch_record *e = &t->state.history[epoch - 1];
	if (t->curve) {
		output_u64(t->curve, epoch);
		output_tab(t->curve);
		output_double(t->curve, e->loss);
		output_tab(t->curve);
		if (t->judged)
			output_double(t->curve, e->value);
		output_tab(t->curve);
		output_double(t->curve, round(e->seconds * 1e3) / 1e3);
		output_end_row(t->curve);
	}
	if (t->report) {
		output_u64(t->report, epoch);
		output_tab(t->report);
		output_double(t->report, e->value);
		output_end_row(t->report);
		output_flush(t->report);
	}
}

void curve_open(struct training *t)
{
	if (!t->options->curve)
		return;
	t->curve = output_open_live(t->options->curve);
	output_text(t->curve, "epoch\tloss\tmetric\tseconds");
	output_end_row(t->curve);
}
