#include "tokens.h"

#include <errno.h>
#include <stdio.h>
#include <strings.h>

#include "base/error.h"

enum { TOKEN_MIN = 8, FILE_MAX = 1 << 20 };

static bool read_all(struct buffer *text, const char *path, struct failure *why)
{
	FILE *f = fopen(path, "re");
	if (!f)
		return failure_set_errno(why, STATUS_FAILED, "cannot open %s", shown_file(path));
	size_t got;
	while (text->n <= FILE_MAX && (got = fread(buffer_room(text, 4096), 1, 4096, f)) > 0)
		text->n += got;
	bool good = !ferror(f);
	int error = errno;
	fclose(f);
	errno = error;
	if (!good)
		return failure_set_errno(why, STATUS_FAILED, "cannot read %s", shown_file(path));
	return text->n <= FILE_MAX || failure_set(why, STATUS_DATA, "%s: larger than 1 MiB", shown_file(path));
}

static bool is_token(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.at[i] <= ' ' || s.at[i] > '~')
			return false;
	return s.n >= TOKEN_MIN;
}

bool tokens_read(struct tokens *t, const char *path, struct failure *why)
{
	*t = (struct tokens){.n = 0};
	if (!read_all(&t->text, path, why))
		return false;
	struct span line, rest = {t->text.data, t->text.n};
	uint64_t number = 0;
	while (t->text.n && span_next(&rest, '\n', &line)) {
		number++;
		if (line.n && line.at[line.n - 1] == '\r')
			line.n--;
		if (line.n == 0 || line.at[0] == '#')
			continue;
		if (!is_token(line)) /* a secret is not shown */
			return failure_set(why, STATUS_DATA, "%s:%llu: not a token: at least %d visible ASCII characters",
					   shown_file(path), (unsigned long long)number, TOKEN_MIN);
		t->all = memory_resize(t->all, t->n + 1, sizeof *t->all);
		t->all[t->n++] = line;
	}
	return t->n > 0 || failure_set(why, STATUS_DATA, "%s: no token", shown_file(path));
}

/* All bytes are looked at, whichever differ. */
static unsigned differ(struct span a, struct span b)
{
	volatile unsigned difference = a.n != b.n;
	for (size_t i = 0; i < b.n; i++)
		difference |= (unsigned char)((i < a.n ? a.at[i] : 0) ^ b.at[i]);
	return difference;
}

bool tokens_allow(const struct tokens *t, const char *authorization)
{
	if (!authorization || strncasecmp(authorization, "Bearer ", 7) != 0)
		return false;
	unsigned found = 0;
	struct span given = span_of(authorization + 7);
	for (size_t i = 0; i < t->n; i++)
		found |= differ(t->all[i], given) == 0;
	return found;
}

void tokens_free(struct tokens *t)
{
	buffer_free(&t->text);
	free(t->all);
	*t = (struct tokens){.n = 0};
}
