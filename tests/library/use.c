/* What the page does not show: called by checks/library with what to do.
 *
 *	use read FILE..        rows of the columns user and weight, bad ones skipped when the
 *	                       environment has SKIP; csv when it has CSV
 *	use write FILE [BAD]   a table; BAD: tab, width, nan, open-row, abandon
 *	use memory FILE        reads it with less memory than its lines need
 *	use threads FILE       reads it in four threads at once
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <recpipe/reader.h>
#include <recpipe/writer.h>

static int end(struct rcp_reader *r)
{
	if (rcp_reader_message(r)[0])
		fprintf(stderr, "%s\n", rcp_reader_message(r));
	return (int)rcp_reader_close(r);
}

static int read_files(char **files, int count)
{
	struct rcp_reader *r;
	struct rcp_format format = {.skip_bad = getenv("SKIP"), .csv = getenv("CSV"),
				    .columns = getenv("COLUMNS_ARE"), .no_header = getenv("COLUMNS_ARE")};
	double weight;
	if (rcp_reader_open(&r, (const char *const *)files, count, &format) != RCP_OK)
		return end(r);
	long user = rcp_reader_column(r, "user"), at = rcp_reader_column(r, "weight");
	if (user < 0 || at < 0) {
		printf("width %zu status %d\n", rcp_reader_width(r), (int)rcp_reader_status(r));
		return end(r);
	}
	unsigned long long line = 0;
	while (rcp_reader_next(r) == 1) {
		line = rcp_reader_line(r);
		struct rcp_text name = rcp_reader_field(r, (size_t)user);
		if (name.n == 0)
			rcp_reader_reject(r, (size_t)user, "an empty user");
		else if (rcp_reader_double(r, (size_t)at, &weight))
			printf("%.*s %g\n", (int)name.n, name.at, weight);
	}
	printf("line %llu rows %llu bad %llu\n", line,
	       (unsigned long long)rcp_reader_rows(r), (unsigned long long)rcp_reader_rejected(r));
	if (rcp_reader_field(r, 0).at || rcp_reader_field(r, 99).at || rcp_reader_next(r) == 1)
		return 99;
	return end(r);
}

static int write_file(const char *path, const char *bad)
{
	struct rcp_writer *w;
	char message[RCP_MESSAGE];
	rcp_writer_open(&w, path);
	if (strcmp(bad, "empty") == 0) {
		enum rcp_status none = rcp_writer_close(w, message);
		fprintf(stderr, "%s\n", message);
		return (int)none;
	}
	rcp_writer_text(w, strcmp(bad, "bom") == 0 ? "\xef\xbb\xbf" "a" : "a");
	rcp_writer_text(w, strcmp(bad, "cr") == 0 ? "b\r" : "b");
	rcp_writer_end_row(w);
	for (unsigned i = 0; i < 100000; i++) {
		rcp_writer_u64(w, i);
		rcp_writer_float(w, 0.1f);
		rcp_writer_end_row(w);
	}
	if (strcmp(bad, "tab") == 0)
		rcp_writer_text(w, "x\ty");
	if (strcmp(bad, "nan") == 0)
		rcp_writer_double(w, strtod("nan", NULL));
	if (strcmp(bad, "open-row") == 0 || strcmp(bad, "width") == 0)
		rcp_writer_i64(w, -1);
	if (strcmp(bad, "width") == 0)
		rcp_writer_end_row(w);
	if (strcmp(bad, "abandon") == 0) {
		rcp_writer_abandon(w);
		return 0;
	}
	enum rcp_status status = rcp_writer_close(w, message);
	if (status != RCP_OK)
		fprintf(stderr, "%s\n", message);
	return (int)status;
}

static int too_little_memory(char *file)
{
	const char *path = file;
	struct rcp_reader *r;
	enum rcp_status status = rcp_reader_open(&r, &path, 1, NULL);
	struct rlimit limit = {24 << 20, 24 << 20};
	if (status == RCP_OK && setrlimit(RLIMIT_AS, &limit) == 0)
		for (int step = 1; step > 0;)
			printf("next %d\n", step = rcp_reader_next(r));
	return end(r);
}

static void *count_rows(void *file)
{
	const char *path = file;
	struct rcp_reader *r;
	size_t rows = 0;
	if (rcp_reader_open(&r, &path, 1, NULL) == RCP_OK)
		while (rcp_reader_next(r) == 1)
			rows++;
	return rcp_reader_close(r) == RCP_OK ? (void *)(rows + 1) : NULL;
}

static int in_threads(char *file)
{
	pthread_t threads[4];
	void *first = count_rows(file);
	int bad = !first;
	for (int i = 0; i < 4; i++)
		bad |= pthread_create(&threads[i], NULL, count_rows, file);
	for (int i = 0; i < 4; i++) {
		void *rows = NULL;
		pthread_join(threads[i], &rows);
		bad |= rows != first;
	}
	return bad;
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "";
	setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	if (strcmp(what, "read") == 0)
		return read_files(argv + 2, argc - 2);
	if (strcmp(what, "write") == 0)
		return write_file(argv[2], argc > 3 ? argv[3] : "");
	if (strcmp(what, "memory") == 0)
		return too_little_memory(argv[2]);
	return strcmp(what, "threads") == 0 ? in_threads(argv[2]) : 2;
}
