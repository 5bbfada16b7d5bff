/* bench-read [-j N] FILE... - reads the files in blocks of whole lines, as every tool does, and
 * prints how many bytes there were: the rate of the reader alone. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "streams/input.h"

int main(int argc, char **argv)
{
	unsigned long long bytes = 0;
	program_name = "bench-read";
	for (int c; (c = getopt(argc, argv, "j:")) != -1;) {
		if (c != 'j')
			return STATUS_USAGE;
		input_threads(strtoul(optarg, NULL, 10));
	}
	input_expect(argv + optind + 1, argc - optind - 1);
	for (int i = optind; i < argc; i++) {
		struct input *in = input_open(argv[i]);
		struct span block;
		while (input_block(in, &block))
			bytes += block.n;
		input_close(in);
	}
	printf("%llu\n", bytes);
	return 0;
}
