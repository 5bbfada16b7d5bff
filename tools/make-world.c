/* make-world - a seeded world for simulations: artists, tracks, embeddings, listeners.
 *
 * Reads: nothing.
 * Writes into --output-folder: tracks.tsv (item title artist genre), embeddings.tsv
 * (item f0 f1 ...), users.tsv (user interests consume_bias consume_sharpness).
 *
 *	make-world --seed 1 --users 10000 --tracks 5000 -d world
 *
 * Tracks belong to artists, artists to genres; a genre is a direction in space, and a
 * listener's interests are tracks of few genres, popular ones more often. Leaves to
 * others: what listeners do (simulate-sessions).
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/random.h"
#include "frame/options.h"
#include "frame/run.h"
#include "streams/output.h"

struct options {
	struct common common;
	const char *folder;
	int64_t users, tracks, artists, genres, factors, interests;
	double skew, spread, length, bias, bias_sd, sharpness, sharpness_sd;
};

static const struct option_row OPTIONS[] = {
	OPTION_FILE("output-folder", "FOLDER", folder, .letter = 'd',
		.required = true,
		.help = "folder for the three files; created if missing"),
	OPTION_INT("users", "N", users, .fallback = "10000", .low = 1, .high = 1e8,
		.help = "number of listeners"),
	OPTION_INT("tracks", "N", tracks, .fallback = "5000", .low = 1, .high = 1e8, .help = "number "
		"of tracks"),
	OPTION_INT("artists", "N", artists, .fallback = "500", .low = 1, .high = 1e7,
		.help = "number of artists; their numbers of tracks follow a power law"),
	OPTION_INT("genres", "N", genres, .fallback = "20", .low = 1, .high = 1e5,
		.help = "number of genres, the directions of artists' vectors"),
	OPTION_INT("factors", "N", factors, .fallback = "32", .low = 1, .high = 4096,
		.help = "dimensions of the vectors"),
	OPTION_INT("interests", "N", interests, .fallback = "3", .low = 1, .high = 1000,
		.help = "number of tracks that represent a listener's taste"),
	OPTION_REAL("skew", "X", skew, .fallback = "1", .low = 0, .high = 10,
		.help = "exponent of the power laws of artists' sizes and tracks' popularity; 0: all "
			"equal"),
	OPTION_REAL("length", "X", length, .fallback = "2.9", .low = ABOVE_ZERO, .high = 1e6,
		.help = "length of a genre's vector: tracks of a genre have an inner product of its "
			"square"),
	OPTION_REAL("spread", "X", spread, .fallback = "0.7", .low = 0, .high = 1e6,
		.help = "expected length of a track's own deviation from its genre"),
	OPTION_REAL("bias", "X", bias, .fallback = "5", .low = -1e6, .high = 1e6,
		.help = "mean of consume_bias"),
	OPTION_REAL("bias-sd", "X", bias_sd, .fallback = "1", .low = 0, .high = 1e6,
		.help = "its standard deviation"),
	OPTION_REAL("sharpness", "X", sharpness, .fallback = "1", .low = ABOVE_ZERO, .high = 1e6,
		.help = "mean of consume_sharpness"),
	OPTION_REAL("sharpness-sd", "X", sharpness_sd, .fallback = "0.2", .low = 0, .high = 1e6,
		.help = "its standard deviation; values below a tenth of the mean are raised to that"),
	COMMON_SEED, COMMON_LOG,
	OPTION_END
};

/* Draws from 0 ... n-1 with weights 1/(i+1)^skew, by their cumulated sum. */
struct power_law {
	double *sum;
	size_t n;
};

static struct power_law power_law_new(size_t n, double skew)
{
	struct power_law p = {memory_new(n, sizeof(double)), n};
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		p.sum[i] = sum += pow((double)i + 1, -skew);
	return p;
}

