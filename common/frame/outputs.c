#include "frame/outputs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "streams/target.h"

/* One that writes: an option, or (without a row) standard output. */
struct written {
	const struct option_row *row;
	const char *path;
	bool found;
	struct target target;
};

_Noreturn static void refuse(const struct written *w, const char *other)
{
	char shown[QUOTED_SIZE];
	usage_error("option '--%s': the same file as %s: %s", w->row->name, other,
		    quoted(w->path, strlen(w->path), shown));
}

static const char *text_of(const struct option_row *row, const void *options)
{
	return *(const char *const *)((const char *)options + row->at);
}

static void add(struct written *all, size_t *n, const struct option_row *row, const char *path)
{
	struct written *w = &all[(*n)++];
	*w = (struct written){.row = row, .path = path};
	w->found = target_find(path, &w->target) == 0;
}

/* Standard output, where the tool writes there, then the options that were given. */
static struct written *collect(const struct program *p, const void *options, size_t *n)
{
	size_t rows = 0;
	bool to_stdout = false;
	for (; p->options[rows].name; rows++)
		if (strcmp(p->options[rows].name, "output") == 0)
			to_stdout = !text_of(&p->options[rows], options);
	if (p->writes_stdout)
		to_stdout = p->writes_stdout(options);
	struct written *all = memory_zero(rows + 1, sizeof *all);
	*n = 0;
	if (to_stdout)
		add(all, n, NULL, "-");
	for (const struct option_row *row = p->options; row->name; row++)
		if ((row->kind == OPTION_OUTPUT || row->kind == OPTION_STATE) && text_of(row, options))
			add(all, n, row, text_of(row, options));
	return all;
}

static void check_two(const struct written *a, const struct written *b)
{
	char name[80];
	if (!a->found || !b->found || !target_same(&a->target, &b->target))
		return;
	if (a->row)
		snprintf(name, sizeof name, "--%s", a->row->name);
	else
		snprintf(name, sizeof name, "standard output");
	refuse(b, name);
}

static void check_input(const struct written *w, const char *path, const char *name)
{
	struct stat about;
	int got = strcmp(path, "-") == 0 ? fstat(STDIN_FILENO, &about) : stat(path, &about);
	if (got == 0 && w->found && w->target.exists && S_ISREG(about.st_mode) &&
	    about.st_dev == w->target.about.st_dev && about.st_ino == w->target.about.st_ino)
		refuse(w, name);
}

/* What must not be an input: a file that changes while the tool runs, and what a tool
 * writes beside its result (rejects, tables of details), which never stands for the input. */
static bool spares_inputs(const struct written *w)
{
	return w->row && (w->row->kind == OPTION_STATE || strcmp(w->row->name, "output") != 0);
}

/* Such a file against all that the tool reads. */
static void check_inputs(const struct program *p, const void *options, const struct written *w,
			char **files, int count)
{
	char name[80];
	for (const struct option_row *row = p->options; row->name; row++) {
		snprintf(name, sizeof name, "--%s", row->name);
		if (row->kind == OPTION_FILE && text_of(row, options))
			check_input(w, text_of(row, options), name);
		if (row->kind != OPTION_LIST || strcmp(row->argument, "FILE") != 0)
			continue;
		const struct option_list *list =
			(const struct option_list *)((const char *)options + row->at);
		for (size_t i = 0; i < list->n; i++)
			check_input(w, list->values[i], name);
	}
	if (p->command)
		return; /* the operands are a command */
	if (count == 0)
		check_input(w, "-", "the input");
	for (int i = 0; i < count; i++)
		check_input(w, files[i], "the input");
}

void outputs_check(const struct program *program, const void *options, char **files, int count)
{
	size_t n;
	struct written *all = collect(program, options, &n);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < i; k++)
			check_two(&all[k], &all[i]);
		if (spares_inputs(&all[i]))
			check_inputs(program, options, &all[i], files, count);
	}
	for (size_t i = 0; i < n; i++) {
		if (all[i].found && target_close(&all[i].target) != 0)
			die_errno(STATUS_FAILED, "cannot close the folder of %s", all[i].path);
		target_free(&all[i].target);
	}
	free(all);
}
