#include "sides.h"

#include "frame/arguments.h"
#include "frame/sides.h"

struct sides sides_open(const struct options *o, unsigned splits)
{
	struct sides s = {.files = {
		.exclude = o->exclude.values, .exclude_n = o->exclude.n,
		.exclude_side = option_side("exclude", NULL),
		.users = option_side("users", o->users),
		.items = option_side("items", o->items), .candidates = option_side("candidates", o->candidates),
		.columns = {
			.user = option_column("user", o->user), .item = option_column("item", o->item),
			.split = option_column("split", o->split),
			.timestamp = option_column("timestamp", o->timestamp),
			.unit = (enum time_unit)o->timestamp_unit,
		},
		.exclude_splits = splits,
		.exclude_window_ms = option_exclude_window(o->exclude_window),
	}};
	s.offer = option_offer(&s.files);
	if (o->item_features)
		s.cold_items = cold_open(option_table("item-features", o->item_features),
					  MODEL_ITEM, s.files.columns.item);
	if (o->user_features)
		s.cold_users = cold_open(option_table("user-features", o->user_features),
					  MODEL_USER, s.files.columns.user);
	return s;
}

void sides_read(struct sides *s)
{
	offer_read(&s->offer, &s->files);
	if (s->cold_items)
		cold_read(s->cold_items);
	if (s->cold_users)
		cold_read(s->cold_users);
}

bool sides_offer(struct sides *s, struct span id)
{
	bool offered = offer_has_item(&s->offer, id);
	s->not_offered += !offered;
	return offered;
}

void sides_free(struct sides *s)
{
	offer_free(&s->offer);
	cold_free(s->cold_items);
	cold_free(s->cold_users);
}