static size_t power_law_draw(const struct power_law *p, struct random *r)
{
	double at = random_share(r) * p->sum[p->n - 1];
	size_t low = 0, high = p->n - 1;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (p->sum[middle] > at)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static struct output *open_in(const struct options *o, const char *name, const char *header)
{
	char *path = memory_format("%s/%s", o->folder, name);
	struct output *out = output_open(path, false);
	free(path);
	output_text(out, header);
	return out;
}

/* Independent generators of one seed. Listeners have one each, so that more of them
 * leave the first ones as they are. */
enum { STREAM_GENRES, STREAM_ARTISTS, STREAM_TRACKS, STREAM_POPULARITY, STREAM_USERS };

static struct random stream_of(const struct options *o, int stream, uint64_t number)
{
	return random_start(hash_mix(o->common.seed + (uint64_t)stream), number);
}

/* Unit directions, scaled to the wanted length: genres x factors. */
static double *make_genres(const struct options *o)
{
	size_t k = (size_t)o->factors, n = (size_t)o->genres;
	double *genre = memory_new(n * k, sizeof *genre);
	struct random r = stream_of(o, STREAM_GENRES, 0);
	for (size_t g = 0; g < n; g++) {
		double square = 0;
		for (size_t f = 0; f < k; f++) {
			genre[g * k + f] = random_normal(&r);
			square += genre[g * k + f] * genre[g * k + f];
		}
		for (size_t f = 0; f < k; f++)
			genre[g * k + f] *= o->length / sqrt(square);
	}
	return genre;
}

/* Writes tracks.tsv: each artist has one track, the others are dealt out by a power
 * law. Returns the genre of each track, which is that of its artist. */
static uint32_t *make_tracks(const struct options *o)
{
	struct random r = stream_of(o, STREAM_ARTISTS, 0);
	uint32_t *genre_of = memory_new((size_t)o->artists, sizeof *genre_of);
	for (int64_t a = 0; a < o->artists; a++)
		genre_of[a] = random_below(&r, (uint32_t)o->genres);
	struct power_law sizes = power_law_new((size_t)o->artists, o->skew);
	uint32_t *genre_of_track = memory_new((size_t)o->tracks, sizeof *genre_of_track);
	struct output *out = open_in(o, "tracks.tsv", "item\ttitle\tartist\tgenre\n");
	r = stream_of(o, STREAM_TRACKS, 0);
	for (int64_t t = 0; t < o->tracks; t++) {
		size_t artist = t < o->artists ? (size_t)t : power_law_draw(&sizes, &r);
		genre_of_track[t] = genre_of[artist];
		output_i64(out, t);
		output_text(out, "\tTrack ");
		output_i64(out, t);
		output_text(out, "\tArtist ");
		output_u64(out, artist);
		output_text(out, "\tGenre ");
		output_u64(out, genre_of_track[t]);
		output_end_row(out);
	}
	output_close(out);
	free(genre_of);
	free(sizes.sum);
	return genre_of_track;
}

/* Writes embeddings.tsv: the genre's vector and a normal deviation. */
static void make_embeddings(const struct options *o, const uint32_t *genre_of_track)
{
	size_t k = (size_t)o->factors;
	double *genre = make_genres(o), deviation = o->spread / sqrt((double)k);
	struct output *out = open_in(o, "embeddings.tsv", "item");
	for (size_t f = 0; f < k; f++) {
		output_text(out, "\tf");
		output_u64(out, f);
	}
	output_end_row(out);
	for (int64_t t = 0; t < o->tracks; t++) {
		struct random r = stream_of(o, STREAM_TRACKS, (uint64_t)t + 1);
		const double *center = genre + genre_of_track[t] * k;
		output_i64(out, t);
		for (size_t f = 0; f < k; f++) {
			output_tab(out);
			output_float(out, (float)(center[f] + deviation * random_normal(&r)));
		}
		output_end_row(out);
		progress_step((uint64_t)t, (uint64_t)o->tracks, "tracks");
	}
	output_close(out);
	free(genre);
}

/* All tracks, the most popular one first: a permutation that is independent of
 * the artists. */
static uint32_t *by_popularity(const struct options *o)
{
	size_t tracks = (size_t)o->tracks;
	uint32_t *order = memory_new(tracks, sizeof *order);
	struct random r = stream_of(o, STREAM_POPULARITY, 0);
	for (size_t t = 0; t < tracks; t++) {
		size_t j = random_below(&r, (uint32_t)t + 1);
		order[t] = order[j];
		order[j] = (uint32_t)t;
	}
	return order;
}

/* Writes users.tsv. */
static void make_users(const struct options *o, const uint32_t *genre_of_track)
{
	uint32_t *order = by_popularity(o);
	struct power_law popularity = power_law_new((size_t)o->tracks, o->skew);
	struct output *out = open_in(o, "users.tsv",
				     "user\tinterests\tconsume_bias\tconsume_sharpness\n");
	for (int64_t u = 0; u < o->users; u++) {
		struct random r = stream_of(o, STREAM_USERS, (uint64_t)u);
		output_i64(out, u);
		output_tab(out);
		uint32_t home = genre_of_track[order[power_law_draw(&popularity, &r)]];
		for (int64_t i = 0; i < o->interests; i++) {
			/* Two interests in three are of the listener's own genre. */
			uint32_t track = order[power_law_draw(&popularity, &r)];
			bool own = random_share(&r) < 2.0 / 3;
			for (int attempt = 0; own && genre_of_track[track] != home && attempt < 1000; attempt++)
				track = order[power_law_draw(&popularity, &r)];
			if (i)
				output_byte(out, ',');
			output_u64(out, track);
		}
		output_tab(out);
		output_float(out, (float)(o->bias + o->bias_sd * random_normal(&r)));
		output_tab(out);
		double sharpness = o->sharpness + o->sharpness_sd * random_normal(&r);
		output_float(out, (float)fmax(sharpness, o->sharpness / 10));
		output_end_row(out);
		progress_step((uint64_t)u, (uint64_t)o->users, "users");
	}
	output_close(out);
	free(order);
	free(popularity.sum);
}

static int run(const struct options *o)
{
	if (mkdir(o->folder, 0777) != 0 && errno != EEXIST)
		die_errno(STATUS_FAILED, "cannot make the folder %s", o->folder);
	uint32_t *genre_of_track = make_tracks(o);
	make_embeddings(o, genre_of_track);
	make_users(o, genre_of_track);
	run_report(0, (uint64_t)(o->users + o->tracks), 0);
	free(genre_of_track);
	return STATUS_DONE;
}

static const struct program PROGRAM = {
	.name = "make-world",
	.usage = "-d FOLDER [OPTION]...",
	.summary = "Make a world to simulate in: tracks with embeddings, listeners with tastes.",
	.reads = "nothing",
	.writes = "tracks.tsv (item title artist genre), embeddings.tsv (item f0 ...), users.tsv "
		"(user interests consume_bias consume_sharpness)",
	.examples = {
		"make-world --seed 1 -d world",
		"make-world --users 100000 --tracks 50000 --artists 5000 --genres 100 -d large",
	},
	.options = OPTIONS,
	.options_size = sizeof(struct options),
};

int main(int argc, char **argv)
{
	struct options options = {0};
	int first = program_start(&PROGRAM, argc, argv, &options);
	if (first < argc)
		usage_error("make-world takes no operands");
	return finish(run(&options));
}
