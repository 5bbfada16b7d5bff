/* What people watch while a model is trained. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "training.h"

/* Writes `line` and frees it. */
static void put_curve(const struct training *t, char *line)
{
	size_t n = strlen(line), done = 0;
	while (done < n) {
		ssize_t wrote = write(t->curve, line + done, n - done);
		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			die_errno(STATUS_FAILED, "cannot write %s", t->options->curve);
		done += (size_t)wrote;
	}
	free(line);
}

void curve_close(struct training *t)
{
	if (t->curve >= 0 && close(t->curve) != 0)
		die_errno(STATUS_FAILED, "cannot write %s", t->options->curve);
	t->curve = -1;
}

void curve_step(struct training *t, uint32_t epoch)
{
	const struct epoch_record *e = &t->state.history[epoch - 1];
	if (t->curve >= 0) {
		char text[3][NUMBER_SIZE + 1] = {{0}};
		number_write_double(e->loss, text[0]);
		if (t->judged)
			number_write_double(e->value, text[1]);
		number_write_double(round(e->seconds * 1e3) / 1e3, text[2]);
		put_curve(t, memory_format("%u\t%s\t%s\t%s\n", epoch, text[0], text[1], text[2]));
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
	const char *path = t->options->curve;
	if (!path)
		return;
	t->curve = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (t->curve < 0)
		die_errno(STATUS_FAILED, "cannot write %s", path);
	put_curve(t, memory_format("epoch\tloss\tmetric\tseconds\n"));
}
