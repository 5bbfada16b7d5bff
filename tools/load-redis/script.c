#include "publish.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/memory.h"
#include "send.h"

/* KEYS: of each part the staged, the live and the previous one, and the delta.
 * ARGV: how many lists, items, popular ones and items with neighbors have been sent, the share
 * of lists that may be lost, the prefix. */
static const char SCRIPT[] =
	"local n, share = tonumber(ARGV[1]), tonumber(ARGV[5])\n"
	"local function refuse(why)\n"
	"  for k = 1, 13, 3 do redis.call('UNLINK', KEYS[k]) end\n"
	"  local live = redis.call('HGET', KEYS[14], 'generation')\n"
	"  return redis.error_reply('ERR load-redis: ' .. why .. '; ' ..\n"
	"    (live and 'live is generation ' .. live or 'nothing is live'))\n"
	"end\n"
	"local there, items = redis.call('HLEN', KEYS[1]), redis.call('HLEN', KEYS[4])\n"
	"if there ~= n then return refuse(there .. ' of ' .. n .. ' lists arrived') end\n"
	"if items ~= tonumber(ARGV[2]) then\n"
	"  return refuse(items .. ' of ' .. ARGV[2] .. ' items of the catalog arrived')\n"
	"end\n"
	"if redis.call('EXISTS', KEYS[7]) == 0 and ARGV[3] ~= '0' then\n"
	"  return refuse('the popular list did not arrive')\n"
	"end\n"
	"local neighbors = redis.call('HLEN', KEYS[10])\n"
	"if neighbors ~= tonumber(ARGV[4]) then\n"
	"  return refuse(neighbors .. ' of ' .. ARGV[4] .. ' items with neighbors arrived')\n"
	"end\n"
	"if redis.call('HGET', KEYS[13], 'lists') ~= ARGV[1] then\n"
	"  return refuse('the description did not arrive')\n"
	"end\n"
	"local before = tonumber(redis.call('HGET', KEYS[14], 'lists') or '')\n"
	"if before and before - n > share * before then\n"
	"  return refuse(n .. ' lists instead of ' .. before .. ' are fewer than --max-shrink allows')\n"
	"end\n"
	"local old = redis.call('HMGET', KEYS[15], 'generation', 'shards')\n"
	"for i = 0, (tonumber(old[2] or '') or 1) - 1 do\n"
	"  redis.call('UNLINK', ARGV[6] .. ':gen:' .. (old[1] or '') .. ':' .. i)\n"
	"end\n"
	"for k = 1, 13, 3 do\n"
	"  redis.call('UNLINK', KEYS[k + 2])\n"
	"  if redis.call('EXISTS', KEYS[k + 1]) == 1 then redis.call('RENAME', KEYS[k + 1], KEYS[k + 2]) end\n"
	"  if redis.call('EXISTS', KEYS[k]) == 1 then\n"
	"    redis.call('RENAME', KEYS[k], KEYS[k + 1])\n"
	"    redis.call('PERSIST', KEYS[k + 1])\n"
	"  end\n"
	"end\n"
	"redis.call('UNLINK', KEYS[16])\n"
	"return redis.status_reply('OK')\n";

void publish_emit(struct load *l, uint64_t lists)
{
	const char *word[3 + 3 * PARTS + 1 + 6] = {"EVAL", SCRIPT, "16"};
	char *own[2 * PARTS + 5];
	size_t n = 3, n_own = 0;
	for (enum part p = 0; p < PARTS; p++) {
		word[n++] = l->staging[p];
		word[n++] = own[n_own++] = published_key(l->o->prefix, "", p);
		word[n++] = own[n_own++] = published_key(l->o->prefix, "previous", p);
	}
	word[n++] = l->delta;
	word[n++] = own[n_own++] = memory_format("%" PRIu64, lists);
	word[n++] = own[n_own++] = memory_format("%" PRIu64, l->items);
	word[n++] = own[n_own++] = memory_format("%" PRIu64, l->popular);
	word[n++] = own[n_own++] = memory_format("%" PRIu64, l->neighbors);
	word[n++] = own[n_own++] = memory_format("%.17g", l->o->max_shrink);
	word[n++] = l->o->prefix;
	send_words(l, n, word);
	for (size_t i = 0; i < n_own; i++)
		free(own[i]);
}
