/* Mapped files, and what happens when one is cut short under its reader: see packed.h. */
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "streams/output.h"
#include "streams/packed.h"

enum { MAPPED_MAX = 64 };

static struct {
	const unsigned char *volatile at;
	volatile uint64_t size;
} mapped[MAPPED_MAX];

static void say(const char *text)
{
	if (write(STDERR_FILENO, text, strlen(text)) < 0)
		return; /* there is no other way to say it */
}

static void on_bus_error(int signal, siginfo_t *info, void *context)
{
	(void)context;
	const unsigned char *at = info->si_addr;
	for (size_t i = 0; i < MAPPED_MAX; i++) {
		if (!mapped[i].at || at < mapped[i].at || at >= mapped[i].at + mapped[i].size)
			continue;
		say(program_name);
		say(": a packed file was cut short while it was in use; replace such files by rename\n");
		output_remove_temporaries();
		_exit(STATUS_FAILED);
	}
	(void)sigaction(signal, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
}

static bool remember(const unsigned char *at, uint64_t size)
{
	struct sigaction action = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO};
	if (sigaction(SIGBUS, &action, NULL) != 0)
		return false;
	for (size_t i = 0; i < MAPPED_MAX; i++) {
		if (mapped[i].at)
			continue;
		mapped[i].size = size;
		mapped[i].at = at;
		return true;
	}
	return false;
}

static void *map_file(int file, uint64_t size)
{
	void *at = size ? mmap(NULL, size, PROT_READ, MAP_SHARED, file, 0) : MAP_FAILED;
	if (at == MAP_FAILED || remember(at, size))
		return at == MAP_FAILED ? NULL : at;
	munmap(at, size);
	return NULL;
}

static void unmap_file(void *at, uint64_t size)
{
	for (size_t i = 0; i < MAPPED_MAX; i++)
		if (mapped[i].at == at)
			mapped[i].at = NULL;
	munmap(at, size);
}

void packed_use_maps(void)
{
	packed_map = map_file;
	packed_unmap = unmap_file;
}
