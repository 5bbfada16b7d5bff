/* Any bytes as documents with a list, by the tool itself: where the list is read before its end is known, the rows
 * are those of the whole document, and bad ones are bad. The first byte picks the list, and what is long. */
#define FUZZ_TOOL "import-logs"
#include "tool.h"
#include "../../tools/import-logs/import.h"

struct run {
	char *words[16];
	int n, status;
};

static void run_tool(void *context)
{
	struct run *r = context;
	r->status = tool_main(r->n, r->words);
}

/* The tool's exit status, and what it writes. */
static int read_lists(const char *path, unsigned pick, struct buffer *out)
{
	static char *const LIST[] = {".items[]", ".a.items[]", ".items[].a[]", ".[]", ".a[0].items[]"};
	struct run r = {.n = 9, .words = {FUZZ_TOOL, "-q", "--each", LIST[pick % 5], "--map", "user=.u|.",
		"--map", pick & 32 ? "track=$.t" : "track=.t", (char *)(uintptr_t)path}};
	int file = memfd_create("rows", 0);
	fuzz_tool_streams();
	if (file < 0 || dup2(file, STDOUT_FILENO) < 0)
		abort();
	optind = 0;
	int ended = fuzz_run(run_tool, &r);
	off_t n = lseek(file, 0, SEEK_END);
	out->n = 0;
	if (n < 0 || pread(file, buffer_room(out, (size_t)n + 1), (size_t)n, 0) != n)
		abort();
	out->n = (size_t)n;
	close(file);
	fuzz_tool_streams();
	return ended < 0 ? r.status : ended;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct buffer want, got;
	char path[32];
	if (n == 0)
		return 0;
	unsigned pick = *data;
	int file = fuzz_file(data + 1, n - 1, path);
	long_lists_use(SIZE_MAX / 2);
	int status = read_lists(path, pick, &want);
	for (size_t least = 1 + (pick >> 6) * 24, pass = 0; pass < 2; pass++, least += 9) {
		long_lists_use(least);
		if (read_lists(path, pick, &got) != status)
			abort();
		if (status == 0)
			fuzz_same(&want, &got);
	}
	close(file);
	return 0;
}
