/* Any bytes as a study, a space file or a parameter as common/domain reads them; the
 * first byte picks which. What was read holds together. */
#include <math.h>

#include "base/memory.h"
#include "domain/study.h"
#include "fuzz.h"

/* Every unit is a value of the parameter, and its text reads back. */
static void check_space(const struct space *space)
{
	for (size_t i = 0; i < space->n; i++) {
		const struct parameter *p = &space->parameters[i];
		if (p->parent >= (long)i)
			abort();
		for (int k = 0; k <= 8; k++) {
			double unit = p->kind == KIND_CHOICE
				? (double)((size_t)k % p->n_choices) : k / 8.0;
			double value = space_value(p, unit), back;
			struct buffer text = {0};
			space_format(p, value, &text);
			if (!(value >= p->low && value <= p->high) ||
			    !space_parse(p, text.data, text.n, &back) || back != value)
				abort();
			buffer_free(&text);
		}
	}
}

static void check_study(const struct study *study)
{
	uint64_t ended = 0;
	for (size_t i = 0; i < study->n; i++) {
		const struct trial *t = &study->trials[i];
		if (t->number != (int64_t)i + 1 || (t->state == TRIAL_COMPLETE && isnan(t->value)))
			abort();
		for (size_t s = 1; s < t->n_steps; s++)
			if (t->steps[s - 1].step >= t->steps[s].step)
				abort();
		ended += t->state > TRIAL_RUNNING;
	}
	if (ended != study->finished)
		abort();
}

static void read_all(void *context)
{
	const struct fuzz_picked *b = context;
	struct space space = {0};
	if (b->pick % 3 == 0) {
		char *text = memory_text((const char *)b->at, b->n);
		free(space_add(&space, text));
		free(text);
		check_space(&space);
		space_free(&space);
		return;
	}
	char path[32];
	int file = fuzz_file(b->at, b->n, path);
	if (b->pick % 3 == 1) {
		space_read(&space, table_open_file(path));
		check_space(&space);
		space_free(&space);
	} else {
		struct study study;
		const struct study_terms terms = {0};
		study_open(&study, path, STUDY_LOOK, &terms);
		check_space(&study.space);
		check_study(&study);
		study_close(&study);
	}
	close(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	program_name = "fuzz-trials";
	log_level = LOG_QUIET;
	fuzz_picked(read_all, data, n);
	return 0;
}
