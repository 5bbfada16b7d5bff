/* Any lines as an index of bow-cosine, with the right hash behind them, so that what
 * a damaged file would be stopped by does not stop the fuzzer. */
#define FUZZ_TOOL "bow-cosine"
#include "base/buffer.h"
#include "base/hash.h"
#include "tool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char LIKED[] = "user\titem\tdescription\nu\tx\tred apple\nu\ty\tapples\n";
	struct buffer text = {0};
	char index[32], liked[32];
	buffer_add(&text, (const char *)data, n);
	if (n == 0 || data[n - 1] != '\n')
		buffer_add_byte(&text, '\n');
	uint64_t hash = 0;
	for (size_t at = 0; at < text.n;) {
		const char *lf = memchr(text.data + at, '\n', text.n - at);
		size_t size = (size_t)(lf - (text.data + at));
		hash = hash_row(hash, (struct span){text.data + at, size}, span_of(""));
		at += size + 1;
	}
	buffer_format(&text, "end %016llx\n", (unsigned long long)hash);
	int a = fuzz_file(text.data, text.n, index), b = fuzz_file(LIKED, sizeof LIKED - 1, liked);
	FUZZ_TOOL_RUN("--language", "none", "--stop-words", "none", "--index", index, "--liked", liked);
	close(a);
	close(b);
	buffer_free(&text);
	return 0;
}
