#include "session.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/number.h"

static void play(struct session *e, uint32_t track, double time)
{
	e->played = memory_grow(e->played, &e->played_capacity, e->plays + 1, sizeof *e->played);
	e->played[e->plays++] = track;
	e->track = track;
	e->time = time;
	e->total_time += time;
}

void session_begin(struct session *e, const struct world *w, const struct behavior *h,
		   struct random random, uint32_t user, uint32_t interest)
{
	*e = (struct session){.world = w, .behavior = h, .random = random, .user = user,
		.interest = interest, .budget = h->budget};
	play(e, world_neighbors(w, interest)[random_below(&e->random, w->near_each)], 1);
}

double session_hundredths(double x)
{
	double scaled = x * 100, whole = floor(scaled);
	/* The product is off by less than 1e-13: away from a half it decides. */
	if (fabs(scaled - whole - 0.5) > 1e-9)
		return floor(scaled + 0.5) / 100;
	char text[40];
	int n = snprintf(text, sizeof text, "%.2f", x); /* of x's exact value, half to even */
	double rounded = 0;
	return n > 0 && number_double(text, (size_t)n, &rounded) == NUMBER_OK ? rounded : whole / 100;
}

static double time_heard(const struct session *e, uint32_t track)
{
	const struct world *w = e->world;
	const struct listener *l = &w->listener[e->user];
	int artist_plays = 0;
	for (size_t i = 0; i < e->plays; i++) {
		if (e->played[i] == track)
			return 0;
		artist_plays += w->artist[e->played[i]] == w->artist[track];
	}
	double x = (world_product(w, track, e->interest) - l->bias) * l->sharpness;
	return session_hundredths(1 / (1 + exp(-x)) * pow(e->behavior->artist_discount, artist_plays));
}

void session_hear(struct session *e, uint32_t track)
{
	double time = time_heard(e, track);
	if (random_share(&e->random) > time)
		e->budget--;
	play(e, track, time);
}

bool session_has_no_budget(const struct session *e)
{
	return e->budget <= 0;
}

bool session_is_over(const struct session *e)
{
	return session_has_no_budget(e) || (int64_t)e->plays > e->behavior->most_steps;
}

void session_free(struct session *e)
{
	free(e->played);
}
