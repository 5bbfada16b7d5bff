/* Any bytes as the tracks, the vectors and the listeners of a simulated world, three
 * parts that end in `|`; the first byte picks TSV or JSON lines. */
#define FUZZ_TOOL "simulate-sessions"
#include "../../tools/simulate-sessions/world.h"
#include "fuzz.h"

struct files {
	char path[3][64];
};

static void read_world(void *arg)
{
	struct files *f = arg;
	struct world *w = world_read(f->path[0], f->path[1], f->path[2], 3);
	uint32_t tracks = strmap_count(w->tracks);
	for (uint32_t u = 0; u < strmap_count(w->users); u++)
		for (uint32_t i = 0; i < w->listener[u].interests; i++)
			if (w->listener[u].interest[i] >= tracks)
				abort();
	if (tracks > 0 && world_neighbors(w, tracks - 1)[0] >= tracks)
		abort();
	world_free(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *const ENDING[2] = {".tsv", ".json"};
	struct files f;
	char folder[] = "/tmp/fuzz-world-XXXXXX";
	static char kept[sizeof folder]; /* one folder of links is enough */
	if (n == 0)
		return 0;
	if (!*kept) {
		if (!mkdtemp(folder))
			abort();
		memcpy(kept, folder, sizeof kept);
	}
	unsigned pick = *data++;
	n--;
	int file[3];
	for (int i = 0; i < 3; i++) {
		const uint8_t *part;
		char real[32];
		size_t size = fuzz_part(&data, &n, &part);
		file[i] = fuzz_file(part, size, real);
		/* The name's ending says what it is, so the file needs one. */
		snprintf(f.path[i], sizeof f.path[i], "%s/%d%s", kept, i,
			 i == 1 ? ".tsv" : ENDING[pick >> i & 1]);
		unlink(f.path[i]);
		if (symlink(real, f.path[i]) != 0)
			abort();
	}
	fuzz_run(read_world, &f);
	for (int i = 0; i < 3; i++) {
		unlink(f.path[i]);
		close(file[i]);
	}
	return 0;
}
