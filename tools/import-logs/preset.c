#include "import.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/quote.h"
#include "streams/input.h"

/* Where the presets are, beside the folder of the program: installed, in the tree, built there in
 * another way. */
static const char *const FOLDERS[] = {
	"../share/recpipe/pipelines/data/presets", "../pipelines/data/presets",
	"../../../pipelines/data/presets",
};

static bool good_preset(const char *name)
{
	return *name && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(name);
}

static struct input *open_preset(const char *name)
{
	char program[PATH_MAX], path[PATH_MAX + 128], shown[QUOTED_SIZE];
	ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
	program[n > 0 ? n : 0] = '\0';
	char *slash = strrchr(program, '/');
	if (slash)
		*slash = '\0';
	for (size_t i = 0; slash && good_preset(name) && i < sizeof FOLDERS / sizeof *FOLDERS; i++) {
		snprintf(path, sizeof path, "%s/%s/%.64s", program, FOLDERS[i], name);
		if (access(path, R_OK) == 0)
			return input_open(path);
	}
	usage_error("--preset: there is no preset %s", quoted(name, strlen(name), shown));
}

void preset_read(struct preset *p, const char *name)
{
	static const char *const WORDS[] = {"map ", "date ", "each "};
	struct input *in = open_preset(name);
	struct span line;
	size_t capacity = 0;
	while (input_line(in, &line)) {
		if (line.n == 0 || *line.at == '#')
			continue;
		size_t kind = 0;
		while (kind < 3 && (line.n < 5 || memcmp(line.at, WORDS[kind], strlen(WORDS[kind])) != 0))
			kind++;
		if (kind == 3)
			die(STATUS_DATA, "%s:%llu: not map, date or each", input_name(in),
			    (unsigned long long)input_line_number(in));
		size_t skip = strlen(WORDS[kind]);
		p->lines = memory_grow(p->lines, &capacity, p->n + 1, sizeof *p->lines);
		p->lines[p->n++] = (struct preset_line){.kind = (enum preset_kind)kind,
			.text = memory_text(line.at + skip, line.n - skip)};
	}
	input_close(in);
}

void preset_free(struct preset *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->lines[i].text);
	free(p->lines);
}
