#include "streams/npy.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"

enum { NPY_COLUMNS_MAX = 65536 };

/* The shape of the header `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }`;
 * false when it is not that of a matrix that we read. */
static bool read_header(const char *text, size_t *width, size_t *rows, size_t *columns)
{
	unsigned long r, c;
	const char *shape = strstr(text, "'shape': (");
	*width = strstr(text, "'<f8'") ? 8 : strstr(text, "'<f4'") ? 4 : 0;
	if (*width == 0 || !strstr(text, "'fortran_order': False") || !shape)
		return false;
	shape += strlen("'shape': (");
	char *end;
	errno = 0;
	if (*shape < '0' || *shape > '9')
		return false;
	r = strtoul(shape, &end, 10);
	if (strncmp(end, ", ", 2) != 0 || end[2] < '0' || end[2] > '9')
		return false;
	c = strtoul(end + 2, &end, 10);
	*rows = r;
	*columns = c;
	return errno == 0 && *end == ')';
}

float *npy_parse(const void *file, size_t size, const char *name, size_t *rows, size_t *columns)
{
	const unsigned char *bytes = file;
	if (size < 12 || memcmp(bytes, "\x93NUMPY", 6) != 0)
		die(STATUS_DATA, "%s: not a .npy file", name);
	size_t fixed = bytes[6] == 1 ? 10 : 12, header = bytes[8] | (size_t)bytes[9] << 8;
	if (fixed == 12)
		header |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
	if (header > size - fixed)
		die(STATUS_DATA, "%s: truncated header", name);
	char *text = memory_text((const char *)bytes + fixed, header);
	size_t width;
	bool good = read_header(text, &width, rows, columns);
	free(text);
	if (!good)
		die(STATUS_DATA, "%s: not a two-dimensional array of <f4 or <f8 in C order", name);
	if (*columns == 0 || *columns > NPY_COLUMNS_MAX ||
	    (size - fixed - header) / width / *columns < *rows)
		die(STATUS_DATA, "%s: too short for %zu rows of %zu numbers", name, *rows, *columns);
	float *numbers = memory_new(*rows * *columns, sizeof *numbers);
	const unsigned char *at = bytes + fixed + header;
	for (size_t i = 0; i < *rows * *columns; i++, at += width) {
		double wide;
		if (width == 8) {
			memcpy(&wide, at, sizeof wide);
			numbers[i] = fabs(wide) <= 3.4028234663852886e38 ? (float)wide : NAN;
		} else {
			memcpy(&numbers[i], at, sizeof numbers[i]);
		}
		if (isfinite(numbers[i]))
			continue;
		free(numbers);
		die(STATUS_DATA, "%s: row %zu, column %zu: not a finite number", name, i / *columns,
		    i % *columns);
	}
	return numbers;
}

float *npy_read(const char *path, size_t *rows, size_t *columns)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	struct stat about;
	if (file < 0 || fstat(file, &about) != 0)
		die_errno(STATUS_FAILED, "cannot open %s", shown_file(path));
	size_t size = (size_t)about.st_size, done = 0;
	unsigned char *bytes = memory_new(size + 1, 1);
	while (done < size) {
		ssize_t n = read(file, bytes + done, size - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			die_errno(STATUS_FAILED, "cannot read %s", path);
		if (n == 0)
			die(STATUS_DATA, "%s: the file became shorter while it was read", path);
		done += (size_t)n;
	}
	if (close(file) != 0)
		die_errno(STATUS_FAILED, "cannot close %s", path);
	float *numbers = npy_parse(bytes, size, path, rows, columns);
	free(bytes);
	return numbers;
}
