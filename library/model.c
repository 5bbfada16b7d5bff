#include <recpipe/model.h>

#include "base/memory.h"
#include "domain/model.h"
#include "guard.h"

_Static_assert(RCP_USER == (int)MODEL_USER && RCP_META == (int)MODEL_META &&
	       RCP_USER_FEATURE == (int)MODEL_USER_FEATURE, "the same kinds in the same order");

struct rcp_model {
	struct failure failure;
	struct guard guard;
	struct table *table;
	struct model_reader *reader;
	char *path;
};

static void open_model(struct rcp_model *m, const char *path)
{
	static const struct table_format PLAIN;
	const char *name = path ? path : "-";
	m->path = memory_text(name, strlen(name));
	m->table = table_open_or(&m->path, 1, &PLAIN, &m->failure);
	m->reader = m->table ? model_open(m->table) : NULL;
}

enum rcp_status rcp_model_open(struct rcp_model **model, const char *path)
{
	struct rcp_model *m = *model = calloc(1, sizeof *m);
	if (!m)
		return RCP_FAILED;
	if (GUARD(&m->guard, &m->failure, false))
		open_model(m, path);
	guard_end();
	return rcp_model_status(m);
}

uint32_t rcp_model_factors(const struct rcp_model *m)
{
	return m->reader ? model_reader_factors(m->reader) : 0;
}

int rcp_model_next(struct rcp_model *m, struct rcp_model_row *row)
{
	struct model_row found;
	volatile bool more = false;
	if (!m->reader || has_failed(&m->failure))
		return -1;
	if (GUARD(&m->guard, &m->failure, false) && model_next(m->reader, &found)) {
		*row = (struct rcp_model_row){.kind = (enum rcp_kind)found.kind,
			.id = {found.id.at, found.id.n}, .bias = found.bias, .factors = found.factors};
		more = true;
	}
	guard_end();
	return more ? 1 : has_failed(&m->failure) ? -1 : 0;
}

enum rcp_status rcp_model_status(const struct rcp_model *m)
{
	return (enum rcp_status)m->failure.status;
}

const char *rcp_model_message(const struct rcp_model *m)
{
	return m->failure.text;
}

enum rcp_status rcp_model_close(struct rcp_model *m)
{
	if (!m)
		return RCP_OK;
	model_close(m->reader);
	table_close(m->table);
	free(m->path);
	enum rcp_status status = rcp_model_status(m);
	free(m);
	return status;
}
