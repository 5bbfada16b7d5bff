/* Runs a fuzz entry on files, and on every file of folders: the seed corpora and
 * what fuzzing has found. Standard error goes to /dev/null unless -v is first. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static size_t files_run;

static void replay_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct stat s;
	if (!f || fstat(fileno(f), &s) != 0) {
		perror(path);
		exit(1);
	}
	size_t n = (size_t)s.st_size;
	uint8_t *data = malloc(n ? n : 1); /* exact, so that a read behind it is seen */
	if (!data || fread(data, 1, n, f) != n) {
		perror(path);
		exit(1);
	}
	fclose(f);
	printf("%s\n", path);
	fflush(stdout);
	LLVMFuzzerTestOneInput(data, n);
	free(data);
	files_run++;
}

static void replay(const char *path)
{
	struct dirent **names = NULL;
	int count = scandir(path, &names, NULL, alphasort);
	if (count < 0) {
		replay_file(path);
		return;
	}
	for (int i = 0; i < count; i++) {
		char inner[4096];
		if (names[i]->d_name[0] != '.') {
			snprintf(inner, sizeof inner, "%s/%s", path, names[i]->d_name);
			replay(inner);
		}
		free(names[i]);
	}
	free(names);
}

int main(int argc, char **argv)
{
	int first = argc > 1 && strcmp(argv[1], "-v") == 0 ? 2 : 1;
	if (first == 1 && !freopen("/dev/null", "w", stderr))
		return 1;
	for (int i = first; i < argc; i++)
		replay(argv[i]);
	printf("%zu files\n", files_run);
	return files_run == 0;
}
