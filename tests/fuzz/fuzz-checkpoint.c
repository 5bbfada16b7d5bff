/* A checkpoint of made-up numbers comes back as it was; with a byte changed, cut off
 * or with bytes behind it, it is refused; and any bytes are refused or read. */
#define FUZZ_TOOL "train-mf"
#include "../../tools/train-mf/checkpoint.h"
#include "base/memory.h"
#include "fuzz.h"

enum { USERS = 3, ITEMS = 2, FACTORS = 4, EPOCHS = 2 };

struct training {
	struct progress_state state;
	struct params users, items;
	char path[64];
	int read;
};

static struct training training_new(void)
{
	struct training t = {0};
	t.users = params_new(USERS, FACTORS, 1, 0);
	t.items = params_new(ITEMS, FACTORS, 1, 0);
	return t;
}

static void training_free(struct training *t)
{
	free(t->state.history);
	params_free(&t->users);
	params_free(&t->items);
}

static void read_it(void *arg)
{
	struct training *t = arg;
	t->read = checkpoint_read(t->path, &t->state, &t->users, &t->items);
}

/* Does the file of these bytes read as a checkpoint? */
static int reads(struct training *t, const void *bytes, size_t n)
{
	char path[32];
	int file = fuzz_file(bytes, n, path);
	memcpy(t->path, path, sizeof path);
	t->read = 0;
	fuzz_run(read_it, t);
	close(file);
	return t->read;
}

/* Writes the training's state and returns the bytes of the file. */
static uint8_t *written(const struct training *t, size_t *n)
{
	static char path[] = "/tmp/fuzz-checkpoint-XXXXXX";
	static int made = -1;
	if (made < 0 && (made = mkstemp(path)) < 0)
		abort();
	checkpoint_write(path, &t->state, &t->users, &t->items);
	FILE *f = fopen(path, "rb");
	uint8_t *bytes = memory_new(1 << 16, 1);
	*n = f ? fread(bytes, 1, 1 << 16, f) : 0;
	if (!f || fclose(f) != 0 || *n == 1 << 16)
		abort();
	return bytes;
}

static uint64_t take(const uint8_t **data, size_t *n)
{
	uint64_t x = 0;
	size_t size = *n < sizeof x ? *n : sizeof x;
	memcpy(&x, *data, size);
	*data += size;
	*n -= size;
	return x;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct training any = training_new(), t = training_new(), back = training_new();
	if (n == 0)
		return 0;
	reads(&any, data, n);
	t.state.fingerprint = back.state.fingerprint = take(&data, &n);
	t.state.epoch = EPOCHS;
	t.state.best_epoch = (uint32_t)take(&data, &n);
	t.state.history = memory_zero(EPOCHS, sizeof *t.state.history);
	t.state.capacity = EPOCHS;
	size_t floats = USERS * t.users.width;
	memcpy(t.users.rows, data, n < floats * sizeof(float) ? n : floats * sizeof(float));
	if (n % 2)
		params_keep(&t.users);
	size_t size;
	uint8_t *bytes = written(&t, &size);
	if (!reads(&back, bytes, size) || back.state.best_epoch != t.state.best_epoch ||
	    memcmp(back.users.rows, t.users.rows, floats * sizeof(float)) != 0)
		abort();
	uint64_t at = take(&data, &n) % size, change = take(&data, &n) % 255 + 1;
	bytes[at] ^= (uint8_t)change;
	if (reads(&back, bytes, size))
		abort();
	bytes[at] ^= (uint8_t)change;
	if (reads(&back, bytes, size - 1 - at % (size - 1)))
		abort();
	bytes = memory_resize(bytes, size + 1, 1);
	bytes[size] = (uint8_t)change;
	if (reads(&back, bytes, size + 1))
		abort();
	free(bytes);
	training_free(&any);
	training_free(&t);
	training_free(&back);
	return 0;
}
