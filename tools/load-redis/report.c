#include "report.h"

#include <inttypes.h>
#include <string.h>

void report_delta(const struct load *l, struct buffer *b)
{
	if (l->acknowledged == 0 && !l->inexact)
		buffer_add_text(b, "none of the lists was replaced");
	else
		buffer_format(b, "%s%" PRIu64 " of the lists were replaced and are served; run it again "
			      "for the others", l->inexact ? "at least " : "", l->acknowledged);
}

void report_generation(struct buffer *b, const struct generation *g, int64_t lists)
{
	char shown[QUOTED_SIZE];
	struct buffer missing = {0};
	generation_add_missing(&missing, g, lists < 0 ? g->said.lists : (uint64_t)lists);
	buffer_format(b, "generation %s", quoted(g->said.generation, strlen(g->said.generation), shown));
	if (missing.n)
		buffer_format(b, ", missing from it: %s", buffer_text(&missing));
	else if (lists < 0)
		buffer_format(b, " (%" PRIu64 " lists when it was published)", g->said.lists);
	else
		buffer_format(b, " (%" PRIi64 " lists)", lists);
	buffer_free(&missing);
}

void report_live(struct load *l, struct buffer *b)
{
	char shown[QUOTED_SIZE];
	struct generation g;
	if (!l->redis.context || !generation_read_whole(&l->redis, l->o->prefix, "", false, &g)) {
		buffer_add_text(b, l->committing ? "whether this generation was published is not known: "
				"see --status" : "nothing was published; what is live cannot be read now");
		return;
	}
	if (!g.said.generation[0]) {
		buffer_format(b, "%s the prefix %s", g.parts ? "there is no description of what is live under"
			      : "nothing is live under", quoted(l->o->prefix, strlen(l->o->prefix), shown));
		return;
	}
	bool own = l->generation && strcmp(g.said.generation, l->generation) == 0;
	buffer_add_text(b, own ? "it is live: " : "live is ");
	report_generation(b, &g, g.said.layout == LAYOUT_HASH ? (int64_t)g.lists : LISTS_NOT_COUNTED);
}
